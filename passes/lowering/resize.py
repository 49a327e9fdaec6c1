"""Layers that make a picture larger: upsampling, and padding with any value."""

from __future__ import annotations

import re
from dataclasses import dataclass

from xdsl.dialects import memref
from xdsl.ir import Attribute, SSAValue

from lrc.dialects import kernel
from lrc.dialects.elements import element_of
from lrc.dialects.lr.ops import PadOp, UpsampleOp
from lrc.dialects.values.elements import F32, Element
from lrc.passes.lowering.builder import Loops, suffixed
from lrc.passes.lowering.graph import Graph
from lrc.passes.lowering.halo import allocate
from lrc.passes.lowering.indices import Index
from lrc.passes.lowering.rows import each, numbers, row_place, tensor_arguments, tensor_values


@dataclass(frozen=True)
class UpsampleFamily:
    """Nearest neighbour; `columns`: how often each number is repeated within its row."""

    columns: int
    element: Element = F32

    @property
    def name(self) -> str:
        """`upsample_x2`"""
        return suffixed(f"upsample_x{self.columns}", self.element)

    @property
    def arguments(self) -> list[tuple[str, Attribute]]:
        """Names and types of the kernel's arguments, in order; `repeat`: how often each row is repeated."""
        return [
            *tensor_arguments("input", "output", element=self.element),
            *numbers("channels", "rows", "width", "repeat"),
        ]


def upsample_kernel(name: str, family: UpsampleFamily) -> kernel.KernelFuncOp:
    """The kernel that repeats one row of the input at each point."""
    loops = Loops(name, family.arguments)
    with loops.grid(c="channels", y="rows") as (c, y):
        source = row_place(loops, "input", c, y)
        first = row_place(loops, "output", c, loops.multiply(y, loops["repeat"]))

        def row(r: SSAValue) -> None:
            target = loops.place(first, (r, loops["output_row"]), name="row_place")

            def number(x: SSAValue) -> None:
                value = loops.load_float(loops["input"], loops.add(source, x), "number")
                place = loops.place(target, (x, family.columns), name="place")
                for i in range(family.columns):
                    position = loops.value(loops.add(place, i))
                    loops.builder.insert(memref.StoreOp.get(value, loops["output"], [position]))

            each(loops, "x", 0, loops["width"], number)

        each(loops, "r", 0, loops["repeat"], row)
    return loops.finish()


def lower_upsample(op: UpsampleOp, graph: Graph) -> None:
    """One launch over the rows of the input."""
    repeat, columns = op.scales()
    family = UpsampleFamily(columns, element_of(op.output))
    source = graph.picture(op.input)
    output = allocate(graph, op.output, op.layer.data, whole_vectors=False)
    arguments = {
        **tensor_values("input", graph.buffer(op.input), source),
        **tensor_values("output", output, graph.picture(op.output)),
        "channels": source.channels,
        "rows": source.height,
        "width": source.width,
        "repeat": repeat,
    }
    graph.launch(family, lambda name: upsample_kernel(name, family), arguments, op)


@dataclass(frozen=True)
class PadFamily:
    """A frame of `value`."""

    value: float
    element: Element = F32

    @property
    def name(self) -> str:
        """`pad_with_0`, `pad_with_minus_inf`"""
        return suffixed("pad_with_" + re.sub(r"\W", "_", f"{self.value:g}".replace("-", "minus_")), self.element)

    @property
    def arguments(self) -> list[tuple[str, Attribute]]:
        """Names and types of the kernel's arguments, in order; the input begins at [top, left] of the output."""
        sizes = numbers("channels", "rows", "width", "top", "left", "input_rows", "input_width")
        return [*tensor_arguments("input", "output", element=self.element), *sizes]


def pad_kernel(name: str, family: PadFamily) -> kernel.KernelFuncOp:
    """The kernel that writes one row of the output at each point: first the value, then the picture over it."""
    loops = Loops(name, family.arguments)
    with loops.grid(c="channels", y="rows") as (c, y):
        target = row_place(loops, "output", c, y)

        def store(value: SSAValue, place: Index, x: Index) -> None:
            position = loops.value(loops.add(place, x))
            loops.builder.insert(memref.StoreOp.get(value, loops["output"], [position]))

        each(loops, "x", 0, loops["width"], lambda x: store(loops.number(family.value), target, x))
        row = loops.subtract(y, loops["top"], "row")

        def picture() -> tuple[()]:
            source = row_place(loops, "input", c, row)
            inner = loops.add(target, loops["left"], "inner")

            def number(x: SSAValue) -> None:
                store(loops.load_float(loops["input"], loops.add(source, x), "number"), inner, x)

            each(loops, "x", 0, loops["input_width"], number)
            return ()

        def above_the_end() -> tuple[()]:
            loops.choose(loops.less(row, loops["input_rows"]), picture)
            return ()

        loops.choose(loops.less(-1, row), above_the_end)
    return loops.finish()


def lower_pad(op: PadOp, graph: Graph) -> None:
    """One launch over the rows of the output."""
    top, left, _, _ = op.sides()
    family = PadFamily(float(op.value.value.data), element_of(op.output))
    source, target = graph.picture(op.input), graph.picture(op.output)
    output = allocate(graph, op.output, op.layer.data, whole_vectors=False)
    arguments = {
        **tensor_values("input", graph.buffer(op.input), source),
        **tensor_values("output", output, target),
        "channels": target.channels,
        "rows": target.height,
        "width": target.width,
        "top": top,
        "left": left,
        "input_rows": source.height,
        "input_width": source.width,
    }
    graph.launch(family, lambda name: pad_kernel(name, family), arguments, op)
