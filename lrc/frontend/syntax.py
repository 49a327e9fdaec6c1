"""The syntax tree of a `.lr` file: frozen values, each with the span of text it comes from.

Two trees are equal if they say the same; spans do not count.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from lrc.diagnostics import Diagnostic, Severity, excerpt


@dataclass(frozen=True)
class Span:
    """A piece of the text: offsets of its first character and the one behind its last."""

    start: int
    end: int


@dataclass(frozen=True)
class Source:
    """A text and where it comes from."""

    text: str
    filename: str

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both counted from 1."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    @cached_property
    def line_starts(self) -> list[int]:
        """The offset at which each line begins."""
        return [0, *(end.end() for end in re.finditer("\n", self.text))]

    def diagnose(
        self,
        span: Span,
        message: str,
        hint: str | None = None,
        note: str | None = None,
        severity: Severity = "error",
    ) -> Diagnostic:
        """A mistake at a place in this text."""
        line, column = self.position(span.start)
        start, end = span.start - column + 1, self.text.find("\n", span.start)
        end = len(self.text) if end < 0 else end
        end -= self.text.endswith("\r", start, end)
        shown, first = excerpt(self.text, start, end, span.start)
        end_column = column + span.end - span.start
        return Diagnostic(message, hint, self.filename, line, column, end_column, shown, note, first, severity)


@dataclass(frozen=True, kw_only=True)
class Node:
    """A part of the tree."""

    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class Name(Node):
    """A word: the name of something, or one of a fixed choice. With dots it stands for a result of a block's call."""

    text: str

    @property
    def first(self) -> str:
        """The word before the first dot: `enc` of `enc.skip`."""
        return self.text.partition(".")[0]


@dataclass(frozen=True)
class Number(Node):
    """A number, exactly as written: `value` is 18/5 for the text 3.6."""

    value: Fraction
    text: str = field(default="", compare=False)


@dataclass(frozen=True)
class String(Node):
    """A text in quotes, without them."""

    text: str


@dataclass(frozen=True)
class Arithmetic(Node):
    """`first` and then operators with their operands, from left to right, all sums or all products."""

    first: Value
    rest: tuple[tuple[str, Value], ...]

    @property
    def is_sum(self) -> bool:
        """Whether the operators are `+` and `-`, which bind weaker than `*` and `/`."""
        return self.rest[0][0] in "+-"


@dataclass(frozen=True)
class Negation(Node):
    """`-value`."""

    value: Value


@dataclass(frozen=True)
class List(Node):
    """`[a, b, c]`."""

    elements: tuple[Value, ...]


@dataclass(frozen=True)
class Argument(Node):
    """A value in parentheses, with a name or by its place."""

    name: Name | None
    value: Value


@dataclass(frozen=True)
class Call(Node):
    """`name(arguments)`: a layer's operator or block, or a value such as `pattern(p8, keep: 1/2)`."""

    name: Name
    arguments: tuple[Argument, ...]


@dataclass(frozen=True)
class Field(Node):
    """`name: value` in braces; without a value it stands for what is called `name`."""

    name: Name
    value: Value | None


@dataclass(frozen=True)
class Group(Node):
    """`{ name: value, … }`."""

    fields: tuple[Field, ...]


Value = Name | Number | String | Arithmetic | Negation | List | Call | Group


def names_in(value: Value | None) -> Iterator[Name]:
    """The names that a value is made of, those of calls and of fields with values left out."""
    match value:
        case Name():
            yield value
        case Negation(value=inner):
            yield from names_in(inner)
        case Arithmetic(first=first, rest=rest):
            for operand in (first, *(operand for _, operand in rest)):
                yield from names_in(operand)
        case List(elements=elements):
            for element in elements:
                yield from names_in(element)
        case Call(arguments=arguments):
            for argument in arguments:
                yield from names_in(argument.value)
        case Group(fields=fields):
            for each in fields:
                yield from names_in(each.value or each.name)
        case _:
            pass


@dataclass(frozen=True)
class Weights(Node):
    """`weights "net.safetensors"` or `weights random(seed: 0)`."""

    origin: String | Call


@dataclass(frozen=True)
class Device(Node):
    """`device kryo485`."""

    name: Name


@dataclass(frozen=True)
class Input(Node):
    """`input x: f32[1, 3, 224, 224]`."""

    name: Name
    element: Name
    sizes: List


@dataclass(frozen=True)
class Patterns(Node):
    """`patterns p8 = ["110/110/000", …]`."""

    name: Name
    masks: List


@dataclass(frozen=True)
class Layer(Node):
    """`name: operator(inputs) { fields }`, or `name: repeat(count) block(inputs) { fields }`."""

    name: Name
    count: Value | None
    call: Call
    group: Group | None


@dataclass(frozen=True)
class Parameter(Node):
    """What a block is called with, and what it is if left out."""

    name: Name
    default: Value | None


@dataclass(frozen=True)
class Export(Node):
    """What a block hands out, and the layer that it is: `skip = down`, or `out` for a layer of that name."""

    name: Name
    layer: Name | None


@dataclass(frozen=True)
class Result(Node):
    """`result out, skip = down`."""

    exports: tuple[Export, ...]


@dataclass(frozen=True)
class Block(Node):
    """`block name(parameters) { layers result names }`, with `body` the span of its braces."""

    name: Name
    parameters: tuple[Parameter, ...]
    layers: tuple[Layer, ...]
    result: Result
    body: Span = field(compare=False, repr=False)


@dataclass(frozen=True)
class Output(Node):
    """`output y = fc`, or `output y` for a layer of that name."""

    name: Name
    layer: Name | None


Statement = Weights | Device | Input | Patterns | Block | Layer | Output


@dataclass(frozen=True)
class Comment(Node):
    """A comment, from its `#` to the end of its line."""

    text: str


@dataclass(frozen=True)
class File(Node):
    """A whole file: its model, with `body` the span of its braces, and its comments."""

    name: Name
    statements: tuple[Statement, ...]
    comments: tuple[Comment, ...]
    body: Span = field(compare=False, repr=False)
    source: Source = field(compare=False, repr=False)
