"""Load redundancy elimination (LRE): what is in a register is not loaded again.

PatDNN section 5.4 tells two levels apart. Kernel level: taps in the same column read the same input row
for neighbouring output rows. Filter level: jammed filters read the same input for the same pattern.
At the loop level both are the same thing, two loads from one place of one window.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import vector
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, i64
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from lrc.dialects import kernel
from lrc.dialects.effects import blocks, may_write
from lrc.passes.loops.legalize_loads import bodies


@dataclass(frozen=True)
class EliminateRedundantLoadsPass(ModulePass):
    """load [r, c] of a window that was loaded from there before -> the vector it gave, if nothing was written since.

    Shuffles of equal vectors become one as well. The loop around each body that multiplies gets the attributes
    `loads_before` (where legalize-loads did not say it), `multiplications`, `loads_after` and `shuffles`, for whoever
    reports them.
    """

    name = "eliminate-redundant-loads"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in kernel.kernels_of(op.ops):
            for loop, body in bodies(function).items():
                factors = {op.lhs for op in body if isinstance(op, vector.FMAOp)}
                loop.attributes.setdefault("loads_before", IntegerAttr(len(factors), i64))
            for block in blocks(function):
                eliminate(block)
            for loop, body in bodies(function).items():
                loop.attributes |= counts(body)


def eliminate(block: Block) -> None:
    """Remove what is loaded or shuffled twice in a block."""
    known: dict[Hashable, SSAValue] = {}
    for op in list(block.ops):
        key = identity(op)
        if key is None:
            if known and may_write(op):
                known.clear()  # anything may have been written
        elif key in known:
            Rewriter.replace_op(op, [], [known[key]])
        else:
            known[key] = op.results[0]


def counts(body: Sequence[Operation]) -> dict[str, Attribute]:
    """What a body does, for whoever reports it."""
    kinds = {"multiplications": vector.FMAOp, "loads_after": kernel.LoadOp, "shuffles": vector.ShuffleOp}
    return {name: IntegerAttr(sum(isinstance(op, kind) for op in body), i64) for name, kind in kinds.items()}


def identity(op: Operation) -> Hashable:
    """What makes two loads or shuffles give the same vector; None for other operations."""
    match op:
        case kernel.LoadOp():
            return op.window, op.place, op.lane_stride, op.width, op.lanes
        case vector.ShuffleOp():
            return op.v1, op.v2, op.mask
        case _:
            return None
