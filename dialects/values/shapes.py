"""Shape inference: from the shapes of a layer's inputs and its numbers to the shape of its output.

Plain functions on tuples. Feature maps are [1, C, H, W], vectors are [1, C]. What does not fit raises ShapeError
with the numbers that disagree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

Shape = tuple[int, ...]


class ShapeError(ValueError):
    """The shapes of a layer's inputs do not fit each other or the layer's numbers."""


def show(shape: Sequence[int]) -> str:
    """A shape as the language writes it: `[1, 3, 224, 224]`."""
    return f"[{', '.join(map(str, shape))}]"


@dataclass(frozen=True)
class Window:
    """How a kernel moves over a picture: all (rows, columns), `pads` are (top, left, bottom, right)."""

    kernel: tuple[int, int]
    strides: tuple[int, int] = (1, 1)
    pads: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilations: tuple[int, int] = (1, 1)

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


def picture(shape: Sequence[int]) -> tuple[int, int, int]:
    """(C, H, W) of a feature map. Raises ShapeError for a vector."""
    if len(shape) != 4:
        raise ShapeError(f"takes a feature map [1, C, H, W], not {show(shape)}")
    return shape[1], shape[2], shape[3]


def conv2d(shape: Sequence[int], filters: int, window: Window, groups: int = 1) -> Shape:
    """Output of a convolution of `filters` filters in `groups` groups."""
    channels, height, width = picture(shape)
    if filters < 1 or groups < 1:
        raise ShapeError(f"{filters} filters in {groups} groups are not possible: both are at least 1")
    if channels % groups:
        raise ShapeError(f"{channels} input channels of {show(shape)} do not divide into {groups} groups")
    if filters % groups:
        raise ShapeError(f"{filters} filters do not divide into {groups} groups")
    return (1, filters, *window.output(height, width))


def pool(shape: Sequence[int], window: Window) -> Shape:
    """Output of a max or average pooling. As in torch, no window may lie in the padding alone."""
    channels, height, width = picture(shape)
    output = window.output(height, width)
    (kh, kw), (top, left, bottom, right) = window.kernel, window.pads
    if 2 * max(top, bottom) > kh or 2 * max(left, right) > kw:
        raise ShapeError(f"a padding of {show(window.pads)} is more than half the kernel of {kh}x{kw}")
    return (1, channels, *output)


def global_pool(shape: Sequence[int]) -> Shape:
    """Output of a pooling over the whole picture."""
    return (1, picture(shape)[0], 1, 1)


def linear(shape: Sequence[int], units: int) -> Shape:
    """Output of a fully connected layer of `units` units."""
    if len(shape) != 2:
        raise ShapeError(f"takes a vector [1, C], not {show(shape)}; flatten it first")
    if units < 1:
        raise ShapeError(f"{units} units are not possible: there is at least 1")
    return (1, units)


def broadcast(lhs: Sequence[int], rhs: Sequence[int]) -> Shape:
    """Output of an element-wise operation: equal shapes, or one of them [1, C, 1, 1] beside [1, C, H, W]."""
    if tuple(lhs) == tuple(rhs):
        return tuple(lhs)
    if len(lhs) == len(rhs) == 4 and lhs[1] == rhs[1]:
        for wide, narrow in ((lhs, rhs), (rhs, lhs)):
            if tuple(narrow[2:]) == (1, 1):
                return tuple(wide)
    raise ShapeError(f"{show(lhs)} and {show(rhs)} do not fit")


def concat(shapes: Sequence[Sequence[int]]) -> Shape:
    """Output of joining feature maps, or vectors, along their channels."""
    first = shapes[0]
    for shape in shapes[1:]:
        if len(shape) != len(first) or tuple(shape[2:]) != tuple(first[2:]):
            raise ShapeError(f"{show(first)} and {show(shape)} do not fit: all but the channels must be equal")
    return (1, sum(shape[1] for shape in shapes), *first[2:])


def upsample(shape: Sequence[int], scale: tuple[int, int]) -> Shape:
    """Output of repeating each row and column."""
    channels, height, width = picture(shape)
    if min(scale) < 1:
        raise ShapeError(f"a scale of {show(scale)} is not possible: it is at least 1")
    return (1, channels, height * scale[0], width * scale[1])


def flatten(shape: Sequence[int]) -> Shape:
    """Output of laying all elements out in one row, in the order channel, row, column."""
    return (1, prod(shape[1:]))


def pad(shape: Sequence[int], pads: tuple[int, int, int, int]) -> Shape:
    """Output of padding a picture."""
    channels, height, width = picture(shape)
    top, left, bottom, right = pads
    return (1, channels, height + top + bottom, width + left + right)
