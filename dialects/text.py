"""The text of attributes that wrap plain values: what the value prints is what stands between `<` and `>`."""

from collections.abc import Callable
from typing import TypeVar

from xdsl.parser import AttrParser

Value = TypeVar("Value")
PUNCTUATION = ("[", "]", "(", ")", ",", "=", ":")


def parse_plain(parser: AttrParser, read: Callable[[str], Value]) -> Value:
    """Give the text between the angle brackets to `read`; its ValueError becomes an error with a caret under the text.

    The text may hold numbers, words, strings and the punctuation `[ ] ( ) , = :`.
    """
    with parser.in_angle_brackets():
        start = parser.pos
        while _skip(parser):
            pass
        text = str(parser.lexer.input.content)[start : parser.pos].strip()
        try:
            return read(text)
        except ValueError as error:
            parser.raise_error(str(error), start, start + len(text))


def _skip(parser: AttrParser) -> bool:
    """Step over one token of a plain value."""
    return (
        parser.parse_optional_number() is not None
        or parser.parse_optional_identifier() is not None
        or parser.parse_optional_str_literal() is not None
        or any(parser.parse_optional_punctuation(mark) is not None for mark in PUNCTUATION)
    )
