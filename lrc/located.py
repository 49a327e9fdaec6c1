"""Reading the text of the IR so that errors can point at it."""

import struct

from xdsl.context import Context
from xdsl.dialects.builtin import FileLineColLoc, IntAttr, ModuleOp, StringAttr, UnknownLoc
from xdsl.ir import Block, Operation, SSAValue
from xdsl.parser import Parser
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.lexer import Span

from lrc.passes.diagnose import where


class LocatedParser(Parser):
    """A parser that gives each operation without a `loc(…)` its place in the text, as mlir-opt does.

    `lines_before` are those of the file in front of the text.
    """

    def __init__(self, context: Context, text: str | bytes, name: str, lines_before: int = 0) -> None:
        super().__init__(context, text, name)
        self.lines_before = lines_before

    def parse_operation(self) -> Operation:
        begin = self.pos
        start = Span(begin, begin, self.lexer.input, self.lines_before).get_location()
        try:
            op = super().parse_operation()
        except struct.error:  # xDSL's, of a list of integers
            self.raise_error("a number is too large for its type", begin, self.pos)
        if isinstance(op.location, UnknownLoc):
            op.location = FileLineColLoc(StringAttr(start.file), IntAttr(start.line), IntAttr(start.col))
        return op


def verify(module: ModuleOp) -> None:
    """Verify what was read. Raises VerifyException that begins with the place of the operation that is wrong.

    Unlike xDSL's own verification this finds values that are used before they are defined.
    """
    defined: set[Operation] = set()
    for op in module.walk():
        try:
            op.verify(verify_nested_ops=False)
            for operand in op.operands:
                _check_defined(operand, op, defined)
        except VerifyException as error:
            raise VerifyException(f"{where(op)}{error}") from None
        defined.add(op)
    module.verify()


def _check_defined(value: SSAValue, user: Operation, defined: set[Operation]) -> None:
    """Raises VerifyException if a value is defined after its user, or where the user cannot see it."""
    owner, block = value.owner, user.parent
    home = owner if isinstance(owner, Block) else owner.parent
    while block is not None and block is not home:
        if block.parent is not None and len(block.parent.blocks) > 1:
            return  # blocks that jump to each other: not lrc's
        outer = block.parent_op()
        if outer is owner:
            break
        block = None if outer is None else outer.parent
    if block is not home or (isinstance(owner, Operation) and owner not in defined):
        name = f"%{value.name_hint}" if value.name_hint else "a value"
        raise VerifyException(f"{name} is used before it is defined")
