"""The operators of the language, one function each.

A function's positional parameters are the layers that the operator takes, its keyword parameters the fields, with their
kinds as annotations; a field without a default has to be given. The function makes the operation of the `lr` dialect,
which infers the shape. One that has a field `weights` is always told it: the whole prefix of its arrays' names. To add
an operator, write its function and name it in `OPERATORS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import Parameter, signature
from typing import Any, Final, get_type_hints

from xdsl.ir import SSAValue

from lrc.dialects import lr
from lrc.dialects.lr.base import shape_of
from lrc.dialects.values.activations import DEFAULT_SLOPE, Activation
from lrc.dialects.values.shapes import KINDS, Window, pair, picture, sides
from lrc.frontend.fields import (
    Bias,
    Count,
    Kind,
    Numbers,
    Padding,
    Positive,
    Prefix,
    Real,
    SparsityField,
    Steps,
    Storage,
    TuningField,
    WeightName,
)

Build = Callable[..., lr.LayerOp]


def _convolution(operation: type[lr.ConvOp], meaning: str) -> Build:
    """The operator of a convolution of one rank."""

    def build(
        layer: str,
        x: SSAValue,
        *,
        filters: Count,
        kernel: Steps,
        stride: Steps = 1,
        pad: Padding = 0,
        dilation: Steps = 1,
        groups: Count = 1,
        weights: Prefix = None,
        weight: WeightName = None,
        bias: Bias = True,
        sparsity: SparsityField = None,
        storage: Storage = "fkw",
        tuning: TuningField = None,
    ) -> lr.LayerOp:
        operation.check_rank(shape_of(x))
        return operation(
            layer,
            x,
            filters=filters,
            weight=weight or _array(weights, "weight"),
            bias=_bias(weights, bias),
            window=_window(x, kernel, stride, pad, dilation),
            groups=groups,
            sparsity=sparsity,
            tuning=tuning,
        )

    build.__doc__ = meaning
    return build


def linear(
    layer: str, x: SSAValue, *, units: Count, weights: Prefix = None, weight: WeightName = None, bias: Bias = True
) -> lr.LayerOp:
    """Fully connected layer of `units` units; takes a vector, so flatten a picture first."""
    return lr.LinearOp(layer, x, units=units, weight=weight or _array(weights, "weight"), bias=_bias(weights, bias))


def batch_norm(
    layer: str,
    x: SSAValue,
    *,
    epsilon: Positive = 1e-5,
    weights: Prefix = None,
    weight: WeightName = None,
    bias: WeightName = None,
    mean: WeightName = None,
    variance: WeightName = None,
) -> lr.LayerOp:
    """Batch normalization with the statistics of the training."""
    return lr.BatchNormOp(
        layer,
        x,
        weight=weight or _array(weights, "weight"),
        bias=bias or _array(weights, "bias"),
        mean=mean or _array(weights, "running_mean"),
        variance=variance or _array(weights, "running_var"),
        epsilon=epsilon,
    )


def leaky_relu(layer: str, x: SSAValue, *, slope: Real = DEFAULT_SLOPE) -> lr.LayerOp:
    """x, or slope * x where x is negative."""
    return lr.ActivationOp(layer, x, Activation("leaky_relu", slope))


def add(layer: str, a: SSAValue, b: SSAValue) -> lr.LayerOp:
    """Sum of two layers of one shape; one may have a single number for each channel, [1, C, 1, 1]."""
    return lr.AddOp(layer, a, b)


def mul(layer: str, a: SSAValue, b: SSAValue) -> lr.LayerOp:
    """Product, element by element, of two layers of one shape; one may be [1, C, 1, 1] as for `add`."""
    return lr.MulOp(layer, a, b)


def concat(layer: str, *inputs: SSAValue) -> lr.LayerOp:
    """Two or more layers joined along their channels."""
    return lr.ConcatOp(layer, inputs)


def max_pool(layer: str, x: SSAValue, *, kernel: Steps, stride: Steps | None = None, pad: Padding = 0) -> lr.LayerOp:
    """The largest element of each window; the stride is the kernel unless given."""
    return lr.MaxPoolOp(layer, x, _window(x, kernel, stride or kernel, pad))


def avg_pool(layer: str, x: SSAValue, *, kernel: Steps, stride: Steps | None = None, pad: Padding = 0) -> lr.LayerOp:
    """The mean of each window, padding counted as zeros; the stride is the kernel unless given."""
    return lr.AvgPoolOp(layer, x, _window(x, kernel, stride or kernel, pad))


def global_avg_pool(layer: str, x: SSAValue) -> lr.LayerOp:
    """The mean of each channel."""
    return lr.GlobalAvgPoolOp(layer, x)


def upsample(layer: str, x: SSAValue, *, scale: Steps) -> lr.LayerOp:
    """Every row and column repeated `scale` times."""
    picture(shape_of(x))
    return lr.UpsampleOp(layer, x, pair(_each(x, "scale", scale)))


def flatten(layer: str, x: SSAValue) -> lr.LayerOp:
    """A value of any rank as a vector."""
    return lr.FlattenOp(layer, x)


def softmax(layer: str, x: SSAValue) -> lr.LayerOp:
    """Probabilities out of scores, along the channels."""
    return lr.SoftmaxOp(layer, x)


PLAIN_ACTIVATIONS: Final = {
    "relu": "max(x, 0)",
    "relu6": "min(max(x, 0), 6)",
    "sigmoid": "1 / (1 + exp(-x))",
    "tanh": "the hyperbolic tangent of x",
    "hard_sigmoid": "relu6(x + 3) / 6",
    "hard_swish": "x * hard_sigmoid(x)",
    "swish": "x * sigmoid(x), which torch calls silu",
}
"""The activations that have no numbers, and what they do to each element."""


def _activation(kind: str, meaning: str) -> Build:
    """The operator of such an activation."""

    def build(layer: str, x: SSAValue) -> lr.LayerOp:
        return lr.ActivationOp(layer, x, kind)

    build.__doc__ = f"{meaning}."
    return build


def _array(prefix: str | None, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


def _bias(prefix: str | None, bias: str | bool) -> str | None:
    return (_array(prefix, "bias") if bias else None) if isinstance(bias, bool) else bias


class FieldError(Exception):
    """A field with more or fewer numbers than what the layer reads has axes."""

    def __init__(self, field: str, x: SSAValue, expected: str, found: int) -> None:
        super().__init__(f"expected {expected}, not {found}")
        self.field = field
        self.hint = f"the layer reads {KINDS[len(shape_of(x))]}"


def _each(x: SSAValue, field: str, value: Numbers) -> tuple[int, ...]:
    """A number for each axis that a layer moves along over `x`. Raises FieldError if so many are not given."""
    axes = len(shape_of(x)) - 2
    if isinstance(value, int):
        return (value,) * axes
    if len(value) != axes:
        raise FieldError(field, x, "1 number" if axes == 1 else f"{axes} numbers", len(value))
    return value


def _pads(x: SSAValue, pad: Numbers) -> tuple[int, int, int, int]:
    """The padding on each side. Raises FieldError if there are not as many numbers as what is padded has sides."""
    axes = len(shape_of(x)) - 2
    if isinstance(pad, int):
        return sides((pad,) * 2 * axes)
    if len(pad) not in (axes, 2 * axes):
        raise FieldError("pad", x, f"{2 * axes} numbers" if axes == 1 else f"{axes} or {2 * axes} numbers", len(pad))
    return sides(pad if len(pad) == 2 * axes else (*pad, *pad))


def _window(x: SSAValue, kernel: Numbers, stride: Numbers, pad: Numbers | str, dilation: Numbers = 1) -> Window:
    """The window of a convolution or pooling over `x`. `same` pads so that the output has ceil(size / stride) rows
    and columns, with the odd one at the bottom and right."""
    _, height, width = picture(shape_of(x))
    kernel, stride, dilation = (
        pair(_each(x, *each)) for each in (("kernel", kernel), ("stride", stride), ("dilation", dilation))
    )
    if not isinstance(pad, str):
        return Window(kernel, stride, _pads(x, pad), dilation)
    reach_rows, reach_columns = Window(kernel, stride, dilations=dilation).reach()
    rows = max(0, (height - 1) // stride[0] * stride[0] + reach_rows - height)
    columns = max(0, (width - 1) // stride[1] * stride[1] + reach_columns - width)
    pads = (rows // 2, columns // 2, rows - rows // 2, columns - columns // 2)
    return Window(kernel, stride, pads, dilation)


@dataclass(frozen=True)
class FieldSpec:
    """A field of an operator: how to read it, and whether it has to be given."""

    kind: Kind
    is_required: bool


@dataclass(frozen=True)
class Operator:
    """An operator, as its function declares it: `inputs` is how many layers it takes, None for two or more."""

    name: str
    build: Build
    inputs: int | None
    fields: Mapping[str, FieldSpec]

    @staticmethod
    def of(name: str, build: Build) -> Operator:
        """Read an operator's inputs and fields off its function."""
        hints: dict[str, Any] = get_type_hints(build, include_extras=True)
        parameters = signature(build).parameters.values()
        fields = {
            parameter.name: FieldSpec(_kind(hints[parameter.name]), parameter.default is Parameter.empty)
            for parameter in parameters
            if parameter.kind is Parameter.KEYWORD_ONLY
        }
        kinds = [parameter.kind for parameter in parameters]
        inputs = None if Parameter.VAR_POSITIONAL in kinds else kinds.count(Parameter.POSITIONAL_OR_KEYWORD) - 1
        return Operator(name, build, inputs, fields)


def _kind(hint: Any) -> Kind:
    """The kind in an annotation, which may be optional."""
    for part in (hint, *getattr(hint, "__args__", ())):
        for note in getattr(part, "__metadata__", ()):
            if isinstance(note, Kind):
                return note
    raise TypeError(f"the field's annotation {hint} has no kind")


BUILDERS: Final[Mapping[str, Build]] = {
    "conv2d": _convolution(
        lr.Conv2dOp, "Convolution of `filters` filters; depthwise where `groups` is the number of channels."
    ),
    "conv1d": _convolution(lr.Conv1dOp, "The same of a sequence; its weight is [filters, channels / groups, kernel]."),
    "linear": linear,
    "batch_norm": batch_norm,
    **{kind: _activation(kind, meaning) for kind, meaning in PLAIN_ACTIVATIONS.items()},
    "leaky_relu": leaky_relu,
    "add": add,
    "mul": mul,
    "concat": concat,
    "max_pool": max_pool,
    "avg_pool": avg_pool,
    "global_avg_pool": global_avg_pool,
    "upsample": upsample,
    "flatten": flatten,
    "softmax": softmax,
}

OPERATORS: Final[Mapping[str, Operator]] = {name: Operator.of(name, build) for name, build in BUILDERS.items()}
"""All operators by name."""
