"""Tensors as arguments of kernels that go through them row by row."""

from __future__ import annotations

from collections.abc import Callable

from xdsl.dialects.builtin import IndexType
from xdsl.ir import Attribute, SSAValue

from lrc.dialects import kernel
from lrc.dialects.values.elements import F32, Element
from lrc.dialects.values.layouts import Picture
from lrc.passes.lowering.builder import Loops, array_of_floats
from lrc.passes.lowering.indices import Index


def numbers(*names: str) -> list[tuple[str, Attribute]]:
    """Arguments of a kernel that are indices."""
    return [(name, IndexType()) for name in names]


def tensor_arguments(*names: str, element: Element = F32) -> list[tuple[str, Attribute]]:
    """For each tensor its buffer, where its first number lies, and the steps to the next channel and row."""
    parts = ("_first", "_channel", "_row")
    return [
        argument
        for name in names
        for argument in [(name, array_of_floats(element)), *numbers(*(name + part for part in parts))]
    ]


def tensor_values(name: str, buffer: SSAValue, picture: Picture) -> dict[str, SSAValue | Index]:
    """What a launch gives for `tensor_arguments(name)`."""
    return {
        name: buffer,
        f"{name}_first": picture.origin,
        f"{name}_channel": picture.channel_stride,
        f"{name}_row": picture.row_stride,
    }


def row_place(loops: Loops, name: str, channel: Index, row: Index) -> Index:
    """Where a row of the tensor argument `name` begins."""
    steps = (channel, loops[f"{name}_channel"]), (row, loops[f"{name}_row"])
    return loops.place(loops[f"{name}_first"], *steps, name=f"{name}_place")


def load_row(loops: Loops, name: str, place: Index, x: Index, lanes: int) -> SSAValue:
    """The vector at column `x` of the row that begins at `place`."""
    window = loops.window(loops[name], loops.add(place, x), 0, f"{name}_window")
    return loops.insert(kernel.LoadOp(window, 0, 0, lanes), "v")


def store_row(loops: Loops, name: str, place: Index, x: Index, value: SSAValue, lanes: SSAValue | None = None) -> None:
    """Store a vector at column `x` of the row that begins at `place`; `lanes` as in kernel.store."""
    window = loops.window(loops[name], loops.add(place, x), 0, f"{name}_window")
    loops.builder.insert(kernel.StoreOp(value, window, 0, 0, lanes=lanes))


def each(loops: Loops, name: str, first: Index, last: Index, body: Callable[[SSAValue], None], step: int = 1) -> None:
    """`body(index)` for index in first..last, for its effects."""

    def round(index: SSAValue, _: object) -> tuple[()]:
        body(index)
        return ()

    loops.loop(name, first, last, (), round, step)


def each_vector(loops: Loops, lanes: int, ragged: bool, body: Callable[[SSAValue, SSAValue | None], None]) -> None:
    """`body(x, inside)` for each vector of a row of `width` numbers, `width` being an argument of the kernel.

    `inside`: how many lanes from column x on lie in the picture; None if rows are whole vectors.
    """

    def vector(x: SSAValue) -> None:
        inside = loops.value(loops.subtract(loops["width"], x, "inside")) if ragged else None
        body(x, inside)

    each(loops, "x", 0, loops["width"], vector, lanes)
