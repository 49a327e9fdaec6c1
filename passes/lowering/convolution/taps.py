"""How a body goes through the taps of a pattern: all written out, or, where they are many, in loops.

What is written out shares what it loads. A kernel of 31 x 31 taps would be a body of 961 times the sums of a tile,
though, which takes compilers minutes and fits no instruction cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from lrc.dialects.values.patterns import Mask

MOST_WRITTEN = 64
"""Taps of a pattern that are written out, at the most: those of 7 x 7 are. What is loaded once for many of more would
have to stay in registers for too long."""

LONGEST_ROW = 32
"""Taps of a row that are written out in the loop over rows."""

CHUNK = 16
"""Taps of a longer row that are written out in a loop over its columns: a multiple of every machine's lanes, so that
what is aligned stays so."""


@dataclass(frozen=True)
class Band:
    """Rows of a pattern that keep taps at the same `columns`: `rows` of them, from `row` on; the weight of their first
    tap is the `first`-th of the pattern."""

    row: int
    rows: int
    columns: tuple[int, ...]
    first: int

    @property
    def chunks(self) -> int:
        """How many times the loop over columns runs, if there is one: over a long row without gaps."""
        count = len(self.columns)
        return count // CHUNK if count > LONGEST_ROW and self.columns[-1] - self.columns[0] == count - 1 else 0

    @property
    def written(self) -> int:
        """Taps that stand in the code."""
        return len(self.columns) - max(self.chunks - 1, 0) * CHUNK


def is_looped(pattern: Mask) -> bool:
    """Whether a body goes through the taps in loops."""
    return len(pattern.taps) > MOST_WRITTEN


def bands(pattern: Mask) -> list[Band]:
    """The rows of a pattern, those together that are alike; rows without taps left out."""
    found: list[Band] = []
    row = first = 0
    for cells, group in groupby(pattern.cells):
        rows, columns = len(list(group)), tuple(column for column, cell in enumerate(cells) if cell)
        if columns:
            found.append(Band(row, rows, columns, first))
        row, first = row + rows, first + rows * len(columns)
    return found


def written_taps(pattern: Mask) -> int:
    """How many taps of a pattern stand in the code."""
    return sum(band.written for band in bands(pattern)) if is_looped(pattern) else len(pattern.taps)
