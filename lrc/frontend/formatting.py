"""The one canonical layout of a `.lr` file.

One statement a line, two spaces for each level, groups on one line where they fit and one field a line where they do
not. Comments stay before, or behind, the statement, field or list element that they stand at; one blank line is kept
where there were some. Formatting twice changes nothing more, and the tree stays the same.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from itertools import accumulate
from math import ceil
from typing import Final

from lrc.frontend import syntax
from lrc.frontend.parsing import parse
from lrc.frontend.syntax import Span, Value

WIDTH: Final = 100

ON_ITS_LINE: Final = re.compile(r"[ \t,]*")
"""What may stand between something and the comment behind it."""

Item = syntax.Statement | syntax.Result | syntax.Field | Value
Inline = Item | syntax.Argument | syntax.Parameter | syntax.Export


def format(text: str, filename: str = "<string>") -> str:
    """The text in its canonical layout. Raises UserError if it has syntax errors."""
    return _Layout(parse(text, filename)).run()


def inline(node: Inline) -> str:
    """A part of the tree on one line."""
    match node:
        case syntax.Name(text=text) | syntax.Number(text=text):
            return text
        case syntax.String(text=text):
            return f'"{text}"'
        case syntax.Negation(value=value):
            return f"-{_operand(value, binds=True)}"
        case syntax.Arithmetic(first=first, rest=rest):
            parts = [_operand(first, binds=not node.is_sum)]
            for operator, operand in rest:
                shown = operator if operator == "/" else f" {operator} "
                parts += [shown, _operand(operand, binds=not node.is_sum)]
            return "".join(parts)
        case syntax.List(elements=elements):
            return f"[{', '.join(map(inline, elements))}]"
        case syntax.Call(name=name, arguments=arguments):
            return f"{name.text}({', '.join(map(inline, arguments))})"
        case syntax.Group(fields=fields):
            return f"{{ {', '.join(map(inline, fields))} }}" if fields else "{}"
        case syntax.Argument(name=name, value=value):
            return f"{name.text}: {inline(value)}" if name else inline(value)
        case syntax.Field(name=name, value=value):
            return f"{name.text}: {inline(value)}" if value else name.text
        case syntax.Parameter(name=name, default=default):
            return f"{name.text} = {inline(default)}" if default else name.text
        case syntax.Weights(origin=origin):
            return f"weights {inline(origin)}"
        case syntax.Device(name=name):
            return f"device {name.text}"
        case syntax.Input(name=name, element=element, sizes=sizes):
            return f"input {name.text}: {element.text}{inline(sizes)}"
        case syntax.Patterns(name=name, masks=masks):
            return f"patterns {name.text} = {inline(masks)}"
        case syntax.Layer(call=call, group=group):
            return f"{_head(node)}{inline(call)}" + (f" {inline(group)}" if group else "")
        case syntax.Block(name=name, parameters=parameters):
            return f"block {name.text}({', '.join(map(inline, parameters))})"
        case syntax.Result(exports=exports):
            return f"result {', '.join(map(inline, exports))}"
        case syntax.Export(name=name, layer=layer):
            return f"{name.text} = {layer.text}" if layer else name.text
        case syntax.Output(name=name, layer=layer):
            return f"output {name.text} = {layer.text}" if layer else f"output {name.text}"


def _head(layer: syntax.Layer) -> str:
    """What stands before a layer's call."""
    return f"{layer.name.text}: " + (f"repeat({inline(layer.count)}) " if layer.count else "")


def _operand(value: Value, binds: bool) -> str:
    """An operand, in parentheses where it would be read otherwise: `(a + b) * c`."""
    nested = isinstance(value, syntax.Arithmetic) and (binds or value.is_sum)
    return f"({inline(value)})" if nested or isinstance(value, syntax.Negation) else inline(value)


def _container(item: Item) -> tuple[Span, Sequence[Item]] | None:
    """The braces or brackets at an item's end, and what stands in them, each thing on a line of its own if need be."""
    match item:
        case syntax.Layer(group=group) if group:
            return group.span, group.fields
        case syntax.Field(value=syntax.Group() as group):
            return group.span, group.fields
        case syntax.Field(value=syntax.List() as values):
            return values.span, values.elements
        case syntax.Patterns(masks=masks):
            return masks.span, masks.elements
        case syntax.Block():
            return item.body, (*item.layers, item.result)
        case _:
            return None


class _Layout:
    """The lines so far, and the comments that are still to come."""

    def __init__(self, file: syntax.File) -> None:
        self.file = file
        self.text = file.source.text
        self.comments = deque(file.comments)
        self.comment_starts = [comment.span.start for comment in file.comments]
        self.lines: list[str] = []
        self.end = 0

    def run(self) -> str:
        self._leading(self.file.name.span.start, "")
        self.lines.append(f"model {self.file.name.text} {{")
        self.end = self.file.name.span.end
        self._items(self.file.statements, self.file.body.end, "  ", blank_lines=True)
        self.lines.append("}")
        self.end = self.file.body.end
        self._trailing(self.end)
        self._leading(len(self.text) + 1, "")
        return "\n".join(self.lines) + "\n"

    def _items(
        self, items: Sequence[Item], end: int, indent: str, *, blank_lines: bool = False, comma: str = ""
    ) -> None:
        """What stands in braces that end at `end`, one thing a line."""
        is_first = True
        for item in items:
            container = _container(item)
            head_end = container[0].start if container else item.span.end
            is_first &= not self._leading(head_end, indent, item.span.start, blank_lines, is_first)
            self._blank_line(item.span.start, blank_lines and not is_first)
            self._item(item, indent, comma if item is not items[-1] else "")
            self.end = item.span.end
            self._trailing(item.span.end)
            is_first = False
        self._leading(end, indent, end, blank_lines, is_first)

    def _leading(
        self, before: int, indent: str, start: int | None = None, blank_lines: bool = True, is_first: bool = True
    ) -> bool:
        """Comments up to a place, each on its own line; whether there were any."""
        start = before if start is None else start
        found = False
        while self.comments and self.comments[0].span.start < before:
            comment = self.comments.popleft()
            self._blank_line(
                min(comment.span.start, start), blank_lines and bool(self.lines) and (found or not is_first)
            )
            self.lines.append(indent + comment.text)
            self.end = max(self.end, min(comment.span.end, start))
            found = True
        return found

    def _trailing(self, end: int) -> None:
        """A comment behind something, on its line."""
        between = ON_ITS_LINE.match(self.text, end)
        if self.comments and between is not None and between.end() == self.comments[0].span.start:
            comment = self.comments.popleft()
            self.lines[-1] += f"  {comment.text}"
            self.end = comment.span.end

    def _blank_line(self, start: int, is_wanted: bool) -> None:
        if is_wanted and self.text.count("\n", self.end, start) > 1:
            self.lines.append("")

    def _item(self, item: Item, indent: str, comma: str) -> None:
        line = inline(item)
        container = _container(item)
        if isinstance(item, syntax.Block):
            self._wrapped(f"{indent}block {item.name.text}(", item.parameters, ") {")
            self.end = container[0].start if container else self.end
            self._braced(item, indent, "}", blank_lines=True)
        elif container and self._has_comments(container[0]):
            self._broken(item, indent, comma)
        elif len(indent) + len(line) + len(comma) <= WIDTH:
            self.lines.append(indent + line + comma)
        else:
            self._broken(item, indent, comma)

    def _has_comments(self, span: Span) -> bool:
        starts = self.comment_starts
        return bisect_left(starts, span.start) < bisect_left(starts, span.end)

    def _broken(self, item: Item, indent: str, comma: str) -> None:
        """Something that does not fit on a line, or has comments inside."""
        match item:
            case syntax.Layer(call=call, group=group):
                self._wrapped(f"{indent}{_head(item)}{call.name.text}(", call.arguments, ") {" if group else ")")
                if group:
                    self._braced(item, indent, "}")
            case syntax.Result(exports=exports):
                self._wrapped(f"{indent}result ", exports, "")
            case syntax.Field(name=name, value=syntax.Group()):
                self.lines.append(f"{indent}{name.text}: {{")
                self._braced(item, indent, "}")
            case syntax.Field(name=name, value=syntax.List() as values):
                self._list(f"{indent}{name.text}: [", item, values, indent)
            case syntax.Patterns(name=name, masks=masks):
                self._list(f"{indent}patterns {name.text} = [", item, masks, indent)
            case _:
                self.lines.append(indent + inline(item) + comma)

    def _list(self, opening: str, item: Item, values: syntax.List, indent: str) -> None:
        if self._has_comments(values.span):
            self.lines.append(opening)
            self._braced(item, indent, "]", comma=",")
        else:
            self._wrapped(opening, values.elements, "]")

    def _braced(self, item: Item, indent: str, closing: str, *, blank_lines: bool = False, comma: str = "") -> None:
        if container := _container(item):
            span, items = container
            self.end = max(self.end, span.start)
            self._items(items, span.end, indent + "  ", blank_lines=blank_lines, comma=comma)
        self.lines.append(indent + closing)

    def _wrapped(self, opening: str, nodes: Sequence[Inline], closing: str) -> None:
        """Nodes after an opening bracket, in as few lines as they fit, all about as long, one below the other."""
        pieces = [inline(node) for node in nodes]
        size = _pieces_a_line([len(piece) for piece in pieces], WIDTH - len(opening) - len(closing))
        chunks = [", ".join(pieces[i : i + size]) for i in range(0, len(pieces), size)]
        self.lines.append(opening + f",\n{' ' * len(opening)}".join(chunks) + closing)


def _pieces_a_line(lengths: Sequence[int], room: int) -> int:
    """How many pieces stand on each line, but perhaps the last, if those with commas and spaces are to fit."""
    count, ends = len(lengths), [0, *accumulate(length + 2 for length in lengths)]
    if ends[-1] - 2 <= room:
        return max(1, count)
    for most in range(min(count, room // 2), 1, -1):
        size = ceil(count / ceil(count / most))
        if size == most and all(ends[min(i + size, count)] - ends[i] <= room for i in range(0, count, size)):
            return size
    return 1
