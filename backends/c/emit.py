"""From the loop level to the texts of an emitted folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xdsl.dialects.builtin import Float32Type, MemRefType, ModuleOp
from xdsl.ir import Attribute
from xdsl.utils.exceptions import DiagnosticException
from xdsl.utils.hints import isa

from lrc.backends import c_api, lrw
from lrc.backends.c.host import HostPrinter
from lrc.backends.c.isa import isa_of
from lrc.backends.c.kernels import KernelPrinter
from lrc.backends.emitted import EmittedModel, KernelUnit, LayerRow, Port
from lrc.backends.folder import write_folder
from lrc.backends.literals import in_comment
from lrc.backends.names import kernel_names, program_names
from lrc.dialects.elements import FloatType, element_of
from lrc.dialects.kernel import (
    KernelFuncOp,
    LaunchOp,
    LayerAttr,
    NetworkOp,
    PortAttr,
    WeightsOp,
    find_network,
    kernels_of,
)
from lrc.dialects.lr.model import find_machine
from lrc.dialects.lr.store import Array, StoreAttr
from lrc.dialects.pattern.attrs import ScheduleAttr
from lrc.dialects.values.elements import Element


@dataclass(frozen=True)
class Emitted:
    """A compiled network: its texts, and the arrays of its weights file."""

    model: EmittedModel
    arrays: Mapping[str, Array]


def emit(module: ModuleOp) -> Emitted:
    """The texts of the folder of a module at the loop level, whose memory is planned.

    Raises DiagnosticException for what has no C.
    """
    network = network_of(module)
    store = module.attributes.get("weights")
    machine = find_machine(module)
    if network.arena_bytes is None or machine is None or not isinstance(store, StoreAttr):
        raise DiagnosticException("only a module at the loop level with its memory planned can be printed as C")
    name, isa, kernels = network.sym_name.data, isa_of(machine), kernels_of(module.ops)
    arrays = lrw.integers_first(
        {op.weight.data: store.data[op.weight.data] for op in network.body.ops if isinstance(op, WeightsOp)}
    )
    given, taken = ports(network.inputs), ports(network.outputs)
    symbols = [kernel.sym_name.data for kernel in kernels]
    names = program_names(name, [port.name for port in given], [port.name for port in taken], symbols)
    layers = [layer_of(*each) for each in network.completed]
    host = HostPrinter(
        isa=isa,
        program=names,
        weights={array: f"WEIGHTS({offset})" for array, offset in lrw.layout(arrays).offsets.items()},
        layers={layer.name: number for number, layer in enumerate(layers)},
    )

    def printer() -> KernelPrinter:
        return KernelPrinter(isa=isa, kernels=names.kernels)

    model = EmittedModel(
        name=name,
        machine=machine,
        inputs=given,
        outputs=taken,
        arena_bytes=network.arena_bytes.value.data,
        layers=layers,
        declarations="\n".join(
            [isa.prelude(elements_of(kernels)), *(printer().declaration(kernel) for kernel in kernels)]
        ),
        kernels=[
            KernelUnit(f"{names.kernels[symbol]}.c", unit(kernel, name, names.model, printer()))
            for symbol, kernel in zip(symbols, kernels, strict=True)
        ],
        graph=host.network(network),
        facts=facts_of(network),
    )
    return Emitted(model, arrays)


def write(module: ModuleOp, folder: Path, *, embed_weights: bool = False) -> dict[str, Any]:
    """Write the folder of a module at the loop level, whose memory is planned, all of it or nothing: its metadata.

    Raises as `emit` and `folder.write_folder` do.
    """
    emitted = emit(module)
    return write_folder(folder, emitted.model, emitted.arrays, embed_weights)


def one_file(module: ModuleOp) -> str:
    """The code of a module at the loop level, whose memory is planned, as one C file. Raises as `emit`."""
    emitted = emit(module)
    return c_api.one_file(emitted.model, lrw.layout(emitted.arrays))


def kernels_alone(module: ModuleOp) -> str:
    """The kernels of a module that nothing launches, as one C file. Raises DiagnosticException for what has no C."""
    if (machine := find_machine(module)) is None:
        raise DiagnosticException("the module is for no machine: run set-machine first")
    isa, kernels = isa_of(machine), kernels_of(module.ops)
    names = kernel_names(kernel.sym_name.data for kernel in kernels)

    def printer() -> KernelPrinter:
        return KernelPrinter(isa=isa, kernels=names)

    declarations = [printer().declaration(kernel) for kernel in kernels]
    return "\n".join(
        [
            c_api.OF_HEADERS,
            c_api.INCLUDES,
            isa.prelude(elements_of(kernels)),
            *declarations,
            *(printer().function(each) for each in kernels),
        ]
    )


def network_of(module: ModuleOp) -> NetworkOp:
    """The network of a module at the loop level. Raises DiagnosticException if it has none, or several."""
    try:
        network = find_network(module)
    except ValueError as error:
        raise DiagnosticException(str(error)) from None
    if network is None:
        raise DiagnosticException("there is no kernel.network to be printed as C")
    return network


def ports(side: Iterable[PortAttr]) -> list[Port]:
    """The inputs or outputs of the network. Raises DiagnosticException for one that is not float32."""
    for port in side:
        if not isinstance(port.type.element_type, Float32Type):
            raise DiagnosticException(f"'{port.port.data}' is {port.type}: programs take and give float32")
    return [Port(port.port.data, tuple(port.type.get_shape())) for port in side]


def layer_of(launch: LaunchOp, told: LayerAttr) -> LayerRow:
    """What a layer is, and where the launch that completes it leaves it. Raises DiagnosticException if nobody knows."""
    if (layout := launch.layout) is None:
        raise DiagnosticException(f"layer '{told.layer.data}' lies in no buffer that has a layout")
    picture = layout.picture()
    return LayerRow(
        name=told.layer.data,
        kind=told.kind.data,
        elements=layout.size,
        channels=picture.channels,
        rows=picture.height,
        columns=picture.width,
        origin=picture.origin,
        row_stride=picture.row_stride,
        channel_stride=picture.channel_stride,
        element=layout.element.name,
    )


def facts_of(network: NetworkOp) -> dict[str, Any]:
    """What metadata.json says of the layers' schedules and weights."""
    told = {layer.layer.data: layer for layer in network.layers}
    return {
        "schedules": {
            name: str(layer.schedule.data) for name, layer in told.items() if isinstance(layer.schedule, ScheduleAttr)
        },
        "weights": {
            name: {"weights": layer.weights.data, "executed": layer.executed.data, "nonzero": layer.nonzero.data}
            for name, layer in told.items()
            if layer.weights.data
        },
    }


def elements_of(kernels: Iterable[KernelFuncOp]) -> set[Element]:
    """What the numbers are that kernels read and write."""
    types = (argument.type for kernel in kernels for argument in kernel.body.block.args)
    arrays = (each for each in types if isa(each, MemRefType[Attribute]))
    return {element_of(each) for each in arrays if isinstance(each.element_type, FloatType)}


def unit(function: KernelFuncOp, title: str, model: str, printer: KernelPrinter) -> str:
    """The C file of one kernel of the network `title`, which is called `model` in C."""
    isa, kernel = printer.isa, in_comment(function.sym_name.data)
    return f"""\
/* {in_comment(title)}: kernel {kernel}. Vectors: {isa.name}, {isa.shown(elements_of([function]))}. */
#include "{model}_kernels.h"

{printer.function(function)}"""
