"""The function that runs a network: buffers, and the kernels that are launched on them one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest

from xdsl.dialects.builtin import (
    I64,
    ArrayAttr,
    IntegerAttr,
    ModuleOp,
    StringAttr,
    i64,
)
from xdsl.ir import Block, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    opt_prop_def,
    prop_def,
    region_def,
    traits_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import (
    IsolatedFromAbove,
    NoTerminator,
    SymbolOpInterface,
)
from xdsl.utils.exceptions import VerifyException

from lrc.dialects import lr
from lrc.dialects.kernel.attrs import LayerAttr, PortAttr, tensor_type
from lrc.dialects.kernel.buffers import ArenaOp, buffer_type
from lrc.dialects.kernel.launch import LaunchOp


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
