"""From text to the syntax tree."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Any, Final, cast

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark import v_args as with_arguments  # pyright: ignore[reportUnknownVariableType]
from lark.tree import Meta

from lrc.diagnostics import Diagnostic, UserError, did_you_mean
from lrc.frontend import syntax
from lrc.frontend.syntax import Source, Span

DEEPEST: Final = 24
"""Brackets inside brackets; no network needs more."""

LONGEST_NUMBER: Final = 30

MOST_ERRORS: Final = 20
"""Syntax errors that are looked for before giving up."""

KEYWORDS: Final = ("weights", "device", "input", "patterns", "block", "output", "model", "result")

WORDS: Final = {
    "NAME": "a name",
    "MODEL_NAME": "the model's name",
    "NUMBER": "a number",
    "DOTTED": "a name",
    "REPEAT": "a name",  # of an operator: `repeat` itself is one of many that could stand there
    "STRING": 'a "string"',
    "PLUS_MINUS": "'+' or '-'",
    "TIMES_OVER": "'*' or '/'",
    "LBRACE": "'{'",
    "RBRACE": "'}'",
    "LPAR": "'('",
    "RPAR": "')'",
    "LSQB": "'['",
    "RSQB": "']'",
    "COLON": "':'",
    "COMMA": "','",
    "EQUAL": "'='",
    "MINUS": "'-'",
    "$END": "the end of the file",
}
"""How a reader calls the grammar's terminals."""

LAYER_HINT: Final = "a layer reads `name: operator(inputs) { field: value, … }`"

NAME_HINT: Final = "a name has the letters a to z and A to Z, digits and '_'; a model's name may have '-' too"

START_HINT: Final = "a network starts with `model name {`"

TOKENS: Final = re.compile(
    r'"[^"\n]*"|#[^\n]*|[A-Za-z_]\w*|(?P<number>[0-9]+(\.[0-9]+)?([eE][+-]?(?P<exponent>[0-9]+))?)|[][(){}]'
)
"""What has to be told apart to find brackets, comments and numbers without the grammar."""

CONTROL: Final = re.compile(r"[\0-\x08\x0e-\x1f]")
"""Characters that no text has, but files of weights and ONNX models do."""

MISPLACED: Final = re.compile(rf"\s*({'|'.join(KEYWORDS)})\b")
"""Lines that are most likely right: if they are not expected, the mistake is further up."""

TEXT_HINT: Final = "a .lr file is a text in UTF-8; weights belong in a file beside it, named by `weights`"

BRACKETS: Final = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}


def parse(text: str, filename: str = "<string>") -> syntax.File:
    """Read a `.lr` text, with or without a byte order mark. Raises UserError with every syntax error that was found."""
    text = text.removeprefix("\ufeff")
    source = Source(text, filename)
    if error := _not_a_text(source):
        raise UserError(error)
    errors: list[Diagnostic] = []
    rest: str | None = text
    while rest is not None and len(errors) < MOST_ERRORS:
        try:
            file = _tree(rest)
        except UnexpectedInput as error:
            errors.append(_explain(source, error))
            rest = _without_line(rest, error.pos_in_stream or 0)
        else:
            if not errors:
                return replace(file, comments=tuple(comments(text)), source=source, span=Span(0, len(text)))
            break
    raise UserError(*sorted(errors, key=lambda error: (error.line or 0, error.column or 0)))


def comments(text: str) -> list[syntax.Comment]:
    """All comments of a text, in order."""
    return [
        syntax.Comment(token.group().rstrip(), span=Span(token.start(), token.start() + len(token.group().rstrip())))
        for token in TOKENS.finditer(text)
        if token.group().startswith("#")
    ]


def _not_a_text(source: Source) -> Diagnostic | None:
    """What is wrong with a text before it is even parsed."""
    if not re.sub(r"#[^\n]*", "", source.text).strip():
        return Diagnostic("the file is empty", START_HINT, source.filename)
    if CONTROL.search(source.text):
        return Diagnostic("this is no .lr file: it is not a text", TEXT_HINT, source.filename)
    depth = 0
    for token in TOKENS.finditer(source.text):
        depth += BRACKETS.get(token.group(), 0)
        if depth > DEEPEST:
            return source.diagnose(Span(*token.span()), f"brackets are nested more than {DEEPEST} deep")
        if token["number"] and (len(token["number"]) > LONGEST_NUMBER or len(token["exponent"] or "") > 2):
            return source.diagnose(Span(*token.span()), "this number is too long")
    return None


def _without_line(text: str, offset: int) -> str | None:
    """The text with the line at `offset` blanked, so that errors behind it show too; None if that line cannot be
    left out, for its brackets match those of other lines or it starts the model."""
    start, end = text.rfind("\n", 0, offset) + 1, text.find("\n", offset)
    end = len(text) if end < 0 else end
    before, line = (re.sub(r'"[^"\n]*"|#[^\n]*', "", part) for part in (text[:start], text[start:end]))
    balanced = all(line.count(a) == line.count(b) for a, b in ("()", "[]", "{}"))
    between_statements = before.count("(") == before.count(")") and before.count("[") == before.count("]")
    if not line.strip() or not balanced or not between_statements or "{" not in before or MISPLACED.match(line):
        return None
    return text[:start] + " " * (end - start) + text[end:]


def _explain(source: Source, error: UnexpectedInput) -> Diagnostic:
    """A syntax error in the reader's words."""
    start = min(error.pos_in_stream or 0, len(source.text))
    if isinstance(error, UnexpectedCharacters):
        expected = error.allowed or set[str]()
        character = source.text[start]
        message = f"unexpected character {character!r}"
        hint = _expectation(expected)
        if character == '"':
            hint = 'a string ends on the line it starts on, with `"`'
        elif character == "." and re.search(r"\b\w+:\s*\w+$", source.text[:start]):
            hint = "operators and blocks have no dots in their names: `conv2d(x)`"
        elif (character.isalpha() or character == ".") and re.search(r"[\w-]$", source.text[:start]):
            hint = NAME_HINT
        return source.diagnose(Span(start, start + 1), message, hint)
    token: Token = cast(UnexpectedToken, error).token
    expected = cast(UnexpectedToken, error).accepts or cast(UnexpectedToken, error).expected
    if token.type == "$END":
        end = len(source.text.rstrip())
        return source.diagnose(Span(max(0, end - 1), end), "the file ends too early", _expectation(expected))
    before = source.text[:start].split()
    last = before[-1] if before else ""
    hint = _expectation(expected)
    if "MODEL" in expected:
        hint = START_HINT
    elif token.type == "COLON" and before[-2:-1] == ["output"]:
        hint = "an output reads `output name = layer`"
    elif said := re.search(rf"(?<![\w.])({'|'.join(KEYWORDS)})\s*:\s*$", source.text[:start]):
        hint = f"no colon stands behind '{said[1]}', unless it is the name of a layer"
    elif token.type == "EQUAL" and "COLON" in expected:
        hint = LAYER_HINT
    elif token in KEYWORDS and "RBRACE" in expected:
        hint = "a '}' seems to be missing above"
    elif token == last == "-":
        hint = "one minus sign is enough; `-(-x)` is x"
    elif {"COMMA", "RPAR"} <= expected or {"COMMA", "RSQB"} <= expected:
        hint = f"expected ',' or {WORDS['RPAR' if 'RPAR' in expected else 'RSQB']}"
    elif expected == {"COLON"}:
        hint = did_you_mean(last, KEYWORDS) or hint
    return source.diagnose(Span(start, start + len(token)), f"unexpected '{token}'", hint)


def _expectation(expected: set[str]) -> str | None:
    if "NUMBER" in expected:
        return "expected a value"
    named = sorted({WORDS.get(name, f"'{name.lower().removeprefix('_')}'") for name in expected})
    if not 0 < len(named) <= 5:
        return LAYER_HINT if "NAME" in expected and "RBRACE" in expected else None
    return "expected " + " or ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)


def _span(meta: Meta) -> Span:
    return Span(meta.start_pos, meta.end_pos)


@with_arguments(meta=True)
class _Build(Transformer[Token, Any]):
    """One method for each rule of the grammar: the children become a node."""

    def start(self, meta: Meta, children: list[Any]) -> syntax.File:
        token, *statements = children
        name = syntax.Name(str(token), span=Span(token.start_pos, token.end_pos))
        span = _span(meta)
        return syntax.File(name, tuple(statements), (), Span(name.span.end, span.end), Source("", ""), span=span)

    def weights(self, meta: Meta, children: list[Any]) -> syntax.Weights:
        return syntax.Weights(*children, span=_span(meta))

    def device(self, meta: Meta, children: list[Any]) -> syntax.Device:
        return syntax.Device(*children, span=_span(meta))

    def input(self, meta: Meta, children: list[Any]) -> syntax.Input:
        return syntax.Input(*children, span=_span(meta))

    def output(self, meta: Meta, children: list[Any]) -> syntax.Output:
        return syntax.Output(*children, span=_span(meta))

    def patterns(self, meta: Meta, children: list[Any]) -> syntax.Patterns:
        return syntax.Patterns(*children, span=_span(meta))

    def layer(self, meta: Meta, children: list[Any]) -> syntax.Layer:
        name, count, call, group = children
        return syntax.Layer(name, count, call, group if group and group.fields else None, span=_span(meta))

    def repeat(self, meta: Meta, children: list[Any]) -> syntax.Value:
        return children[0]

    def group(self, meta: Meta, children: list[Any]) -> syntax.Group:
        return syntax.Group(tuple(children), span=_span(meta))

    def field(self, meta: Meta, children: list[Any]) -> syntax.Field:
        return syntax.Field(*children, span=_span(meta))

    def block(self, meta: Meta, children: list[Any]) -> syntax.Block:
        name, *parameters, (layers, result, body) = [child for child in children if child is not None]
        return syntax.Block(name, tuple(parameters), layers, result, body, span=_span(meta))

    def body(self, meta: Meta, children: list[Any]) -> tuple[tuple[syntax.Layer, ...], syntax.Result, Span]:
        *layers, result = children
        return tuple(layers), result, _span(meta)

    def parameter(self, meta: Meta, children: list[Any]) -> syntax.Parameter:
        return syntax.Parameter(*children, span=_span(meta))

    def result(self, meta: Meta, children: list[Any]) -> syntax.Result:
        return syntax.Result(tuple(children), span=_span(meta))

    def export(self, meta: Meta, children: list[Any]) -> syntax.Export:
        return syntax.Export(*children, span=_span(meta))

    def arithmetic(self, meta: Meta, children: list[Any]) -> syntax.Arithmetic:
        first, *rest = children
        operators = (str(operator) for operator in rest[::2])
        return syntax.Arithmetic(first, tuple(zip(operators, rest[1::2], strict=True)), span=_span(meta))

    def negation(self, meta: Meta, children: list[Any]) -> syntax.Negation:
        return syntax.Negation(*children, span=_span(meta))

    def list(self, meta: Meta, children: list[Any]) -> syntax.List:
        return syntax.List(tuple(child for child in children if child is not None), span=_span(meta))

    def call(self, meta: Meta, children: list[Any]) -> syntax.Call:
        name, *arguments = [child for child in children if child is not None]
        return syntax.Call(name, tuple(arguments), span=_span(meta))

    def argument(self, meta: Meta, children: list[Any]) -> syntax.Argument:
        return syntax.Argument(*children, span=_span(meta))

    def name(self, meta: Meta, children: list[Any]) -> syntax.Name:
        return syntax.Name(str(children[0]), span=_span(meta))

    def dotted(self, meta: Meta, children: list[Any]) -> syntax.Name:
        return syntax.Name(str(children[0]), span=_span(meta))

    def number(self, meta: Meta, children: list[Any]) -> syntax.Number:
        return syntax.Number(Fraction(str(children[0])), str(children[0]), span=_span(meta))

    def string(self, meta: Meta, children: list[Any]) -> syntax.String:
        return syntax.String(str(children[0])[1:-1], span=_span(meta))


@cache
def grammar() -> Lark:
    """The language's grammar, read once."""
    text = files("lrc.grammar").joinpath("lr.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", propagate_positions=True, maybe_placeholders=True)


def _tree(text: str) -> syntax.File:
    tree = grammar().parse(text)  # pyright: ignore[reportUnknownMemberType]
    return cast(syntax.File, _Build().transform(tree))  # pyright: ignore[reportUnknownMemberType]
