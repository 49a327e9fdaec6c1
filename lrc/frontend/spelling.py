"""How the language says what an operation of the lr dialect is: its operator, and the fields that are not as they
would be if left out."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from inspect import signature
from typing import Any, Final, cast

from lrc.diagnostics import UserError
from lrc.dialects import lr
from lrc.dialects.lr.attrs import Ints, WeightAttr
from lrc.dialects.lr.base import shape_of
from lrc.dialects.values.patterns import PatternSet, Sparsity
from lrc.dialects.values.schedules import Tuning
from lrc.frontend import syntax
from lrc.frontend.fields import LARGEST_FLOAT, MOST_STEPS, Numbers
from lrc.frontend.operators import BUILDERS
from lrc.frontend.parsing import CONTROL, LONGEST_NUMBER
from lrc.frontend.scope import LARGEST
from lrc.frontend.syntax import Span, Value

NOWHERE: Final = Span(0, 0)
"""The place of what was never written."""

ARRAYS: Final = {"weight": "weight", "bias": "bias", "mean": "running_mean", "variance": "running_var"}
"""How torch calls the array of a field."""

BY_TEXT: Final = "its text as IR says all: str(module), or lrc.files.levels.save(module, path) with its arrays"


def name(text: str, what: str, also: str = "") -> syntax.Name:
    """A name of the language, of letters, digits and `_`, and what may stand in it `also`. Raises UserError if it is
    none."""
    if not re.fullmatch(rf"[A-Za-z_][A-Za-z0-9_{also}]*", text):
        raise UserError.because(f"the language has no {text!r} as a name for {what}", hint="give it another name")
    return syntax.Name(text, span=NOWHERE)


def string(text: str) -> syntax.String:
    """A text in quotes. Raises UserError if it holds what cannot stand there."""
    if CONTROL.search(text) or any(mark in text for mark in '"\n\r'):
        raise UserError.because(f"no string of the language holds {text!r}", hint="call the array or file otherwise")
    return syntax.String(text, span=NOWHERE)


def whole(value: int, most: int = LARGEST) -> syntax.Number:
    """A whole number. Raises UserError if it is larger than the language allows."""
    if not 0 <= value <= most:
        raise UserError.because(f"the language has no {value} here: at most {most}", hint=BY_TEXT)
    return syntax.Number(Fraction(value), str(value), span=NOWHERE)


def real(value: float) -> Value:
    """A number that is read back as it is. Raises UserError if the language has no such number."""
    text = repr(abs(value))
    found = re.fullmatch(r"[0-9.]+(e[+-]?[0-9]{1,2})?", text)
    if not found or abs(value) > LARGEST_FLOAT or len(text) > LONGEST_NUMBER or math.copysign(1, value) < value == 0:
        raise UserError.because(f"the language has no number {value!r}", hint=BY_TEXT)
    number = syntax.Number(Fraction(text), text.removesuffix(".0"), span=NOWHERE)
    return syntax.Negation(number, span=NOWHERE) if value < 0 else number


def share(value: float) -> Value:
    """A share of kernels, as people say it: `1/3.6`, if that is what it is."""
    one_in = f"{1 / value:.3g}"
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", one_in) and value < 1 and float(1 / Fraction(one_in)) == value:
        below = syntax.Number(Fraction(one_in), one_in, span=NOWHERE)
        return syntax.Arithmetic(whole(1), (("/", below),), span=NOWHERE)
    return real(value)


def sizes(values: Sequence[int], most: int = LARGEST) -> syntax.List:
    """A list of whole numbers."""
    return syntax.List(tuple(whole(value, most) for value in values), span=NOWHERE)


def field(called: str, value: Value) -> syntax.Field:
    """`called: value`."""
    return syntax.Field(syntax.Name(called, span=NOWHERE), value, span=NOWHERE)


def call(called: str, *arguments: Value, **named: Value | None) -> syntax.Call:
    """`called(arguments, name: value)`, without what is None."""
    given = [syntax.Argument(None, value, span=NOWHERE) for value in arguments]
    given += [syntax.Argument(word(name), value, span=NOWHERE) for name, value in named.items() if value is not None]
    return syntax.Call(word(called), tuple(given), span=NOWHERE)


def word(text: str) -> syntax.Name:
    """A name that is known to be one."""
    return syntax.Name(text, span=NOWHERE)


def group(fields: Sequence[syntax.Field]) -> syntax.Group | None:
    """Fields in braces, if there are any."""
    return syntax.Group(tuple(fields), span=NOWHERE) if fields else None


def layer(
    op: lr.LayerOp, patterns: Mapping[PatternSet, str], prefix: str, around: str | None
) -> tuple[str, tuple[syntax.Field, ...]]:
    """The operator that makes a layer of its operands, and the fields that it has to be given.

    `patterns` are the names of pattern sets. The names of its arrays begin with `prefix` unless a field says otherwise;
    what `weights` says goes behind `around`, if that is not None. Raises UserError if the language has no such layer.
    """
    name, values = _operator(op)
    parameters = signature(BUILDERS[name]).parameters
    told = {called: value for called, value in values.items() if value != parameters[called].default}
    given = [*(field(called, _value(called, value, patterns)) for called, value in told.items())]
    given += array_fields(op, prefix, around)
    return name, tuple(sorted(given, key=lambda each: [*parameters].index(each.name.text)))


def _operator(op: lr.LayerOp) -> tuple[str, Mapping[str, Any]]:
    """The operator that makes a layer of its operands, and its fields, but for those that name arrays."""
    if isinstance(op, lr.ConvOp | lr.LinearOp | lr.AddOp | lr.MulOp) and op.activation is not None:
        _fused(op, f"'{op.activation.data}'", "fuse-activation")
    match op:
        case lr.ConvOp():
            if op.residual is not None:
                _fused(op, "an addition", "fuse-residual")
            return op.name.removeprefix("lr."), {
                "filters": shape_of(op.output)[1],
                "kernel": _each(op.kernel),
                "stride": _each(op.strides),
                "pad": _sides(op.pads),
                "dilation": _each(op.dilations),
                "groups": op.group_count,
                "sparsity": op.sparsity and op.sparsity.data,
                "tuning": op.tuning and op.tuning.data,
            }
        case lr.LinearOp():
            return "linear", {"units": shape_of(op.output)[1]}
        case lr.BatchNormOp():
            return "batch_norm", {"epsilon": op.epsilon.value.data}
        case lr.ActivationOp(activation=lr.ActivationAttr(data=activation)):
            has_slope = activation.kind == "leaky_relu"
            return activation.kind, {"slope": activation.slope} if has_slope else {}
        case lr.AddOp() | lr.MulOp():
            return op.name.removeprefix("lr."), {}
        case lr.ConcatOp():
            if len(op.inputs) < 2:
                hint = "let what reads it read its input"
                raise UserError.because(
                    f"layer '{op.layer.data}' joins one layer: the language joins two or more", hint=hint
                )
            return "concat", {}
        case lr.MaxPoolOp() | lr.AvgPoolOp():
            stride = None if op.strides == op.kernel else _each(op.strides)
            fields = {"kernel": _each(op.kernel), "stride": stride, "pad": _sides(op.pads)}
            return op.name.removeprefix("lr."), fields
        case lr.UpsampleOp():
            return "upsample", {"scale": _each(op.scale)}
        case lr.GlobalAvgPoolOp() | lr.FlattenOp() | lr.SoftmaxOp():
            return op.name.removeprefix("lr."), {}
        case _:
            hint = f"write the module as it was before a pass made it; {BY_TEXT}"
            raise UserError.because(
                f"layer '{op.layer.data}' is an {op.name}, which the language does not have", hint=hint
            )


def _fused(op: lr.LayerOp, what: str, by: str) -> None:
    message = f"layer '{op.layer.data}' is an {op.name} with {what} fused into it, which the language does not have"
    raise UserError.because(message, hint=f"write the module as it was before {by}; {BY_TEXT}")


def _each(numbers: Ints) -> Numbers:
    """One number, if the axes have no different ones."""
    first, *others = values = numbers.get_values()
    return first if all(other == first for other in others) else values


def _sides(pads: Ints) -> Numbers:
    """The padding of a picture: what is alike on opposite sides is said once; one number, if all are alike."""
    values = pads.get_values()
    if len(set(values)) == 1:
        return values[0]
    rows_and_columns = values[: len(values) // 2]
    return rows_and_columns if len(values) == 4 and values == rows_and_columns * 2 else values


def _value(called: str, value: Any, patterns: Mapping[PatternSet, str]) -> Value:
    match called, value:
        case "pad", tuple():
            return sizes(cast(tuple[int, ...], value))
        case _, Sparsity():
            return _sparsity(value, patterns)
        case _, Tuning():
            return _tuning(value)
        case _, tuple():
            return sizes(cast(tuple[int, ...], value), MOST_STEPS)
        case "kernel" | "stride" | "dilation" | "scale", int():
            return whole(value, MOST_STEPS)
        case _, float():
            return real(value)
        case _:
            return whole(value)


def _sparsity(sparsity: Sparsity, patterns: Mapping[PatternSet, str]) -> Value:
    if sparsity.kind in ("dense", "auto"):
        return word(sparsity.kind)
    keep = None if sparsity.keep is None else share(sparsity.keep)
    budget = None if sparsity.budget == "filter" else word(sparsity.budget)
    names = () if sparsity.patterns is None else (word(patterns[sparsity.patterns]),)
    shared = None if sparsity.share == 1 else whole(sparsity.share)
    return call(sparsity.kind, *names, keep=keep, budget=budget, share=shared)


def _tuning(tuning: Tuning) -> syntax.Group:
    lists = {"unroll": tuning.unroll, "tile": tuning.tile}
    words = {"permute": tuning.permute, "load": tuning.load, "device": tuning.device}
    said = [field(called, sizes(value)) for called, value in lists.items() if value is not None]
    said += [field(called, word(value)) for called, value in words.items() if value is not None]
    return syntax.Group(tuple(said), span=NOWHERE)


def joined(*parts: str) -> str:
    """Prefixes of names with dots between them."""
    return ".".join(part for part in parts if part)


def below(prefix: str, around: str) -> str | None:
    """What to say for a prefix of names where they begin with `around`; None if it cannot be said there."""
    if not around or prefix == around:
        return prefix.removeprefix(around)
    return prefix.removeprefix(f"{around}.") if prefix.startswith(f"{around}.") else None


def own_prefix(op: lr.LayerOp) -> str | None:
    """What the names of most arrays of a layer begin with, if they go on as torch's do."""
    found = Counter(
        prefix
        for called, array in arrays(op).items()
        if array is not None
        and (prefix := array.removesuffix(ARRAYS[called]).removesuffix(".")) == prefix.strip(".")
        and joined(prefix, ARRAYS[called]) == array
    )
    return found.most_common(1)[0][0] if found else None


def arrays(op: lr.LayerOp) -> dict[str, str | None]:
    """Field -> the name of its array, None for a bias that is not there. Raises UserError if one has no name."""
    found: dict[str, str | None] = {"bias": None} if isinstance(op, lr.ConvOp | lr.LinearOp) else {}
    for called, weight, _ in op.weight_specs():
        if not isinstance(weight, WeightAttr) or not weight.data:
            hint = "put it into the model's store, under a name"
            raise UserError.because(f"layer '{op.layer.data}' has a {called} without a name", hint=hint)
        found[called] = weight.data
    return found


def array_fields(op: lr.LayerOp, default: str, around: str | None = None) -> Iterator[syntax.Field]:
    """The fields that say how a layer's arrays are called, if that is not `default` and torch's names behind it. A
    prefix of its own goes behind `around`; if that is None the layer cannot say one."""
    prefix, named = own_prefix(op), arrays(op)
    said = None if prefix is None or around is None else below(prefix, around)
    if prefix is None or said is None or joined(default, "weight") in named.values():
        prefix = default
    if prefix != default and said is not None:
        yield field("weights", string(said))
    for called, array in named.items():
        if array is None:
            yield field(called, word("false"))
        elif array != joined(prefix, ARRAYS[called]):
            yield field(called, string(array))


def prefix_field(prefix: str, default: str, around: str) -> list[syntax.Field]:
    """The field of a call that says what the names of its arrays begin with, if that is not `default`."""
    return [] if prefix == default else [field("weights", string(below(prefix, around) or ""))]
