"""Hypothesis strategies of plain values: sizes, activations, masks, sparsities, windows, tunings.

Whatever is drawn is valid, nothing is drawn and thrown away. A value shrinks to the simplest of its kind: one channel,
a picture of one element, a kernel of one tap, relu, a dense layer, no tuning.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import prod
from typing import TypeVar

import numpy as np
from hypothesis import strategies as st

from lrc.dialects import lr
from lrc.dialects.values.activations import ACTIVATION_KINDS
from lrc.dialects.values.patterns import Mask, PatternSet, Sparsity
from lrc.dialects.values.pruning import MOST_PATTERNS
from lrc.dialects.values.schedules import LOADS, MOST_SUMS, ORDERS, Tuning
from lrc.dialects.values.shapes import Window

Option = TypeVar("Option")

SIZES = st.sampled_from([1, 2, 3, 4, 5, 7, 8, 11, 17])
"""Rows or columns of a picture: around the lanes of vectors, and ragged."""

LENGTHS = st.sampled_from([1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 33])
"""Of a sequence: around the lanes of vectors, and ragged."""

PLANES = st.sampled_from([1, 2, 3, 5])
"""Planes, rows and columns of a volume."""

RANKS = (*(4,) * 14, *(3,) * 6, *(2,) * 2, 5)
"""Of inputs, each as often as it is to be drawn."""

CHANNELS = st.integers(1, 6)

MANY_CHANNELS = st.sampled_from([255, 256, 257])
"""Channels around what one byte can count."""

SEEDS = st.integers(0, 2**32 - 1)
"""Seeds of numpy's generators, for numbers whose single values do not matter."""

SLOPES = (0.01, 0.2, 0.5, 0.0, 1.0, 1.5, -0.25, -1.0)
"""Of leaky_relu: as in networks, none, and those with which it is no convex function, or not monotonic."""

ACTIVATIONS = st.sampled_from(
    [lr.Activation(kind) for kind in ACTIVATION_KINDS if kind != "leaky_relu"]
    + [lr.Activation("leaky_relu", slope) for slope in SLOPES]
)

KERNELS: tuple[tuple[int, int], ...] = (
    ((1, 1),) * 3 + ((3, 3),) * 6 + ((2, 2), (1, 3), (3, 2), (5, 5), (5, 1), (4, 4), (7, 7), (1, 7), (6, 5), (9, 9))
)
"""(rows, columns) of kernels, the last of more taps than are written out (`lrc.passes.lowering.convolution.taps`)."""

KEEPS = (1.0, 0.5, 2 / 3, 1 / 3.6, 0.1)
"""Shares of the kernels that survive."""

FEW_PATTERNS = 4

DECLARED_PATTERNS = 40
"""Masks of the largest sets that are drawn: more than `auto` would find, fewer than make a kernel slow to compile."""

MOST_MULTIPLICATIONS = 2048
"""Of the bodies that a tuning asks for, on a machine without vectors: more take seconds to interpret and to compile."""


def pick(draw: st.DrawFn, options: Sequence[Option]) -> Option:
    """One of the options; it shrinks to the first."""
    return options[draw(up_to(len(options) - 1))] if len(options) > 1 else options[0]


@st.composite
def input_shapes(draw: st.DrawFn) -> tuple[int, ...]:
    """The shape of an input, of any rank that there is."""
    sizes = {2: (), 3: (LENGTHS,), 4: (SIZES, SIZES), 5: (PLANES, PLANES, PLANES)}[pick(draw, RANKS)]
    return (1, draw(CHANNELS), *map(draw, sizes))


class Choices:
    """What whoever builds something step by step decides on the way."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw

    def pick(self, options: Sequence[Option]) -> Option:
        """One of the options; it shrinks to the first."""
        return pick(self.draw, options)

    def maybe(self) -> bool:
        """Yes or no; it shrinks to no."""
        return self.one_in(2)

    def one_in(self, turns: int) -> bool:
        """Yes in one of so many turns; it shrinks to no."""
        return self.draw(up_to(turns - 1)) == turns - 1


@cache
def up_to(most: int) -> st.SearchStrategy[int]:
    """0 to `most`: each made once, since to make a strategy takes longer than to draw from it."""
    return st.integers(0, most)


@cache
def masks(kernel: tuple[int, int] = (3, 3)) -> st.SearchStrategy[Mask]:
    """A mask of any taps, at least one, of a (rows, columns) kernel."""
    rows, columns = kernel
    return st.integers(1, 2 ** (rows * columns) - 1).map(lambda bits: _mask(bits, rows, columns))


def _mask(bits: int, rows: int, columns: int) -> Mask:
    return Mask(tuple(tuple(bool(bits >> (r * columns + c) & 1) for c in range(columns)) for r in range(rows)))


@cache
def pattern_sets(
    kernel: tuple[int, int] = (3, 3), most: int = FEW_PATTERNS, least: int = 1
) -> st.SearchStrategy[PatternSet]:
    """A set of `least` to `most` distinct masks, or of all that there are if those are fewer."""
    most = min(most, 2 ** min(kernel[0] * kernel[1], 30) - 1)
    if most <= FEW_PATTERNS:
        few: st.SearchStrategy[list[Mask]] = st.lists(
            masks(kernel), min_size=min(least, most), max_size=most, unique=True
        )
        return few.map(_pattern_set)
    return st.builds(_many_masks, st.just(kernel), st.integers(min(least, most), most), SEEDS)


def _pattern_set(found: list[Mask]) -> PatternSet:
    return PatternSet(tuple(found))


def _many_masks(kernel: tuple[int, int], count: int, seed: int) -> PatternSet:
    numbers, taps = np.random.default_rng(seed), kernel[0] * kernel[1]
    found: dict[int, None] = {}
    while len(found) < count:
        bits = int.from_bytes(numbers.bytes(taps // 8 + 1), "little")
        found[1 + bits % (2**taps - 1)] = None
    return PatternSet(tuple(_mask(bits, *kernel) for bits in found))


SHARES = (1, 1, 1, 2, 2, 3, 4)
"""By how many filters kernels may be shared, each as often as it is to be drawn."""


def sparsities(kernel: tuple[int, int] = (3, 3), filters: int = 1) -> st.SearchStrategy[Sparsity]:
    """A sparsity of any kind for a (rows, columns) kernel; some have 9 to 16 patterns, few have more. In some of them
    neighbours of the `filters` of a convolution group share their kernels."""
    return _sparsities(kernel, tuple(share for share in SHARES if filters % share == 0))


@cache
def _sparsities(kernel: tuple[int, int], shares: tuple[int, ...]) -> st.SearchStrategy[Sparsity]:
    keeps, budgets = st.sampled_from(KEEPS), st.sampled_from(["filter", "layer"])
    shared = st.sampled_from(shares)
    few, many = pattern_sets(kernel), pattern_sets(kernel, MOST_PATTERNS, 9)
    sets = st.sampled_from([few] * 3 + [many] * 4 + [pattern_sets(kernel, DECLARED_PATTERNS, MOST_PATTERNS + 1)])
    pruned = st.builds(
        Sparsity, st.just("pattern"), sets.flatmap(lambda each: each), st.none() | keeps, budgets, shared
    )
    connected = st.builds(Sparsity, st.just("connectivity"), st.none(), keeps, budgets, shared)
    return st.sampled_from([Sparsity(), Sparsity("auto")]) | connected | pruned | pruned


PADDINGS = ("none", "same", "same", "any", "most")

STRIDES = ((1, 1),) * 4 + ((2, 2), (2, 1), (1, 2), (3, 3), (1, 3))

DILATIONS = ((1, 1),) * 5 + ((2, 2), (1, 2), (3, 1))


@st.composite
def windows(
    draw: st.DrawFn, kernel: tuple[int, int] = (3, 3), size: tuple[int, int] = (1, 1), *, pooling: bool = False
) -> Window:
    """How a kernel moves over pictures of (rows, columns) `size` or larger, padded where it would not fit them.

    Strides and dilations are 1 to 3. Paddings need not be even; the largest are as wide as what the kernel reaches, so
    that some windows see nothing but zeros. In a `pooling` they are half the kernel at most, and nothing is dilated.
    """
    strides = pick(draw, STRIDES)
    dilations = pick(draw, DILATIONS) if not pooling and max(kernel) in range(2, 6) else (1, 1)
    reach = Window(kernel, dilations=dilations).reach()
    most = (kernel[0] // 2, kernel[1] // 2) if pooling else reach
    match pick(draw, PADDINGS):
        case "any":
            pads = [draw(up_to(most[side % 2])) for side in range(4)]
        case "most":
            pads = [*most, *most]
        case "same":
            pads = [(r - 1) // 2 for r in reach] * 2
        case _:
            pads = [0] * 4
    for axis in (0, 1):
        lacking = reach[axis] - size[axis] - pads[axis] - pads[axis + 2]
        if lacking > 0 and pooling:
            pads[axis] = pads[axis + 2] = most[axis]
        elif lacking > 0:
            pads[axis + 2] += lacking
    return Window(kernel, strides, (pads[0], pads[1], pads[2], pads[3]), dilations)


JAMS = (1, 2, 3, 4, 6, 8)
"""Filters that may be computed at once."""


def sharing(sparsity: Sparsity | None, filters: int) -> int:
    """How many of the `filters` of a convolution group are sure to share their kernels: dense ones keep all."""
    return filters if sparsity is None or sparsity.kind == "dense" else sparsity.share


@st.composite
def tunings(
    draw: st.DrawFn, shape: tuple[int, ...], lanes: int = 16, *, groups: int = 1, sparsity: Sparsity | None = None
) -> Tuning:
    """A tuning that the convolution with weights `shape` [Co, Ci / groups, …] can have on every machine whose vectors
    have a divisor of `lanes` floats: with 16, on all that there are.

    Only filters that are sure to share their kernels are unrolled.
    """
    filters, channels, *kernel = shape
    shared = sharing(sparsity, filters // groups)
    patterns = None if sparsity is None else sparsity.patterns
    taps = sum(len(mask.taps) for mask in patterns.masks) if patterns else prod(kernel)
    taps *= MOST_PATTERNS if sparsity is not None and sparsity.kind == "auto" else 1
    most = min(MOST_SUMS, MOST_MULTIPLICATIONS // taps) // lanes
    unroll = None
    if most and draw(up_to(1)):
        jam = pick(draw, [j for j in JAMS if j <= most and shared % j == 0])
        rows = 1 + draw(up_to(min(most // jam, 4) - 1))
        unroll = jam, rows, lanes * (1 + draw(up_to(min(most // jam // rows, 2) - 1)))
    tile = (1 + draw(up_to(filters)), 1 + draw(up_to(channels))) if draw(up_to(1)) else None
    return Tuning(unroll, tile, pick(draw, [None, *ORDERS]), pick(draw, [None, *LOADS]))
