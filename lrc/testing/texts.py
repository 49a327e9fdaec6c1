"""How a program is laid out: as a tidy person does it, as `lrc fmt` does it, or as nobody should."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Final

from xdsl.ir import SSAValue

from lrc.dialects.lr.base import shape_of
from lrc.dialects.pattern.values import PatternSet
from lrc.testing.meaning import Statement, Template

TOKEN: Final = re.compile(r'"[^"\n]*"|#[^\n]*\n|[A-Za-z_]\w*(?:\.\w+)*|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\S')

COMMENTS: Final = ("# a note", "#", '# "quoted', "# { ( [", "#### }", "# é ✓", "# model x { weights }")


def text_of(
    name: str,
    origin: str,
    device: str | None,
    inputs: Mapping[str, SSAValue],
    sets: Mapping[str, PatternSet],
    statements: Sequence[Statement],
    outputs: Mapping[str, str],
    style: Random,
) -> str:
    """The text of a program; `style` decides what the language leaves open."""
    head = [f"weights {origin}"] + ([f"device {device}"] if device else [])
    ports = [f"input {port}: f32{list(shape_of(value))}" for port, value in inputs.items()]
    layers = [statement_text(statement, style) for statement in statements]
    blocks = [block_text(block, style) for block in templates(statements)]
    mentioned = {word for text in (*layers, *blocks) for word in re.findall(r"\w+", text)}
    patterns = [f"patterns {each} = {masks}" for each, masks in sets.items() if each in mentioned]
    ends = [
        f"output {port}" if port == value and style.random() < 0.7 else f"output {port} = {value}"
        for port, value in outputs.items()
    ]
    parts = [head, ports, patterns, blocks, layers, ends]
    if style.random() < 0.15:  # statements of different kinds may stand in any order, but for what layers use
        parts = [_mixed([head, ports, [*patterns, *blocks, *layers], ends], style)]
    way = style.choice(("tidy", "tidy", "messy", "crowded"))
    if way == "tidy":
        body = "\n\n".join("\n".join(_commented(each, style) for each in part) for part in parts if part)
        return f"model {name} {{\n{body}\n}}\n"
    body = "\n".join(text for part in parts for text in part)
    tokens = ["model", name, "{", *TOKEN.findall(body), "}"]
    return "\ufeff" * (style.random() < 0.1) + "".join(_spaced(tokens, style, way == "messy"))


def _mixed(parts: Sequence[Sequence[str]], style: Random) -> list[str]:
    """All texts, those of each part in their order."""
    mixed = list[str]()
    left: list[Sequence[str]] = [part for part in parts if part]
    while left:
        part = style.choice(left)
        mixed.append(part[0])
        left = [rest for each in left if (rest := each[1:] if each is part else each)]
    return mixed


def _commented(text: str, style: Random) -> str:
    if style.random() < 0.85:
        return text
    comment = style.choice(COMMENTS)
    return f"{comment}\n{text}" if style.random() < 0.5 else f"{text}  {comment}"


def _spaced(tokens: Sequence[str], style: Random, is_messy: bool) -> Iterator[str]:
    last = ""
    for token in tokens:
        apart = re.match(r"\w", token) and re.search(r"\w$", last)
        space = " " if apart else ""
        if is_messy and style.random() < 0.4:
            space = style.choice((" ", "\n", "\n\n\n", "\t ", "\r\n", f" {style.choice(COMMENTS)}\n"))
        yield space + token
        last = token


def statement_text(statement: Statement, style: Random) -> str:
    """`name: callee(arguments) { fields }`; what goes by its name stands in any order, in either place."""
    arguments = [said.text for key, said in statement.given if key is None]
    fields = list[str]()
    for key, said in style.sample(statement.given, len(statement.given)):
        if key is not None and style.random() < 0.25:
            arguments.insert(style.randint(1, len(arguments)), f"{key}: {said.text}")
        elif key is not None:
            fields.append(key if said.text == key and style.random() < 0.8 else f"{key}: {said.text}")
    comma = style.choice((", ", ", ", " ", ",\n"))
    group = f" {{ {comma.join(fields)}{',' * (style.random() < 0.1)} }}" if fields else " {}" * (style.random() < 0.05)
    count = f"repeat({statement.count.text}) " if statement.count else ""
    callee = statement.callee if isinstance(statement.callee, str) else statement.callee.name
    return f"{statement.name}: {count}{callee}({', '.join(arguments)}{',' * (style.random() < 0.05)}){group}"


def block_text(block: Template, style: Random) -> str:
    """`block name(parameters) { … }`."""
    parameters = [each.name + (f" = {each.default.text}" if each.default else "") for each in block.parameters]
    lines = [statement_text(statement, style) for statement in block.statements]
    exports = [
        name if name == reference and style.random() < 0.8 else f"{name} = {reference}"
        for name, reference in block.exports
    ]
    lines.append(f"result {', '.join(exports)}{',' * (style.random() < 0.05)}")
    body = "\n".join(_commented(line, style) for line in lines)
    return f"block {block.name}({', '.join(parameters)}{',' * (style.random() < 0.05)}) {{\n{body}\n}}"


def templates(statements: Sequence[Statement]) -> list[Template]:
    """The blocks that statements call, each behind those that it calls itself."""
    found: dict[Template, None] = {}
    for statement in statements:
        if isinstance(statement.callee, Template):
            found |= dict.fromkeys([*templates(statement.callee.statements), statement.callee])
    return list(found)
