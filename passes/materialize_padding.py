"""materialize-padding: a max pooling must not mistake the zeros around a picture for its numbers."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, PatternRewriteWalker, RewritePattern, op_type_rewrite_pattern

from lrc.dialects.lr.attrs import ActivationAttr
from lrc.dialects.lr.base import LayerOp
from lrc.dialects.lr.ops import (
    AddOp,
    AvgPoolOp,
    ConcatOp,
    FlattenOp,
    GlobalAvgPoolOp,
    MaxPoolOp,
    MulOp,
    PadOp,
    SoftmaxOp,
    UpsampleOp,
)
from lrc.dialects.lr.shapes import Window
from lrc.passes.rewriting import replace_keeping_location

NON_NEGATIVE = frozenset({"relu", "relu6", "sigmoid", "hard_sigmoid"})
"""Activations whose results are never below zero."""


@dataclass(frozen=True)
class MaterializePaddingPass(ModulePass):
    """max_pool(x) with padding -> max_pool(pad(x, -inf)) without, unless x is never negative.

    Tensors are surrounded by zeros in memory, and a zero counts as padding only beside numbers that are at least
    zero, as they are after a relu.
    """

    name = "materialize-padding"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        PatternRewriteWalker(MaterializePadding(), apply_recursively=False).rewrite_module(op)


class MaterializePadding(RewritePattern):
    """max_pool(x) with padding -> max_pool(pad(x, -inf)) without"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: MaxPoolOp, rewriter: PatternRewriter, /) -> None:
        window = op.window
        if not any(window.pads) or is_non_negative(op.input):
            return
        pad = PadOp(f"{op.layer.data}.pad", op.input, window.pads, float("-inf"))
        pad.location = op.location
        rewriter.insert(pad)
        bare = Window(window.kernel, window.strides)
        replace_keeping_location(rewriter, op, MaxPoolOp(op.layer.data, pad.output, bare))


def is_non_negative(value: SSAValue) -> bool:
    """Whether no number of a tensor can be below zero, as far as its layer tells."""
    op = value.owner
    if not isinstance(op, LayerOp):
        return False
    if isinstance(activation := getattr(op, "activation", None), ActivationAttr):
        return activation.data.kind in NON_NEGATIVE
    if isinstance(op, SoftmaxOp):
        return True
    keeps_signs = AddOp | AvgPoolOp | ConcatOp | FlattenOp | GlobalAvgPoolOp | MaxPoolOp | MulOp | UpsampleOp
    return isinstance(op, keeps_signs) and all(is_non_negative(operand) for operand in op.operands)
