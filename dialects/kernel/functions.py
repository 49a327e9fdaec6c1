"""A kernel: a function that is launched over the points of a grid."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from xdsl.dialects.arith import ConstantOp
from xdsl.dialects.builtin import ArrayAttr, IndexType, StringAttr
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    opt_prop_def,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import (
    IsolatedFromAbove,
    NoTerminator,
    RecursiveMemoryEffect,
    SymbolOpInterface,
    is_side_effect_free,
)
from xdsl.utils.exceptions import VerifyException

from lrc.dialects.kernel.attrs import LoadsAttr, OrderAttr

NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
"""What an argument of a kernel can be called."""


@irdl_op_definition
class GridOp(IRDLOperation):
    """Independent points, the last dimension running fastest: loops on a CPU, work-items on a GPU.

    Whoever launches the kernel may run any part of the points in any order, on any thread. The sizes are arguments of
    the kernel, and stand at its launch.

        kernel.grid (%y, %x, %g) in (%rows, %columns, %groups) { ... }
    """

    name = "kernel.grid"
    sizes = var_operand_def(IndexType)
    body = region_def("single_block")
    traits = traits_def(NoTerminator(), RecursiveMemoryEffect())

    def __init__(self, sizes: Sequence[SSAValue], body: Region | None = None) -> None:
        region = body or Region(Block(arg_types=[IndexType()] * len(sizes)))
        super().__init__(operands=[sizes], regions=[region])

    def verify_(self) -> None:
        if len(self.body.block.args) != len(self.sizes):
            raise VerifyException(f"a grid of {len(self.sizes)} sizes names {len(self.body.block.args)} points")
        if not isinstance(self.parent_op(), KernelFuncOp):
            raise VerifyException("a grid is what a kernel.func ends with: it stands nowhere else")

    @classmethod
    def parse(cls, parser: Parser) -> GridOp:
        points = parser.parse_comma_separated_list(
            parser.Delimiter.PAREN, lambda: parser.parse_argument(expect_type=False).resolve(IndexType())
        )
        parser.parse_keyword("in")
        sizes = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parser.parse_unresolved_operand)
        operands = [parser.resolve_operand(size, IndexType()) for size in sizes]
        return cls(operands, parser.parse_region(points))

    def print(self, printer: Printer) -> None:
        printer.print_string(" (")
        printer.print_list(self.body.block.args, printer.print_ssa_value)
        printer.print_string(") in (")
        printer.print_list(self.sizes, printer.print_ssa_value)
        printer.print_string(") ")
        printer.print_region(self.body, print_entry_block_args=False)


@irdl_op_definition
class KernelFuncOp(IRDLOperation):
    """A kernel: index arithmetic, then one grid.

    Its arguments are buffers and indices. Launches give each of them by its name, those that are the grid's sizes
    behind `over`. In the text an argument is called as its value is, unless its name stands in front of it.

    `loads` says how `legalize-loads` is to write the loads, `order` which order `order-body` is to
    bring sums into; what has been done is no longer there.

        kernel.func @scale(%input: memref<?xf32>, output = %0: memref<?xf32>, %rows: index) loads rows order taps {
          %c4 = arith.constant 4 : index
          kernel.grid (%y) in (%rows) { ... }
        }
    """

    name = "kernel.func"
    sym_name = prop_def(StringAttr)
    names = prop_def(ArrayAttr[StringAttr])
    loads = opt_prop_def(LoadsAttr)
    order = opt_prop_def(OrderAttr)
    body = region_def("single_block")
    traits = traits_def(IsolatedFromAbove(), NoTerminator(), SymbolOpInterface())

    def __init__(
        self,
        name: str,
        arguments: Sequence[tuple[str, Attribute]],
        body: Region | None = None,
        *,
        loads: LoadsAttr | None = None,
        order: OrderAttr | None = None,
    ) -> None:
        """A kernel with arguments of these names and types."""
        super().__init__(
            regions=[body or Region(Block(arg_types=[type for _, type in arguments]))],
            properties={
                "sym_name": StringAttr(name),
                "names": ArrayAttr([StringAttr(name) for name, _ in arguments]),
                "loads": loads,
                "order": order,
            },
        )

    @property
    def arguments(self) -> dict[str, SSAValue]:
        """The arguments by name, in order."""
        return dict(zip((name.data for name in self.names), self.body.block.args, strict=False))

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The names of the arguments that are the grid's sizes, in the grid's order."""
        grid = self.body.block.last_op
        names = {value: name for name, value in self.arguments.items()}
        return tuple(names.get(size, "?") for size in grid.sizes) if isinstance(grid, GridOp) else ()

    def verify_(self) -> None:
        names = [name.data for name in self.names]
        if len(names) != len(self.body.block.args):
            raise VerifyException(f"{len(names)} names for {len(self.body.block.args)} arguments")
        if (twice := next((name for i, name in enumerate(names) if name in names[:i]), None)) is not None:
            raise VerifyException(f"two arguments are called '{twice}': launches give them by name")
        for name in names:
            if not NAME.fullmatch(name):
                raise VerifyException(f"'{name}' is no name of an argument: letters, digits and underscores are")
        self._verify_body()

    def _verify_body(self) -> None:
        """Raises VerifyException unless the body is index arithmetic and one grid over arguments."""
        grid = self.body.block.last_op
        if not isinstance(grid, GridOp):
            raise VerifyException("the last operation of a kernel is its kernel.grid")
        for op in self.body.block.ops:
            if op is not grid and not is_index_arithmetic(op):
                raise VerifyException(f"'{op.name}' stands before the grid, where there is index arithmetic alone")
        for i, size in enumerate(grid.sizes):
            if size not in self.body.block.args:
                raise VerifyException(
                    f"size {i} of the grid is no argument of the kernel: it is whoever launches the kernel that says it"
                )
            if size in grid.sizes[:i]:
                raise VerifyException(f"size {i} of the grid is size {grid.sizes.index(size)} as well: name another")

    @classmethod
    def parse(cls, parser: Parser) -> KernelFuncOp:
        name = parser.parse_symbol_name().data
        arguments = parser.parse_comma_separated_list(parser.Delimiter.PAREN, lambda: _parse_argument(parser))
        loads = LoadsAttr(LoadsAttr.parse_word(parser)) if parser.parse_optional_keyword("loads") else None
        order = OrderAttr(OrderAttr.parse_word(parser)) if parser.parse_optional_keyword("order") else None
        attributes = parser.parse_optional_attr_dict_with_keyword(("sym_name", "names", "loads", "order"))
        body = parser.parse_region([argument for _, argument in arguments])
        kernel = cls(name, [(name, argument.type) for name, argument in arguments], body, loads=loads, order=order)
        kernel.attributes |= attributes.data if attributes else {}
        return kernel

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name.data)
        printer.print_string("(")
        printer.print_list(self.arguments.items(), lambda named: _print_argument(printer, *named))
        printer.print_string(") ")
        for word, attribute in (("loads", self.loads), ("order", self.order)):
            if attribute is not None:
                printer.print_string(f"{word} {attribute.data} ")
        if self.attributes:
            printer.print_string("attributes ")
            printer.print_attr_dict(self.attributes)
            printer.print_string(" ")
        printer.print_region(self.body, print_entry_block_args=False)


def is_index_arithmetic(op: Operation) -> bool:
    """Whether an operation is a constant, or computes nothing but indices."""
    return isinstance(op, ConstantOp) or (
        not op.regions and is_side_effect_free(op) and all(isinstance(result.type, IndexType) for result in op.results)
    )


def kernels_of(module: Iterable[Operation]) -> list[KernelFuncOp]:
    """The kernels among the operations of a module."""
    return [op for op in module if isinstance(op, KernelFuncOp)]


def _parse_argument(parser: Parser) -> tuple[str, Parser.Argument]:
    """`%input: type`, or `input = %0: type` where the value is called otherwise."""
    name = parser.parse_optional_identifier()
    if name is not None:
        parser.parse_punctuation("=")
    argument = parser.parse_argument()
    return name or argument.name.text.removeprefix("%"), argument


def _print_argument(printer: Printer, name: str, value: SSAValue) -> None:
    """The inverse of `_parse_argument`."""
    hint = value.name_hint
    if hint != name or printer.ssa_names.get(name):
        printer.print_string(f"{name} = ")
    printer.print_ssa_value(value)
    printer.print_string(": ")
    printer.print_attribute(value.type)
