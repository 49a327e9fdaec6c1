"""What names stand for, and what values come to: numbers, words, layers.

A block's parameter is bound to the value that stands in the call, together with the scope of that call, and is looked
up there: so a parameter may stand for anything, a layer, a number or a sparsity.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from math import inf, prod
from typing import Final

from xdsl.ir import SSAValue

from lrc.diagnostics import did_you_mean, words
from lrc.dialects.lr.base import shape_of
from lrc.dialects.values import shapes
from lrc.dialects.values.patterns import PatternSet
from lrc.frontend import syntax
from lrc.frontend.mistakes import Mistake, ReportedError
from lrc.frontend.syntax import Span, Value

LARGEST: Final = 2**31 - 1


@dataclass(frozen=True)
class Bound:
    """What a parameter stands for."""

    value: Value
    scope: Scope


@dataclass(frozen=True)
class Results:
    """What a block's call hands out, by name, None for what was wrong. One alone stands for the call."""

    values: Mapping[str, SSAValue | None]


Found = SSAValue | Results | None
"""What the name of a layer stands for; None is for a layer that was wrong."""


@dataclass(frozen=True)
class Declared:
    """A block, and how many stand above it: those it may use, so that none uses itself."""

    block: syntax.Block
    above: int


@dataclass
class Scope:
    """The names that can be used at one place of a model or a block.

    - `prefix` is put before the names of layers: `s1a.`; `weights` before those of their arrays, with a dot between;
    - `parameters` of the block, and what they stand for here;
    - `layers` are those defined so far, None for one that was wrong; `later` those that the same braces define further
      down; `cyclic` those of them that were reported to depend on themselves;
    - `patterns` are the pattern sets of the model, `blocks` the blocks declared so far, None for one that was wrong, of
      which the first `above` may be used; `all_blocks` the names of all.
    """

    prefix: str = ""
    weights: str = ""
    parameters: dict[str, Bound] = field(default_factory=dict[str, Bound])
    layers: dict[str, Found] = field(default_factory=dict[str, Found])
    later: dict[str, syntax.Layer] = field(default_factory=dict[str, syntax.Layer])
    cyclic: set[str] = field(default_factory=set[str])
    patterns: Mapping[str, PatternSet | None] = field(default_factory=dict[str, PatternSet | None])
    blocks: Mapping[str, Declared | None] = field(default_factory=dict[str, "Declared | None"])
    above: float = inf
    all_blocks: frozenset[str] = frozenset()
    depth: int = 0

    @cached_property
    def cycles(self) -> dict[str, list[str]]:
        """The layers of these braces that depend on themselves, and the way from each back to itself."""
        return _cycles(self.later)

    def block(self, name: str) -> Declared | None:
        """The block of that name, if it may be used here. Raises ReportedError if its declaration was wrong."""
        if name in self.blocks and self.blocks[name] is None:
            raise ReportedError
        declared = self.blocks.get(name)
        return declared if declared is not None and declared.above < self.above else None

    def inside(self, name: str, weights: str, declared: Declared) -> Scope:
        """The scope of a block's layers, before its parameters are bound, where layer `name` calls it from here and
        its arrays begin with `weights`."""
        prefix = f"{self.prefix}{name}."
        return Scope(
            prefix,
            weights,
            patterns=self.patterns,
            blocks=self.blocks,
            above=declared.above,
            all_blocks=self.all_blocks,
            depth=self.depth + 1,
        )

    def owner(self, name: str) -> str | None:
        """What a name belongs to of the layers defined so far: `enc` for `enc.skip`, itself for `enc`, `enc.0` for
        `enc.0.skip`, a result of a call that is repeated."""
        first, *others = name.split(".", 2)
        places = (f"{first}.{others[0]}", first) if others else (first,)
        return next((place for place in places if place in self.layers), None)


def resolve(value: Value, scope: Scope) -> Bound:
    """A value with the parameters at its top replaced by what they stand for: `x.skip` is `enc.skip` if x is `enc`.

    Raises Mistake if what stands for x can have no results.
    """
    while isinstance(value, syntax.Name):
        parameter, _, result = value.text.partition(".")
        if (bound := scope.parameters.get(parameter)) is None:
            break
        if not result:
            value = bound.value
        elif isinstance(bound.value, syntax.Name):
            value = replace(value, text=f"{bound.value.text}.{result}")
        else:
            raise Mistake(value.span, f"{describe(bound.value)} has no result '{result}'")
        scope = bound.scope
    return Bound(value, scope)


def bind(value: Value, scope: Scope) -> Bound:
    """What a parameter is to stand for; sums and products are worked out at once."""
    bound = resolve(value, scope)
    if isinstance(bound.value, syntax.Arithmetic | syntax.Negation) or _is_channels(bound.value):
        return Bound(syntax.Number(number(value, scope), span=value.span), scope)
    return bound


def describe(value: Value) -> str:
    """A value, as messages call it."""
    match value:
        case syntax.Name(text=text):
            return f"'{text}'"
        case syntax.Number(text=text):
            return text or str(float(value.value))
        case syntax.String(text=text):
            return f'"{text}"'
        case syntax.Arithmetic() | syntax.Negation():
            return "a number"
        case syntax.List(elements=elements):
            return f"a list of {len(elements)}"
        case syntax.Call(name=name):
            return f"'{name.text}(…)'"
        case syntax.Group():
            return "a group in braces"


def number(value: Value, scope: Scope) -> Fraction:
    """What arithmetic comes to, exactly. Raises Mistake for what is no number, or one of more than 1000 bits."""
    bound = resolve(value, scope)
    result = _number(bound, value.span)
    if max(result.numerator.bit_length(), result.denominator.bit_length()) > 1000:
        raise Mistake(value.span, "this number is too large")
    return result


def _number(bound: Bound, span: Span) -> Fraction:
    match bound.value:
        case syntax.Number(value=result):
            return result
        case syntax.Negation(value=inner):
            return -number(inner, bound.scope)
        case syntax.Arithmetic(first=first, rest=rest):
            result = number(first, bound.scope)
            for operator, operand in rest:
                result = _apply(operator, result, number(operand, bound.scope), operand.span)
            return result
        case syntax.Call() as call if _is_channels(call):
            return _channels(call, bound.scope)
        case syntax.Name(text=text) if bound.scope.owner(text):
            hint = f"its number of channels is `channels({text})`"
            raise Mistake(span, f"'{text}' is a layer, but a number is expected here", hint)
        case syntax.Name(text=text):
            parameters = bound.scope.parameters
            raise Mistake(span, f"there is no number '{text}'", lambda: did_you_mean(text, parameters))
        case _:
            raise Mistake(span, f"{describe(bound.value)} is no number")


def _apply(operator: str, left: Fraction, right: Fraction, span: Span) -> Fraction:
    match operator:
        case "+":
            result = left + right
        case "-":
            result = left - right
        case "*":
            result = left * right
        case _:
            if not right:
                raise Mistake(span, "this is a division by zero")
            result = left / right
    if max(result.numerator.bit_length(), result.denominator.bit_length()) > 1000:
        raise Mistake(span, "this number is too large")
    return result


def _is_channels(value: Value) -> bool:
    return isinstance(value, syntax.Call) and value.name.text == "channels"


def _channels(call: syntax.Call, scope: Scope) -> Fraction:
    """`channels(x)`: how many channels a layer gives."""
    if len(call.arguments) != 1 or call.arguments[0].name is not None:
        raise Mistake(call.span, "'channels' takes one layer: `channels(x)`")
    return Fraction(shape_of(layer(call.arguments[0].value, scope))[1])


def integer(value: Value, scope: Scope, least: int = 0, most: int = LARGEST) -> int:
    """A whole number from `least` to `most`. Raises Mistake for any other value."""
    result = number(value, scope)
    if result.denominator != 1:
        raise Mistake(value.span, f"{float(result):g} is no whole number")
    if not least <= result <= most:
        wrong, right = ("small", f"at least {least}") if result < least else ("large", f"at most {most}")
        raise Mistake(value.span, f"{result} is too {wrong}: {right} is expected")
    return int(result)


def word(value: Value, scope: Scope, choices: tuple[str, ...]) -> str:
    """One word of a fixed choice. Raises Mistake, with the nearest word, for any other value."""
    inner = resolve(value, scope).value
    if isinstance(inner, syntax.Name) and inner.text in choices:
        return inner.text
    hint = did_you_mean(inner.text, choices) if isinstance(inner, syntax.Name) else None
    raise Mistake(value.span, f"{describe(inner)} is not {words(choices)}", hint)


def layer(value: Value, scope: Scope) -> SSAValue:
    """The output of a layer that is defined above. Raises Mistake, or ReportedError in a cycle that was told."""
    bound = resolve(value, scope)
    name, scope = bound.value, bound.scope
    if not isinstance(name, syntax.Name):
        hint = "give it a name of its own above" if isinstance(name, syntax.Call) else None
        raise Mistake(value.span, f"{describe(name)} is no layer", hint)
    if (owner := scope.owner(name.text)) is not None:
        return _result(scope.layers[owner], owner, name.text.removeprefix(owner)[1:], value.span)
    first = name.first
    if first in scope.cyclic:
        raise ReportedError
    if first in scope.later:
        if cycle := scope.cycles.get(first):
            scope.cyclic.update(cycle)
            start = cycle.index(first)
            way = " -> ".join([*cycle[start:], *cycle[:start], first])
            raise Mistake(value.span, f"layers depend on each other: {way}")
        raise Mistake(value.span, f"'{first}' is used before it is defined", "move it above this layer")
    inside = "a block sees its own layers and parameters, and nothing around it" if scope.prefix else None
    raise Mistake(
        value.span,
        f"no layer named '{name.text}'",
        lambda: did_you_mean(first, scope.layers.keys() | scope.parameters.keys()) or inside,
    )


def _result(found: Found, owner: str, result: str, span: Span) -> SSAValue:
    """The result of that name, or the only one if there is no name, of what `owner` stands for."""
    if found is None:
        raise ReportedError
    if isinstance(found, SSAValue):
        if result:
            raise Mistake(span, f"'{owner}' has no result '{result}'", "only calls of blocks have results with names")
        return found
    names = [f"{owner}.{each}" for each in found.values]
    if result and result not in found.values:
        hint = f"what a block hands out stands behind its `result`: here {words(names, 'and')}"
        raise Mistake(span, f"'{owner}' has no result '{result}'", hint)
    if not result and len(names) > 1:
        raise Mistake(span, f"'{owner}' has several results", f"say which: {words(names)}")
    if (value := found.values[result] if result else next(iter(found.values.values()))) is None:
        raise ReportedError
    return value


def _cycles(body: Mapping[str, syntax.Layer]) -> dict[str, list[str]]:
    """Layer -> a way from it through what it takes back to itself, if there is one. Depth first, each layer once."""
    cycles: dict[str, list[str]] = {}
    done: set[str] = set()
    for start in body:
        way = {} if start in done else {start: _takes(start, body)}
        while way:
            name, taken = next(reversed(way.items()))
            for other in taken:
                if other in way and name not in cycles:
                    names = list(way)
                    cycle = names[names.index(other) :]
                    cycles |= dict.fromkeys(cycle, cycle)
                elif other not in way and other not in done:
                    way[other] = _takes(other, body)
                    break
            else:
                done.add(name)
                del way[name]
    return cycles


def _takes(name: str, body: Mapping[str, syntax.Layer]) -> Iterator[str]:
    """The layers of a body that one of them takes."""
    values = (argument.value for argument in body[name].call.arguments)
    names = (value.first for value in values if isinstance(value, syntax.Name))
    return (name for name in names if name in body)


def check_size(shape: Sequence[int]) -> None:
    """Raises ShapeError if a tensor is larger than any device could hold."""
    if prod(shape) > LARGEST:
        raise shapes.ShapeError(f"{shapes.show(shape)} has more than {LARGEST} elements")
