"""fuse-conv-bn: batch normalization becomes part of the weights before it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, PatternRewriteWalker, RewritePattern, op_type_rewrite_pattern

from lrc.dialects.lr import BatchNormOp, ConvOp, LinearOp
from lrc.dialects.lr.model import store_of
from lrc.dialects.lr.store import derived
from lrc.passes.arrays import as_float32, load, load_optional

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class FuseConvBnPass(ModulePass):
    """batch_norm(conv2d(x)) -> conv2d(x) with scaled weights and a bias, and the same for linear."""

    name = "fuse-conv-bn"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        PatternRewriteWalker(FoldBatchNorm()).rewrite_module(op)


class FoldBatchNorm(RewritePattern):
    """batch_norm(w * x + b) -> (s * w) * x + (s * (b - mean) + beta), where s = gamma / sqrt(variance + epsilon)."""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: BatchNormOp, rewriter: PatternRewriter, /) -> None:
        layer = op.input.owner
        if not isinstance(layer, ConvOp | LinearOp) or not layer.output.has_one_use():
            return
        if layer.activation is not None or (isinstance(layer, ConvOp) and layer.residual is not None):
            return
        scale, shift = normalization(
            load(op, op.weight), load(op, op.bias), load(op, op.mean), load(op, op.variance), op.epsilon.value.data
        )
        bias = load_optional(layer, layer.bias, np.zeros(1))
        weight, bias = fold(load(layer, layer.weight), bias, scale, shift)
        name, hint = layer.layer.data, "look at its scale and variance, and at the weight"
        weight = as_float32(op, f"the weight of '{name}' times the scale of '{op.layer.data}'", weight, hint)
        bias = as_float32(op, f"the bias of '{name}' times the scale of '{op.layer.data}'", bias, hint)

        source, store = layer.weight, store_of(layer)
        layer.weight = derived(source, f"{name}.weight.folded", weight, store)
        layer.bias = derived(source, f"{name}.bias.folded", bias, store)
        rewriter.notify_op_modified(layer)
        rewriter.replace(op, (), (layer.output,))


def normalization(
    gamma: NDArray[np.floating],
    beta: NDArray[np.floating],
    mean: NDArray[np.floating],
    variance: NDArray[np.floating],
    epsilon: float,
) -> tuple[Doubles, Doubles]:
    """Batch normalization as scale [C] and shift [C]: y = scale * x + shift."""
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = gamma.astype(np.float64) / np.sqrt(variance.astype(np.float64) + epsilon)
        return scale, beta - mean * scale


def fold(
    weight: NDArray[np.floating], bias: NDArray[np.floating], scale: Doubles, shift: Doubles
) -> tuple[Doubles, Doubles]:
    """Weights [Co, ...] and bias [Co] that do what the given ones and then scale and shift do."""
    along_filters = scale.reshape(-1, *[1] * (weight.ndim - 1))
    with np.errstate(over="ignore", invalid="ignore"):
        return weight * along_filters, bias * scale + shift
