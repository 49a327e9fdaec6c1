"""Copies: the network's inputs and outputs, and the layers that only move numbers to another place."""

from __future__ import annotations

from dataclasses import dataclass, replace

from xdsl.dialects import memref
from xdsl.ir import Attribute, SSAValue

from lrc.dialects import kernel
from lrc.dialects.elements import element_of
from lrc.dialects.lr.base import LayerOp, shape_of
from lrc.dialects.lr.ops import ConcatOp, FlattenOp
from lrc.dialects.values.elements import F32, Element
from lrc.dialects.values.layouts import Layout, Picture
from lrc.passes.lowering.builder import Loops, suffixed
from lrc.passes.lowering.graph import Graph
from lrc.passes.lowering.halo import allocate
from lrc.passes.lowering.rows import (
    each,
    load_row,
    numbers,
    row_place,
    store_row,
    tensor_arguments,
    tensor_values,
)


@dataclass(frozen=True)
class CopyFamily:
    """A copy of rows; `ragged`: they do not consist of whole vectors."""

    lanes: int
    ragged: bool
    element: Element = F32

    @property
    def name(self) -> str:
        """`copy` or `copy_ragged`"""
        return suffixed("copy_ragged" if self.ragged else "copy", self.element)

    @property
    def arguments(self) -> list[tuple[str, Attribute]]:
        """Names and types of the kernel's arguments, in order; `whole`: columns that fill whole vectors."""
        sizes = ["channels", "rows", "whole", *(["width"] if self.ragged else [])]
        return [*tensor_arguments("source", "target", element=self.element), *numbers(*sizes)]


def copy_kernel(name: str, family: CopyFamily) -> kernel.KernelFuncOp:
    """The kernel that copies one row at each point: reads and writes the row and nothing else."""
    loops = Loops(name, family.arguments)
    with loops.grid(c="channels", y="rows") as (c, y):
        source, target = row_place(loops, "source", c, y), row_place(loops, "target", c, y)

        def vector(x: SSAValue) -> None:
            store_row(loops, "target", target, x, load_row(loops, "source", source, x, family.lanes))

        def number(x: SSAValue) -> None:
            position = loops.value(loops.add(target, x))
            value = loops.load_float(loops["source"], loops.add(source, x), "number")
            loops.builder.insert(memref.StoreOp.get(value, loops["target"], [position]))

        each(loops, "x", 0, loops["whole"], vector, family.lanes)
        if family.ragged:
            each(loops, "x", loops["whole"], loops["width"], number)
    return loops.finish()


@dataclass(frozen=True)
class Part:
    """Pictures that lie somewhere in a buffer."""

    buffer: SSAValue
    picture: Picture


def launch_copy(graph: Graph, source: Part, target: Part, completed: LayerOp | None = None) -> None:
    """Copy pictures of one size; of the target nothing but the pictures is written. `completed`: see `Graph.launch`."""
    channels, rows, width = source.picture.channels, source.picture.height, source.picture.width
    if source.picture.compact and target.picture.compact:
        channels, rows, width = 1, 1, channels * rows * width
    element = element_of(source.buffer)
    lanes = graph.machine.lanes_of(element)
    family = CopyFamily(lanes, width % lanes != 0, element)
    arguments = {
        **tensor_values("source", source.buffer, source.picture),
        **tensor_values("target", target.buffer, target.picture),
        "channels": channels,
        "rows": rows,
        "whole": width - width % family.lanes,
    }
    if family.ragged:
        arguments["width"] = width
    graph.launch(family, lambda name: copy_kernel(name, family), arguments, completed)


def compact(graph: Graph, value: SSAValue) -> Picture:
    """A tensor whose numbers lie one after the other, as its caller has it."""
    layout = graph.layout(value)
    return Layout.compact(layout.shape, layout.element).picture()


def copy_in(graph: Graph, argument: SSAValue, value: SSAValue) -> None:
    """Allocate an input of the network, and fill it with the caller's numbers, which lie one after the other."""
    buffer = allocate(graph, value, value.name_hint or "input", whole_vectors=False)
    launch_copy(graph, Part(argument, compact(graph, value)), Part(buffer, graph.picture(value)))


def copy_out(graph: Graph, value: SSAValue, argument: SSAValue) -> None:
    """Write an output of the network where the caller wants it, one number after the other."""
    launch_copy(graph, Part(graph.buffer(value), graph.picture(value)), Part(argument, compact(graph, value)))


def lower_flatten(op: FlattenOp, graph: Graph) -> None:
    """Rows without the gaps between them."""
    buffer = allocate(graph, op.output, op.layer.data, whole_vectors=False)
    rows = replace(compact(graph, op.input), origin=graph.picture(op.output).origin)
    source = Part(graph.buffer(op.input), graph.picture(op.input))
    launch_copy(graph, source, Part(buffer, rows), op)


def lower_concat(op: ConcatOp, graph: Graph) -> None:
    """The channels of one input after those of the other; vectors are joined within their one row."""
    buffer = allocate(graph, op.output, op.layer.data, whole_vectors=False)
    target, is_vector = graph.picture(op.output), len(shape_of(op.output)) == 2
    place = target.origin
    for i, value in enumerate(op.inputs):
        source = graph.picture(value)
        part = replace(target, channels=source.channels, width=source.width, origin=place)
        last = i + 1 == len(op.inputs)
        launch_copy(graph, Part(graph.buffer(value), source), Part(buffer, part), op if last else None)
        place += source.width if is_vector else source.channels * target.channel_stride
