"""Reading the text of the IR so that errors can point at it."""

import re
import struct
from bisect import bisect
from math import prod

from xdsl.context import Context
from xdsl.dialects.builtin import (
    AnyFloat,
    ComplexType,
    FileLineColLoc,
    IndexType,
    IntAttr,
    IntegerType,
    ModuleOp,
    RankedStructure,
    StringAttr,
    UnknownLoc,
)
from xdsl.ir import Block, Operation, SSAValue
from xdsl.irdl import IRDLOperation
from xdsl.parser import Parser
from xdsl.parser.generic_parser import ParserState
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.lexer import Input
from xdsl.utils.mlir_lexer import MLIRLexer, MLIRToken, MLIRTokenKind

from lrc.diagnostics import UserError
from lrc.dialects.lr.base import LayerOp
from lrc.dialects.lr.model import OutputOp
from lrc.dialects.places import InvalidOperationError
from lrc.dialects.verifying import is_new, verify_alone

MOST_NUMBERS = 1 << 22
"""In one `dense<…>`."""


TOO_DEEP = "brackets or operations are nested too deeply"


class Lexer(MLIRLexer):
    """xDSL's, whose own pattern takes time exponential in the length of a string that nobody closes."""

    _unescaped_characters_regex = re.compile(r'"(?:[^"\\\n\v\f]++|\\(?:["nt\\]|[0-9A-Fa-f]{2}))*+"')


class LocatedParser(Parser):
    """A parser that gives each operation without a `loc(…)` its place in the text, as mlir-opt does.

    `lines_before` are those of the file in front of the text. Raises UserError for bytes that are no text.
    """

    def __init__(self, context: Context, text: str | bytes, name: str, lines_before: int = 0) -> None:
        try:
            content = text.decode("utf-8") if isinstance(text, bytes) else text
        except UnicodeDecodeError:
            raise UserError.because("this is no .mlir file: it is not a text", filename=name) from None
        super().__init__(context, "", name)
        self._parser_state = ParserState(Lexer(Input(content, name)))
        self.lines_before = lines_before
        self._lines = [0, *(end.end() for end in re.finditer("\n", content))]

    def parse_module(self, allow_implicit_module: bool = True) -> ModuleOp:
        """The module that the text is, not verified. Raises xDSL's ParseError, also for what is nested too deep."""
        try:
            return super().parse_module(allow_implicit_module)
        except RecursionError:  # of what stands before all operations
            self.raise_error(TOO_DEEP, 0, 1)

    def parse_operation(self) -> Operation:
        """The next operation, with its place. Raises ParseError there for whatever xDSL does not take."""
        begin = self.pos
        try:
            op = super().parse_operation()
        except VerifyException as error:  # of an attribute, which is verified when it is made
            self.raise_error(str(error), begin, self.pos)
        except (struct.error, OverflowError, ValueError):  # xDSL's, of integers
            self.raise_error("a number is too large for its type", begin, self.pos)
        except RecursionError:
            self.raise_error(TOO_DEEP, begin, begin + 1)
        except NotImplementedError:  # xDSL's, of `dense<…>`
            self.raise_error("numbers of this type cannot be read", begin, self.pos)
        if isinstance(op.location, UnknownLoc):
            op.location = self._place(begin)
        return op

    def _place(self, position: int) -> FileLineColLoc:
        """Where a position of the text is. xDSL would count the lines before it, for each operation again."""
        line = bisect(self._lines, position)
        column = position - self._lines[line - 1] + 1
        return FileLineColLoc(StringAttr(self.lexer.input.name), IntAttr(line + self.lines_before), IntAttr(column))

    def _consume_token(self, expected_kind: MLIRTokenKind | None = None) -> MLIRToken:
        """Go on to the next token. Where a text may have one of another kind, `dense<(1, 2, 3)>`, xDSL asserts it."""
        token = self._current_token
        if expected_kind is not None and token.kind != expected_kind:
            self.raise_error(f"{expected_kind.value!r} expected", token.span.start, token.span.end)
        return super()._consume_token(expected_kind)

    def _parse_dense_literal_type(self) -> RankedStructure[IntegerType | IndexType | AnyFloat | ComplexType]:
        """The type of `dense<…>`, whose numbers xDSL keeps one by one, also where the text has only one for all."""
        begin = self.pos
        type = super()._parse_dense_literal_type()
        if (count := prod(type.get_shape())) > MOST_NUMBERS:
            self.raise_error(f"{count} numbers are too many for a text: at most {MOST_NUMBERS} can be", begin, self.pos)
        return type


def verify(module: ModuleOp) -> None:
    """Verify what was read. Raises VerifyException that begins with the place of the operation that is wrong.

    Unlike xDSL's own verification this finds values that are used before they are defined.
    """
    defined, known = set[Operation](), set[tuple[object, ...]]()
    for op in module.walk():
        if isinstance(op, LayerOp | OutputOp):
            _verify_definition(op)  # a model asks them for their names
    for op in module.walk():
        try:
            if is_new(op, known):
                verify_alone(op)
            for operand in op.operands:
                _check_defined(operand, op, defined)
        except VerifyException as error:
            raise InvalidOperationError(op, str(error)) from None
        defined.add(op)


def _verify_definition(op: IRDLOperation) -> None:
    """Raises VerifyException, with its place, if an operation is not as its definition has it."""
    try:
        op.get_irdl_definition().verify(op)
    except VerifyException as error:
        raise InvalidOperationError(op, str(error)) from None


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
