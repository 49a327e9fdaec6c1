"""Where buffers lie in one arena, so that those that live at the same time do not overlap."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from lrc.dialects.values.rounding import round_up

ALIGNMENT = 64
"""Bytes: a cache line, and the widest vector."""

MOST_PAIRS = 100_000
"""Pairs of buffers that meet, up to which plans are made that compare each buffer with all that it meets."""


@dataclass(frozen=True)
class Lifetime:
    """A buffer of `size` bytes that is in use from step `first` to step `last`, both included."""

    first: int
    last: int
    size: int

    def meets(self, other: Lifetime) -> bool:
        """Whether both are in use at some step."""
        return self.first <= other.last and other.first <= self.last


Meetings = Sequence[Sequence[int]]
"""For each buffer the others that it meets."""


def plan(buffers: Sequence[Lifetime]) -> tuple[list[int], int]:
    """The offset of each buffer, and the bytes of the whole arena: the best of three plans, or the one that takes time
    n log n if too many buffers live at the same time for the others."""
    plans = [best_fit(buffers)]
    if (meetings := meet(buffers)) is not None:
        plans = [largest_first(buffers, meetings), from_both_ends(buffers, meetings), *plans]
    totals = [max((o + b.size for o, b in zip(offsets, buffers, strict=True)), default=0) for offsets in plans]
    best = totals.index(min(totals))
    return plans[best], aligned(totals[best])


def largest_first(buffers: Sequence[Lifetime], meetings: Meetings) -> list[int]:
    """The largest buffer first, each at the lowest place where it fits between those that it meets.

    Pisarchyk and Lee, Efficient Memory Management for Deep Neural Net Inference, section 5.2.
    """
    offsets: dict[int, int] = {}
    for i in sorted(range(len(buffers)), key=lambda i: (-buffers[i].size, buffers[i].first, i)):
        offsets[i] = lowest(buffers[i].size, taken(buffers, offsets, meetings[i]))
    return [offsets[i] for i in range(len(buffers))]


def from_both_ends(buffers: Sequence[Lifetime], meetings: Meetings) -> list[int]:
    """In the order of time, by turns at the lowest and at the highest place: wastes nothing in a chain of layers."""
    end = largest_sum([Lifetime(b.first, b.last, aligned(b.size)) for b in buffers])
    offsets: dict[int, int] = {}
    for turn, i in enumerate(in_time(buffers)):
        occupied, size = taken(buffers, offsets, meetings[i]), aligned(buffers[i].size)
        highest = end - size
        for start, behind in reversed(occupied):
            if behind > highest:
                highest = min(highest, start - size)
        offsets[i] = highest if turn % 2 and highest >= 0 else lowest(size, occupied)
    return [offsets[i] for i in range(len(buffers))]


def best_fit(buffers: Sequence[Lifetime]) -> list[int]:
    """In the order of time, each in the smallest gap that holds it, or at the end."""
    offsets = [0] * len(buffers)
    gaps = Gaps()
    for i, left in alive(buffers):
        for j in left:
            gaps.give_back(offsets[j], aligned(buffers[j].size))
        offsets[i] = gaps.take(aligned(buffers[i].size))
    return offsets


class Gaps:
    """The parts of an arena that nobody uses: none beside another, and none at its end, where the arena grows."""

    def __init__(self) -> None:
        self.end = 0
        self.by_size: list[tuple[int, int]] = []  # (size, start), sorted
        self.sizes: dict[int, int] = {}  # start -> size
        self.starts: dict[int, int] = {}  # end -> start

    def take(self, size: int) -> int:
        """The start of the smallest part that holds so many bytes; what is left of it stays a gap."""
        place = bisect_left(self.by_size, (size, 0))
        if place == len(self.by_size):
            self.end += size
            return self.end - size
        whole, start = self.by_size[place]
        self._remove(start)
        self._add(start + size, whole - size)
        return start

    def give_back(self, start: int, size: int) -> None:
        """Make a part a gap, one with those beside it."""
        if (before := self.starts.get(start)) is not None:
            size += self._remove(before)
            start = before
        if start + size in self.sizes:
            size += self._remove(start + size)
        self._add(start, size)

    def _add(self, start: int, size: int) -> None:
        if start + size == self.end:
            self.end = start
        elif size:
            insort(self.by_size, (size, start))
            self.sizes[start], self.starts[start + size] = size, start

    def _remove(self, start: int) -> int:
        size = self.sizes.pop(start)
        del self.starts[start + size]
        del self.by_size[bisect_left(self.by_size, (size, start))]
        return size


def in_time(buffers: Sequence[Lifetime]) -> list[int]:
    """The numbers of the buffers in the order in which they begin to live."""
    return sorted(range(len(buffers)), key=lambda i: (buffers[i].first, i))


def alive(buffers: Sequence[Lifetime]) -> Iterator[tuple[int, list[int]]]:
    """Each buffer in the order of time, with those that have ceased to live since the one before began."""
    living: list[tuple[int, int]] = []  # (last step, number), a heap
    for i in in_time(buffers):
        left: list[int] = []
        while living and living[0][0] < buffers[i].first:
            left.append(heappop(living)[1])
        yield i, left
        heappush(living, (buffers[i].last, i))


def meet(buffers: Sequence[Lifetime]) -> Meetings | None:
    """For each buffer those that it meets; None if that are more than `MOST_PAIRS` in all."""
    meetings: list[list[int]] = [[] for _ in buffers]
    living: dict[int, None] = {}
    pairs = 0
    for i, left in alive(buffers):
        for j in left:
            del living[j]
        pairs += len(living)
        if pairs > MOST_PAIRS:
            return None
        for j in living:
            meetings[i].append(j)
            meetings[j].append(i)
        living[i] = None
    return meetings


def taken(buffers: Sequence[Lifetime], offsets: Mapping[int, int], others: Sequence[int]) -> list[tuple[int, int]]:
    """Start and end of those of some buffers that have been placed, in order; ends are aligned."""
    return sorted((offsets[j], offsets[j] + aligned(buffers[j].size)) for j in others if j in offsets)


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
    return round_up(size, ALIGNMENT)


def largest_sum(buffers: Sequence[Lifetime]) -> int:
    """The most bytes in use at one step: no plan needs less."""
    largest = total = 0
    for i, left in alive(buffers):
        total += buffers[i].size - sum(buffers[j].size for j in left)
        largest = max(largest, total)
    return largest
