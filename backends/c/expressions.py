"""C expressions as text that knows how tightly it binds, and which values may stand inside of one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.dialects import arith, memref, scf
from xdsl.ir import Block, BlockArgument, Operation, SSAValue

from lrc.dialects import kernel
from lrc.dialects.effects import may_write
from lrc.dialects.values.elements import F32, Element

PRECEDENCE = {"atom": 0, "postfix": 1, "unary": 2, "*": 3, "/": 3, "+": 4, "-": 4, "<": 6, "==": 7, "?": 13, "any": 99}
"""C's operators, the tightest first."""

NAMED_TWICE = (arith.MinSIOp, arith.MaximumfOp, arith.MinimumfOp)
"""Operations whose C may name an operand twice: `a < b ? a : b`."""

INLINE = (
    *(arith.AddiOp, arith.SubiOp, arith.MuliOp, arith.DivSIOp, arith.IndexCastOp, arith.SIToFPOp, arith.CmpiOp),
    *(memref.LoadOp, kernel.LoadIndexOp),
)
"""Operations that are printed where their result is used, if that is one place: indices, conditions, numbers read."""


@dataclass(frozen=True)
class Text:
    """A C expression and how tightly it binds.

    `f"{x:*}"` is the text as an operand of `*`, in parentheses if it needs them; `f"{x}"` stands alone.
    """

    text: str
    precedence: int = PRECEDENCE["atom"]

    def within(self, precedence: int) -> str:
        """The expression as an operand of an operator that binds as given."""
        return f"({self.text})" if self.precedence > precedence else self.text

    def __format__(self, operator: str) -> str:
        return self.within(PRECEDENCE[operator or "any"])


@dataclass(frozen=True)
class Place(Text):
    """The address `base + offset`; `f"{x:number}"` is the number that lies there."""

    base: Text = Text("")
    offset: int = 0

    def __format__(self, operator: str) -> str:
        return f"{self.base:postfix}[{self.offset}]" if operator == "number" else super().__format__(operator)


def float_literal(value: float, element: Element = F32) -> Text:
    """The float32 constant that the nearest number of an element type is: the shortest text that reads back as that."""
    number = np.float32(value if element is F32 else np.float16(value))
    if np.isinf(number):
        return Text("-INFINITY" if number < 0 else "INFINITY", PRECEDENCE["unary"])
    text = np.format_float_scientific(number, unique=True, trim="0") if abs(number) >= 1e7 else repr(float(str(number)))
    return Text(f"{text}f", PRECEDENCE["unary" if number < 0 else "atom"])


def used_once_here(value: SSAValue) -> bool:
    """Whether a value has one use, in its own block, that names it once: printing it there moves no work."""
    if not value.has_one_use() or isinstance(value, BlockArgument):
        return False
    (use,) = value.uses
    user, owner = use.operation, value.owner
    if isinstance(user, NAMED_TWICE) or (isinstance(user, scf.ForOp) and value in (user.ub, user.step)):
        return False
    return isinstance(owner, Operation) and user.parent is owner.parent


def may_wait(value: SSAValue) -> bool:
    """Whether memory holds what a value was read from still where the C statement stands in which the value is named:
    that of its user, or if that is printed inline as well, of the user's."""
    op = value.owner
    if not used_once_here(value) or not isinstance(op, Operation):
        return False
    end = value.get_user_of_unique_use()
    while isinstance(end, INLINE) and used_once_here(end.results[0]):
        end = end.results[0].get_user_of_unique_use()
    while (op := op.next_op) is not end:
        if op is None or may_write(op):
            return False
    return True


def runs_once(op: Operation, value: SSAValue) -> bool:
    """Whether an operation runs at most once for each time that a value is made: no loop stands between them."""
    home = value.owner if isinstance(value.owner, Block) else value.owner.parent
    block = op.parent
    while block is not home:
        around = None if block is None else block.parent_op()
        if not isinstance(around, scf.IfOp):
            return False
        block = around.parent
    return True


def ends_its_block(value: SSAValue) -> bool:
    """Whether a value is used by the end of its block alone, and nothing is written on the way there."""
    if not used_once_here(value) or not isinstance(value.get_user_of_unique_use(), scf.YieldOp):
        return False
    op = value.owner
    while isinstance(op, Operation) and not op.regions and not may_write(op):
        op = op.next_op
    return op is None


def is_written(buffer: SSAValue) -> bool:
    """Whether something is stored through a buffer or a window."""
    for use in buffer.uses:
        op = use.operation
        if isinstance(op, memref.StoreOp) and op.memref is buffer:
            return True
        if isinstance(op, kernel.StoreOp) and op.window is buffer:
            return True
        if isinstance(op, kernel.WindowOp | kernel.RowOp | memref.ViewOp) and is_written(op.results[0]):
            return True
    return False
