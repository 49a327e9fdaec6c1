"""pack-fkw: weights become the arrays that the loops will read."""

from dataclasses import dataclass, replace

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, PatternRewriteWalker, RewritePattern, op_type_rewrite_pattern

from lrc.dialects.elements import element_of
from lrc.dialects.fkw import ops as fkw
from lrc.dialects.lr.model import store_of
from lrc.dialects.lr.store import derived
from lrc.dialects.pattern import ops as pattern
from lrc.dialects.values.packing import pack
from lrc.passes.arrays import exactly, load, load_optional
from lrc.passes.diagnose import fail
from lrc.passes.rewriting import replace_keeping_location


@dataclass(frozen=True)
class PackFkwPass(ModulePass):
    """pattern.conv2d with a schedule -> fkw.conv2d with its weights in the order of that schedule."""

    name = "pack-fkw"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        PatternRewriteWalker(PackFkw(), apply_recursively=False).rewrite_module(op)


class PackFkw(RewritePattern):
    """pattern.conv2d with a schedule -> fkw.conv2d"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: pattern.Conv2dOp, rewriter: PatternRewriter, /) -> None:
        if op.schedule is None:
            fail(op, f"layer '{op.layer.data}' has no schedule, which decides how its weights are stored")
        schedule, assignment = op.schedule.data, load(op, op.assignment)
        order = load_optional(op, op.order, np.arange(len(assignment)))
        try:
            op.check_assignment(assignment)
            op.check_order(order)
            packed = pack(
                load(op, op.weight),
                assignment,
                order,
                op.patterns.data,
                jam=schedule.jam,
                block=schedule.block,
                groups=op.group_count,
            )
        except ValueError as error:
            fail(op, f"layer '{op.layer.data}': {error}")
        store, name = store_of(op), op.layer.data
        weight = exactly(op, f"the weight of '{name}'", packed.weight, element_of(op.output))
        packed = replace(packed, weight=weight)
        arrays = {key: derived(op.weight, f"{name}.fkw.{key}", array, store) for key, array in packed.arrays.items()}
        new = fkw.Conv2dOp(op, patterns=op.patterns, schedule=op.schedule, **arrays)
        replace_keeping_location(rewriter, op, new)
