"""What a program means, by a definition of the language that shares nothing with the frontend.

A program is a tree of statements. Each value in it knows how it is written and, as a function of what names stand for,
what it is: so a block is run like a function, where the frontend puts text in place of text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod
from typing import Any, Final, cast

from xdsl.ir import Block, SSAValue

from lrc.dialects import lr
from lrc.dialects.lr.base import shape_of, tensor
from lrc.dialects.lr.store import WeightSpec
from lrc.dialects.values.shapes import Window, pair

Environment = Mapping[str, Any]
"""What names stand for: layers, numbers, tuples, words, sparsities; a call with results stands for a dict of them."""


@dataclass(frozen=True)
class Said:
    """A value as it is written, and what it is where names stand for something. A sum or product is no `atom`."""

    text: str
    meaning: Callable[[Environment], Any] = field(repr=False)
    is_atom: bool = True


Given = tuple[tuple[str | None, Said], ...]
"""What a call is given: by its place, and then by names."""


@dataclass(frozen=True)
class Statement:
    """`name: repeat(count) callee(given) { given }`."""

    name: str
    callee: str | Template
    given: Given
    count: Said | None = None


@dataclass(frozen=True)
class Parameter:
    """A parameter, its default, and what it may be called with (`kind`, which is for who draws calls)."""

    name: str
    default: Said | None
    kind: Any


@dataclass(frozen=True, eq=False)
class Template:
    """A block; `kinds` says of each of its exports what it is: a `picture`, a `sequence`, a `vector`, a `volume`."""

    name: str
    parameters: tuple[Parameter, ...]
    statements: tuple[Statement, ...]
    exports: tuple[tuple[str, str], ...]
    kinds: tuple[str, ...]


class TooLargeError(Exception):
    """A statement that makes more than a small network has, or names arrays that have another shape already."""


MOST_LAYERS: Final = 60
LARGEST: Final = 20_000
"""Numbers of a tensor or an array."""

CONVOLUTION: Final = {
    "stride": 1,
    "pad": 0,
    "dilation": 1,
    "groups": 1,
    "bias": True,
    "sparsity": None,
    "tuning": None,
}

FIELDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "conv1d": CONVOLUTION,
    "conv2d": CONVOLUTION,
    "linear": {"bias": True},
    "batch_norm": {"epsilon": Fraction(1, 100_000)},
    "leaky_relu": {"slope": Fraction(1, 100)},
    "max_pool": {"stride": None, "pad": 0},
    "avg_pool": {"stride": None, "pad": 0},
}
"""What fields are if they are left out."""


def stands_for(name: str, environment: Environment) -> Any:
    """What a name, with or without dots, stands for: a call with results as a whole, too."""
    if name in environment:
        return environment[name]
    owner, _, result = name.rpartition(".")
    return stands_for(owner, environment)[result]


def layer(value: Any) -> SSAValue:
    """The layer that a value is: of a call with one result, that."""
    if isinstance(value, SSAValue):
        return cast(SSAValue, value)
    (result,) = value.values()
    return layer(result)


@dataclass
class Network:
    """The operations that statements have made so far."""

    block: Block = field(default_factory=Block)
    arrays: dict[str, WeightSpec] = field(default_factory=dict[str, WeightSpec])
    count: int = 0

    def run(self, statement: Statement, environment: dict[str, Any], prefix: str = "", arrays: str = "") -> None:
        """Run a statement where names stand for what is in the environment, to which its own is added. Raises
        TooLargeError, and leaves the network as it was."""
        before, known, count = self.block.last_op, dict(self.arrays), self.count
        try:
            self._run(statement, environment, prefix, arrays)
        except TooLargeError:
            while self.block.last_op is not before and self.block.last_op is not None:
                self.block.erase_op(self.block.last_op)
            self.arrays, self.count = known, count
            raise

    def _run(self, statement: Statement, environment: dict[str, Any], prefix: str, arrays: str) -> None:
        name = statement.name
        given = [(key, said.meaning(environment)) for key, said in statement.given]
        if statement.count is None:
            environment[name] = self._call(statement.callee, given, name, prefix, arrays)
            return
        for number in range(int(statement.count.meaning(environment))):
            own = f"{name}.{number}"
            environment[own] = self._call(statement.callee, given, own, prefix, arrays, str(number))
            given[0] = (given[0][0], environment[own])
            environment[name] = environment[own]

    def _call(
        self,
        callee: str | Template,
        given: Sequence[tuple[str | None, Any]],
        name: str,
        prefix: str,
        arrays: str,
        number: str = "",
    ) -> Any:
        named = {key: value for key, value in given if key is not None}
        positional = [value for key, value in given if key is None]
        said = named.pop("weights", None)
        own = name if said is None else _dotted(said, number)
        arrays = _dotted(arrays, own)
        if isinstance(callee, str):
            return self._add(callee, prefix + name, [layer(value) for value in positional], named, arrays)
        inner: dict[str, Any] = {}
        for i, parameter in enumerate(callee.parameters):
            if i < len(positional):
                inner[parameter.name] = positional[i]
            elif parameter.name in named:
                inner[parameter.name] = named[parameter.name]
            else:
                assert parameter.default is not None
                inner[parameter.name] = parameter.default.meaning(inner)
        for statement in callee.statements:
            self._run(statement, inner, f"{prefix}{name}.", arrays)
        return {export: layer(stands_for(reference, inner)) for export, reference in callee.exports}

    def _add(self, operator: str, name: str, inputs: list[SSAValue], given: Mapping[str, Any], arrays: str) -> SSAValue:
        op = make(operator, name, inputs, {**FIELDS.get(operator, {}), **given}, arrays)
        self.count += 1
        sizes = [prod(shape_of(op.output)), *(prod(spec.shape) for _, _, spec in op.weight_specs())]
        agree = all(self.arrays.setdefault(spec.name, spec) == spec for _, _, spec in op.weight_specs())
        if self.count > MOST_LAYERS or max(sizes) > LARGEST or not agree:
            op.erase()
            raise TooLargeError
        self.block.add_op(op)
        return op.output

    def input(self, shape: Sequence[int]) -> SSAValue:
        """Add an input."""
        return self.block.insert_arg(tensor(shape), len(self.block.args))


def make(operator: str, name: str, inputs: list[SSAValue], given: Mapping[str, Any], arrays: str) -> lr.LayerOp:
    """The operation of a layer, with all of its fields."""
    x = inputs[0]

    def array(field: str, ending: str) -> str:
        said = given.get(field)
        return said if isinstance(said, str) else _dotted(arrays, ending)

    match operator:
        case "conv1d" | "conv2d":
            operation = lr.Conv1dOp if operator == "conv1d" else lr.Conv2dOp
            return operation(
                name,
                x,
                filters=int(given["filters"]),
                weight=array("weight", "weight"),
                bias=array("bias", "bias") if given["bias"] else None,
                window=_window(x, given, given["stride"], given["dilation"]),
                groups=int(given["groups"]),
                sparsity=given["sparsity"],
                tuning=given["tuning"],
            )
        case "linear":
            bias = array("bias", "bias") if given["bias"] else None
            return lr.LinearOp(name, x, units=int(given["units"]), weight=array("weight", "weight"), bias=bias)
        case "batch_norm":
            return lr.BatchNormOp(
                name,
                x,
                weight=array("weight", "weight"),
                bias=array("bias", "bias"),
                mean=array("mean", "running_mean"),
                variance=array("variance", "running_var"),
                epsilon=float(given["epsilon"]),
            )
        case "leaky_relu":
            return lr.ActivationOp(name, x, lr.Activation("leaky_relu", float(given["slope"])))
        case "add":
            return lr.AddOp(name, *inputs)
        case "mul":
            return lr.MulOp(name, *inputs)
        case "concat":
            return lr.ConcatOp(name, inputs)
        case "max_pool" | "avg_pool":
            kind = lr.MaxPoolOp if operator == "max_pool" else lr.AvgPoolOp
            stride = given["kernel"] if given["stride"] is None else given["stride"]
            return kind(name, x, _window(x, given, stride, 1))
        case "global_avg_pool":
            return lr.GlobalAvgPoolOp(name, x)
        case "upsample":
            return lr.UpsampleOp(name, x, pair(_each(given["scale"], len(shape_of(x)) - 2)))
        case "flatten":
            return lr.FlattenOp(name, x)
        case "softmax":
            return lr.SoftmaxOp(name, x)
        case _:
            return lr.ActivationOp(name, x, operator)


def _dotted(*parts: str) -> str:
    return ".".join(part for part in parts if part)


def _each(value: Any, axes: int) -> list[int]:
    """A number for each axis, of which one may have been said for all."""
    return [int(number) for number in cast(tuple[Any, ...], value)] if isinstance(value, tuple) else [int(value)] * axes


def _window(x: SSAValue, given: Mapping[str, Any], stride: Any, dilation: Any) -> Window:
    sizes, pad = shape_of(x)[2:], given["pad"]
    kernel, strides, dilations = (_each(value, len(sizes)) for value in (given["kernel"], stride, dilation))
    if pad == "same":
        lacking = [
            max((-(-size // s) - 1) * s + d * (k - 1) + 1 - size, 0)
            for size, k, s, d in zip(sizes, kernel, strides, dilations, strict=True)
        ]
        pads = [*(each // 2 for each in lacking), *(each - each // 2 for each in lacking)]
    else:
        pads = _each(pad, 2 * len(sizes))
        pads *= 2 * len(sizes) // len(pads)
    return Window.along(kernel, strides, pads, dilations)
