"""Layouts for all readers of a tensor: what they ask of it, a layout that gives it, and what another one lacks."""

from dataclasses import dataclass

from xdsl.ir import Operation, SSAValue

from lrc.dialects.fkw import ops as fkw
from lrc.dialects.lr.base import LayerOp, WindowOp, shape_of
from lrc.dialects.lr.model import ModelOp
from lrc.dialects.pattern import ops as pattern
from lrc.dialects.values.layouts import Layout, round_up


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
    if not isinstance(consumer, WindowOp):
        return Needs(rows=1, columns=lanes)
    window = consumer.window
    _, _, height, width = shape_of(consumer.input)
    _, _, out_height, out_width = shape_of(consumer.output)
    rows, columns = 1, 8 * lanes
    if isinstance(consumer, pattern.Conv2dOp | fkw.Conv2dOp) and consumer.schedule is not None:
        schedule = consumer.schedule.data
        rows, columns = schedule.tile[0], schedule.columns
    top, left, _, _ = window.pads
    (kh, kw), (sh, sw), (dh, dw) = window.kernel, window.strides, window.dilations
    last_row = (round_up(out_height, rows) - 1) * sh + (kh - 1) * dh - top
    last_column = round_up(out_width, columns) * sw + (kw - 1) * dw - left + 2 * lanes
    return Needs(window.pads, max(last_row - height + 1, 0), max(last_column - width, 0))


def choose_layout(shape: tuple[int, ...], needs: list[Needs], lanes: int) -> Layout:
    """A layout for a tensor of this shape that gives every consumer what it needs.

    Rows start at multiples of `lanes` and hold whole vectors; the lanes left over serve as the halo to the
    right (and so to the left of the next row) if they are enough.
    """
    channels, height, width = shape[1:] if len(shape) == 4 else (1, 1, shape[1])
    top, left, bottom, right = (max((n.pads[side] for n in needs), default=0) for side in range(4))
    vectors = round_up(width, lanes)
    row_stride = vectors if vectors - width >= max(left, right) else vectors + round_up(max(left, right), lanes)
    lead = round_up(left, lanes)
    tail = least_tail(needs, lanes, bottom, row_stride)
    return Layout(channels, height, width, top, bottom, row_stride, lead, tail, lanes)


def least_tail(needs: list[Needs], lanes: int, bottom: int, row_stride: int) -> int:
    """Elements behind the last row of a buffer that some reader's loads may reach."""
    rows = max((n.rows for n in needs), default=0)
    columns = max((n.columns for n in needs), default=0)
    return max(max(rows - bottom, 0) * row_stride + round_up(columns, lanes), lanes)


def misfit(layout: Layout, shape: tuple[int, ...], needs: list[Needs], lanes: int) -> str | None:
    """What is wrong with a layout that was not chosen for these readers; None if all of them get what they need."""
    chosen = choose_layout(shape, needs, lanes)
    for name in ("channels", "height", "width", "lanes"):
        if (found := getattr(layout, name)) != (expected := getattr(chosen, name)):
            return f"{name} = {found}, expected {expected}"
    for name in ("row_stride", "lead"):
        if (found := getattr(layout, name)) % lanes:
            return f"{name} = {found}, which is no multiple of {lanes} lanes"
    beside = max((max(n.pads[1], n.pads[3]) for n in needs), default=0)
    least = {
        "top": chosen.top,
        "bottom": chosen.bottom,
        "row_stride": round_up(layout.width + beside, lanes),
        "lead": chosen.lead,
        "tail": least_tail(needs, lanes, layout.bottom, layout.row_stride),
    }
    for name, expected in least.items():
        if (found := getattr(layout, name)) < expected:
            return f"{name} = {found}, but its readers need {expected}"
    return None
