"""How a program is laid out: as a tidy person does it, as `lrc fmt` does it, or as nobody should."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Final

from xdsl.ir import SSAValue

from lrc.dialects.lr.base import shape_of
from lrc.dialects.values.patterns import PatternSet
from lrc.testing.programs.meaning import Statement, Template

TOKEN: Final = re.compile(r'"[^"\n]*"|#[^\n]*\n|[A-Za-z_]\w*(?:\.\w+)*|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\S')

COMMENTS: Final = ("# a note", "#", '# "quoted', "# { ( [", "#### }", "# é ✓", "# model x { weights }")


class Style(Random):
    """What is left open, decided at random; for the seed 0 as in a program that is as plain as can be."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.is_plain = seed == 0

    def often(self, share: float) -> bool:
        """Whether something is done that is done so often, and never in a plain program."""
        return not self.is_plain and self.random() < share

    def one_of(self, options: Sequence[str]) -> str:
        """The first one, in a plain program."""
        return options[0] if self.is_plain else self.choice(options)


def text_of(
    name: str,
    origin: str,
    device: str | None,
    inputs: Mapping[str, SSAValue],
    sets: Mapping[str, PatternSet],
    statements: Sequence[Statement],
    outputs: Mapping[str, str],
    style: Style,
) -> str:
    """The text of a program; `style` decides what the language leaves open."""
    head = [f"weights {origin}"] + ([f"device {device}"] if device else [])
    ports = [f"input {port}: f32{list(shape_of(value))}" for port, value in inputs.items()]
    layers = [statement_text(statement, style) for statement in statements]
    blocks = [block_text(block, style) for block in templates(statements)]
    mentioned = {word for text in (*layers, *blocks) for word in re.findall(r"\w+", text)}
    patterns = [f"patterns {each} = {masks}" for each, masks in sets.items() if each in mentioned]
    ends = [
        f"output {port}" if port == value and not style.often(0.3) else f"output {port} = {value}"
        for port, value in outputs.items()
    ]
    parts = [head, ports, patterns, blocks, layers, ends]
    if style.often(0.15):  # statements of different kinds may stand in any order, but for what layers use
        parts = [_mixed([head, ports, [*patterns, *blocks, *layers], ends], style)]
    way = style.one_of(("tidy", "tidy", "messy", "crowded"))
    if way == "tidy":
        body = "\n\n".join("\n".join(_commented(each, style) for each in part) for part in parts if part)
        return f"model {name} {{\n{body}\n}}\n"
    body = "\n".join(text for part in parts for text in part)
    tokens = ["model", name, "{", *TOKEN.findall(body), "}"]
    return "\ufeff" * (style.often(0.1)) + "".join(_spaced(tokens, style, way == "messy"))


def _mixed(parts: Sequence[Sequence[str]], style: Style) -> list[str]:
    """All texts, those of each part in their order."""
    mixed = list[str]()
    left: list[Sequence[str]] = [part for part in parts if part]
    while left:
        part = style.choice(left)
        mixed.append(part[0])
        left = [rest for each in left if (rest := each[1:] if each is part else each)]
    return mixed


def _commented(text: str, style: Style) -> str:
    if not style.often(0.15):
        return text
    comment = style.one_of(COMMENTS)
    return f"{comment}\n{text}" if style.often(0.5) else f"{text}  {comment}"


def _spaced(tokens: Sequence[str], style: Style, is_messy: bool) -> Iterator[str]:
    last = ""
    for token in tokens:
        apart = re.match(r"\w", token) and re.search(r"\w$", last)
        space = " " if apart else ""
        if is_messy and style.often(0.4):
            space = style.one_of((" ", "\n", "\n\n\n", "\t ", "\r\n", f" {style.one_of(COMMENTS)}\n"))
        yield space + token
        last = token


def statement_text(statement: Statement, style: Style) -> str:
    """`name: callee(arguments) { fields }`; what goes by its name stands in any order, in either place."""
    arguments = [said.text for key, said in statement.given if key is None]
    fields = list[str]()
    for key, said in style.sample(statement.given, 0 if style.is_plain else len(statement.given)) or statement.given:
        if key is not None and style.often(0.25):
            arguments.insert(style.randint(1, len(arguments)), f"{key}: {said.text}")
        elif key is not None:
            fields.append(key if said.text == key and not style.often(0.2) else f"{key}: {said.text}")
    comma = style.one_of((", ", ", ", " ", ",\n"))
    group = f" {{ {comma.join(fields)}{',' * (style.often(0.1))} }}" if fields else " {}" * (style.often(0.05))
    count = f"repeat({statement.count.text}) " if statement.count else ""
    callee = statement.callee if isinstance(statement.callee, str) else statement.callee.name
    return f"{statement.name}: {count}{callee}({', '.join(arguments)}{',' * (style.often(0.05))}){group}"


def block_text(block: Template, style: Style) -> str:
    """`block name(parameters) { … }`."""
    parameters = [each.name + (f" = {each.default.text}" if each.default else "") for each in block.parameters]
    lines = [statement_text(statement, style) for statement in block.statements]
    exports = [
        name if name == reference and not style.often(0.2) else f"{name} = {reference}"
        for name, reference in block.exports
    ]
    lines.append(f"result {', '.join(exports)}{',' * (style.often(0.05))}")
    body = "\n".join(_commented(line, style) for line in lines)
    return f"block {block.name}({', '.join(parameters)}{',' * (style.often(0.05))}) {{\n{body}\n}}"


def templates(statements: Sequence[Statement]) -> list[Template]:
    """The blocks that statements call, each behind those that it calls itself."""
    found: dict[Template, None] = {}
    for statement in statements:
        if isinstance(statement.callee, Template):
            found |= dict.fromkeys([*templates(statement.callee.statements), statement.callee])
    return list(found)
