"""reorder-filters: filter kernel reorder (FKR)."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, PatternRewriteWalker, RewritePattern, op_type_rewrite_pattern

from lrc.dialects.lr.model import store_of
from lrc.dialects.lr.store import derived
from lrc.dialects.pattern import ops as pattern
from lrc.passes.arrays import load
from lrc.passes.pattern.reorder import reorder


@dataclass(frozen=True)
class ReorderFiltersPass(ModulePass):
    """pattern.conv2d -> the same with an order of its filters: by length, and within a length by similarity.

    Outputs stay where they are: the order is that of storage and of work.
    """

    name = "reorder-filters"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        PatternRewriteWalker(ReorderFilters(), apply_recursively=False).rewrite_module(op)


class ReorderFilters(RewritePattern):
    """pattern.conv2d without an order -> pattern.conv2d with one"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: pattern.Conv2dOp, rewriter: PatternRewriter, /) -> None:
        if op.order is not None:
            return
        order = reorder(load(op, op.assignment), op.group_count)
        op.order = derived(op.assignment, f"{op.layer.data}.order", order, store_of(op))
        rewriter.notify_op_modified(op)
