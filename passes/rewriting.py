"""What rewrite patterns share."""

from xdsl.ir import Operation
from xdsl.pattern_rewriter import PatternRewriter


def replace_keeping_location(rewriter: PatternRewriter, op: Operation, new: Operation) -> None:
    """Replace an operation by one that stands for the same line of the user's file."""
    new.location = op.location
    rewriter.replace(op, new)
