"""Where buffers lie in one arena, so that those that live at the same time do not overlap."""

from __future__ import annotations

from collections.abc import Sequence
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
    """The offset of each buffer, and the bytes of the whole arena.

    Greedy by size: the largest buffer first, each at the lowest place where it fits between those that it
    meets (Pisarchyk and Lee, Efficient Memory Management for Deep Neural Net Inference, section 5.2).
    """
    offsets = [0] * len(buffers)
    placed: list[int] = []
    for i in sorted(range(len(buffers)), key=lambda i: (-buffers[i].size, buffers[i].first, i)):
        taken = sorted((offsets[j], offsets[j] + buffers[j].size) for j in placed if buffers[j].meets(buffers[i]))
        place = 0
        for start, end in taken:
            if place + buffers[i].size <= start:
                break
            place = max(place, -(-end // ALIGNMENT) * ALIGNMENT)
        offsets[i] = place
        placed.append(i)
    total = max((offset + buffer.size for offset, buffer in zip(offsets, buffers, strict=True)), default=0)
    return offsets, -(-total // ALIGNMENT) * ALIGNMENT


def largest_sum(buffers: Sequence[Lifetime]) -> int:
    """The most bytes in use at one step: no plan needs less."""
    return max((sum(b.size for b in buffers if b.first <= at.first <= b.last) for at in buffers), default=0)
