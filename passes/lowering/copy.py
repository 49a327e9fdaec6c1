"""Copies: the network's inputs and outputs, and the layers that only move numbers to another place."""

from __future__ import annotations

from dataclasses import dataclass, replace

from xdsl.dialects import func, memref
from xdsl.ir import Attribute, SSAValue

from lrc.dialects.lr.base import shape_of
from lrc.dialects.lr.ops import ConcatOp, FlattenOp
from lrc.dialects.values.layouts import Layout
from lrc.passes.lowering.builder import Loops
from lrc.passes.lowering.graph import Graph
from lrc.passes.lowering.halo import clear_halo
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

    @property
    def name(self) -> str:
        """`copy` or `copy_ragged`"""
        return "copy_ragged" if self.ragged else "copy"

    @property
    def arguments(self) -> list[tuple[str, Attribute]]:
        """Names and types of the kernel's arguments, in order; `whole`: columns that fill whole vectors."""
        sizes = ["channels", "rows", "whole", *(["width"] if self.ragged else [])]
        return [*tensor_arguments("source", "target"), *numbers(*sizes)]


def copy_kernel(name: str, family: CopyFamily) -> func.FuncOp:
    """The kernel that copies one row at each point: reads and writes the row and nothing else."""
    loops = Loops(name, family.arguments)
    with loops.grid(["c", "y"], [loops["channels"], loops["rows"]]) as (c, y):
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
class Pictures:
    """Pictures somewhere in a buffer; `skip`: elements of the layout that lie before the first of them."""

    buffer: SSAValue
    layout: Layout
    skip: int = 0


def compact(channels: int, height: int, width: int) -> Layout:
    """The layout of numbers that lie one after the other."""
    return Layout(channels, height, width, row_stride=width)


def launch_copy(graph: Graph, source: Pictures, target: Pictures, layer: str | None = None) -> None:
    """Copy pictures of one size; of the target nothing but the pictures is written."""
    channels, rows, width = source.layout.channels, source.layout.height, source.layout.width
    if source.layout.compact and target.layout.compact:
        channels, rows, width = 1, 1, channels * rows * width
    family = CopyFamily(graph.machine.lanes, ragged=width % graph.machine.lanes != 0)
    arguments = {
        **tensor_values("source", source.buffer, source.layout),
        **tensor_values("target", target.buffer, target.layout),
        "source_first": source.layout.origin + source.skip,
        "target_first": target.layout.origin + target.skip,
        "channels": channels,
        "rows": rows,
        "whole": width - width % family.lanes,
    }
    if family.ragged:
        arguments["width"] = width
    graph.launch(family, lambda name: copy_kernel(name, family), arguments, [channels, rows], layer)


def copy_in(graph: Graph, argument: SSAValue, value: SSAValue) -> None:
    """Allocate an input of the network, and fill it with the caller's numbers, which lie one after the other."""
    buffer = graph.allocate(value, value.name_hint or "input")
    clear_halo(graph, value, whole_vectors=False)
    layout = graph.layout(value)
    given = compact(layout.channels, layout.height, layout.width)
    launch_copy(graph, Pictures(argument, given), Pictures(buffer, layout))


def copy_out(graph: Graph, value: SSAValue, argument: SSAValue) -> None:
    """Write an output of the network where the caller wants it, one number after the other."""
    layout = graph.layout(value)
    wanted = compact(layout.channels, layout.height, layout.width)
    launch_copy(graph, Pictures(graph.buffer(value), layout), Pictures(argument, wanted))


def lower_flatten(op: FlattenOp, graph: Graph) -> None:
    """Rows without the gaps between them."""
    buffer = graph.allocate(op.output, op.layer.data)
    clear_halo(graph, op.output, whole_vectors=False)
    source, target = graph.layout(op.input), graph.layout(op.output)
    rows = compact(source.channels, source.height, source.width)
    launch_copy(
        graph,
        Pictures(graph.buffer(op.input), source),
        Pictures(buffer, rows, skip=target.origin),
        op.layer.data,
    )


def lower_concat(op: ConcatOp, graph: Graph) -> None:
    """The channels of one input after those of the other; vectors are joined within their one row."""
    buffer = graph.allocate(op.output, op.layer.data)
    clear_halo(graph, op.output, whole_vectors=False)
    target = graph.layout(op.output)
    skip = 0
    for i, value in enumerate(op.inputs):
        source = graph.layout(value)
        picture = len(shape_of(value)) == 4
        part = replace(target, channels=source.channels, width=source.width)
        last = i + 1 == len(op.inputs)
        launch_copy(
            graph,
            Pictures(graph.buffer(value), source),
            Pictures(buffer, part, skip),
            op.layer.data if last else None,
        )
        skip += source.channels * target.channel_stride if picture else source.width
