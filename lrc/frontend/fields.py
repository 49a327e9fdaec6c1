"""What a layer's field may be: each kind reads a value of the syntax tree, or says what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, cast

from lrc.diagnostics import did_you_mean, words
from lrc.dialects.values.machines import FAMILIES, MACHINES
from lrc.dialects.values.patterns import Budget, PatternSet, Sparsity
from lrc.dialects.values.schedules import LOADS, ORDERS, Load, Tuning
from lrc.frontend import syntax
from lrc.frontend.mistakes import Mistake, ReportedError
from lrc.frontend.scope import LARGEST, Bound, Scope, describe, integer, number, resolve, word
from lrc.frontend.syntax import Value

MOST_STEPS: Final = 1024
"""The largest kernel, stride, dilation and scale: beyond any network's, and what is unrolled grows with them."""

LARGEST_FLOAT: Final = 3.4e38

EXAMPLES: Final = {"pattern": "pattern(p8, keep: 1/3.6)", "connectivity": "connectivity(keep: 1/3.6)"}


@dataclass(frozen=True)
class Kind:
    """A kind of field: how its value is read, and what it is called in the reference."""

    read: Callable[[Value, Scope], Any]
    words: str


def _count(value: Value, scope: Scope) -> int:
    return integer(value, scope, 1)


def _integers(value: Value, scope: Scope, lengths: tuple[int, ...], least: int, most: int = LARGEST) -> tuple[int, ...]:
    """A list of whole numbers, or a single one."""
    bound = resolve(value, scope)
    if not isinstance(bound.value, syntax.List):
        return (integer(value, scope, least, most),)
    if len(bound.value.elements) not in lengths:
        expected = " or ".join(map(str, lengths))
        raise Mistake(value.span, f"expected {expected} numbers, not {len(bound.value.elements)}")
    return tuple(integer(element, bound.scope, least, most) for element in bound.value.elements)


def _steps(value: Value, scope: Scope) -> Numbers:
    return _one_or_more(value, scope, (1, 2), 1, MOST_STEPS)


def _padding(value: Value, scope: Scope) -> Numbers | Literal["same"]:
    if isinstance(resolve(value, scope).value, syntax.Name):
        word(value, scope, ("same",))
        return "same"
    return _one_or_more(value, scope, (2, 4), 0)


def _one_or_more(value: Value, scope: Scope, lengths: tuple[int, ...], least: int, most: int = LARGEST) -> Numbers:
    """A whole number, or a list of them, as it is written."""
    numbers = _integers(value, scope, lengths, least, most)
    return numbers if isinstance(resolve(value, scope).value, syntax.List) else numbers[0]


def _real(value: Value, scope: Scope) -> float:
    if abs(result := float(number(value, scope))) > LARGEST_FLOAT:
        raise Mistake(value.span, f"{result:g} is too large for a float32")
    return result


def _positive(value: Value, scope: Scope) -> float:
    if (result := _real(value, scope)) <= 0:
        raise Mistake(value.span, f"{result:g} is not above zero")
    return result


def _weight(value: Value, scope: Scope) -> str:
    inner = resolve(value, scope).value
    if isinstance(inner, syntax.Name) and "." in inner.text:
        raise Mistake(value.span, f"{describe(inner)} is no name of a weight", f'it stands in quotes: "{inner.text}"')
    if not isinstance(inner, syntax.String):
        raise Mistake(value.span, f'{describe(inner)} is no name of a weight, such as "conv1.weight"')
    if not inner.text:
        raise Mistake(value.span, "an array has a name", "leave the field out for the array that torch would name")
    return inner.text


def read_prefix(value: Value, scope: Scope) -> str:
    """What the names of a layer's arrays begin with, without the dot behind it. Raises Mistake."""
    inner = resolve(value, scope).value
    if not isinstance(inner, syntax.String):
        raise Mistake(value.span, f"{describe(inner)} is no name in quotes", 'such as `weights: "layer1.0"`')
    if inner.text.startswith(".") or inner.text.endswith("."):
        raise Mistake(value.span, f"{describe(inner)} has a dot too many", f'`weights: "{inner.text.strip(".")}"`')
    return inner.text


def _bias(value: Value, scope: Scope) -> str | bool:
    if isinstance(resolve(value, scope).value, syntax.String):
        return _weight(value, scope)
    return word(value, scope, ("true", "false")) == "true"


def _sparsity(value: Value, scope: Scope) -> Sparsity | None:
    bound = resolve(value, scope)
    if not isinstance(bound.value, syntax.Call):
        kind = word(value, scope, ("dense", "auto", "pattern", "connectivity"))
        if kind in ("pattern", "connectivity"):
            raise Mistake(value.span, f"'{kind}' needs to be told more", f"such as `{EXAMPLES[kind]}`")
        return Sparsity(cast(Literal["dense", "auto"], kind))
    call, scope = bound.value, bound.scope
    kind = word(call.name, Scope(), ("pattern", "connectivity"))
    sets = [argument.value for argument in call.arguments if argument.name is None]
    if len(sets) != (expected := int(kind == "pattern")):
        raise Mistake(
            call.span, f"'{kind}' takes {'one' if expected else 'no'} pattern set", f"such as `{EXAMPLES[kind]}`"
        )
    given = named(call.arguments, ("keep", "budget", "share"))
    keep, budget, share = (given.get(name) for name in ("keep", "budget", "share"))
    if keep is None and (budget is not None or kind == "connectivity"):
        raise Mistake(call.span, "the share of kernels to keep is missing", "such as `keep: 1/3.6`")
    kept = None if keep is None else _positive(keep, scope)
    if keep is not None and kept is not None and kept > 1:
        raise Mistake(keep.span, f"{kept:g} is more than all kernels", f"to keep 1 in {kept:g}, say `1/{kept:g}`")
    return Sparsity(
        cast(Literal["pattern", "connectivity"], kind),
        _patterns(sets[0], scope) if sets else None,
        kept,
        cast(Budget, "filter" if budget is None else word(budget, scope, ("filter", "layer"))),
        1 if share is None else integer(share, scope, 1),
    )


def _patterns(value: Value, scope: Scope) -> PatternSet:
    bound = resolve(value, scope)
    known = bound.scope.patterns
    if not isinstance(bound.value, syntax.Name) or bound.value.text not in known:
        hint = f"there are {words(known, 'and')}" if known else 'declare it: `patterns p = ["110/110/000", …]`'
        raise Mistake(value.span, f"no pattern set named {describe(bound.value)}", hint)
    if (patterns := known[bound.value.text]) is None:
        raise ReportedError
    return patterns


def _tuning(value: Value, scope: Scope) -> Tuning:
    bound = resolve(value, scope)
    if not isinstance(bound.value, syntax.Group):
        raise Mistake(
            value.span, f"{describe(bound.value)} is no tuning", "such as `{ tile: [64, 64], load: aligned }`"
        )
    given = named(bound.value.fields, ("unroll", "tile", "permute", "load", "device"))
    unroll, tile = given.get("unroll"), given.get("tile")
    permute, load, device = (given.get(name) for name in ("permute", "load", "device"))
    return Tuning(
        cast(tuple[int, int, int] | None, unroll and _list(unroll, bound, 3)),
        cast(tuple[int, int] | None, tile and _list(tile, bound, 2)),
        permute and word(permute, bound.scope, ORDERS),
        cast(Load | None, load and word(load, bound.scope, LOADS)),
        device and word(device, bound.scope, (*MACHINES, *FAMILIES)),
    )


def _list(value: Value, bound: Bound, length: int) -> tuple[int, ...]:
    numbers = _integers(value, bound.scope, (length,), 1)
    if len(numbers) != length:
        raise Mistake(value.span, f"expected a list of {length} numbers")
    return numbers


def _storage(value: Value, scope: Scope) -> str:
    return word(value, scope, ("fkw",))


def named(
    arguments: Iterable[syntax.Argument | syntax.Field], known: Collection[str], unknown: str = "field"
) -> dict[str, Value]:
    """The named ones of arguments or fields. Raises Mistake if one is not known, or given twice."""
    given: dict[str, Value] = {}
    for argument in arguments:
        if (name := argument.name) is None:
            continue
        if name.text not in known:
            hint = did_you_mean(name.text, known) or (f"there are {', '.join(known)}" if known else "it has none")
            raise Mistake(name.span, f"unknown {unknown} '{name.text}'", hint)
        if name.text in given:
            raise Mistake(name.span, f"'{name.text}' is given twice")
        given[name.text] = name if argument.value is None else argument.value
    return given


Numbers = int | tuple[int, ...]
"""One number for all axes that a layer moves along, or one for each."""

Count = Annotated[int, Kind(_count, "a whole number, at least 1")]
Steps = Annotated[Numbers, Kind(_steps, "a whole number, or [rows, columns]")]
Padding = Annotated[
    Numbers | Literal["same"],
    Kind(
        _padding, "a whole number, [rows, columns], [top, left, bottom, right] or `same`; of a sequence [left, right]"
    ),
]
Real = Annotated[float, Kind(_real, "a number")]
Positive = Annotated[float, Kind(_positive, "a number above 0")]
Prefix = Annotated[str | None, Kind(read_prefix, "what the names of the layer's arrays begin with, in quotes")]
WeightName = Annotated[str | None, Kind(_weight, "the name of an array")]
Bias = Annotated[str | bool, Kind(_bias, "`true`, `false` or the name of an array")]
SparsityField = Annotated[Sparsity | None, Kind(_sparsity, "`dense`, `auto`, `pattern(…)` or `connectivity(…)`")]
TuningField = Annotated[Tuning | None, Kind(_tuning, "`{ unroll, tile, permute, load, device }`")]
Storage = Annotated[str, Kind(_storage, "`fkw`")]
