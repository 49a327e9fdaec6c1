"""Reading the text of the IR so that errors can point at it."""

from xdsl.context import Context
from xdsl.dialects.builtin import FileLineColLoc, IntAttr, StringAttr, UnknownLoc
from xdsl.ir import Operation
from xdsl.parser import Parser
from xdsl.utils.lexer import Span


class LocatedParser(Parser):
    """A parser that gives each operation without a `loc(…)` its place in the text, as mlir-opt does.

    `lines_before` are those of the file in front of the text.
    """

    def __init__(self, context: Context, text: str | bytes, name: str, lines_before: int = 0) -> None:
        super().__init__(context, text, name)
        self.lines_before = lines_before

    def parse_operation(self) -> Operation:
        start = Span(self.pos, self.pos, self.lexer.input, self.lines_before).get_location()
        op = super().parse_operation()
        if isinstance(op.location, UnknownLoc):
            op.location = FileLineColLoc(StringAttr(start.file), IntAttr(start.line), IntAttr(start.col))
        return op
