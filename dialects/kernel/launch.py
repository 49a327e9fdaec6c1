"""A launch of a kernel over the points of its grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.dialects.builtin import (
    ArrayAttr,
    FlatSymbolRefAttrConstr,
    IndexType,
    MemRefType,
    StringAttr,
    SymbolRefAttr,
)
from xdsl.ir import Operation, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_op_definition,
    opt_prop_def,
    prop_def,
    traits_def,
    var_operand_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import (
    MemoryReadEffect,
    MemoryWriteEffect,
    SymbolTable,
)
from xdsl.utils.exceptions import VerifyException

from lrc.dialects.kernel.attrs import LayoutAttr
from lrc.dialects.kernel.functions import KernelFuncOp
from lrc.dialects.values.layouts import Layout


@irdl_op_definition
class LaunchOp(IRDLOperation):
    """Run a kernel over all points of a grid, by a pool of threads or a queue.

    Each argument of the kernel is given by its name: those that are the sizes of its grid behind `over`, in the grid's
    order. `layer` names the layer that is complete once the launch has ended, and the argument that is its tensor.

        kernel.launch @conv(input = %x, output = %a, width = %c9) over (rows = %c4, columns = %c2) layer "a" in output
    """

    name = "kernel.launch"
    callee = prop_def(FlatSymbolRefAttrConstr)
    arguments = var_operand_def()
    sizes = var_operand_def(IndexType)
    names = prop_def(ArrayAttr[StringAttr])
    dimensions = prop_def(ArrayAttr[StringAttr])
    layer = opt_prop_def(StringAttr)
    result = opt_prop_def(StringAttr)
    irdl_options = (AttrSizedOperandSegments(as_property=True),)
    traits = traits_def(MemoryReadEffect(), MemoryWriteEffect())

    def __init__(
        self,
        callee: str,
        arguments: Mapping[str, SSAValue],
        sizes: Mapping[str, SSAValue],
        layer: tuple[str, str] | None = None,
    ) -> None:
        """`layer`: its name, and the name of the argument that is its tensor."""
        super().__init__(
            operands=[list(arguments.values()), list(sizes.values())],
            properties={
                "callee": SymbolRefAttr(callee),
                "names": ArrayAttr([StringAttr(name) for name in arguments]),
                "dimensions": ArrayAttr([StringAttr(name) for name in sizes]),
                "layer": None if layer is None else StringAttr(layer[0]),
                "result": None if layer is None else StringAttr(layer[1]),
            },
        )

    @property
    def values(self) -> dict[str, SSAValue]:
        """What is given, by the names that the kernel has for it: the arguments, then the sizes of the grid."""
        names = (name.data for name in (*self.names, *self.dimensions))
        return dict(zip(names, (*self.arguments, *self.sizes), strict=True))

    @property
    def buffer(self) -> SSAValue | None:
        """Where the layer that is completed lies, if one is."""
        return None if self.result is None else self.values.get(self.result.data)

    @property
    def layout(self) -> Layout | None:
        """How the tensor of the layer that is completed lies in its buffer, if whoever made the buffer says it."""
        maker = None if self.buffer is None else self.buffer.owner
        layout = maker.attributes.get("layout") if isinstance(maker, Operation) else None
        return layout.data if isinstance(layout, LayoutAttr) else None

    @property
    def kernel(self) -> KernelFuncOp | None:
        """The kernel that is launched, if the module has it."""
        kernel = SymbolTable.lookup_symbol(self, self.callee)
        return kernel if isinstance(kernel, KernelFuncOp) else None

    def verify_(self) -> None:
        names = [name.data for name in (*self.names, *self.dimensions)]
        if len(self.names) != len(self.arguments) or len(self.dimensions) != len(self.sizes):
            raise VerifyException(
                f"{len(self.arguments)} arguments and {len(self.sizes)} sizes have {len(self.names)} and "
                f"{len(self.dimensions)} names"
            )
        if (twice := next((name for i, name in enumerate(names) if name in names[:i]), None)) is not None:
            raise VerifyException(f"'{twice}' is given twice")
        if (self.layer is None) != (self.result is None):
            raise VerifyException("who completes a layer says which of the arguments is its tensor: layer … in …")
        if self.result is not None and (self.buffer is None or not isinstance(self.buffer.type, MemRefType)):
            raise VerifyException(f"the layer is said to lie in '{self.result.data}', which is no buffer that is given")
        if (parent := self.parent_op()) is None or parent.name != "kernel.network":
            inside = "" if parent is None else f", not inside of '{parent.name}'"
            raise VerifyException(f"a launch is a step of a kernel.network{inside}")
        self._verify_callee()

    def _verify_callee(self) -> None:
        """Raises VerifyException unless what is given is what the kernel takes."""
        symbol, callee = SymbolTable.lookup_symbol(self, self.callee), self.callee.root_reference.data
        if symbol is None:
            raise VerifyException(f"there is no kernel @{callee}")
        if not isinstance(symbol, KernelFuncOp):
            raise VerifyException(f"@{callee} is no kernel.func")
        taken, given = symbol.arguments, self.values
        if missing := [name for name in taken if name not in given]:
            raise VerifyException(f"@{callee} takes {_listed(missing)}, which the launch does not give")
        if unknown := [name for name in given if name not in taken]:
            raise VerifyException(f"@{callee} takes no {_listed(unknown)}: it takes {_listed(taken)}")
        for name, value in given.items():
            if value.type != taken[name].type:
                raise VerifyException(f"'{name}' of @{callee} is {taken[name].type}, not {value.type}")
        dimensions = tuple(name.data for name in self.dimensions)
        if dimensions != symbol.dimensions:
            raise VerifyException(
                f"the grid of @{callee} is ({', '.join(symbol.dimensions)}), not ({', '.join(dimensions)}): "
                "a launch is over the same sizes in the same order"
            )

    @classmethod
    def parse(cls, parser: Parser) -> LaunchOp:
        callee = parser.parse_symbol_name().data
        arguments = _parse_values(parser)
        parser.parse_keyword("over")
        sizes = _parse_values(parser)
        layer: tuple[str, str] | None = None
        if parser.parse_optional_keyword("layer"):
            name = parser.parse_str_literal()
            parser.parse_keyword("in")
            layer = name, parser.parse_identifier()
        launch = cls(callee, {}, {}, layer)
        launch = cls.build(
            operands=[[value for _, value in arguments], [value for _, value in sizes]],
            properties=launch.properties
            | {
                "names": ArrayAttr([StringAttr(name) for name, _ in arguments]),
                "dimensions": ArrayAttr([StringAttr(name) for name, _ in sizes]),
            },
        )
        launch.attributes |= parser.parse_optional_attr_dict()
        return launch

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_symbol_name(self.callee.root_reference.data)
        for begin, names, values in (
            ("(", self.names, self.arguments),
            (") over (", self.dimensions, self.sizes),
        ):
            printer.print_string(begin)
            printer.print_list(
                zip(names, values, strict=True), lambda given: _print_value(printer, given[0].data, given[1])
            )
        printer.print_string(")")
        if self.layer is not None and self.result is not None:
            printer.print_string(" layer ")
            printer.print_string_literal(self.layer.data)
            printer.print_string(f" in {self.result.data}")
        printer.print_op_attributes(self.attributes)


def _listed(names: Sequence[str] | Mapping[str, SSAValue]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _parse_values(parser: Parser) -> list[tuple[str, SSAValue]]:
    """`(input = %x, width = %c9)`, of values that are defined before."""

    def value() -> tuple[str, SSAValue]:
        name = parser.parse_identifier()
        parser.parse_punctuation("=")
        operand = parser.parse_unresolved_operand()
        defined = parser.ssa_values.get(operand.operand_name, ())
        if operand.index >= len(defined):
            parser.raise_error(f"%{operand.operand_name} is used before it is defined", operand.span)
        return name, parser.resolve_operand(operand, defined[operand.index].type)

    return parser.parse_comma_separated_list(parser.Delimiter.PAREN, value)


def _print_value(printer: Printer, name: str, value: SSAValue) -> None:
    printer.print_string(f"{name} = ")
    printer.print_ssa_value(value)
