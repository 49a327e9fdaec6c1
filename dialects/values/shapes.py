"""Shape inference: from the shapes of a layer's inputs and its numbers to the shape of its output.

Plain functions on tuples. A value is a vector [1, C], a sequence [1, C, L], a picture [1, C, H, W] or a volume
[1, C, D, H, W]. Windows move over pictures: a sequence is a picture of one row, here and wherever one is computed, and
what comes out has the rank of what went in. What does not fit raises ShapeError with the numbers that disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Final

Shape = tuple[int, ...]

KINDS: Final = {
    2: "a vector [1, C]",
    3: "a sequence [1, C, L]",
    4: "a picture [1, C, H, W]",
    5: "a volume [1, C, D, H, W]",
}
"""What a value of each rank is called."""


class ShapeError(ValueError):
    """The shapes of a layer's inputs do not fit each other or the layer's numbers; `hint` is what to do about it."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def show(shape: Sequence[int]) -> str:
    """A shape as the language writes it: `[1, 3, 224, 224]`."""
    return f"[{', '.join(map(str, shape))}]"


@dataclass(frozen=True)
class Window:
    """How a kernel moves over a picture: all (rows, columns), `pads` are (top, left, bottom, right).

    One that moves over a sequence has one row, and moves along no other.
    """

    kernel: tuple[int, int]
    strides: tuple[int, int] = (1, 1)
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilations: tuple[int, int] = (1, 1)

    @staticmethod
    def along(
        kernel: Sequence[int], strides: Sequence[int], pads: Sequence[int], dilations: Sequence[int] | None = None
    ) -> Window:
        """The window with a number for each axis that it moves along, one or two; `pads` as `sides` takes them."""
        return Window(pair(kernel), pair(strides), sides(pads), (1, 1) if dilations is None else pair(dilations))

    def numbers(self, axes: int) -> tuple[Shape, Shape, Shape, Shape]:
        """What `along` takes for so many axes. Raises ShapeError if the window moves along more."""
        kernel, strides, dilations = self.kernel[-axes:], self.strides[-axes:], self.dilations[-axes:]
        pads = of_axes(self.pads, axes)
        if Window.along(kernel, strides, pads, dilations) != self:
            raise ShapeError("a window with rows does not move over a sequence")
        return kernel, strides, pads, dilations

    def reach(self) -> tuple[int, int]:
        """Rows and columns of the input that one output element sees."""
        (kh, kw), (dh, dw) = self.kernel, self.dilations
        return dh * (kh - 1) + 1, dw * (kw - 1) + 1

    def output(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns of the output for a picture of `height` x `width`."""
        for what, values in (("kernel", self.kernel), ("stride", self.strides), ("dilation", self.dilations)):
            if min(values) < 1:
                raise ShapeError(f"a {what} of {show(values)} is not possible: it is at least 1")
        if min(self.pads) < 0:
            raise ShapeError(f"a padding of {show(self.pads)} is not possible: it is at least 0")
        top, left, bottom, right = self.pads
        rows, columns = height + top + bottom, width + left + right
        reach_rows, reach_columns = self.reach()
        if rows < reach_rows or columns < reach_columns:
            raise ShapeError(
                f"a kernel of {reach_rows}x{reach_columns} does not fit a padded input of {rows}x{columns}"
            )
        return (rows - reach_rows) // self.strides[0] + 1, (columns - reach_columns) // self.strides[1] + 1


def pair(numbers: Sequence[int], otherwise: int = 1) -> tuple[int, int]:
    """(rows, columns) of a number for each axis; `otherwise` for the rows, of which a sequence has one."""
    rows, columns = (otherwise, *numbers)[-2:]
    return rows, columns


def sides(pads: Sequence[int]) -> tuple[int, int, int, int]:
    """(top, left, bottom, right) of numbers before each axis, and then after each: (left, right) for a sequence."""
    axes = len(pads) // 2
    return *pair(pads[:axes], 0), *pair(pads[axes:], 0)


def of_axes(sides: Sequence[int], axes: int) -> Shape:
    """The numbers for so many axes that `sides` made (top, left, bottom, right) of."""
    return *sides[2 - axes : 2], *sides[4 - axes :]


def no_window(shape: Sequence[int]) -> str:
    """Why no window moves over a value that is neither a picture nor a sequence."""
    return "there are no windows over volumes yet" if len(shape) > 4 else "a vector has channels alone"


def picture(shape: Sequence[int]) -> tuple[int, int, int]:
    """(C, H, W) of a picture, and of a sequence as a picture of one row. Raises ShapeError for all else."""
    if len(shape) not in (3, 4):
        raise ShapeError(f"takes {KINDS[4]} or {KINDS[3]}, not {show(shape)}", no_window(shape))
    height, width = pair(shape[2:])
    return shape[1], height, width


def convolution(shape: Sequence[int], filters: int, window: Window, groups: int = 1) -> Shape:
    """Output of a convolution of `filters` filters in `groups` groups."""
    channels, height, width = picture(shape)
    if filters < 1 or groups < 1:
        raise ShapeError(f"{filters} filters in {groups} groups are not possible: both are at least 1")
    if channels % groups:
        raise ShapeError(f"{channels} input channels of {show(shape)} do not divide into {groups} groups")
    if filters % groups:
        raise ShapeError(f"{filters} filters do not divide into {groups} groups")
    return _alike(shape, filters, window.output(height, width))


def pool(shape: Sequence[int], window: Window) -> Shape:
    """Output of a max or average pooling. As in torch, no window may lie in the padding alone."""
    channels, height, width = picture(shape)
    output = window.output(height, width)
    (kh, kw), (top, left, bottom, right) = window.kernel, window.pads
    if 2 * max(top, bottom) > kh or 2 * max(left, right) > kw:
        pads, kernel = of_axes(window.pads, len(shape) - 2), "x".join(map(str, window.kernel[4 - len(shape) :]))
        raise ShapeError(f"a padding of {show(pads)} is more than half the kernel of {kernel}")
    return _alike(shape, channels, output)


def global_pool(shape: Sequence[int]) -> Shape:
    """Output of a pooling over all of each channel."""
    if len(shape) < 3:
        raise ShapeError(f"takes {KINDS[4]}, {KINDS[3]} or {KINDS[5]}, not {show(shape)}", no_window(shape))
    return (1, shape[1], *(1,) * (len(shape) - 2))


def linear(shape: Sequence[int], units: int) -> Shape:
    """Output of a fully connected layer of `units` units."""
    if len(shape) != 2:
        raise ShapeError(f"takes a vector [1, C], not {show(shape)}; flatten it first")
    if units < 1:
        raise ShapeError(f"{units} units are not possible: there is at least 1")
    return (1, units)


def broadcast(lhs: Sequence[int], rhs: Sequence[int]) -> Shape:
    """Output of an element-wise operation: equal shapes, or one of them [1, C, 1, 1] beside [1, C, H, W], or the like
    at another rank."""
    if tuple(lhs) == tuple(rhs):
        return tuple(lhs)
    if len(lhs) == len(rhs) and lhs[1] == rhs[1]:
        for wide, narrow in ((lhs, rhs), (rhs, lhs)):
            if set(narrow[2:]) == {1}:
                return tuple(wide)
    raise ShapeError(f"{show(lhs)} and {show(rhs)} do not fit", _other_rank(lhs, rhs))


def concat(shapes: Sequence[Sequence[int]]) -> Shape:
    """Output of joining values of one rank along their channels."""
    first = shapes[0]
    for shape in shapes[1:]:
        if len(shape) != len(first) or tuple(shape[2:]) != tuple(first[2:]):
            message = f"{show(first)} and {show(shape)} do not fit: all but the channels must be equal"
            raise ShapeError(message, _other_rank(first, shape))
    return (1, sum(shape[1] for shape in shapes), *first[2:])


def upsample(shape: Sequence[int], scale: tuple[int, int]) -> Shape:
    """Output of repeating each row and column."""
    channels, height, width = picture(shape)
    if min(scale) < 1:
        raise ShapeError(f"a scale of {show(scale)} is not possible: it is at least 1")
    return _alike(shape, channels, (height * scale[0], width * scale[1]))


def flatten(shape: Sequence[int]) -> Shape:
    """Output of laying all elements out in one row, in the order of the axes."""
    return (1, prod(shape[1:]))


def pad(shape: Sequence[int], pads: tuple[int, int, int, int]) -> Shape:
    """Output of padding a picture."""
    channels, height, width = picture(shape)
    top, left, bottom, right = pads
    return _alike(shape, channels, (height + top + bottom, width + left + right))


def _other_rank(first: Sequence[int], second: Sequence[int]) -> str | None:
    """What two values are that are of different ranks."""
    return None if len(first) == len(second) else f"one is {KINDS[len(first)]}, the other {KINDS[len(second)]}"


def _alike(shape: Sequence[int], channels: int, sizes: tuple[int, int]) -> Shape:
    """The shape of pictures of these sizes (rows, columns), or of sequences if `shape` is one: they stay one row."""
    if len(shape) == 3 and sizes[0] != 1:
        raise ShapeError(f"would make {sizes[0]} rows of the sequence {show(shape)}")
    return (1, channels, *sizes[4 - len(shape) :])
