"""Which function lowers which layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lrc.dialects.lr import ops as lr
from lrc.dialects.lr.base import LayerOp
from lrc.passes.lowering.cast import lower_cast
from lrc.passes.lowering.copy import lower_concat, lower_flatten
from lrc.passes.lowering.elementwise import lower_activation, lower_batch_norm, lower_binary
from lrc.passes.lowering.global_pool import lower_global_avg_pool
from lrc.passes.lowering.graph import Graph
from lrc.passes.lowering.linear import lower_linear
from lrc.passes.lowering.pool import lower_pool
from lrc.passes.lowering.resize import lower_pad, lower_upsample
from lrc.passes.lowering.softmax import lower_softmax

LOWERINGS: dict[type[LayerOp], Callable[[Any, Graph], None]] = {
    lr.ActivationOp: lower_activation,
    lr.AddOp: lower_binary,
    lr.AvgPoolOp: lower_pool,
    lr.BatchNormOp: lower_batch_norm,
    lr.CastOp: lower_cast,
    lr.ConcatOp: lower_concat,
    lr.FlattenOp: lower_flatten,
    lr.GlobalAvgPoolOp: lower_global_avg_pool,
    lr.LinearOp: lower_linear,
    lr.MaxPoolOp: lower_pool,
    lr.MulOp: lower_binary,
    lr.PadOp: lower_pad,
    lr.SoftmaxOp: lower_softmax,
    lr.UpsampleOp: lower_upsample,
}
"""Layer -> what allocates its result and launches its kernels. Convolutions are lowered from `fkw.conv2d`."""
