"""What is told of a layer once it is loops: its kind, and how many of its weights are multiplied by."""

from math import prod

import numpy as np
from xdsl.dialects.builtin import IntAttr, NoneAttr, StringAttr

from lrc.dialects import kernel
from lrc.dialects.fkw import ops as fkw
from lrc.dialects.lr.base import LayerOp
from lrc.dialects.lr.store import WeightStore, array_of
from lrc.dialects.pattern.attrs import ScheduleAttr


def layer_of(op: LayerOp, store: WeightStore) -> kernel.LayerAttr:
    """What is told of a layer whose weights are packed."""
    if isinstance(op, fkw.Conv2dOp):
        packed = op.arrays(store)
        counts = prod(op.weight_shape()), packed.executed(op.patterns.data), int(np.count_nonzero(packed.weight))
        kind = kind_of(op, len(packed.index), packed.weight.shape[1])
        return _layer(op, kind, counts, op.schedule)
    arrays = {weight: prod(spec.shape) for _, weight, spec in op.weight_specs() if spec.role == "weight"}
    weights = nonzero = sum(arrays.values())
    if not store.is_random:  # nobody may need the random ones yet: they would be drawn to be counted
        nonzero = sum(int(np.count_nonzero(array_of(weight, store))) for weight in arrays)
    return _layer(op, op.name.split(".")[-1], (weights, weights, nonzero))


def _layer(
    op: LayerOp, kind: str, counts: tuple[int, int, int], schedule: ScheduleAttr | None = None
) -> kernel.LayerAttr:
    weights, executed, nonzero = map(IntAttr, counts)
    return kernel.LayerAttr(op.layer, StringAttr(kind), weights, executed, nonzero, schedule or NoneAttr())


def kind_of(op: fkw.Conv2dOp, kernels: int, taps: int) -> str:
    """`3x3 pattern + connectivity`, `1x1 dense`, `3x3 depthwise`."""
    filters, channels, *window = op.weight_shape()
    size = "x".join(map(str, window))
    if op.group_count > 1 and channels == 1:
        return f"{size} depthwise"
    patterned = len(op.patterns.data) > 1 or taps < prod(window) * op.schedule.data.jam
    connected = kernels * op.schedule.data.jam < filters * channels
    schemes = [name for name, holds in (("pattern", patterned), ("connectivity", connected)) if holds]
    return f"{size} {' + '.join(schemes) or 'dense'}"
