"""fuse-residual: a sum becomes part of the convolution that yields one of its operands."""

from dataclasses import dataclass
from typing import TypeGuard

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, PatternRewriteWalker, RewritePattern, op_type_rewrite_pattern
from xdsl.rewriter import InsertPoint

from lrc.dialects.lr import AddOp, ConvOp


@dataclass(frozen=True)
class FuseResidualPass(ModulePass):
    """add(conv2d(x), r) then f -> conv2d(x) plus r then f.

    It comes after fuse-activation, which has given `f` to the sum.
    """

    name = "fuse-residual"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        places = {layer: place for place, layer in enumerate(op.walk())}
        PatternRewriteWalker(FuseResidual(places)).rewrite_module(op)


@dataclass
class FuseResidual(RewritePattern):
    """add(conv2d(x), r) then f -> conv2d(x) plus r then f

    `places`: which of two operations comes first. Asking the block would walk through all that is between.
    """

    places: dict[Operation, int]

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: AddOp, rewriter: PatternRewriter, /) -> None:
        if op.lhs.type != op.rhs.type:
            return
        hosts = [(owner, other) for owner, other in ((op.lhs.owner, op.rhs), (op.rhs.owner, op.lhs)) if can_add(owner)]
        if not hosts:
            return
        # Of two convolutions the later one takes the sum: what the earlier one yields is there by then.
        convolution, residual = hosts[0]
        if len(hosts) == 2 and self.places[convolution] < self.places[hosts[1][0]]:
            convolution, residual = hosts[1]
        if isinstance(residual.owner, Operation) and self.places[residual.owner] > self.places[convolution]:
            convolution.detach()
            rewriter.insert(convolution, InsertPoint.before(op))
            self.places[convolution] = self.places[op]
        convolution.operands = (convolution.input, residual)
        convolution.activation = op.activation
        rewriter.notify_op_modified(convolution)
        rewriter.replace(op, (), (convolution.output,))


def can_add(owner: Operation | Block) -> TypeGuard[ConvOp]:
    """Whether a convolution's result goes into one sum only, with nothing between."""
    return (
        isinstance(owner, ConvOp) and owner.output.has_one_use() and owner.activation is None and owner.residual is None
    )
