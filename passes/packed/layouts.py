"""Layouts for all readers of a tensor: what they ask of it, a layout that gives it, and what another one lacks."""

from dataclasses import dataclass

from xdsl.ir import Operation, SSAValue

from lrc.dialects.fkw import ops as fkw
from lrc.dialects.lr.base import LayerOp, WindowedOp, shape_of
from lrc.dialects.lr.model import ModelOp
from lrc.dialects.pattern import ops as pattern
from lrc.dialects.values.elements import F32, Element
from lrc.dialects.values.layouts import Axis, Layout
from lrc.dialects.values.rounding import round_up
from lrc.dialects.values.shapes import picture, show


@dataclass(frozen=True)
class Needs:
    """What one consumer asks of the tensor that it reads.

    `pads`: (top, left, bottom, right) of zeros around the picture; `rows`, `columns`: how far below and to
    the right of the picture its loads reach, padding included.
    """

    pads: tuple[int, int, int, int] = (0, 0, 0, 0)
    rows: int = 0
    columns: int = 0


def tensors(model: ModelOp) -> list[SSAValue]:
    """The inputs of a network and the results of its layers."""
    return [*model.block.args, *(op.output for op in model.block.ops if isinstance(op, LayerOp))]


def needs_of_readers(value: SSAValue, lanes: int) -> list[Needs]:
    """What each reader of a tensor asks of it."""
    return [needs_of(use.operation, lanes) for use in value.uses]


def needs_of(consumer: Operation, lanes: int) -> Needs:
    """What a layer asks of the tensors that it reads."""
    if not isinstance(consumer, WindowedOp):
        return Needs(rows=1, columns=lanes)
    window = consumer.window
    _, height, width = picture(shape_of(consumer.input))
    _, out_height, out_width = picture(shape_of(consumer.output))
    rows, columns = 1, 8 * lanes
    if isinstance(consumer, pattern.Conv2dOp | fkw.Conv2dOp) and consumer.schedule is not None:
        schedule = consumer.schedule.data
        rows, columns = schedule.tile[0], schedule.columns
    top, left, _, _ = window.pads
    (kh, kw), (sh, sw), (dh, dw) = window.kernel, window.strides, window.dilations
    last_row = (round_up(out_height, rows) - 1) * sh + (kh - 1) * dh - top
    last_column = round_up(out_width, columns) * sw + (kw - 1) * dw - left + 2 * lanes
    return Needs(window.pads, max(last_row - height + 1, 0), max(last_column - width, 0))


def choose_layout(shape: tuple[int, ...], needs: list[Needs], lanes: int, element: Element = F32) -> Layout:
    """A layout for a tensor of this shape that gives every consumer what it needs.

    Rows start at multiples of `lanes` and hold whole vectors; the lanes left over serve as the halo to the
    right (and so to the left of the next row) if they are enough. Raises ValueError for a shape that has none.
    """
    top, left, bottom, right = (max((n.pads[side] for n in needs), default=0) for side in range(4))
    _, *outer, width = shape
    if (len(outer) != 2 and (top or bottom)) or (len(outer) not in (1, 2) and (left or right)):
        raise ValueError(f"{show(shape)} has no rows and columns to be padded")
    axes = [Axis(width, before=left, after=right)]
    stride = round_up(width + max(left, right), lanes)
    for number, size in enumerate(reversed(outer)):
        is_rows = number == 0 and len(outer) > 1
        axes.insert(0, Axis(size, stride, *((top, bottom) if is_rows else (0, 0))))
        stride = axes[0].extent
    lead, row_stride = round_up(left, lanes), axes[-2].stride if outer else stride
    return Layout(element, tuple(axes), lead, least_tail(needs, lanes, bottom, row_stride), lanes)


def least_tail(needs: list[Needs], lanes: int, bottom: int, row_stride: int) -> int:
    """Elements behind the last row of a buffer that some reader's loads may reach."""
    rows = max((n.rows for n in needs), default=0)
    columns = max((n.columns for n in needs), default=0)
    return max(max(rows - bottom, 0) * row_stride + round_up(columns, lanes), lanes)


def misfit(
    layout: Layout, shape: tuple[int, ...], needs: list[Needs], lanes: int, element: Element = F32
) -> str | None:
    """What is wrong with a layout that was not chosen for these readers; None if all of them get what they need."""
    try:
        chosen = choose_layout(shape, needs, lanes, element)
    except ValueError as error:
        return str(error)
    for name in ("shape", "element", "lanes", "space"):
        if (found := getattr(layout, name)) != (expected := getattr(chosen, name)):
            return f"{name} = {found}, expected {expected}"
    starts = {"lead": layout.lead} | {f"stride {i}": axis.stride for i, axis in enumerate(layout.axes[:-1])}
    for name, found in starts.items():
        if found % lanes:
            return f"{name} = {found}, which is no multiple of {lanes} lanes"
    for i, (axis, wanted) in enumerate(zip(layout.axes, chosen.axes, strict=True)):
        for name in ("before", "after"):
            if (found := getattr(axis, name)) < (expected := getattr(wanted, name)):
                return f"{found} zeros {name} axis {i}, but its readers need {expected}"
    try:
        picture = layout.picture()
    except ValueError as error:
        return str(error)
    tail = least_tail(needs, lanes, picture.bottom, picture.row_stride)
    for name, found, expected in (("lead", layout.lead, chosen.lead), ("tail", layout.tail, tail)):
        if found < expected:
            return f"{name} = {found}, but its readers need {expected}"
    return None
