"""From the loop level to the texts of an emitted folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from xdsl.dialects import func
from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, ModuleOp, StringAttr
from xdsl.utils.exceptions import DiagnosticException
from xdsl.utils.hints import isa

from lrc.backends import lrw
from lrc.backends.c.isa import isa_of
from lrc.backends.c.printer import CPrinter
from lrc.backends.emitted import EmittedModel, KernelUnit, Layer, Port
from lrc.backends.literals import in_comment
from lrc.backends.names import program_names
from lrc.dialects import kernel
from lrc.dialects.kernel.attrs import LayoutAttr
from lrc.dialects.kernel.ops import is_kernel
from lrc.dialects.lr.model import find_machine
from lrc.dialects.lr.store import Array, StoreAttr


@dataclass(frozen=True)
class Emitted:
    """A compiled network: its texts, and the arrays of its weights file."""

    model: EmittedModel
    arrays: Mapping[str, Array]


def emit(
    module: ModuleOp,
    inputs: Sequence[Sequence[int]],
    outputs: Sequence[Sequence[int]],
    kinds: Mapping[str, str],
) -> Emitted:
    """The texts of the folder of a module at the loop level, whose memory is planned.

    `inputs`, `outputs`: the shapes of the network's; `kinds`: what kind each layer is of. Raises
    DiagnosticException for what has no C.
    """
    graph = next((op for op in module.ops if isinstance(op, func.FuncOp) and "arena_bytes" in op.attributes), None)
    store = module.attributes.get("weights")
    machine = find_machine(module)
    if graph is None or machine is None or not isinstance(store, StoreAttr):
        raise DiagnosticException("only a module at the loop level with its memory planned can be printed as C")
    name = graph.sym_name.data
    isa = isa_of(machine)
    kernels = [op for op in module.ops if isinstance(op, func.FuncOp) and is_kernel(op)]
    arrays = lrw.integers_first(
        {op.weight.data: store.data[op.weight.data] for op in graph.walk() if isinstance(op, kernel.WeightsOp)}
    )
    weights = {array: f"WEIGHTS({offset})" for array, offset in lrw.layout(arrays).offsets.items()}
    layers, numbers = layer_table(graph, kinds)

    given, taken = ports(graph, "inputs", inputs), ports(graph, "outputs", outputs)
    symbols = [function.sym_name.data for function in kernels]
    names = program_names(name, [port.name for port in given], [port.name for port in taken], symbols)

    def printer() -> CPrinter:
        return CPrinter(isa=isa, kernels=names.kernels, weights=weights, layers=numbers)

    model = EmittedModel(
        name=name,
        machine=machine,
        inputs=given,
        outputs=taken,
        arena_bytes=integer(graph, "arena_bytes"),
        layers=layers,
        declarations="\n".join([isa.prelude, *(printer().declaration(function) for function in kernels)]),
        kernels=[
            KernelUnit(f"{names.kernels[symbol]}.c", unit(function, name, names.model, printer()))
            for symbol, function in zip(symbols, kernels, strict=True)
        ],
        graph="",
    )
    return Emitted(replace(model, graph=printer().graph(graph, names)), arrays)


def ports(graph: func.FuncOp, attribute: str, shapes: Sequence[Sequence[int]]) -> list[Port]:
    """The inputs or outputs of the network, float32, named by an attribute of its function.

    Raises DiagnosticException if it does not name as many as `shapes` are.
    """
    names = graph.attributes.get(attribute)
    if not isa(names, ArrayAttr[StringAttr]) or len(names) != len(shapes):
        raise DiagnosticException(f"@{graph.sym_name.data} does not name its {len(shapes)} {attribute}")
    return [Port(name.data, tuple(shape)) for name, shape in zip(names, shapes, strict=True)]


def integer(function: func.FuncOp, attribute: str) -> int:
    """An integer attribute of a function. Raises DiagnosticException if it is missing, or no integer."""
    value = function.attributes.get(attribute)
    if not isinstance(value, IntegerAttr):
        raise DiagnosticException(f"@{function.sym_name.data} has no number '{attribute}'")
    return value.value.data


def layer_table(graph: func.FuncOp, kinds: Mapping[str, str]) -> tuple[list[Layer], dict[str, int]]:
    """The layers in the order in which they are completed, and the number of each.

    Raises DiagnosticException if one has no buffer.
    """
    buffers = {
        layer.data: layout.data
        for op in graph.walk()
        if isinstance(layer := op.attributes.get("layer"), StringAttr)
        and isinstance(layout := op.attributes.get("layout"), LayoutAttr)
    }
    completed = [op.layer.data for op in graph.walk() if isinstance(op, kernel.LaunchOp) and op.layer is not None]
    for name in completed:
        if name not in buffers:
            raise DiagnosticException(
                f"layer '{name}' has no buffer: it is completed by a launch, but none is called so"
            )
    layers = [
        Layer(
            name=name,
            kind=kinds.get(name, "layer"),
            elements=layout.size,
            channels=picture.channels,
            rows=picture.height,
            columns=picture.width,
            origin=picture.origin,
            row_stride=picture.row_stride,
            channel_stride=picture.channel_stride,
        )
        for name in completed
        for layout in [buffers[name]]
        for picture in [layout.picture()]
    ]
    return layers, {layer.name: number for number, layer in enumerate(layers)}


def unit(function: func.FuncOp, title: str, model: str, printer: CPrinter) -> str:
    """The C file of one kernel of the network `title`, which is called `model` in C."""
    isa, kernel = printer.isa, in_comment(function.sym_name.data)
    return f"""\
/* {in_comment(title)}: kernel {kernel}. Vectors: {isa.name}, {isa.lanes} floats. */
#include "{model}_kernels.h"

{printer.function(function)}"""
