"""Pruning, as functions on arrays: the nearest weights of a scheme, whether weights fit one, and which one they show.

Weights are [filters, channels, rows, columns], where channels are those of one convolution group; [filters, channels,
columns] are kernels of one row. A *kernel* is one filter's weights on one channel. `share` neighbouring filters that
share their kernels keep those of the same channels, with the same patterns: what is kept is decided for all of them.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lrc.dialects.values.patterns import Mask, PatternSet, Scalar, Sparsity

MOST_PATTERNS = 16
"""More distinct masks than this are no set: code for each would not fit the instruction cache."""

WORTHWHILE = 0.75
"""Sparsity pays where at most this share of the multiplications is left: dense filters share what they load, and so
do a third more multiplications a second than pruned ones."""


class Violation(NamedTuple):
    """The first weight that a declared sparsity does not allow, and why it does not."""

    filter: int
    channel: int
    tap: tuple[int, int]
    reason: str

    def __str__(self) -> str:
        return f"filter {self.filter}, channel {self.channel}, tap {self.tap}: {self.reason}"


def kernels_of(weights: NDArray[Scalar]) -> NDArray[Scalar]:
    """Weights as [filters, channels, rows, columns]: those of sequences [filters, channels, columns] have one row."""
    return weights[:, :, None] if weights.ndim == 3 else weights


def kept_kernels(weights: NDArray[np.floating], share: int = 1) -> NDArray[np.bool_]:
    """Which kernels [filters, channels] are left: those with a weight that is not zero, or that share theirs with one
    that has."""
    return _of_each(np.asarray(_together(weights != 0, share).any((1, 3, 4))), share)


def best_patterns(weights: NDArray[np.floating], patterns: PatternSet, share: int = 1) -> NDArray[np.intp]:
    """The pattern [filters, channels] that suits each kernel best, or all of those that share it.

    It is the smallest one that keeps all of the kernel's weights, or else the one that keeps the most
    energy (sum of squares); the first in the set where several do.
    """
    if len(patterns) == 1:
        return np.zeros(weights.shape[:2], np.intp)
    if share > 1:  # one kernel with the energy of all, at each tap
        energy = np.square(_together(weights, share), dtype=np.float64).sum(1)
        return _of_each(best_patterns(np.sqrt(energy), patterns), share)
    cells = patterns.cells.reshape(len(patterns), -1)
    taps = np.ascontiguousarray(weights.reshape(*weights.shape[:2], -1).transpose(2, 0, 1))
    # Coverage is decided on zeros, not on energy: a sum that rounds a tiny weight away would lose it.
    nonzero = taps != 0
    covers = np.array([~nonzero[~mask].any(0) for mask in cells])
    sizes = cells.sum(1, dtype=np.int16)[:, None, None]
    best = np.where(covers, sizes, np.int16(len(taps) + 1)).argmin(0)
    if (uncovered := ~covers.any(0)).any():
        squares = np.square(taps, dtype=np.float64)
        energies = [sum(squares[tap] for tap in np.flatnonzero(mask)) for mask in cells]
        best[uncovered] = np.argmax(energies, 0)[uncovered]
    return best


def project(weights: NDArray[np.floating], sparsity: Sparsity) -> NDArray[np.floating]:
    """The nearest weights of that sparsity: pruning, as an array function.

    Every kernel keeps its best pattern; of the kernels, those with the greatest norm stay, at least one
    for each filter (budget `filter`) or layer. Filters that share their kernels keep what has the greatest norm in all
    of them together. Dense and auto keep everything. Raises ValueError if the patterns are of another shape than the
    kernels, or filters cannot be shared.
    """
    if weights.ndim == 3:
        return project(kernels_of(weights), sparsity)[:, :, 0]
    patterns, share = sparsity.masks(_kernel(weights)), sparsity.share
    sparsity.check_filters(len(weights))
    pruned = np.where(patterns.cells[best_patterns(weights, patterns, share)], weights, weights.dtype.type(0))
    if sparsity.keep is None:
        return pruned
    energy: NDArray[np.float64] = _together(np.square(pruned, dtype=np.float64).sum((2, 3)), share).sum(1)
    rows = _by_budget(energy, sparsity)
    count = max(1, round(rows.shape[1] * sparsity.keep))
    strongest = np.argsort(-rows, axis=1, kind="stable")[:, :count]
    kept = np.zeros(rows.shape, np.bool_)
    np.put_along_axis(kept, strongest, True, axis=1)
    pruned[~_of_each(kept.reshape(energy.shape), share)] = 0
    return pruned


def find_violation(
    weights: NDArray[np.floating], sparsity: Sparsity, best: NDArray[np.intp] | None = None
) -> Violation | None:
    """The first weight, in storage order, that the sparsity does not allow; None if all fit.

    `best`: the `best_patterns` of the weights, if they are known. Budgets are rounded up here and to the nearest number
    in `project`: pruners differ in how they round. A weight may be zero by chance, so filters that share their kernels
    break that only where together they keep more than each of them may. Raises ValueError if the patterns are of
    another shape than the kernels, or filters cannot be shared.
    """
    weights = kernels_of(weights)
    patterns, share = sparsity.masks(_kernel(weights)), sparsity.share
    sparsity.check_filters(len(weights))
    nonzero = weights != 0
    best = best_patterns(weights, patterns, share) if best is None else best
    found: list[Violation] = []
    if (outside := nonzero & ~patterns.cells[best]).any():
        f, c, *tap = (int(i) for i in np.argwhere(outside)[0])
        sharing = "" if share == 1 else f" in {_neighbours(f, share)}, which share it"
        reason = f"no pattern of the set keeps all weights of this kernel{sharing}"
        found.append(Violation(f, c, (tap[0], tap[1]), reason))
    if sparsity.keep is not None:
        kept = kept_kernels(weights, share)[::share]
        alive = _by_budget(kept, sparsity)
        allowed = max(1, math.ceil(alive.shape[1] * sparsity.keep - 1e-9))
        beyond = (alive & (np.cumsum(alive, axis=1) > allowed)).reshape(kept.shape)
        if (wrong := nonzero & _of_each(beyond, share)[:, :, None, None]).any():
            f, c, *tap = (int(i) for i in np.argwhere(wrong)[0])
            is_layer = sparsity.budget == "layer"
            times = share if is_layer else 1
            counted = times * int(alive.sum(1)[0 if is_layer else f // share])
            is_shared = share > 1 and not is_layer
            who = f"{_neighbours(f, share)} share" if is_shared else f"the {sparsity.budget} has"
            limit = f"keep = {sparsity.keep:.4g} of {times * alive.shape[1]}"
            reason = f"{who} {counted} kernels, but {limit}, rounded up, allows {times * allowed}"
            found.append(Violation(f, c, (tap[0], tap[1]), reason))
    return min(found, default=None)


def find_scheme(weights: NDArray[np.floating]) -> Sparsity:
    """The sparsity that the zeros of the weights show: patterns, connectivity, or dense where neither pays.

    Masks that lie within others are not counted: a weight may be zero by chance. Where more than
    MOST_PATTERNS masks are left, only removed kernels are made use of. Whether filters share their kernels is not
    asked: what jams them looks at the kernels that are left.
    """
    weights = kernels_of(weights)
    alive = kept_kernels(weights)
    kept = float(alive.mean())
    if masks := _largest(weights[alive] != 0):
        patterns = PatternSet(tuple(Mask(tuple(map(tuple, mask.tolist()))) for mask in masks))
        taps = patterns.cells.mean((1, 2))[best_patterns(weights, patterns)]
        left = float((taps * alive).mean())
        if left < kept and left <= WORTHWHILE:
            return Sparsity("pattern", patterns)
    if kept <= WORTHWHILE:
        return Sparsity("connectivity", keep=max(kept, 1 / alive.size), budget="layer")
    return Sparsity()


def _largest(kernels: NDArray[np.bool_]) -> list[NDArray[np.bool_]] | None:
    """The masks of kernels [kernels, rows, columns] that lie within no other; None if they are too many."""
    found: list[NDArray[np.bool_]] = []
    while len(kernels):
        if len(found) == MOST_PATTERNS:
            return None
        mask = kernels[kernels.sum((1, 2)).argmax()]
        found.append(mask)
        kernels = kernels[(kernels & ~mask).any((1, 2))]
    return found


def _kernel(weights: NDArray[np.floating]) -> tuple[int, int]:
    return weights.shape[2], weights.shape[3]


def _together(array: NDArray[Scalar], share: int) -> NDArray[Scalar]:
    """Reshape [filters, …] to [filters / share, share, …]: neighbours that share their kernels."""
    return array.reshape(-1, share, *array.shape[1:])


def _of_each(array: NDArray[Scalar], share: int) -> NDArray[Scalar]:
    """Repeat [filters / share, …] for each filter of those that share their kernels: [filters, …]."""
    return np.repeat(array, share, axis=0)


def _by_budget(kernels: NDArray[Scalar], sparsity: Sparsity) -> NDArray[Scalar]:
    """Reshape [filters, channels] so that every row holds the kernels that share one budget."""
    return kernels if sparsity.budget == "filter" else kernels.reshape(1, -1)


def _neighbours(filter: int, share: int) -> str:
    """In words, the filters that share their kernels with one."""
    first = filter - filter % share
    return f"filters {first} to {first + share - 1}"
