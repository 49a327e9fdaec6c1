"""How weights of a convolution are pruned, as plain values; `pruning.py` has the functions on weights.

A mask says which taps of one k x k kernel survive, a pattern set is the few masks that a layer uses,
and a sparsity is the whole scheme of a layer. A *kernel* is one filter's weights on one channel.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeVar, cast, get_args

import numpy as np
from numpy.typing import NDArray

Kind = Literal["dense", "pattern", "connectivity", "auto"]
Budget = Literal["filter", "layer"]
Scalar = TypeVar("Scalar", bound=np.generic)

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
    is counted). `share` filters side by side, 0 to `share` - 1 and so on, keep the kernels of the same channels with
    the same patterns, so that what is loaded for one of them serves all.
    """

    kind: Kind = "dense"
    patterns: PatternSet | None = None
    keep: float | None = None
    budget: Budget = "filter"
    share: int = 1

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
        if self.share < 1:
            raise ValueError(f"kernels are shared by 1 filter or more, not by {self.share}")
        if self.kind in ("dense", "auto") and self.share > 1:
            raise ValueError(f"sparsity '{self.kind}' does not say how many filters share their kernels")
        if self.keep is None:
            object.__setattr__(self, "budget", "filter")  # a budget of nothing: what means the same is the same

    @staticmethod
    def parse(text: str) -> Sparsity:
        """Read what `str` prints. Raises ValueError."""
        found = re.fullmatch(
            r"\s*(\w+)\s*(\[[^\]]*\])?\s*,?\s*(?:keep\s*=\s*([^\s,]+)\s*)?(?:,\s*budget\s*=\s*(\w+)\s*)?"
            r"(?:,\s*share\s*=\s*([0-9]+)\s*)?",
            text,
        )
        if found is None:
            raise ValueError(f"'{text.strip()}' is no sparsity, such as: connectivity, keep = 0.5, budget = filter")
        kind, patterns, keep, budget, share = found.groups()
        return Sparsity(
            cast(Kind, kind),
            None if patterns is None else PatternSet.parse(patterns),
            None if keep is None else float(keep),
            cast(Budget, budget or "filter"),
            int(share or 1),
        )

    def __str__(self) -> str:
        patterns = "" if self.patterns is None else f" {self.patterns}"
        keep = "" if self.keep is None else f", keep = {float(self.keep)!r}"
        budget = "" if self.keep is None else f", budget = {self.budget}"
        share = "" if self.share == 1 else f", share = {self.share}"
        return f"{self.kind}{patterns}{keep}{budget}{share}"

    def masks(self, kernel: tuple[int, int]) -> PatternSet:
        """The masks that a (rows, columns) kernel may have. Raises ValueError if the patterns are of another shape."""
        patterns = self.patterns or PatternSet.full(kernel)
        patterns.check_fit(kernel)
        return patterns

    def check_filters(self, filters: int, groups: int = 1) -> None:
        """Raises ValueError unless the filters of each convolution group can share their kernels."""
        if (own := filters // groups) % self.share:
            who = f"{own} filter{'s' * (own > 1)}"
            who = who if groups == 1 else f"each of {groups} groups has {who}, which"
            raise ValueError(f"{who} cannot share their kernels {self.share} at a time")


def _words(shapes: Iterable[tuple[int, int]]) -> str:
    return " and ".join(f"{rows}x{columns}" for rows, columns in sorted(shapes))
