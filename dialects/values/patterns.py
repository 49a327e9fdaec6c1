"""Which weights of a convolution survive pruning: plain values and the functions on them.

A mask says which taps of one k x k kernel survive, a pattern set is the few masks that a layer uses,
and a sparsity is the whole scheme of a layer. Weights are [filters, channels, rows, columns], where
channels are those of one group; [filters, channels, columns] are kernels of one row. A *kernel* is one
filter's weights on one channel.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, TypeVar, cast, get_args

import numpy as np
from numpy.typing import NDArray

Kind = Literal["dense", "pattern", "connectivity", "auto"]
Budget = Literal["filter", "layer"]
Scalar = TypeVar("Scalar", bound=np.generic)

MOST_PATTERNS = 16
"""More distinct masks than this are no set: code for each would not fit the instruction cache."""

MOST_DECLARED = 255
"""Masks of a set, at the most: a kernel's is stored as a byte, where 0 says that the kernel was removed."""

WORTHWHILE = 0.75
"""Sparsity pays where at most this share of the multiplications is left: dense filters share what they load, and so
do a third more multiplications a second than pruned ones."""


@dataclass(frozen=True)
class Mask:
    """The taps of a kernel that survive, as rows of cells: `110/110/000` keeps the upper left square."""

    cells: tuple[tuple[bool, ...], ...]

    def __post_init__(self) -> None:
        if not self.cells or not self.cells[0] or any(len(row) != len(self.cells[0]) for row in self.cells):
            raise ValueError(f"the rows of mask '{self}' are empty or of different length")
        if not any(any(row) for row in self.cells):
            raise ValueError(f"mask '{self}' keeps no tap; a removed kernel needs no mask")

    @staticmethod
    def parse(text: str) -> Mask:
        """Read `110/110/000`, a row of zeros and ones for each row of the kernel. Raises ValueError."""
        if not re.fullmatch(r"[01/]+", text):
            raise ValueError(f"'{text}' is no mask: write rows of 0 and 1 divided by '/', as in 110/110/000")
        return Mask(tuple(tuple(cell == "1" for cell in row) for row in text.split("/")))

    @staticmethod
    def full(kernel: tuple[int, int]) -> Mask:
        """The mask that keeps every tap of a (rows, columns) kernel."""
        return Mask(((True,) * kernel[1],) * kernel[0])

    def __str__(self) -> str:
        return "/".join("".join("1" if cell else "0" for cell in row) for row in self.cells)

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) of the kernel."""
        return len(self.cells), len(self.cells[0])

    @cached_property
    def taps(self) -> tuple[tuple[int, int], ...]:
        """(row, column) of each tap kept, row by row: the order in which their weights are stored."""
        return tuple((r, c) for r, row in enumerate(self.cells) for c, cell in enumerate(row) if cell)


@dataclass(frozen=True)
class PatternSet:
    """The distinct masks, all of one shape, that the kernels of a layer may use. Printed as `["110/…", "011/…"]`."""

    masks: tuple[Mask, ...]

    def __post_init__(self) -> None:
        if not self.masks:
            raise ValueError("a pattern set needs at least one mask")
        if len(shapes := {mask.shape for mask in self.masks}) > 1:
            raise ValueError(f"a pattern set has masks of one shape, not of {_words(shapes)}")
        seen: set[Mask] = set()
        for mask in self.masks:
            if mask in seen:
                raise ValueError(f"mask '{mask}' stands twice in the pattern set")
            seen.add(mask)
        if len(self.masks) > MOST_DECLARED:
            raise ValueError(f"a pattern set has at most {MOST_DECLARED} masks, not {len(self.masks)}")

    @staticmethod
    def parse(text: str) -> PatternSet:
        """Read what `str` prints. Raises ValueError."""
        if not re.fullmatch(r'\s*\[\s*("[^"]*"\s*(,\s*"[^"]*"\s*)*)?\]\s*', text):
            raise ValueError(f"expected a list of masks, as in [\"110/110/000\"], not '{text.strip()}'")
        return PatternSet(tuple(Mask.parse(mask) for mask in re.findall(r'"([^"]*)"', text)))

    @staticmethod
    def full(kernel: tuple[int, int]) -> PatternSet:
        """The set of a layer without patterns: one mask that keeps every tap."""
        return PatternSet((Mask.full(kernel),))

    def __str__(self) -> str:
        return "[" + ", ".join(f'"{mask}"' for mask in self.masks) + "]"

    def __len__(self) -> int:
        return len(self.masks)

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) of the kernels."""
        return self.masks[0].shape

    def check_fit(self, kernel: tuple[int, int]) -> None:
        """Raises ValueError if the masks are not for (rows, columns) kernels."""
        if self.shape != kernel:
            raise ValueError(f"patterns of {_words([self.shape])} do not fit a kernel of {_words([kernel])}")

    @property
    def most_taps(self) -> int:
        """Taps of the largest mask."""
        return max(len(mask.taps) for mask in self.masks)

    @cached_property
    def cells(self) -> NDArray[np.bool_]:
        """The masks as an array [patterns, rows, columns]."""
        return np.array([mask.cells for mask in self.masks], dtype=np.bool_)


@dataclass(frozen=True)
class Sparsity:
    """The scheme by which a layer was pruned.

    - `dense`: nothing was.
    - `pattern`: every kernel keeps the taps of one of `patterns`; with `keep`, whole kernels went too.
    - `connectivity`: the share `keep` of the kernels survives, whole.
    - `auto`: whatever the weights show (`find_scheme`).

    `keep` is a share in (0, 1], counted within every `filter` or over the whole `layer` (`budget`, `filter` if nothing
    is counted).
    """

    kind: Kind = "dense"
    patterns: PatternSet | None = None
    keep: float | None = None
    budget: Budget = "filter"

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"unknown sparsity '{self.kind}': one of {', '.join(get_args(Kind))}")
        if self.budget not in get_args(Budget):
            raise ValueError(f"unknown budget '{self.budget}': 'filter' or 'layer'")
        if (self.kind == "pattern") != (self.patterns is not None):
            raise ValueError("patterns go with sparsity 'pattern', and with no other")
        if self.kind == "connectivity" and self.keep is None:
            raise ValueError("sparsity 'connectivity' needs the share of kernels to keep")
        if self.kind in ("dense", "auto") and self.keep is not None:
            raise ValueError(f"sparsity '{self.kind}' takes no share of kernels to keep")
        if self.keep is not None and not 0 < self.keep <= 1:
            raise ValueError(f"the share of kernels to keep lies in (0, 1], unlike {self.keep}")
        if self.keep is None:
            object.__setattr__(self, "budget", "filter")  # a budget of nothing: what means the same is the same

    @staticmethod
    def parse(text: str) -> Sparsity:
        """Read what `str` prints. Raises ValueError."""
        found = re.fullmatch(
            r"\s*(\w+)\s*(\[[^\]]*\])?\s*,?\s*(?:keep\s*=\s*([^\s,]+)\s*)?(?:,\s*budget\s*=\s*(\w+)\s*)?", text
        )
        if found is None:
            raise ValueError(f"'{text.strip()}' is no sparsity, such as: connectivity, keep = 0.5, budget = filter")
        kind, patterns, keep, budget = found.groups()
        return Sparsity(
            cast(Kind, kind),
            None if patterns is None else PatternSet.parse(patterns),
            None if keep is None else float(keep),
            cast(Budget, budget or "filter"),
        )

    def __str__(self) -> str:
        patterns = "" if self.patterns is None else f" {self.patterns}"
        keep = "" if self.keep is None else f", keep = {float(self.keep)!r}"
        budget = "" if self.keep is None else f", budget = {self.budget}"
        return f"{self.kind}{patterns}{keep}{budget}"

    def masks(self, kernel: tuple[int, int]) -> PatternSet:
        """The masks that a (rows, columns) kernel may have. Raises ValueError if the patterns are of another shape."""
        patterns = self.patterns or PatternSet.full(kernel)
        patterns.check_fit(kernel)
        return patterns


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


def best_patterns(weights: NDArray[np.floating], patterns: PatternSet) -> NDArray[np.intp]:
    """The pattern [filters, channels] that suits each kernel best.

    It is the smallest one that keeps all of the kernel's weights, or else the one that keeps the most
    energy (sum of squares); the first in the set where several do.
    """
    if len(patterns) == 1:
        return np.zeros(weights.shape[:2], np.intp)
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
    for each filter (budget `filter`) or layer. Dense and auto keep everything. Raises ValueError if
    the patterns are of another shape than the kernels.
    """
    if weights.ndim == 3:
        return project(kernels_of(weights), sparsity)[:, :, 0]
    patterns = sparsity.masks(_kernel(weights))
    pruned = np.where(patterns.cells[best_patterns(weights, patterns)], weights, weights.dtype.type(0))
    if sparsity.keep is None:
        return pruned
    rows = _by_budget(np.square(pruned, dtype=np.float64).sum((2, 3)), sparsity)
    count = max(1, round(rows.shape[1] * sparsity.keep))
    strongest = np.argsort(-rows, axis=1, kind="stable")[:, :count]
    kept = np.zeros(rows.shape, np.bool_)
    np.put_along_axis(kept, strongest, True, axis=1)
    pruned[~kept.reshape(weights.shape[:2])] = 0
    return pruned


def find_violation(
    weights: NDArray[np.floating], sparsity: Sparsity, best: NDArray[np.intp] | None = None
) -> Violation | None:
    """The first weight, in storage order, that the sparsity does not allow; None if all fit.

    `best`: the `best_patterns` of the weights, if they are known. Budgets are rounded up here and to the nearest number
    in `project`: pruners differ in how they round. Raises ValueError if the patterns are of another shape than the
    kernels.
    """
    weights = kernels_of(weights)
    patterns = sparsity.masks(_kernel(weights))
    nonzero = weights != 0
    outside = nonzero & ~patterns.cells[best_patterns(weights, patterns) if best is None else best]
    found: list[Violation] = []
    if outside.any():
        f, c, *tap = (int(i) for i in np.argwhere(outside)[0])
        found.append(Violation(f, c, (tap[0], tap[1]), "no pattern of the set keeps all weights of this kernel"))
    if sparsity.keep is not None:
        alive = _by_budget(nonzero.any((2, 3)), sparsity)
        allowed = max(1, math.ceil(alive.shape[1] * sparsity.keep - 1e-9))
        beyond = (alive & (np.cumsum(alive, axis=1) > allowed)).reshape(weights.shape[:2])
        if beyond.any():
            f, c = (int(i) for i in np.argwhere(beyond)[0])
            r, t = (int(i) for i in np.argwhere(nonzero[f, c])[0])
            counted = int(alive.sum(1)[f if sparsity.budget == "filter" else 0])
            share = f"keep = {sparsity.keep:.4g} of {alive.shape[1]}"
            reason = f"the {sparsity.budget} has {counted} kernels, but {share}, rounded up, allows {allowed}"
            found.append(Violation(f, c, (r, t), reason))
    return min(found, default=None)


def find_scheme(weights: NDArray[np.floating]) -> Sparsity:
    """The sparsity that the zeros of the weights show: patterns, connectivity, or dense where neither pays.

    Masks that lie within others are not counted: a weight may be zero by chance. Where more than
    MOST_PATTERNS masks are left, only removed kernels are made use of.
    """
    weights = kernels_of(weights)
    alive = (weights != 0).any((2, 3))
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


def _by_budget(kernels: NDArray[Scalar], sparsity: Sparsity) -> NDArray[Scalar]:
    """Reshape [filters, channels] so that every row holds the kernels that share one budget."""
    return kernels if sparsity.budget == "filter" else kernels.reshape(1, -1)


def _words(shapes: Iterable[tuple[int, int]]) -> str:
    return " and ".join(f"{rows}x{columns}" for rows, columns in sorted(shapes))
