"""Hypothesis strategies of plain values: sizes, masks, sparsities, weights, windows."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from lrc.dialects import lr
from lrc.dialects.lr.shapes import Window
from lrc.dialects.lr.values import ACTIVATION_KINDS
from lrc.dialects.pattern.values import Mask, PatternSet, Sparsity, project

Floats = NDArray[np.float32]

SIZES = st.sampled_from([1, 2, 3, 4, 5, 7, 8, 11, 17])
"""Rows or columns of a picture: around the lanes of vectors, and ragged."""

CHANNELS = st.integers(1, 6)

SEEDS = st.integers(0, 2**32 - 1)

ACTIVATIONS = st.builds(lr.Activation, st.sampled_from([k for k in ACTIVATION_KINDS if k != "leaky_relu"])) | st.builds(
    lr.Activation, st.just("leaky_relu"), st.sampled_from([0.01, 0.2, 0.5])
)


@st.composite
def masks(draw: st.DrawFn, kernel: tuple[int, int] = (3, 3)) -> Mask:
    """A mask of any taps, at least one, of a (rows, columns) kernel."""
    rows, columns = kernel
    kept = draw(st.sets(st.integers(0, rows * columns - 1), min_size=1))
    return Mask(tuple(tuple(r * columns + c in kept for c in range(columns)) for r in range(rows)))


def pattern_sets(kernel: tuple[int, int] = (3, 3), most: int = 4) -> st.SearchStrategy[PatternSet]:
    """A set of up to `most` distinct masks."""
    return st.lists(masks(kernel), min_size=1, max_size=most, unique=True).map(lambda found: PatternSet(tuple(found)))


def sparsities(kernel: tuple[int, int] = (3, 3)) -> st.SearchStrategy[Sparsity]:
    """A sparsity of any kind for a (rows, columns) kernel."""
    keeps = st.sampled_from([0.1, 1 / 3.6, 0.5, 1.0])
    budgets = st.sampled_from(["filter", "layer"])
    return (
        st.sampled_from([Sparsity(), Sparsity("auto")])
        | st.builds(Sparsity, st.just("pattern"), pattern_sets(kernel), st.none() | keeps, budgets)
        | st.builds(Sparsity, st.just("connectivity"), st.none(), keeps, budgets)
    )


@st.composite
def weights(draw: st.DrawFn, shape: tuple[int, ...], sparsity: Sparsity | None = None) -> Floats:
    """Weights [Co, Ci, kh, kw], or of any other shape, that fit a sparsity.

    Some have filters without a weight, or none at all, or filters that are all alike, or weights of equal size.
    """
    numbers = np.random.default_rng(draw(SEEDS))
    array = numbers.standard_normal(shape, np.float32)
    match draw(st.sampled_from(["any", "any", "empty filter", "empty", "alike", "equal"])):
        case "empty filter":
            array[draw(st.integers(0, shape[0] - 1))] = 0
        case "empty":
            array[:] = 0
        case "alike":
            array[:] = array[0]
        case "equal":
            array[:] = 1
        case _:
            pass
    return array if sparsity is None else project(array, sparsity).astype(np.float32)


def windows(kernel: tuple[int, int], dilated: bool = True) -> st.SearchStrategy[Window]:
    """How a kernel moves: strides, dilations, and paddings that need not be even."""
    small = st.integers(1, 2)
    rows, columns = (st.integers(0, k // 2) for k in kernel)
    pads = st.tuples(rows, columns, rows, columns)
    dilations = st.tuples(small, small) if dilated else st.just((1, 1))
    return st.builds(Window, st.just(kernel), st.tuples(small, small), pads, dilations)
