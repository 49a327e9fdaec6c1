"""Draws the statements and blocks of a program.

Every statement is valid wherever it stands: windows fit the smallest picture, and what is joined has one shape. So a
block means something whatever it is called with, and its calls are drawn like any layer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from lrc.dialects import lr
from lrc.dialects.lr.store import WeightSpec
from lrc.dialects.values.pruning import project
from lrc.dialects.values.shapes import pair
from lrc.testing.plain import up_to
from lrc.testing.programs.kinds import ACTIVATIONS, AXES, KERNELS, POOLS, WEIGHTED, WORDS_OF
from lrc.testing.programs.meaning import Parameter, Said, Statement, Template
from lrc.testing.programs.phrases import (
    BLOCKS,
    INNER_LAYERS,
    LAYERS,
    OUTPUTS,
    PARAMETERS,
    PREFIXES,
    WORDS,
    Phrases,
    Scope,
    Value,
    channels,
    constant,
    listed,
    named,
)

ARRAYS: Final = "net.safetensors"
"""The file of arrays that a text names, if it names one."""

ONE: Final = object()
"""The places of a picture of one pixel."""

Fields = list[tuple[str | None, Said]]
"""What a call is given beside its inputs."""


@dataclass(frozen=True)
class Step:
    """A statement, what it reads, and the values that it gives; nobody has to read those that are `optional`."""

    statement: Statement
    reads: tuple[str, ...]
    values: tuple[Value, ...]
    optional: tuple[Value, ...] = ()
    calls: tuple[tuple[str, Template], ...] = ()

    def commit(self, scope: Scope) -> None:
        """Let the scope have what it gives."""
        scope.statements.append(self.statement)
        for name in self.reads:
            scope.unread.pop(name, None)
        for value in self.values:
            scope.add(value)
        scope.values += self.optional
        scope.calls += self.calls


class Author(Phrases):
    """Draws statements, and `blocks` that they call."""

    def __init__(self, draw: st.DrawFn) -> None:
        super().__init__(draw)
        self.blocks: list[Template] = []

    def block(self) -> Template:
        """A block that reads all that it takes, and hands out all that nobody in it reads."""
        name = self.fresh(BLOCKS, {each.name for each in self.blocks})
        scope, parameters = Scope(), list[Parameter]()
        scope.parameters = parameters
        self._take(scope, parameters, self.pick(("picture", "picture", "picture", "sequence", "vector")))
        several = [each for each in self.blocks if len(each.exports) > 1]
        if several and not self.one_in(3):
            self._take(scope, parameters, ("results", self.pick(several)))
        elif self.one_in(2):
            self._take(scope, parameters, self.pick(("like", "like", "picture", "sequence", "vector")))
        if not self.one_in(3):
            self._widths(scope, parameters)
        for _ in range(self.pick((1, 0, 2, 3))):
            self.step(scope).commit(scope)
        takes = {each.name for each in parameters}
        for unread in [text for text in scope.unread if text.partition(".")[0] in takes]:
            self.reading(scope, unread).commit(scope)
        exports, kinds = dict[str, str](), {value.text: value.kind for value in scope.values}
        for text in scope.unread:
            is_own = "." not in text and text not in exports and not self.one_in(3)
            exports[text if is_own else self.fresh(("out", "skip", "x"), set(exports))] = text
        of_exports = tuple(kinds[text] for text in exports.values())
        return Template(name, tuple(parameters), tuple(scope.statements), tuple(exports.items()), of_exports)

    def _take(self, scope: Scope, parameters: list[Parameter], kind: Any) -> None:
        """Let a block take a layer, or a call that has results."""
        name = self.fresh(PARAMETERS, scope.taken | WORDS)
        scope.taken.add(name)
        default = None
        if kind == "like":
            first = scope.values[0]
            default = named(first.text) if self.one_in(2) else None
            scope.add(Value(name, first.kind, first.channels, first.places))
        elif isinstance(kind, str):
            scope.add(Value(name, kind))
        else:
            for (export, _), each in zip(kind[1].exports, kind[1].kinds, strict=True):
                scope.add(Value(f"{name}.{export}", each))
        parameters.append(Parameter(name, default, kind))

    def _widths(self, scope: Scope, parameters: list[Parameter]) -> None:
        """Let a block take two numbers, the second one the first made wider unless it is told, and make use of them."""
        first = self.parameter("count", scope, parameters)
        name = self.fresh(("hidden", "wide", *PARAMETERS), scope.taken | WORDS)
        scope.taken.add(name)
        parameters.append(Parameter(name, self.derived("count", first.name), "count"))
        for each in (name, first.name):
            value = self.pick([*scope.values[-1:], *scope.values])
            self._operator(WEIGHTED[value.kind], scope, [value], size=named(each)).commit(scope)

    def outputs(self, scope: Scope, inputs: Collection[str]) -> dict[str, str]:
        """Names of outputs, and what they stand for: all that nobody reads."""
        found, taken = dict[str, str](), set(inputs)
        for text in scope.unread:
            is_own = "." not in text and text not in taken and not self.one_in(3)
            name = text if is_own else self.fresh(OUTPUTS, taken)
            taken.add(name)
            found[name] = text
        return found

    def store(self, specs: Iterable[WeightSpec]) -> tuple[str, lr.WeightStore, dict[str, NDArray[np.float32]]]:
        """What `weights` says, the store that it means, and the arrays of the file if it names one."""
        seed = self.draw(up_to(9))
        if not (announced := list(specs)) or not self.one_in(3):
            said = self.pick((f"random(seed: {seed})", f"random(seed: {seed})", f"random(seed: {seed} + 1 - 1)"))
            return (said if seed else "random()"), lr.WeightStore.random(seed), {}
        arrays, store, numbers = dict[str, NDArray[np.float32]](), lr.WeightStore.empty(), np.random.default_rng(seed)
        for spec in announced:
            array = numbers.uniform(0.5, 1.5, spec.shape).astype(np.float32)
            if spec.role == "weight" and spec.sparsity is not None:
                array = project(array, spec.sparsity).astype(np.float32)
            arrays[spec.name] = array
            store.put(spec.name, array)
        return f'"{ARRAYS}"', store, arrays

    def reading(self, scope: Scope, text: str) -> Step:
        """A statement that reads a value."""
        return self._operator("relu", scope, [next(each for each in scope.values if each.text == text)])

    def step(self, scope: Scope) -> Step:
        """Any statement that can stand in a scope."""
        recent = [value for value in scope.values if value.text in [*scope.unread][-3:]]
        value = self.pick(recent if recent and not self.one_in(4) else scope.values)
        word = self.pick(WORDS_OF[value.kind])
        if word not in ("block", "repeat"):
            return self._operator(word, scope, [value])
        count = self.value("times", scope) if word == "repeat" else None
        fitting = [each for each in self.blocks if self._fits(each, scope, value, count is not None)]
        rare = [each for each in fitting if any(parameter.kind[0] == "results" for parameter in each.parameters)]
        fitting = rare if rare and self.one_in(2) else fitting
        if fitting and not self.one_in(6):
            return self._call(self.pick(fitting), scope, value, count)
        again = (WEIGHTED[value.kind], "batch_norm", "relu", "tanh")
        return self._operator(self.pick(again), scope, [value], count)

    def _fits(self, block: Template, scope: Scope, value: Value, is_repeated: bool) -> bool:
        """Whether a block can be called here with a value as the first argument."""
        if block.parameters[0].kind != value.kind or (is_repeated and block.kinds != (value.kind,)):
            return False
        for parameter in block.parameters[1:]:
            match parameter.kind:
                case "results", wanted:
                    is_there = any(each is wanted for _, each in scope.calls)
                case "picture" | "sequence" | "vector" as kind:
                    is_there = any(each.kind == kind for each in scope.values)
                case "like":
                    is_there = not is_repeated or parameter.default is not None
                case _:
                    is_there = True
            if not is_there:
                return False
        return True

    def _call(self, block: Template, scope: Scope, value: Value, count: Said | None) -> Step:
        """A call of a block."""
        given: Fields = [(None, named(value.text))]
        reads, by_place = [value.text], True
        for parameter in block.parameters[1:]:
            is_like = parameter.kind == "like"
            if parameter.default is not None and (not self.one_in(3) or (is_like and count)):
                by_place = False
                continue
            match parameter.kind:
                case "results", wanted:
                    name = self.pick([name for name, each in scope.calls if each is wanted])
                    said = named(name)
                    reads += [f"{name}.{export}" for export, _ in wanted.exports]
                case "picture" | "sequence" | "vector" | "like" as kind:
                    among = scope.like(value) if is_like else [each for each in scope.values if each.kind == kind]
                    said = named(self.pick(among).text)
                    reads.append(said.text)
                case kind:
                    said = self.value(kind, scope)
            by_place &= not self.one_in(2)
            given.append((None if by_place else parameter.name, said))
        given += self._prefix(scope)
        name = self._name(scope)
        several = len(block.exports) > 1
        results = tuple(
            Value(f"{name}.{export}" if several else name, kind)
            for (export, _), kind in zip(block.exports, block.kinds, strict=True)
        )
        before = (Value(f"{name}.0", value.kind), Value(f"{name}.0.{block.exports[0][0]}", value.kind)) if count else ()
        optional = (*before, *(() if several or count else [Value(f"{name}.{block.exports[0][0]}", block.kinds[0])]))
        calls = ((name, block),) if several else ()
        return Step(Statement(name, block, tuple(given), count), tuple(reads), results, optional, calls)

    def _name(self, scope: Scope) -> str:
        return self.fresh(LAYERS if scope.parameters is None else INNER_LAYERS, scope.taken)

    def _prefix(self, scope: Scope) -> Fields:
        """A field that says what the names of arrays begin with, now and then: as no other in the scope does."""
        prefix = self.pick(PREFIXES)
        if prefix in scope.prefixes or not self.one_in(4):
            return []
        scope.prefixes.add(prefix)
        return [("weights", constant(f'"{prefix}"', prefix))]

    def _arrays(self, scope: Scope, *fields: str) -> Fields:
        """Fields that say how arrays are called."""
        given = self._prefix(scope)
        for each in fields:
            if self.one_in(8):
                name = self.fresh((f"my.{each}", f"{each}.0", each), scope.prefixes)
                given.append((each, constant(f'"{name}"', name)))
        return given

    def _operator(
        self, word: str, scope: Scope, inputs: list[Value], count: Said | None = None, size: Said | None = None
    ) -> Step:
        """A layer of an operator that takes a value first; `size` is how many filters or units it has."""
        (value,) = inputs
        given: Fields = []
        kind, places, width = value.kind, value.places, value.channels
        if word == "activation":
            word = self.pick(ACTIVATIONS)
        match word:
            case "conv1d" | "conv2d":
                given, is_like_places, is_like_channels = self._convolution(scope, value, size)
                places, width = places if is_like_places else object(), width if is_like_channels else object()
            case "linear":
                width, given = object(), [("units", size or self.value("count", scope)), *self._bias(scope)]
                given += self._arrays(scope, "weight")
            case "batch_norm":
                given = [("epsilon", self.value("epsilon", scope))] if self.one_in(2) else []
                given += self._arrays(scope, "weight", "bias", "mean", "variance")
            case "leaky_relu":
                given = [("slope", self.value("slope", scope))] if not self.one_in(3) else []
            case "add" | "mul":
                narrow = [each for each in scope.values if each.places is ONE and each.channels is width]
                fitting = [each for each in narrow if each.kind == kind]
                other = self.pick([*scope.like(value), *fitting])
                places = other.places if places is ONE else places
                inputs = [value, other] if self.one_in(2) else [other, value]
            case "concat":
                joined = [
                    each for each in scope.values if each.kind == kind and (kind == "vector" or each.places is places)
                ]
                inputs, width = [value, *(self.pick(joined) for _ in range(self.pick((1, 2))))], object()
            case "max_pool" | "avg_pool":
                given, places = self._pool(scope, AXES[kind]), object()
            case "global_avg_pool":
                places = ONE
            case "upsample":
                given.append(("scale", self.value(("scale", AXES[kind]), scope)))
                places = object()
            case "flatten":
                kind, places, width = "vector", object(), object()
            case _:
                pass
        name, reads = self._name(scope), tuple(each.text for each in inputs)
        statement = Statement(name, word, (*((None, named(text)) for text in reads), *given), count)
        optional = (Value(f"{name}.0", kind),) if count else ()
        return Step(statement, reads, (Value(name, kind, width, places),), optional)

    def _bias(self, scope: Scope) -> Fields:
        """Whether there is a bias, or what it is called."""
        if self.one_in(2):
            return []
        if self.one_in(4):
            name = self.fresh(("my.bias", "b"), scope.prefixes)
            return [("bias", constant(f'"{name}"', name))]
        return [("bias", self.value("bias", scope))]

    def _convolution(self, scope: Scope, value: Value, size: Said | None) -> tuple[Fields, bool, bool]:
        """The fields of a convolution, and whether its result has as many places, and as many channels."""
        given: Fields = []
        own, axes = channels(value.text), AXES[value.kind]
        is_depthwise, is_same = size is None and self.one_in(4), self.one_in(2)
        filters = (
            self.pick((own, self.derived("count", "", own))) if is_depthwise else size or self.value("count", scope)
        )
        if is_depthwise and "+ 1" not in filters.text and "3 +" not in filters.text:
            given.append(("groups", own))
        given.append(("filters", filters))
        if is_same and self.one_in(2):
            given += [("kernel", self.value(("size", axes), scope)), ("pad", constant("same", "same"))]
            given += [("dilation", self.value(("dilation", axes), scope))] if self.one_in(4) else []
        else:
            kernel = self.pick(KERNELS[axes])
            is_square = len(set(kernel)) == 1
            given.append(("kernel", self.whole(kernel[0]) if is_square else listed([self.whole(n) for n in kernel])))
            dilation = self.pick((1, 1, 1, 2))
            given += [("dilation", self.whole(dilation))] if dilation > 1 or self.one_in(6) else []
            reach = [dilation * (size - 1) for size in kernel]
            given += (
                [("pad", constant("same", "same") if is_same else self._pads(reach))]
                if is_same or max(reach) or self.one_in(6)
                else []
            )
            given += [("sparsity", self.value(("sparsity", pair(kernel)), scope))] if self.one_in(2) else []
        has_stride = self.one_in(3)
        given += [("stride", self.value(("stride", axes), scope))] if has_stride else []
        given += self._bias(scope) + self._arrays(scope, "weight")
        given += [("storage", constant("fkw", "fkw"))] if self.one_in(8) else []
        given += [("tuning", self.value("tuning", scope))] if self.one_in(5) else []
        return given, is_same and not has_stride, filters is own

    def _pads(self, reach: Sequence[int]) -> Said:
        """A padding with which a window fits whatever reaches so much further than one pixel, along each axis."""
        least = [-(-each // 2) for each in reach]
        match self.pick(("one", "two", "four")):
            case "one":
                return self.whole(max(least) + self.one_in(4))
            case "two" if len(reach) > 1:
                return listed([self.whole(each) for each in least])
            case _:
                before = [self.draw(up_to(each)) for each in reach]
                after = [each - b + self.one_in(4) for each, b in zip(reach, before, strict=True)]
                return listed([self.whole(each) for each in (*before, *after)], self.pick(("", ",")))

    def _pool(self, scope: Scope, axes: int) -> Fields:
        """The fields of a pooling that fits any picture, or any sequence."""
        given: Fields = []
        if self.one_in(3):
            given += [("kernel", self.value(("size", axes), scope)), ("pad", constant("same", "same"))]
        else:
            kernel, pad = self.pick(POOLS[axes])
            said = [
                listed([self.whole(n) for n in each]) if isinstance(each, tuple) else self.whole(each)
                for each in (kernel, pad)
            ]
            given.append(("kernel", said[0]))
            given += [("pad", said[1])] if pad or self.one_in(3) else []
        return given + ([("stride", self.value(("stride", axes), scope))] if self.one_in(2) else [])
