"""Hypothesis strategies: whole networks as modules, at any level of the compiler.

A network is a few motifs (`motifs.py`), one behind another: small and awkward ones, of ragged pictures of 1 to 17 rows,
of sequences, and now and then of vectors and volumes.
It is drawn with few choices, each of which shrinks to what is simpler, and numbers in bulk are drawn by seed.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from hypothesis import strategies as st
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from lrc.compilation import pipelines
from lrc.dialects.lr.base import shape_of
from lrc.testing.networks.building import Builder
from lrc.testing.networks.motifs import OF_RANK, Motif
from lrc.testing.plain import input_shapes, pick, up_to

RECENT: Final = 4
"""A motif stands behind one of the values that came last: so networks grow deep."""

ROOM: Final = 3
"""For one motif more: in less room only single layers fit, of which there are many anyway."""


@st.composite
def modules(draw: st.DrawFn, layers: int = 6, *, level: str = "lr", machine: str = "neon") -> ModuleOp:
    """A small network with its weights, of one to `layers` layers of any kind as the author would write them.

    It is of the `lr` dialect, or lowered to `level` (`lrc.compilation.pipelines.LEVELS`) for `machine`, which is the
    name of a target (`lrc.dialects.values.machines`). Whatever is drawn compiles for every machine.
    """
    net = Builder(draw, layers)
    for _ in range(pick(draw, (1, 1, 1, 2, 3))):
        net.input(draw(input_shapes()))
    draw(behind(net))
    while net.room >= ROOM and draw(up_to(5)):
        draw(behind(net))
    module = net.finish()
    if level != "lr":
        pipelines.parse(pipelines.specification(machine, level)).apply(Context(), module)
    return module


@st.composite
def behind(draw: st.DrawFn, net: Builder) -> None:
    """Add a motif behind one of the last values."""
    value = pick(draw, net.values[: -RECENT - 1 : -1])
    pick(draw, motifs_for(OF_RANK[len(shape_of(value))], net.room)).build(net, value)


@cache
def motifs_for(table: tuple[Motif, ...], room: int) -> tuple[Motif, ...]:
    """The motifs that fit in so much room, each as often as it is to be drawn."""
    return tuple(motif for motif in table if motif.least <= room for _ in range(motif.often))
