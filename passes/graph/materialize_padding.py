"""materialize-padding: a max pooling must not mistake the zeros around a picture for its numbers."""

from collections.abc import Mapping
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
    CastOp,
    ConcatOp,
    FlattenOp,
    GlobalAvgPoolOp,
    MaxPoolOp,
    MulOp,
    PadOp,
    SoftmaxOp,
    UpsampleOp,
)
from lrc.dialects.values.shapes import Window
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
        PatternRewriteWalker(MaterializePadding({}), apply_recursively=False).rewrite_module(op)


@dataclass(frozen=True)
class MaterializePadding(RewritePattern):
    """max_pool(x) with padding -> max_pool(pad(x, -inf)) without, unless x is never negative"""

    known: dict[SSAValue, bool]

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: MaxPoolOp, rewriter: PatternRewriter, /) -> None:
        window = op.window
        if not any(window.pads) or is_non_negative(op.input, self.known):
            return
        pad = PadOp(f"{op.layer.data}.pad", op.input, window.pads, float("-inf"))
        pad.location = op.location
        rewriter.insert(pad)
        bare = Window(window.kernel, window.strides)
        replace_keeping_location(rewriter, op, MaxPoolOp(op.layer.data, pad.output, bare))


def is_non_negative(value: SSAValue, known: dict[SSAValue, bool]) -> bool:
    """Whether no number of a tensor can be below zero, as far as its layer and those before it tell. `known` keeps what
    was found, so that each is looked at once."""
    waiting = [value]
    while waiting:
        op = waiting[-1].owner
        operands = op.operands if isinstance(op, LayerOp) and keeps_signs(op) else ()
        if unknown := [operand for operand in operands if operand not in known]:
            waiting += unknown
        else:
            known[waiting.pop()] = isinstance(op, LayerOp) and gives_no_negative(op, known)
    return known[value]


def keeps_signs(op: LayerOp) -> bool:
    """Whether a layer gives no number below zero if it reads none."""
    keeping = AddOp | AvgPoolOp | CastOp | ConcatOp | FlattenOp | GlobalAvgPoolOp | MaxPoolOp | MulOp | UpsampleOp
    return getattr(op, "activation", None) is None and isinstance(op, keeping)


def gives_no_negative(op: LayerOp, known: Mapping[SSAValue, bool]) -> bool:
    """Whether a layer gives no number below zero, where it is known of those that it reads."""
    if isinstance(activation := getattr(op, "activation", None), ActivationAttr):
        return activation.data.kind in NON_NEGATIVE
    return isinstance(op, SoftmaxOp) or (keeps_signs(op) and all(known[operand] for operand in op.operands))
