"""Layers whose names have dots, as the calls of blocks that make them: `enc.conv` is the layer `conv` of the call
`enc`, `stage.0.conv` that of the first call of `stage: repeat(2) …`.

Calls of equal layers share a block. A block takes what its layers read from outside, and hands out what is read there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count, groupby

from xdsl.ir import Block, SSAValue

from lrc.diagnostics import UserError
from lrc.dialects import lr
from lrc.dialects.values.patterns import PatternSet
from lrc.frontend import spelling, syntax
from lrc.frontend.operators import OPERATORS
from lrc.frontend.spelling import NOWHERE, below, joined, word

NOT_BLOCKS = frozenset({*OPERATORS, "repeat"})
"""What no block can be called."""

Names = dict[SSAValue, str]
"""How the values that can be used at some place are called there."""

Content = tuple[tuple[syntax.Parameter, ...], tuple[syntax.Layer, ...], syntax.Result]
"""A block but for its name."""


@dataclass(frozen=True)
class Part:
    """A layer; or if it has `parts` what one call makes, with all of its `layers`. Its whole name has `depth` words."""

    name: str
    depth: int
    layers: tuple[lr.LayerOp, ...]
    parts: tuple[Part, ...] = ()

    @property
    def path(self) -> str:
        """Its whole name."""
        return ".".join(self.layers[0].layer.data.split(".")[: self.depth])

    @property
    def is_repeated(self) -> bool:
        """Whether its parts are numbered: `stage.0`, `stage.1`."""
        return bool(self.parts) and self.parts[0].name.isdecimal()

    def reads(self) -> list[tuple[lr.LayerOp, int]]:
        """Where its layers take something from outside: layers, and the numbers of their operands."""
        made = {op.output for op in self.layers}
        return [(op, i) for op in self.layers for i, operand in enumerate(op.operands) if operand not in made]

    def arguments(self) -> list[SSAValue]:
        """What its layers take from outside: for a layer as often as it does."""
        values = [op.operands[i] for op, i in self.reads()]
        return list(dict.fromkeys(values)) if self.parts else values

    def results(self) -> list[int]:
        """The numbers of those of its layers that are read outside."""
        own = set[object](self.layers)
        return [i for i, op in enumerate(self.layers) if any(use.operation not in own for use in op.output.uses)]

    def array_prefix(self, around: str) -> str:
        """What the names of its arrays begin with: for most of them the layer's name is what follows. Behind what those
        `around` it begin with."""
        default = joined(around, self.name)
        if all(spelling.own_prefix(op) is None for op in self.layers):
            return default
        if self.is_repeated:
            first = self.parts[0].array_prefix("")
            prefix = "" if first == "0" else first.removesuffix(".0")
            return prefix if prefix != first and below(prefix, around) is not None else default
        found = Counter[str]()
        for op in self.layers:
            name, prefix = ".".join(op.layer.data.split(".")[self.depth :]), spelling.own_prefix(op)
            if prefix is not None and (not name or prefix == name or prefix.endswith(f".{name}")):
                before = prefix.removesuffix(name).removesuffix(".")
                found[before] += below(before, around) is not None
        return max(found, key=lambda each: (found[each], each == default), default=default)


def parts_of(layers: Iterable[lr.LayerOp], depth: int = 0) -> tuple[Part, ...]:
    """The layers of a model, or of one call, as parts. Raises UserError if those of a call do not stand together, or a
    name stands for two things."""
    found: dict[str, Part] = {}
    for name, same in groupby(layers, lambda op: op.layer.data.split(".")[depth]):
        ops = tuple(same)
        own = [op for op in ops if op.layer.data.count(".") == depth]
        part = found.setdefault(name, Part(name, depth + 1, ops, () if own else parts_of(ops, depth + 1)))
        if own and len(ops) > 1:
            hint = f"'{part.path}.…' are the layers of a call of that name: give the layer another one"
            raise UserError.because(f"the language cannot call a layer '{part.path}' beside '{part.path}.…'", hint=hint)
        if part.layers is not ops:
            hint = "a call makes its layers one after the other: give some of them other names"
            raise UserError.because(f"the layers '{part.path}.…' do not stand together", hint=hint)
    return tuple(found.values())


@dataclass(frozen=True)
class Callee:
    """What a call names, the fields that it is given, and the results that it hands out, if it is a block."""

    name: str
    fields: tuple[syntax.Field, ...] = ()
    exports: tuple[syntax.Export, ...] = ()


class Nesting:
    """The blocks of a file so far, and how their calls are written. `patterns` are the names of pattern sets."""

    def __init__(self, patterns: Mapping[PatternSet, str]) -> None:
        self.patterns = patterns
        self.blocks: dict[Content, syntax.Block] = {}

    def statements(self, parts: Iterable[Part], names: Names, around: str) -> Iterator[syntax.Layer]:
        """The statements that make parts. They use values by their `names`, to which those of the results are added;
        the names of arrays begin with what is `around`."""
        for part in parts:
            called = spelling.name(part.name, f"layer '{part.path}'")
            if part.is_repeated:
                yield self._repeated(part, called, names, around)
            else:
                arguments, results, default = part.arguments(), part.results(), joined(around, part.name)
                prefix = part.array_prefix(around) if part.parts else default
                callee = self._callee(part, arguments, results, prefix, around)
                given = spelling.prefix_field(prefix, default, around)
                yield _statement(called, None, callee, [names[each] for each in arguments], given)
                _name_results(part, part.name, callee, results, names)

    def _repeated(self, part: Part, called: syntax.Name, names: Names, around: str) -> syntax.Layer:
        """A call that is made several times, each with the result of the one before in place of its first argument."""
        results = sorted({i for unit in part.parts for i in unit.results()})
        arguments, prefix = _arguments_of_units(part, results, names), part.array_prefix(around)
        callees = [
            self._callee(unit, given, results, joined(prefix, unit.name), None)
            for unit, given in zip(part.parts, arguments, strict=True)
        ]
        if any(callee != callees[0] for callee in callees):
            raise _not_repeated(part, "they are not alike")
        for unit in part.parts:
            name = part.name if unit is part.parts[-1] else f"{part.name}.{unit.name}"
            _name_results(unit, name, callees[0], results, names)
        given = spelling.prefix_field(prefix, joined(around, part.name), around)
        count = spelling.whole(len(part.parts))
        return _statement(called, count, callees[0], [names[each] for each in arguments[0]], given)

    def _callee(
        self, part: Part, arguments: Sequence[SSAValue], results: Sequence[int], prefix: str, around: str | None
    ) -> Callee:
        """The operator or block that makes a part of its arguments; names of its arrays begin with `prefix`, or with
        what the layer says itself behind what is `around`."""
        if part.is_repeated:
            raise _not_repeated(part, "a number is no name")
        if not part.parts:
            (op,) = part.layers
            operator, fields = spelling.layer(op, self.patterns, prefix, around)
            return Callee(operator, fields)
        taken = {each.name for each in part.parts}
        free = (name for name in chain("xyz", (f"x{i}" for i in count(1))) if name not in taken)
        inner = dict(zip(arguments, free, strict=False))
        parameters = tuple(syntax.Parameter(word(name), None, span=NOWHERE) for name in inner.values())
        layers = tuple(self.statements(part.parts, inner, prefix))
        exports: dict[str, syntax.Export] = {}
        for i in results or [len(part.layers) - 1]:
            reference = inner[part.layers[i].output]
            name = _free(reference.replace(".", "_"), exports)
            exports[name] = syntax.Export(word(name), None if name == reference else word(reference), span=NOWHERE)
        content = (parameters, layers, syntax.Result(tuple(exports.values()), span=NOWHERE))
        if (block := self.blocks.get(content)) is None:
            base = [name for name in part.path.split(".") if not name.isdecimal()][-1]
            name = _free(base, {*NOT_BLOCKS, *(each.name.text for each in self.blocks.values())})
            block = self.blocks[content] = syntax.Block(word(name), *content, NOWHERE, span=NOWHERE)
        return Callee(block.name.text, exports=block.result.exports)


def _statement(
    called: syntax.Name,
    count: syntax.Value | None,
    callee: Callee,
    inputs: Sequence[str],
    given: Sequence[syntax.Field],
) -> syntax.Layer:
    call = spelling.call(callee.name, *map(word, inputs))
    return syntax.Layer(called, count, call, spelling.group([*given, *callee.fields]), span=NOWHERE)


def _name_results(part: Part, name: str, callee: Callee, results: Sequence[int], names: Names) -> None:
    """Add the names that the results of a part have around it: its own, or with a dot behind it if they are several."""
    if not part.parts:
        names[part.layers[0].output] = name
    for i, export in zip(results, callee.exports, strict=False):
        names[part.layers[i].output] = f"{name}.{export.name.text}" if len(callee.exports) > 1 else name


def _arguments_of_units(part: Part, results: Sequence[int], names: Names) -> list[list[SSAValue]]:
    """The arguments of each call that a repeated one makes, in one order. What the first takes where the others take
    the one before becomes a value of its own, lest it be taken for another argument. Raises UserError if no call can
    be repeated to make them."""
    first, *others = units = part.parts
    if [unit.name for unit in units] != [str(i) for i in range(len(units))]:
        raise _not_repeated(part, "the numbers have to be 0, 1 and so on")
    if not others:
        return [first.arguments()]
    if len(results) != 1 or len({len(unit.layers) for unit in units}) > 1:
        raise _not_repeated(part, "each has to hand out one result" if len(results) > 1 else "they are not alike")
    before = tuple(unit.layers[results[0]].output for unit in units[:-1])
    reads = [unit.reads() for unit in units]
    if len({len(each) for each in reads}) > 1:
        raise _not_repeated(part, "they are not alike")
    taken = [tuple(op.operands[i] for op, i in places) for places in zip(*reads, strict=True)]
    entries = {values[0] for values in taken if values[1:] == before}
    if len(entries) != 1 or any(len(set(values)) > 1 for values in taken if values[1:] != before):
        raise _not_repeated(part, "each has to take the one before, and otherwise the same")
    (given,) = entries
    entry = Block(arg_types=[given.type]).args[0]
    names[entry] = names[given]
    for (op, i), values in zip(reads[0], taken, strict=True):
        if values[1:] == before:
            op.operands[i] = entry
    ordered = [unit.arguments() for unit in units]
    place = ordered[0].index(entry)
    if not first.parts and (place or ordered[0].count(entry) > 1):
        raise _not_repeated(part, "each has to take the one before as its first argument, and nowhere else")
    return [[each[place], *each[:place], *each[place + 1 :]] for each in ordered]


def _not_repeated(part: Part, reason: str) -> UserError:
    hint = f"`{part.name}: repeat({len(part.parts)}) …` would make '{part.path}.0' and so on: give them other names"
    return UserError.because(f"the language cannot repeat a call that makes '{part.path}.…': {reason}", hint=hint)


def _free(name: str, taken: Container[str]) -> str:
    """The name, with a number behind it if it is taken."""
    return next(each for each in chain([name], (f"{name}_{i}" for i in count(2))) if each not in taken)
