"""fuse-activation: an activation becomes the last step of the layer before it."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, PatternRewriteWalker, RewritePattern, op_type_rewrite_pattern

from lrc.dialects.lr import ActivationOp, AddOp, ConvOp, LinearOp, MulOp


@dataclass(frozen=True)
class FuseActivationPass(ModulePass):
    """f(conv2d(x)) -> conv2d(x) then f, and the same for linear, add and mul."""

    name = "fuse-activation"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        PatternRewriteWalker(FuseActivation()).rewrite_module(op)


class FuseActivation(RewritePattern):
    """f(layer(x)) -> layer(x) then f"""

    @op_type_rewrite_pattern
    def match_and_rewrite(self, op: ActivationOp, rewriter: PatternRewriter, /) -> None:
        layer = op.input.owner
        if not isinstance(layer, ConvOp | LinearOp | AddOp | MulOp) or not layer.output.has_one_use():
            return
        if layer.activation is not None:
            return
        layer.activation = op.activation
        rewriter.notify_op_modified(layer)
        rewriter.replace(op, (), (layer.output,))
