"""Where each number of a tensor lies in memory: a plain value, one for each tensor of the graph.

A tensor has any number of axes; the first of its shape, which counts pictures and is 1, takes no part. Each axis has a
stride, and a halo of zeros before and after it. Of [1, C, H, W] that makes pictures, row by row, channel by channel:

    lead  |<------------- stride of H: a row ------------->|
    ....  0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0    halo before H
    ....  x x x x x x x x x x x x x x x x x x x . . 0 0 0 0 0 0 0    H rows: W numbers, waste lanes, halo after W
    ....  x x x x x x x x x x x x x x x x x x x . . 0 0 0 0 0 0 0
    ....  0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0    halo after H
          (the next channel)
    tail

What lies after a row is what lies before the next one: the halo of the innermost axis is there once, and `lead` holds
that of the first row.
The invariant: whoever produces a tensor writes zero in every place of the halo (`.` above are waste lanes of the last
vector of a row, and zero as well). `lead`, `tail` and what lies behind a picture are read, never used: reading them
must stay inside the buffer, no more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Final, Literal

from lrc.dialects.values.elements import F32, Element, element_named
from lrc.dialects.values.rounding import round_up

LARGEST: Final = 2**40
"""More numbers than any memory holds, few enough for every place to be a C number of 64 bits."""

Space = Literal["arena", "caller"]
"""Whose memory it is: the network's own, which kernels read and write as they like, or an array of its caller's."""

SPACES: Final[Mapping[str, Space]] = {"arena": "arena", "caller": "caller"}


@dataclass(frozen=True)
class Axis:
    """An axis of a tensor: its `size`, the `stride` from one index to the next, in elements, and how many indices of
    zeros there are `before` and `after` it."""

    size: int
    stride: int = 1
    before: int = 0
    after: int = 0

    def __post_init__(self) -> None:
        for name, least in (("size", 1), ("stride", 1), ("before", 0), ("after", 0)):
            if (found := getattr(self, name)) < least:
                raise ValueError(f"{name} must be at least {least}, not {found}")

    def __str__(self) -> str:
        return f"{self.size}:{self.stride}" + (f"({self.before},{self.after})" if self.before or self.after else "")

    @property
    def extent(self) -> int:
        """Elements from the first index of the halo to the end of the last one."""
        return (self.before + self.size + self.after) * self.stride

    @staticmethod
    def parse(text: str) -> Axis:
        """Read what `str` prints. Raises ValueError."""
        found = re.fullmatch(r"(\d+):(\d+)(?:\((\d+),(\d+)\))?", text)
        if found is None:
            raise ValueError(f"expected an axis, size:stride or size:stride(before,after), not '{text}'")
        return Axis(*(int(number or 0) for number in found.groups()))


@dataclass(frozen=True)
class Picture:
    """A tensor seen as channels x rows x columns, which is how kernels go through it; all in elements.

    Number (c, y, x) lies `origin + c * channel_stride + y * row_stride + x` behind the start of the buffer. `top` and
    `bottom` are rows of zeros around each channel; `lead` is what lies before the first channel.
    """

    channels: int
    height: int
    width: int
    channel_stride: int
    row_stride: int
    origin: int = 0
    top: int = 0
    bottom: int = 0
    lead: int = 0

    @property
    def compact(self) -> bool:
        """Whether the numbers lie one after the other, with nothing between them."""
        return self.row_stride == self.width and self.channel_stride == self.height * self.width


@dataclass(frozen=True)
class Layout:
    """The place of every number of a tensor.

    `element`: what a number is; `axes`: those of the tensor behind the first, the innermost last; `lead`, `tail`:
    elements before the first row and behind the last; `lanes`: rows start at multiples of this; `space`: whose memory
    it is. Raises ValueError if two numbers would share a place, or for more than anybody has memory for.
    """

    element: Element
    axes: tuple[Axis, ...]
    lead: int = 0
    tail: int = 0
    lanes: int = 1
    space: Space = "arena"

    def __post_init__(self) -> None:
        for name, least in (("lead", 0), ("tail", 0), ("lanes", 1)):
            if (found := getattr(self, name)) < least:
                raise ValueError(f"{name} must be at least {least}, not {found}")
        if not self.axes:
            raise ValueError("a layout has at least one axis")
        if self.axes[-1].stride != 1:
            raise ValueError(f"the innermost axis has a stride of 1, not {self.axes[-1].stride}")
        for outer, inner in pairwise(self.axes):
            if outer.stride < (row := inner.size + self._beside if inner is self.axes[-1] else inner.extent):
                raise ValueError(f"{row} elements of one axis do not fit the stride {outer.stride} of the next")
        if self.size > LARGEST:
            raise ValueError(f"a buffer of {self.size} numbers is too large: at most {LARGEST} can be")

    @property
    def _beside(self) -> int:
        """The halo beside a row, which serves the next one as well."""
        return max(self.axes[-1].before, self.axes[-1].after)

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the axes."""
        return tuple(axis.size for axis in self.axes)

    @property
    def origin(self) -> int:
        """Where the first number lies."""
        return self.lead + sum(axis.before * axis.stride for axis in self.axes[:-1])

    @property
    def extent(self) -> int:
        """Elements between `lead` and `tail`, in whole vectors."""
        first = self.axes[0]
        return round_up(first.size + self._beside if len(self.axes) == 1 else first.extent, self.lanes)

    @property
    def size(self) -> int:
        """Elements of the whole buffer."""
        return self.lead + self.extent + self.tail

    def picture(self) -> Picture:
        """The tensor as channels x rows x columns: a vector is one row, [1, C, L] has one row for each channel, and the
        axes between channels and columns are the rows one after the other.

        Raises ValueError where a halo stands between those.
        """
        if len(self.axes) == 1:
            return Picture(1, 1, self.axes[0].size, self.extent, self.extent, self.origin, lead=self.lead)
        channel, *between, column = self.axes
        rows = between[-1] if between else Axis(1, channel.stride)
        for outer, inner in pairwise(between):
            if outer.before or outer.after or inner.before or inner.after or outer.stride != inner.extent:
                raise ValueError(f"axes {outer} and {inner} do not lie one row after the other")
        if channel.before or channel.after or channel.stride % rows.stride:
            raise ValueError(f"channels {channel} are no pictures of rows {rows} one after the other")
        return Picture(
            channels=channel.size,
            height=prod(axis.size for axis in between),
            width=column.size,
            channel_stride=channel.stride,
            row_stride=rows.stride,
            origin=self.origin,
            top=rows.before,
            bottom=rows.after,
            lead=self.lead,
        )

    def __str__(self) -> str:
        axes = " x ".join(map(str, self.axes))
        return f"<{axes} x {self.element}, lead = {self.lead}, tail = {self.tail}, lanes = {self.lanes}, {self.space}>"

    @staticmethod
    def parse(text: str) -> Layout:
        """Read what `str` prints; what is no axis may be left out. Raises ValueError."""
        shape, *rest = (part.strip() for part in _ENTRIES.split(text.strip().removeprefix("<").removesuffix(">")))
        *axes, element = (part.strip() for part in shape.split(" x "))
        entries: dict[str, str] = {}
        for part in rest:
            name, equals, value = (word.strip() for word in part.partition("="))
            name, value = (name, value) if equals else ("space", name)
            if name not in ("lead", "tail", "lanes", "space"):
                raise ValueError(f"a layout has no '{name}'")
            if name in entries:
                raise ValueError(f"'{name}' is given twice")
            entries[name] = value
        shown = entries.pop("space", "arena")
        if (space := SPACES.get(shown)) is None:
            raise ValueError(f"no memory is called '{shown}': one of {', '.join(SPACES)}")
        numbers = {name: int(value) for name, value in entries.items()}
        return Layout(element_named(element), tuple(map(Axis.parse, axes)), **numbers, space=space)

    @staticmethod
    def compact(shape: tuple[int, ...], element: Element = F32, space: Space = "caller") -> Layout:
        """The layout of numbers that lie one after the other, as those of a caller do; `shape` as in `shape`."""
        strides = [prod(shape[i + 1 :]) for i in range(len(shape))]
        return Layout(element, tuple(map(Axis, shape, strides)), space=space)


_ENTRIES: Final = re.compile(r",(?![^(]*\))")
"""A comma outside of parentheses."""
