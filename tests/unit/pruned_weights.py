"""Hypothesis strategies for pruned weights, beside those of `lrc.testing`."""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from lrc.dialects.values.patterns import PatternSet
from lrc.testing import pattern_sets


@dataclass(frozen=True)
class Pruned:
    """Weights [filters, channels, rows, columns] that fit an assignment [filters, channels] of patterns."""

    weights: NDArray[np.float32]
    assignment: NDArray[np.uint8]
    patterns: PatternSet


KERNELS = st.sampled_from([(1, 1), (3, 3), (5, 5), (1, 3), (2, 2)])


@st.composite
def whole_numbers(draw: st.DrawFn, *shape: int) -> NDArray[np.float32]:
    """Small whole numbers, some zero: their sums are exact, and many are alike."""
    seed = draw(st.integers(0, 2**32 - 1))
    return np.random.default_rng(seed).integers(-3, 4, shape).astype(np.float32)


@st.composite
def weights(draw: st.DrawFn, kernel: tuple[int, int]) -> NDArray[np.float32]:
    """Weights of up to nine filters and channels, not pruned."""
    return draw(whole_numbers(draw(st.integers(1, 9)), draw(st.integers(1, 9)), *kernel))


@st.composite
def pruned(draw: st.DrawFn, most_filters: int = 9) -> Pruned:
    """Pruned weights; degenerate ones too: empty filters and layers, all alike, all different."""
    kernel = draw(KERNELS)
    patterns = draw(pattern_sets(kernel, most=8))
    filters, channels = draw(st.integers(1, most_filters)), draw(st.integers(1, 9))
    row = st.lists(st.integers(0, len(patterns)), min_size=channels, max_size=channels)
    # Filters drawn from a few rows are often alike, as jammed ones have to be.
    rows = draw(st.lists(row, min_size=1, max_size=3) | st.just([[0] * channels]))
    assignment = np.array([draw(st.sampled_from(rows)) for _ in range(filters)], np.uint8)
    cells = np.concatenate([np.zeros((1, *kernel), np.bool_), patterns.cells])[assignment]
    everywhere = draw(whole_numbers(filters, channels, *kernel))
    return Pruned(np.where(cells, everywhere, 0).astype(np.float32), assignment, patterns)
