"""The layers that have weights: convolution, fully connected, batch normalization."""

from abc import ABC
from collections.abc import Iterator
from typing import ClassVar, Final

from xdsl.dialects.builtin import FloatAttr, IntegerAttr, StringAttr, f64, i64
from xdsl.ir import SSAValue
from xdsl.irdl import irdl_op_definition, operand_def, opt_prop_def, prop_def
from xdsl.utils.exceptions import VerifyException

from lrc.dialects.elements import element_of
from lrc.dialects.lr.attrs import (
    WEIGHT,
    ActivationAttr,
    SparsityAttr,
    TuningAttr,
    WeightLike,
    optional_weight,
    weight_like,
)
from lrc.dialects.lr.base import (
    CONVOLUTION_FORMAT,
    FEATURE_MAP,
    UNARY_FORMAT,
    ConvolutionOp,
    LayerOp,
    optional_activation,
    shape_of,
    spec_of,
    tensor,
    window_properties,
)
from lrc.dialects.lr.store import WeightSpec
from lrc.dialects.values import shapes
from lrc.dialects.values.activations import Activation
from lrc.dialects.values.patterns import Sparsity
from lrc.dialects.values.schedules import Tuning
from lrc.dialects.values.shapes import KINDS, Shape, ShapeError, Window, no_window, show

OF_RANK: Final = {3: "conv1d", 4: "conv2d"}
"""What the convolution of a value of each rank is called."""


class ConvOp(ConvolutionOp, ABC):
    """A convolution with weights as torch keeps them: activation(conv(input) + bias + residual).

    The weight is [Co, Ci / groups, kh, kw] or [Co, Ci / groups, k], the bias [Co]; kernel, strides and dilations are a
    number for each axis, pads one before and then one after each, in elements. `sparsity` says how the weight was
    pruned, `tuning` what its author asks of the schedule. Depthwise is groups = Ci. A subclass says along how many
    `AXES` it moves.
    """

    AXES: ClassVar[int]

    weight = prop_def(WEIGHT)
    sparsity = opt_prop_def(SparsityAttr)
    tuning = opt_prop_def(TuningAttr)

    assembly_format = CONVOLUTION_FORMAT

    def __init__(
        self,
        layer: str,
        input: SSAValue,
        *,
        filters: int,
        weight: WeightLike | str,
        window: Window,
        bias: WeightLike | str | None = None,
        groups: int = 1,
        residual: SSAValue | None = None,
        activation: Activation | str | None = None,
        sparsity: Sparsity | None = None,
        tuning: Tuning | None = None,
    ) -> None:
        self.check_rank(shape_of(input))
        super().__init__(
            operands=[input, residual],
            result_types=[tensor(shapes.convolution(shape_of(input), filters, window, groups), element_of(input))],
            properties={
                "layer": StringAttr(layer),
                "weight": weight_like(weight),
                "bias": optional_weight(bias),
                **window_properties(window, self.AXES),
                "groups": IntegerAttr(groups, i64),
                "activation": optional_activation(activation),
                "sparsity": sparsity and SparsityAttr(sparsity),
                "tuning": tuning and TuningAttr(tuning),
            },
        )

    @property
    def axes(self) -> int:
        """One for a sequence, two for a picture."""
        return self.AXES

    @classmethod
    def check_rank(cls, shape: Shape) -> None:
        """Raises ShapeError unless this is the operation for inputs of that rank."""
        if len(shape) != cls.AXES + 2:
            hint = f"`{other}` takes {KINDS[len(shape)]}" if (other := OF_RANK.get(len(shape))) else no_window(shape)
            raise ShapeError(f"takes {KINDS[cls.AXES + 2]}, not {show(shape)}", hint)

    def weight_shape(self) -> Shape:
        """[Co, Ci / groups, kh, kw] or [Co, Ci / groups, k]."""
        return (*super().weight_shape()[:2], *self.numbers("kernel", self.axes))

    def expected_shape(self) -> Shape:
        """[1, Co, OH, OW] or [1, Co, OL]. Raises ShapeError also for an input of another rank."""
        self.check_rank(shape_of(self.input))
        return super().expected_shape()

    def verify_(self) -> None:
        super().verify_()
        sparsity = Sparsity() if self.sparsity is None else self.sparsity.data
        try:
            if sparsity.patterns is not None:
                sparsity.patterns.check_fit(self.window.kernel)
            sparsity.check_filters(self.weight_shape()[0], self.group_count)
        except ValueError as error:
            raise VerifyException(f"layer '{self.layer.data}': {error}") from None

    def weight_specs(self) -> Iterator[tuple[str, WeightLike, WeightSpec]]:
        """The weight, of `weight_shape` and pruned as `sparsity` says, and the bias [Co]."""
        sparsity = None if self.sparsity is None else self.sparsity.data
        yield "weight", self.weight, spec_of(self.weight, self.weight_shape(), "weight", sparsity)
        if self.bias is not None:
            yield "bias", self.bias, spec_of(self.bias, self.weight_shape()[:1], "bias")


@irdl_op_definition
class Conv1dOp(ConvOp):
    """Convolution of a sequence [1, Ci, L].

    %y = lr.conv1d "conv1"(%x) then <relu> kernel [3] strides [2] pads [1, 1] dilations [1]
         groups 1 {weight = #lr.weight<"conv1.weight">, bias = #lr.weight<"conv1.bias">}
         : tensor<1x3x16xf32> -> tensor<1x4x8xf32>
    """

    name = "lr.conv1d"

    AXES: ClassVar[int] = 1


@irdl_op_definition
class Conv2dOp(ConvOp):
    """Convolution of a picture [1, Ci, H, W].

    %y = lr.conv2d "conv1"(%x) then <relu> kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1]
         groups 1 {weight = #lr.weight<"conv1.weight">, bias = #lr.weight<"conv1.bias">}
         : tensor<1x3x8x8xf32> -> tensor<1x4x8x8xf32>
    """

    name = "lr.conv2d"

    AXES: ClassVar[int] = 2


@irdl_op_definition
class LinearOp(LayerOp):
    """Fully connected layer: activation(weight · input + bias), weight [O, I], bias [O].

    %y = lr.linear "fc"(%x) then <relu> {weight = #lr.weight<"fc.weight">} : tensor<1x8xf32> -> tensor<1x4xf32>
    """

    name = "lr.linear"

    input = operand_def(FEATURE_MAP)
    weight = prop_def(WEIGHT)
    bias = opt_prop_def(WEIGHT)
    activation = opt_prop_def(ActivationAttr)

    assembly_format = "$layer `(` $input `)` (`then` $activation^)? attr-dict `:` type($input) `->` type($output)"

    def __init__(
        self,
        layer: str,
        input: SSAValue,
        *,
        units: int,
        weight: WeightLike | str,
        bias: WeightLike | str | None = None,
        activation: Activation | str | None = None,
    ) -> None:
        super().__init__(
            operands=[input],
            result_types=[tensor(shapes.linear(shape_of(input), units), element_of(input))],
            properties={
                "layer": StringAttr(layer),
                "weight": weight_like(weight),
                "bias": optional_weight(bias),
                "activation": optional_activation(activation),
            },
        )

    def expected_shape(self) -> Shape:
        """[1, O]. Raises ShapeError if the input is no vector."""
        return shapes.linear(shape_of(self.input), shape_of(self.output)[1])

    def weight_specs(self) -> Iterator[tuple[str, WeightLike, WeightSpec]]:
        """The weight [O, I] and the bias [O]."""
        units, inputs = shape_of(self.output)[1], shape_of(self.input)[1]
        yield "weight", self.weight, spec_of(self.weight, (units, inputs), "weight")
        if self.bias is not None:
            yield "bias", self.bias, spec_of(self.bias, (units,), "bias")


@irdl_op_definition
class BatchNormOp(LayerOp):
    """Batch normalization with fixed statistics: weight * (input - mean) / sqrt(variance + epsilon) + bias, all [C].

    %y = lr.batch_norm "bn1"(%x) {weight = #lr.weight<"bn1.weight">, bias = #lr.weight<"bn1.bias">,
         mean = #lr.weight<"bn1.running_mean">, variance = #lr.weight<"bn1.running_var">, epsilon = 1.0e-05 : f64}
         : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
    """

    name = "lr.batch_norm"

    input = operand_def(FEATURE_MAP)
    weight = prop_def(WEIGHT)
    bias = prop_def(WEIGHT)
    mean = prop_def(WEIGHT)
    variance = prop_def(WEIGHT)
    epsilon = prop_def(FloatAttr)

    assembly_format = UNARY_FORMAT

    def __init__(
        self,
        layer: str,
        input: SSAValue,
        *,
        weight: WeightLike | str,
        bias: WeightLike | str,
        mean: WeightLike | str,
        variance: WeightLike | str,
        epsilon: float = 1e-5,
    ) -> None:
        super().__init__(
            operands=[input],
            result_types=[tensor(shape_of(input), element_of(input))],
            properties={
                "layer": StringAttr(layer),
                "weight": weight_like(weight),
                "bias": weight_like(bias),
                "mean": weight_like(mean),
                "variance": weight_like(variance),
                "epsilon": FloatAttr(epsilon, f64),
            },
        )

    def expected_shape(self) -> Shape:
        """That of the input, of any rank."""
        return shape_of(self.input)

    def weight_specs(self) -> Iterator[tuple[str, WeightLike, WeightSpec]]:
        """The weight, whose role is that of a scale, bias, mean and variance: each [C]."""
        channels = shape_of(self.input)[1:2]
        yield "weight", self.weight, spec_of(self.weight, channels, "scale")
        yield "bias", self.bias, spec_of(self.bias, channels, "bias")
        yield "mean", self.mean, spec_of(self.mean, channels, "mean")
        yield "variance", self.variance, spec_of(self.variance, channels, "variance")
