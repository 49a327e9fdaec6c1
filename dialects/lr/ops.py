"""The layers of a network. All mean what torch's layers of that name mean; a batch is one picture.

Every constructor takes Python values and infers the output's type; it raises ShapeError if the shapes do not fit.
The layers that have weights are in `weighted.py`, the model around them in `model.py`; both can be had from here.
"""

from collections.abc import Sequence

from xdsl.dialects.builtin import FloatAttr, StringAttr, f64
from xdsl.ir import SSAValue
from xdsl.irdl import irdl_op_definition, operand_def, opt_prop_def, prop_def, var_operand_def
from xdsl.utils.exceptions import VerifyException

from lrc.dialects.elements import element_of
from lrc.dialects.lr.attrs import INTS, ActivationAttr, ints
from lrc.dialects.lr.base import (
    FEATURE_MAP,
    UNARY_FORMAT,
    ConvolutionOp,
    LayerOp,
    WindowedOp,
    optional_activation,
    shape_of,
    tensor,
    window_properties,
)
from lrc.dialects.lr.model import ModelOp, OutputOp, find_model
from lrc.dialects.lr.weighted import BatchNormOp, Conv1dOp, Conv2dOp, ConvOp, LinearOp
from lrc.dialects.values import shapes
from lrc.dialects.values.activations import Activation
from lrc.dialects.values.elements import Element
from lrc.dialects.values.shapes import Shape, Window, pair, sides

__all__ = [
    "ActivationOp",
    "AddOp",
    "AvgPoolOp",
    "BatchNormOp",
    "CastOp",
    "ConcatOp",
    "Conv1dOp",
    "Conv2dOp",
    "ConvOp",
    "ConvolutionOp",
    "FlattenOp",
    "GlobalAvgPoolOp",
    "LayerOp",
    "LinearOp",
    "MaxPoolOp",
    "ModelOp",
    "MulOp",
    "OutputOp",
    "PadOp",
    "SoftmaxOp",
    "UpsampleOp",
    "WindowedOp",
    "find_model",
]

POOL_FORMAT = (
    "$layer `(` $input `)` `kernel` $kernel `strides` $strides `pads` $pads attr-dict "
    "`:` type($input) `->` type($output)"
)
BINARY_FORMAT = (
    "$layer `(` $lhs `,` $rhs `)` (`then` $activation^)? attr-dict `:` type($lhs) `,` type($rhs) `->` type($output)"
)


@irdl_op_definition
class ActivationOp(LayerOp):
    """A function of each element: relu, leaky_relu, sigmoid, …

    %y = lr.activation "relu1"(%x) <relu> : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
    """

    name = "lr.activation"

    input = operand_def(FEATURE_MAP)
    activation = prop_def(ActivationAttr)

    assembly_format = "$layer `(` $input `)` $activation attr-dict `:` type($input) `->` type($output)"

    def __init__(self, layer: str, input: SSAValue, activation: Activation | str) -> None:
        super().__init__(
            operands=[input],
            result_types=[tensor(shape_of(input), element_of(input))],
            properties={"layer": StringAttr(layer), "activation": optional_activation(activation)},
        )

    def expected_shape(self) -> Shape:
        """That of the input."""
        return shape_of(self.input)


@irdl_op_definition
class CastOp(LayerOp):
    """The same numbers in another element type, each rounded to the nearest that it has.

    %y = lr.cast "x.f16"(%x) : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf16>
    """

    name = "lr.cast"

    input = operand_def(FEATURE_MAP)

    assembly_format = UNARY_FORMAT

    def __init__(self, layer: str, input: SSAValue, element: Element) -> None:
        super().__init__(
            operands=[input],
            result_types=[tensor(shape_of(input), element)],
            properties={"layer": StringAttr(layer)},
        )

    def expected_shape(self) -> Shape:
        """That of the input."""
        return shape_of(self.input)

    def check_elements(self) -> None:
        """Nothing: the element types may be any two."""


class BinaryOp(LayerOp):
    """An operation on two values, element by element: equal shapes, or one is [1, C, 1, 1] beside [1, C, H, W], or the
    like at another rank."""

    lhs = operand_def(FEATURE_MAP)
    rhs = operand_def(FEATURE_MAP)
    activation = opt_prop_def(ActivationAttr)

    def __init__(self, layer: str, lhs: SSAValue, rhs: SSAValue, *, activation: Activation | str | None = None) -> None:
        super().__init__(
            operands=[lhs, rhs],
            result_types=[tensor(shapes.broadcast(shape_of(lhs), shape_of(rhs)), element_of(lhs))],
            properties={"layer": StringAttr(layer), "activation": optional_activation(activation)},
        )

    def expected_shape(self) -> Shape:
        """That of the wider one. Raises ShapeError unless both are equal, or one has a number for each channel."""
        return shapes.broadcast(shape_of(self.lhs), shape_of(self.rhs))


@irdl_op_definition
class AddOp(BinaryOp):
    """Sum: activation(lhs + rhs).

    %y = lr.add "sum"(%a, %b) then <relu> : tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
    """

    name = "lr.add"

    assembly_format = BINARY_FORMAT


@irdl_op_definition
class MulOp(BinaryOp):
    """Product: activation(lhs * rhs), as in squeeze and excitation.

    %y = lr.mul "scaled"(%a, %b) : tensor<1x4x8x8xf32>, tensor<1x4x1x1xf32> -> tensor<1x4x8x8xf32>
    """

    name = "lr.mul"

    assembly_format = BINARY_FORMAT


@irdl_op_definition
class ConcatOp(LayerOp):
    """Joins values of one rank along their channels.

    %y = lr.concat "both"(%a, %b) : tensor<1x4x8x8xf32>, tensor<1x2x8x8xf32> -> tensor<1x6x8x8xf32>
    """

    name = "lr.concat"

    inputs = var_operand_def(FEATURE_MAP)

    assembly_format = "$layer `(` $inputs `)` attr-dict `:` type($inputs) `->` type($output)"

    def __init__(self, layer: str, inputs: Sequence[SSAValue]) -> None:
        super().__init__(
            operands=[inputs],
            result_types=[tensor(shapes.concat([shape_of(value) for value in inputs]), element_of(inputs[0]))],
            properties={"layer": StringAttr(layer)},
        )

    def expected_shape(self) -> Shape:
        """[1, C1 + C2 + …, H, W], or the like at another rank. Raises VerifyException if there are no inputs."""
        if not self.inputs:
            raise VerifyException(f"layer '{self.layer.data}' joins nothing")
        return shapes.concat([shape_of(value) for value in self.inputs])


class PoolOp(WindowedOp):
    """A pooling: one number for each place of the window, channel by channel."""

    def __init__(self, layer: str, input: SSAValue, window: Window) -> None:
        output = shapes.pool(shape_of(input), window)
        lists = window_properties(window, len(output) - 2)
        super().__init__(
            operands=[input],
            result_types=[tensor(output, element_of(input))],
            properties={
                "layer": StringAttr(layer),
                **{name: lists[name] for name in ("kernel", "strides", "pads")},
            },
        )

    def expected_shape(self) -> Shape:
        """[1, C, OH, OW] or [1, C, OL]. Raises ShapeError if a window does not fit, or may lie in padding alone."""
        return shapes.pool(shape_of(self.input), self.window)


@irdl_op_definition
class MaxPoolOp(PoolOp):
    """The window's largest element; padding does not count.

    %y = lr.max_pool "pool"(%x) kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0]
         : tensor<1x4x8x8xf32> -> tensor<1x4x4x4xf32>
    """

    name = "lr.max_pool"

    assembly_format = POOL_FORMAT


@irdl_op_definition
class AvgPoolOp(PoolOp):
    """The window's mean; padding counts as zeros, as torch does unless told otherwise.

    %y = lr.avg_pool "pool"(%x) kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0]
         : tensor<1x4x8x8xf32> -> tensor<1x4x4x4xf32>
    """

    name = "lr.avg_pool"

    assembly_format = POOL_FORMAT


@irdl_op_definition
class GlobalAvgPoolOp(LayerOp):
    """The mean of each channel, [1, C, 1, 1] or the like at another rank.

    %y = lr.global_avg_pool "pool"(%x) : tensor<1x4x8x8xf32> -> tensor<1x4x1x1xf32>
    """

    name = "lr.global_avg_pool"

    input = operand_def(FEATURE_MAP)

    assembly_format = UNARY_FORMAT

    def __init__(self, layer: str, input: SSAValue) -> None:
        super().__init__(
            operands=[input],
            result_types=[tensor(shapes.global_pool(shape_of(input)), element_of(input))],
            properties={"layer": StringAttr(layer)},
        )

    def expected_shape(self) -> Shape:
        """[1, C, 1, 1], or the like at another rank. Raises ShapeError if the input is a vector."""
        return shapes.global_pool(shape_of(self.input))


@irdl_op_definition
class UpsampleOp(LayerOp):
    """Repeats each row and column `scale` (rows, columns) times, or each number of a sequence: the nearest neighbour.

    %y = lr.upsample "up"(%x) by [2, 2] : tensor<1x4x8x8xf32> -> tensor<1x4x16x16xf32>
    """

    name = "lr.upsample"

    input = operand_def(FEATURE_MAP)
    scale = prop_def(INTS)

    assembly_format = "$layer `(` $input `)` `by` $scale attr-dict `:` type($input) `->` type($output)"

    def __init__(self, layer: str, input: SSAValue, scale: tuple[int, int]) -> None:
        output = shapes.upsample(shape_of(input), scale)
        super().__init__(
            operands=[input],
            result_types=[tensor(output, element_of(input))],
            properties={"layer": StringAttr(layer), "scale": ints(scale[4 - len(output) :])},
        )

    def scales(self) -> tuple[int, int]:
        """(rows, columns), 1 for the one row of a sequence. Raises VerifyException if `scale` is not as long as the
        input has axes, ShapeError if that is no picture."""
        shapes.picture(shape_of(self.input))
        if len(self.scale) != (axes := len(shape_of(self.input)) - 2):
            raise VerifyException(f"scale has {len(self.scale)} numbers, expected {axes}")
        return pair(self.scale.get_values())

    def expected_shape(self) -> Shape:
        """[1, C, H * rows, W * columns] or [1, C, L * columns]."""
        return shapes.upsample(shape_of(self.input), self.scales())


@irdl_op_definition
class FlattenOp(LayerOp):
    """All elements in one row, in the order of the axes: channel, row, column.

    %y = lr.flatten "flat"(%x) : tensor<1x4x8x8xf32> -> tensor<1x256xf32>
    """

    name = "lr.flatten"

    input = operand_def(FEATURE_MAP)

    assembly_format = UNARY_FORMAT

    def __init__(self, layer: str, input: SSAValue) -> None:
        super().__init__(
            operands=[input],
            result_types=[tensor(shapes.flatten(shape_of(input)), element_of(input))],
            properties={"layer": StringAttr(layer)},
        )

    def expected_shape(self) -> Shape:
        """[1, C * H * W], or the like at another rank."""
        return shapes.flatten(shape_of(self.input))


@irdl_op_definition
class SoftmaxOp(LayerOp):
    """Exponentials over their sum along the channels (axis 1).

    %y = lr.softmax "probabilities"(%x) : tensor<1x10xf32> -> tensor<1x10xf32>
    """

    name = "lr.softmax"

    input = operand_def(FEATURE_MAP)

    assembly_format = UNARY_FORMAT

    def __init__(self, layer: str, input: SSAValue) -> None:
        super().__init__(
            operands=[input],
            result_types=[tensor(shape_of(input), element_of(input))],
            properties={"layer": StringAttr(layer)},
        )

    def expected_shape(self) -> Shape:
        """That of the input."""
        return shape_of(self.input)


@irdl_op_definition
class PadOp(LayerOp):
    """A frame of `value` around a picture, pads (top, left, bottom, right), or around a sequence, pads (left, right).
    The language has none; passes make it.

    %y = lr.pad "pad1"(%x) pads [1, 1, 1, 1] {value = 0.0 : f64} : tensor<1x4x8x8xf32> -> tensor<1x4x10x10xf32>
    """

    name = "lr.pad"

    input = operand_def(FEATURE_MAP)
    pads = prop_def(INTS)
    value = prop_def(FloatAttr)

    assembly_format = "$layer `(` $input `)` `pads` $pads attr-dict `:` type($input) `->` type($output)"

    def __init__(self, layer: str, input: SSAValue, pads: tuple[int, int, int, int], value: float = 0.0) -> None:
        output = shapes.pad(shape_of(input), pads)
        lists = shapes.of_axes(pads, len(output) - 2)
        super().__init__(
            operands=[input],
            result_types=[tensor(output, element_of(input))],
            properties={"layer": StringAttr(layer), "pads": ints(lists), "value": FloatAttr(value, f64)},
        )

    def sides(self) -> tuple[int, int, int, int]:
        """(top, left, bottom, right), nothing above and below a sequence. Raises VerifyException if `pads` has not two
        numbers for each axis, ShapeError if the input is no picture."""
        shapes.picture(shape_of(self.input))
        if len(self.pads) != (expected := 2 * len(shape_of(self.input)) - 4):
            raise VerifyException(f"pads has {len(self.pads)} numbers, expected {expected}")
        return sides(self.pads.get_values())

    def expected_shape(self) -> Shape:
        """[1, C, top + H + bottom, left + W + right] or [1, C, left + L + right]."""
        return shapes.pad(shape_of(self.input), self.sides())
