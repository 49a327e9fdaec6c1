"""replace-unfriendly: activations that need an exponential become their piecewise linear forms."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass
from xdsl.pattern_rewriter import PatternRewriter, PatternRewriteWalker, RewritePattern

from lrc.dialects.lr import Activation, ActivationAttr

FRIENDLY = {
    ActivationAttr(Activation("sigmoid")): ActivationAttr(Activation("hard_sigmoid")),
    ActivationAttr(Activation("swish")): ActivationAttr(Activation("hard_swish")),
}


@dataclass(frozen=True)
class ReplaceUnfriendlyPass(ModulePass):
    """sigmoid(x) -> hard_sigmoid(x), swish(x) -> hard_swish(x), also where a layer ends with them.

    This changes what the network computes, so no pipeline has it unless it is asked for; a network that is
    fine-tuned afterwards loses little by it.
    """

    name = "replace-unfriendly"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        PatternRewriteWalker(ReplaceUnfriendly()).rewrite_module(op)


class ReplaceUnfriendly(RewritePattern):
    """layer(x) then sigmoid -> layer(x) then hard_sigmoid, layer(x) then swish -> layer(x) then hard_swish"""

    def match_and_rewrite(self, op: Operation, rewriter: PatternRewriter, /) -> None:
        activation = op.properties.get("activation")
        if not isinstance(activation, ActivationAttr) or activation not in FRIENDLY:
            return
        op.properties["activation"] = FRIENDLY[activation]
        rewriter.notify_op_modified(op)
