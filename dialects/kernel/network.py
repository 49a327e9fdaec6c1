"""The function that runs a network: buffers, and the kernels that are launched on them one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest

from xdsl.dialects.builtin import (
    I64,
    ArrayAttr,
    FlatSymbolRefAttrConstr,
    IndexType,
    IntegerAttr,
    MemRefType,
    ModuleOp,
    StringAttr,
    SymbolRefAttr,
    i64,
)
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
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
    MemoryReadEffect,
    MemoryWriteEffect,
    NoTerminator,
    SymbolOpInterface,
    SymbolTable,
)
from xdsl.utils.exceptions import VerifyException

from lrc.dialects import lr
from lrc.dialects.kernel.attrs import LayerAttr, LayoutAttr, PortAttr, tensor_type
from lrc.dialects.kernel.buffers import ArenaOp, buffer_type
from lrc.dialects.kernel.functions import KernelFuncOp
from lrc.dialects.values.layouts import Layout


@irdl_op_definition
class NetworkOp(IRDLOperation):
    """What runs a network: constants, buffers, and launches, one after the other.

    Its arguments are the numbers of the inputs and outputs, one after the other. `layers` says of each layer that a
    launch completes what kind it was, in the order in which they are completed. Once `plan-memory` has run, the buffers
    are places in an arena of so many bytes, of which at most `live` belong to tensors at the same time.

        kernel.network @tiny(%x: "x" tensor<1x3x8x8xf32>) -> (%y: "y" tensor<1x4xf32>) arena 4096 live 2048 layers [
          <"conv1", "3x3 dense", weights = 108, executed = 108, nonzero = 108, schedule = <algorithm = direct, …>>,
          <"pool", "global_avg_pool">
        ] {
          %conv1 = kernel.arena 0 : memref<?xf32>
          kernel.launch @conv3x3(input = %x, output = %conv1, rows = …) over (…) layer "conv1" in output
          ...
        }
    """

    name = "kernel.network"
    sym_name = prop_def(StringAttr)
    inputs = prop_def(ArrayAttr[PortAttr])
    outputs = prop_def(ArrayAttr[PortAttr])
    layers = prop_def(ArrayAttr[LayerAttr])
    arena_bytes = opt_prop_def(IntegerAttr[I64])
    live_bytes = opt_prop_def(IntegerAttr[I64])
    body = region_def("single_block")
    traits = traits_def(IsolatedFromAbove(), NoTerminator(), SymbolOpInterface())

    def __init__(
        self,
        name: str,
        inputs: Sequence[PortAttr],
        outputs: Sequence[PortAttr],
        layers: Sequence[LayerAttr] = (),
        body: Region | None = None,
        *,
        arena_bytes: int | None = None,
        live_bytes: int | None = None,
    ) -> None:
        types = [buffer_type(port.type.element_type) for port in (*inputs, *outputs)]
        super().__init__(
            regions=[body or Region(Block(arg_types=types))],
            properties={
                "sym_name": StringAttr(name),
                "inputs": ArrayAttr(inputs),
                "outputs": ArrayAttr(outputs),
                "layers": ArrayAttr(layers),
                "arena_bytes": None if arena_bytes is None else IntegerAttr(arena_bytes, i64),
                "live_bytes": None if live_bytes is None else IntegerAttr(live_bytes, i64),
            },
        )

    @property
    def ports(self) -> list[tuple[PortAttr, SSAValue]]:
        """The inputs, then the outputs, each with the argument that has its numbers."""
        return list(zip((*self.inputs, *self.outputs), self.body.block.args, strict=True))

    @property
    def launches(self) -> list[LaunchOp]:
        """The launches in their order."""
        return [op for op in self.body.block.ops if isinstance(op, LaunchOp)]

    @property
    def completed(self) -> list[tuple[LaunchOp, LayerAttr]]:
        """What is told of each layer, with the launch that completes it."""
        completing = (launch for launch in self.launches if launch.layer is not None)
        return list(zip(completing, self.layers, strict=True))

    def verify_(self) -> None:
        ports = [*self.inputs, *self.outputs]
        if len(ports) != len(self.body.block.args):
            raise VerifyException(f"{len(ports)} inputs and outputs for {len(self.body.block.args)} arguments")
        names: set[str] = set()
        for port, argument in self.ports:
            name, type = port.port.data, buffer_type(port.type.element_type)
            if name in names:
                raise VerifyException(f"two inputs or outputs are called '{name}'")
            names.add(name)
            if argument.type != type:
                raise VerifyException(f"the argument of '{name}' is {argument.type}: its numbers are {type}")
            if any(size < 1 for size in port.type.get_shape()):
                raise VerifyException(f"'{name}' is {port.type}: each of its sizes is a number from 1 on")
        self._verify_body()

    def _verify_body(self) -> None:
        """Raises VerifyException if a place is outside of the arena, or the layers are others than those completed."""
        arena = -1 if self.arena_bytes is None else self.arena_bytes.value.data
        for op in self.body.block.ops:
            if isinstance(op, ArenaOp) and (offset := op.offset.value.data) > arena:
                size = "has no arena" if arena < 0 else f"has an arena of {arena} bytes"
                raise VerifyException(f"a buffer lies {offset} bytes behind the start of the arena: the network {size}")
        launches = (op for op in self.walk() if isinstance(op, LaunchOp))  # one inside of another operation says so
        completed = [op.layer.data for op in launches if op.layer is not None]
        named = [layer.layer.data for layer in self.layers]
        for number, (layer, name) in enumerate(zip_longest(completed, named)):
            if layer != name:
                raise VerifyException(
                    f"launches complete {_quoted(layer)} as layer {number}, where `layers` has {_quoted(name)}: "
                    "it names them in the order of their launches"
                )

    @classmethod
    def parse(cls, parser: Parser) -> NetworkOp:
        name = parser.parse_symbol_name().data
        given = _parse_ports(parser)
        parser.parse_punctuation("->")
        taken = _parse_ports(parser)
        arena = parser.parse_integer() if parser.parse_optional_keyword("arena") else None
        live = parser.parse_integer() if parser.parse_optional_keyword("live") else None
        layers: list[LayerAttr] = []
        if parser.parse_optional_keyword("layers"):
            layers = parser.parse_comma_separated_list(
                parser.Delimiter.SQUARE, lambda: LayerAttr.new(LayerAttr.parse_parameters(parser))
            )
        attributes = parser.parse_optional_attr_dict_with_keyword(tuple(cls.get_irdl_definition().properties))
        body = parser.parse_region([argument for _, argument in (*given, *taken)])
        inputs, outputs = ([port for port, _ in side] for side in (given, taken))
        network = cls(name, inputs, outputs, layers, body, arena_bytes=arena, live_bytes=live)
        network.attributes |= attributes.data if attributes else {}
        return network

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name.data)
        inputs = self.ports[: len(self.inputs)]
        for begin, side in (("(", inputs), (") -> (", self.ports[len(inputs) :])):
            printer.print_string(begin)
            printer.print_list(side, lambda port: _print_port(printer, *port))
        printer.print_string(") ")
        for word, number in (("arena", self.arena_bytes), ("live", self.live_bytes)):
            if number is not None:
                printer.print_string(f"{word} {number.value.data} ")
        if self.layers:
            printer.print_string("layers [")
            with printer.indented():
                for i, layer in enumerate(self.layers):
                    printer.print_string(",\n" if i else "\n")
                    layer.print_parameters(printer)
            printer.print_string("\n] ")
        if self.attributes:
            printer.print_string("attributes ")
            printer.print_attr_dict(self.attributes)
            printer.print_string(" ")
        printer.print_region(self.body, print_entry_block_args=False)


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
        if not isinstance(parent := self.parent_op(), NetworkOp):
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


def find_network(module: ModuleOp) -> NetworkOp | None:
    """The network of a module; None if there is none. Raises ValueError if there are several."""
    networks = [op for op in module.ops if isinstance(op, NetworkOp)]
    if len(networks) > 1:
        raise ValueError(f"expected one kernel.network in the module, found {len(networks)}")
    return networks[0] if networks else None


def input_shapes(module: ModuleOp) -> dict[str, tuple[int, ...]]:
    """The shapes of the inputs of a network of whatever level, by name, in order."""
    network = find_network(module)
    return lr.input_shapes(module) if network is None else _shapes(network.inputs)


def output_shapes(module: ModuleOp) -> dict[str, tuple[int, ...]]:
    """The shapes of the outputs of a network of whatever level, by name, in order. Raises ValueError if it has none."""
    network = find_network(module)
    return lr.output_shapes(module) if network is None else _shapes(network.outputs)


def _shapes(ports: Iterable[PortAttr]) -> dict[str, tuple[int, ...]]:
    return {port.port.data: tuple(port.type.get_shape()) for port in ports}


def _quoted(layer: str | None) -> str:
    return "none" if layer is None else f"'{layer}'"


def _listed(names: Sequence[str] | Mapping[str, SSAValue]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _parse_ports(parser: Parser) -> list[tuple[PortAttr, Parser.Argument]]:
    """`(%x: "x" tensor<1x3x8x8xf32>, …)`"""

    def port() -> tuple[PortAttr, Parser.Argument]:
        argument = parser.parse_argument(expect_type=False)
        parser.parse_punctuation(":")
        attribute = PortAttr.new([StringAttr(parser.parse_str_literal()), tensor_type(parser)])
        return attribute, argument.resolve(buffer_type(attribute.type.element_type))

    return parser.parse_comma_separated_list(parser.Delimiter.PAREN, port)


def _print_port(printer: Printer, port: PortAttr, argument: SSAValue) -> None:
    printer.print_ssa_value(argument)
    printer.print_string(": ")
    printer.print_string_literal(port.port.data)
    printer.print_string(" ")
    printer.print_attribute(port.type)


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
