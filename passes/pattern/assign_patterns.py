"""assign-patterns: which weights survive, read from the weights and checked against what was declared."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, PatternRewriteWalker, RewritePattern, op_type_rewrite_pattern

from lrc.dialects.lr import ConvOp
from lrc.dialects.lr.model import store_of
from lrc.dialects.lr.store import derived
from lrc.dialects.pattern import ops as pattern
from lrc.dialects.values.patterns import Sparsity
from lrc.dialects.values.pruning import best_patterns, find_scheme, find_violation, kept_kernels, kernels_of
from lrc.passes.arrays import load
from lrc.passes.diagnose import fail
from lrc.passes.rewriting import replace_keeping_location


@dataclass(frozen=True)
class AssignPatternsPass(ModulePass):
    """lr.conv2d, lr.conv1d -> pattern.conv2d, for every kernel size and scheme, dense included.

    From here on all convolutions are those of pictures: a sequence is one of one row, and so are its kernels, whose
    weights [Co, Ci / groups, k] become [Co, Ci / groups, 1, k].

    With sparsity `auto` the scheme is found in the weights; any other is checked against them, and the first
    weight that breaks it is named.
    """

    name = "assign-patterns"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        PatternRewriteWalker(AssignPatterns(), apply_recursively=False).rewrite_module(op)


class AssignPatterns(RewritePattern):
    """lr.conv2d or lr.conv1d of some sparsity -> pattern.conv2d with a pattern for each kernel"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ConvOp, rewriter: PatternRewriter, /) -> None:
        name, store, given = op.layer.data, store_of(op), load(op, op.weight)
        weights = kernels_of(given)
        sparsity = Sparsity() if op.sparsity is None else op.sparsity.data
        if sparsity.kind == "auto":
            sparsity = find_scheme(weights)
        try:
            patterns = sparsity.masks(op.window.kernel)
            best = best_patterns(weights, patterns, sparsity.share)
            violation = find_violation(weights, sparsity, best)
        except ValueError as error:
            fail(op, f"layer '{name}': {error}")
        if violation is not None:
            fail(op, f"layer '{name}' breaks its sparsity at {violation}")
        assignment = derived(op.weight, f"{name}.assignment", assign(weights, sparsity, best), store)
        weight = op.weight if weights is given else derived(op.weight, f"{name}.weight.rows", weights, store)
        replace_keeping_location(
            rewriter,
            op,
            pattern.Conv2dOp(op, weight=weight, patterns=patterns, assignment=assignment, tuning=op.tuning),
        )


def assign(weights: NDArray[np.floating], sparsity: Sparsity, best: NDArray[np.intp]) -> NDArray[np.uint8]:
    """The pattern of each kernel [Co, Ci / groups]: 0 if it was removed, or p + 1, where p is the best one. A dense
    layer keeps every kernel; filters that share their kernels keep what one of them does."""
    if sparsity.kind == "dense":
        return np.ones(weights.shape[:2], np.uint8)
    return np.where(kept_kernels(weights, sparsity.share), best + 1, 0).astype(np.uint8)
