"""Where buffers lie in one arena, so that those that live at the same time do not overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ALIGNMENT = 64
"""Bytes: a cache line, and the widest vector."""


@dataclass(frozen=True)
class Lifetime:
    """A buffer of `size` bytes that is in use from step `first` to step `last`, both included."""

    first: int
    last: int
    size: int

    def meets(self, other: Lifetime) -> bool:
        """Whether both are in use at some step."""
        return self.first <= other.last and other.first <= self.last


def plan(buffers: Sequence[Lifetime]) -> tuple[list[int], int]:
    """The offset of each buffer, and the bytes of the whole arena: the better of two plans."""
    plans = [largest_first(buffers), from_both_ends(buffers)]
    totals = [max((o + b.size for o, b in zip(offsets, buffers, strict=True)), default=0) for offsets in plans]
    best = totals.index(min(totals))
    return plans[best], aligned(totals[best])


def largest_first(buffers: Sequence[Lifetime]) -> list[int]:
    """The largest buffer first, each at the lowest place where it fits between those that it meets.

    Pisarchyk and Lee, Efficient Memory Management for Deep Neural Net Inference, section 5.2.
    """
    offsets: dict[int, int] = {}
    for i in sorted(range(len(buffers)), key=lambda i: (-buffers[i].size, buffers[i].first, i)):
        offsets[i] = lowest(buffers[i].size, taken(buffers, offsets, i))
    return [offsets[i] for i in range(len(buffers))]


def from_both_ends(buffers: Sequence[Lifetime]) -> list[int]:
    """In the order of time, by turns at the lowest and at the highest place: wastes nothing in a chain of layers."""
    end = largest_sum([Lifetime(b.first, b.last, aligned(b.size)) for b in buffers])
    offsets: dict[int, int] = {}
    for turn, i in enumerate(sorted(range(len(buffers)), key=lambda i: (buffers[i].first, i))):
        occupied, size = taken(buffers, offsets, i), aligned(buffers[i].size)
        highest = end - size
        for start, behind in reversed(occupied):
            if behind > highest:
                highest = min(highest, start - size)
        offsets[i] = highest if turn % 2 and highest >= 0 else lowest(size, occupied)
    return [offsets[i] for i in range(len(buffers))]


def taken(buffers: Sequence[Lifetime], offsets: Mapping[int, int], i: int) -> list[tuple[int, int]]:
    """Start and end of the placed buffers that buffer i meets, in order; ends are aligned."""
    return sorted((at, at + aligned(buffers[j].size)) for j, at in offsets.items() if buffers[j].meets(buffers[i]))


def lowest(size: int, occupied: Sequence[tuple[int, int]]) -> int:
    """The lowest place for `size` bytes between what is occupied."""
    place = 0
    for start, behind in occupied:
        if place + size <= start:
            break
        place = max(place, behind)
    return place


def aligned(size: int) -> int:
    """Bytes up to the next place where a buffer may begin."""
    return -(-size // ALIGNMENT) * ALIGNMENT


def largest_sum(buffers: Sequence[Lifetime]) -> int:
    """The most bytes in use at one step: no plan needs less."""
    return max((sum(b.size for b in buffers if b.first <= at.first <= b.last) for at in buffers), default=0)
