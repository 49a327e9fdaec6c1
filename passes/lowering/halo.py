"""Zeros around pictures.

Buffers share memory, so that what a consumer reads as zero has to be written on every run, before the
tensor's producer runs.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects import memref
from xdsl.ir import Attribute, SSAValue

from lrc.dialects import kernel
from lrc.dialects.elements import element_of
from lrc.dialects.values.elements import F32, Element
from lrc.dialects.values.rounding import round_up
from lrc.passes.lowering.builder import Loops, array_of_floats, suffixed
from lrc.passes.lowering.graph import Graph
from lrc.passes.lowering.indices import Index
from lrc.passes.lowering.rows import each, numbers


@dataclass(frozen=True)
class HaloFamily:
    """Which parts of a halo there are to clear.

    `lead`: what lies before the first channel; `rows`: rows above and below the pictures; `tails`: the rest of
    each row to the right of the picture, whose first numbers are no whole vector if the rows are `ragged`.
    """

    lanes: int
    lead: bool
    rows: bool
    tails: bool
    ragged: bool
    element: Element = F32

    @property
    def name(self) -> str:
        """`clear_rows_tails`: the parts that are cleared."""
        parts = ("lead", "rows", "tails", "ragged")
        return suffixed("_".join(["clear", *(part for part in parts if getattr(self, part))]), self.element)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to clear."""
        return not (self.lead or self.rows or self.tails)

    @property
    def arguments(self) -> list[tuple[str, Attribute]]:
        """Names and types of the kernel's arguments, in order."""
        names = ["channels"]
        names += ["first", "channel"] if self.rows or self.tails else []
        names += ["lead"] if self.lead else []
        names += ["top", "below", "bottom"] if self.rows else []
        names += ["height", "picture", "row", "row_end"] if self.tails else []
        names += ["tail"] if self.ragged else []
        return [("buffer", array_of_floats(self.element)), *numbers(*names)]


def halo_kernel(name: str, family: HaloFamily) -> kernel.KernelFuncOp:
    """The kernel that clears the halo of one channel at each point, called `name`.

    Places are counted from the channel's first number: `below` the picture there are `bottom` numbers to clear;
    the picture's rows begin at `picture`, and end with zeros from `tail` or `row_end` on up to `row`.
    """
    loops = Loops(name, family.arguments)

    def zeros(first: Index, count: Index) -> None:
        def clear(i: SSAValue) -> None:
            window = loops.window(loops["buffer"], loops.add(first, i), 0, "window")
            loops.builder.insert(kernel.StoreOp(loops.splat(0.0, family.lanes), window, 0, 0))

        each(loops, "i", 0, count, clear, family.lanes)

    def tail(picture: Index, y: SSAValue) -> None:
        row = loops.place(picture, (y, loops["row"]), name="place")
        if family.ragged:

            def clear(x: SSAValue) -> None:
                position = loops.value(loops.add(row, x))
                loops.builder.insert(memref.StoreOp.get(loops.number(0.0), loops["buffer"], [position]))

            each(loops, "x", loops["tail"], loops["row_end"], clear)
        zeros(loops.add(row, loops["row_end"]), loops.subtract(loops["row"], loops["row_end"]))

    def around(c: SSAValue) -> None:
        channel = loops.place(loops["first"], (c, loops["channel"]), name="channel_place")
        if family.rows:
            zeros(channel, loops["top"])
            zeros(loops.add(channel, loops["below"]), loops["bottom"])
        if family.tails:
            picture = loops.add(channel, loops["picture"], "picture_place")
            each(loops, "y", 0, loops["height"], lambda y: tail(picture, y))

    with loops.grid(c="channels") as (c,):
        if family.lead:

            def lead() -> tuple[()]:
                zeros(0, loops["lead"])
                return ()

            loops.choose(loops.equal(c, 0), lead)
        if family.rows or family.tails:
            around(c)
    return loops.finish()


def allocate(graph: Graph, value: SSAValue, layer: str, *, whole_vectors: bool = True) -> SSAValue:
    """A buffer for the result of a layer, and the launch of what writes zero around its pictures, wherever the layer
    writes nothing.

    `whole_vectors`: whether the layer itself writes zero behind the picture, up to the next multiple of the
    vector; one that writes the picture alone leaves these lanes to that launch. Nothing is launched if there is
    nothing to clear.
    """
    buffer = graph.allocate(value, layer)
    picture, element = graph.picture(value), element_of(value)
    lanes = graph.machine.lanes_of(element)
    row_end = round_up(picture.width, lanes)
    ragged = not whole_vectors and row_end > picture.width
    family = HaloFamily(
        lanes=lanes,
        lead=picture.lead > 0,
        rows=picture.top + picture.bottom > 0,
        tails=ragged or picture.row_stride > row_end,
        ragged=ragged,
        element=element,
    )
    if family.is_empty:
        return buffer
    row = picture.row_stride
    values: dict[str, SSAValue | Index] = {
        "buffer": buffer,
        "channels": picture.channels,
        "first": picture.lead,
        "channel": picture.channel_stride,
        "lead": picture.lead,
        "top": picture.top * row,
        "below": (picture.top + picture.height) * row,
        "bottom": picture.bottom * row,
        "height": picture.height,
        "picture": picture.top * row,
        "row": row,
        "row_end": row_end,
        "tail": picture.width,
    }
    arguments = {name: values[name] for name, _ in family.arguments}
    graph.launch(family, lambda name: halo_kernel(name, family), arguments)
    return buffer
