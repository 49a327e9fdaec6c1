"""assign-layout: where every number of every tensor lies, decided for the whole graph."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import Float32Type, ModuleOp, TensorType
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from lrc.dialects.kernel.attrs import LayoutAttr
from lrc.dialects.kernel.layout import Layout, round_up
from lrc.dialects.lr.base import LayerOp, WindowOp, shape_of
from lrc.dialects.lr.model import find_model
from lrc.dialects.pattern import ops as pattern
from lrc.passes.machine import machine_named


@dataclass(frozen=True)
class Needs:
    """What one consumer asks of the tensor that it reads.

    `pads`: (top, left, bottom, right) of zeros around the picture; `rows`, `columns`: how far below and to
    the right of the picture its loads reach, padding included.
    """

    pads: tuple[int, int, int, int] = (0, 0, 0, 0)
    rows: int = 0
    columns: int = 0


@dataclass(frozen=True)
class AssignLayoutPass(ModulePass):
    """Give every tensor of the network a layout that suits all who read and write it, as the encoding of its type."""

    name = "assign-layout"

    machine: str = "neon"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        lanes = machine_named(self.machine).lanes
        for value in tensors(op):
            layout = choose_layout(shape_of(value), [needs_of(use.operation, lanes) for use in value.uses], lanes)
            typed = TensorType(Float32Type(), shape_of(value), LayoutAttr(layout))
            Rewriter.replace_value_with_new_type(value, typed)


def tensors(module: ModuleOp) -> list[SSAValue]:
    """The inputs of the network and the results of its layers."""
    body = find_model(module).body.block
    return [*body.args, *(op.output for op in body.ops if isinstance(op, LayerOp))]


def needs_of(consumer: Operation, lanes: int) -> Needs:
    """What a layer asks of the tensors that it reads."""
    if not isinstance(consumer, WindowOp):
        return Needs(rows=1, columns=lanes)
    window = consumer.window
    _, _, height, width = shape_of(consumer.input)
    _, _, out_height, out_width = shape_of(consumer.output)
    rows, columns = 1, 8 * lanes
    if isinstance(consumer, pattern.Conv2dOp) and consumer.schedule is not None:
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
    rows = max((n.rows for n in needs), default=0)
    columns = max((n.columns for n in needs), default=0)
    tail = max(rows - bottom, 0) * row_stride + round_up(columns, lanes) if needs else lanes
    return Layout(channels, height, width, top, bottom, row_stride, lead, max(tail, lanes), lanes)
