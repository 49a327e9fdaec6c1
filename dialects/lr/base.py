"""What all layers have in common, at this level and the ones below it."""

import re
from abc import ABC
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import prod
from typing import cast

from xdsl.dialects.builtin import (
    DenseIntOrFPElementsAttr,
    Float16Type,
    Float32Type,
    IntegerAttr,
    StringAttr,
    TensorType,
    i64,
)
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import (
    BaseAttr,
    IRDLOperation,
    ParsePropInAttrDict,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from lrc.dialects.elements import FloatType, element_of, type_of
from lrc.dialects.lr.attrs import INTS, WEIGHT, ActivationAttr, Ints, WeightAttr, WeightLike, ints
from lrc.dialects.lr.store import Role, WeightSpec
from lrc.dialects.values import shapes
from lrc.dialects.values.activations import Activation
from lrc.dialects.values.elements import F32, Element
from lrc.dialects.values.patterns import Sparsity
from lrc.dialects.values.shapes import Shape, ShapeError, Window, pair

FEATURE_MAP = TensorType.constr(BaseAttr(Float32Type) | BaseAttr(Float16Type))
"""The constraint of every value: a tensor of float32 or float16."""

LARGEST = 2**31 - 1
"""The most numbers of a tensor or an array."""


def tensor(shape: Sequence[int], element: Element = F32) -> TensorType[FloatType]:
    """The type of a value of that shape."""
    return TensorType(type_of(element), list(shape))


def shape_of(value: SSAValue | Attribute) -> Shape:
    """The shape of a value, or of its type. Raises VerifyException if it is no tensor."""
    kind = value.type if isinstance(value, SSAValue) else value
    if not isinstance(kind, TensorType):
        raise VerifyException(f"expected a tensor, not {kind}")
    return kind.get_shape()


def value_name(name: str) -> str:
    """What the IR can call the value of an input or layer: a letter stands first, since xDSL takes `_2` for its own."""
    text = re.sub(r"[^\w.$-]", "_", name, flags=re.ASCII)
    return text if text[:1].isalpha() else f"n{text}"


def check_feature_map(kind: Attribute) -> None:
    """Raises VerifyException unless a type is that of a value of a network: float32 or float16, of two to five axes,
    [1, C, …]."""
    shape = shape_of(kind)
    element_of(kind)
    if shape[:1] != (1,):
        raise VerifyException("but a batch is one picture")
    if len(shape) not in shapes.KINDS or min(shape) < 1:
        raise VerifyException("but values are [1, C] to [1, C, D, H, W], with numbers of at least 1")
    if prod(shape) > LARGEST:
        raise VerifyException(f"but {prod(shape)} numbers are too many: at most {LARGEST} can be")


def optional_activation(activation: Activation | str | None) -> ActivationAttr | None:
    """An activation as an attribute; a plain kind may be given by its name."""
    if activation is None:
        return None
    return ActivationAttr(Activation(activation) if isinstance(activation, str) else activation)


class LayerOp(IRDLOperation, ABC):
    """A layer of the network: it has a name, which reports, weights and errors use, and one output."""

    layer = prop_def(StringAttr)
    output = result_def(FEATURE_MAP)

    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())

    def expected_shape(self) -> Shape:
        """The output's shape, from the operands and numbers. Raises ShapeError if they do not fit."""
        return shape_of(self.output)

    def weight_specs(self) -> Iterator[tuple[str, WeightLike, WeightSpec]]:
        """Each array of this layer: the property that says where it is, that place, and what it has to be."""
        yield from ()

    def verify_(self) -> None:
        """Raises VerifyException if a shape does not fit."""
        try:
            check_feature_map(self.output.type)
        except VerifyException as error:
            raise VerifyException(f"layer '{self.layer.data}' gives {self.output.type}, {error}") from None
        try:
            expected = self.expected_shape()
        except ShapeError as error:
            raise VerifyException(f"layer '{self.layer.data}': {error}") from None
        if (found := shape_of(self.output)) != expected:
            raise VerifyException(
                f"layer '{self.layer.data}' gives {shapes.show(expected)}, but its type says {shapes.show(found)}"
            )
        self.check_elements()
        for field, weight, spec in self.weight_specs():
            if prod(spec.shape) > LARGEST:
                raise VerifyException(
                    f"layer '{self.layer.data}' has a {field} of {shapes.show(spec.shape)}: too many numbers"
                )
            if isinstance(weight, DenseIntOrFPElementsAttr) and weight.get_shape() != spec.shape:
                raise VerifyException(
                    f"layer '{self.layer.data}' has a {field} of {shapes.show(weight.get_shape())}, "
                    f"expected {shapes.show(spec.shape)}"
                )

    def check_elements(self) -> None:
        """Raises VerifyException unless the layer computes in one element type: that of all that it reads and gives."""
        own = element_of(self.output)
        for operand in self.operands:
            if (found := element_of(operand)) != own:
                raise VerifyException(f"layer '{self.layer.data}' reads {found} and gives {own}: only a cast does both")


def spec_of(weight: WeightLike, shape: Shape, role: Role, sparsity: Sparsity | None = None) -> WeightSpec:
    """What is expected of a weight; one that stands in the text has no name."""
    return WeightSpec(weight.data if isinstance(weight, WeightAttr) else "", shape, role, sparsity)


class WindowedOp(LayerOp, ABC):
    """A layer that moves a window over a picture or a sequence. Its lists have a number for each axis of that: kernel
    and strides (rows, columns) or (columns,), pads (top, left, bottom, right) or (left, right)."""

    input = operand_def(FEATURE_MAP)
    kernel = prop_def(INTS)
    strides = prop_def(INTS)
    pads = prop_def(INTS)

    @property
    def axes(self) -> int:
        """How many axes the lists are for: those of the input but the channels."""
        return len(shape_of(self.input)) - 2

    @property
    def window(self) -> Window:
        """The window over pictures; over a sequence it has one row. Raises VerifyException if a list has not the right
        length, ShapeError if the input is neither."""
        shapes.picture(shape_of(self.input))
        kernel, strides, pads = (
            self.numbers(*each) for each in (("kernel", self.axes), ("strides", self.axes), ("pads", 2 * self.axes))
        )
        return Window.along(kernel, strides, pads)

    def numbers(self, name: str, length: int) -> tuple[int, ...]:
        """A list. Raises VerifyException if it has not the right length."""
        values = cast(Ints, self.properties[name]).get_values()
        if len(values) != length:
            raise VerifyException(f"{name} has {len(values)} numbers, expected {length}")
        return values


def window_properties(window: Window, axes: int) -> dict[str, Attribute]:
    """The lists of a layer that moves a window along so many axes. Raises ShapeError if it moves along more."""
    kernel, strides, pads, dilations = window.numbers(axes)
    return {"kernel": ints(kernel), "strides": ints(strides), "pads": ints(pads), "dilations": ints(dilations)}


class ConvolutionOp(WindowedOp, ABC):
    """A convolution, whatever form its weights have: activation(conv(input) + bias + residual).

    It is one over pictures: what it reads may be a sequence, and is a picture of one row to it. A subclass declares its
    weights and an assembly format, which may start with `CONVOLUTION_FORMAT`.
    """

    input = operand_def(FEATURE_MAP)  # declared again: operands come in the order of their declaration, a base's last
    residual = opt_operand_def(FEATURE_MAP)
    bias = opt_prop_def(WEIGHT)
    dilations = prop_def(INTS)
    groups = prop_def(IntegerAttr.constr(i64))
    activation = opt_prop_def(ActivationAttr)

    @property
    def axes(self) -> int:
        """Two: rows and columns."""
        return 2

    @property
    def window(self) -> Window:
        """That of the base, with dilations (rows, columns). Raises VerifyException if a list has another length."""
        return replace(super().window, dilations=pair(self.numbers("dilations", self.axes)))

    @property
    def group_count(self) -> int:
        """Into how many groups channels and filters divide; 1 is an ordinary convolution, Ci a depthwise one."""
        return self.groups.value.data

    def weight_shape(self) -> Shape:
        """[Co, Ci / groups, kh, kw]."""
        return (shape_of(self.output)[1], shape_of(self.input)[1] // self.group_count, *self.window.kernel)

    def expected_shape(self) -> Shape:
        """[1, Co, OH, OW] or [1, Co, OL]. Raises ShapeError also if the residual has another shape."""
        expected = shapes.convolution(shape_of(self.input), shape_of(self.output)[1], self.window, self.group_count)
        if self.residual is not None and shape_of(self.residual) != expected:
            raise ShapeError(f"adds {shapes.show(shape_of(self.residual))} to {shapes.show(expected)}")
        return expected


UNARY_FORMAT = "$layer `(` $input `)` attr-dict `:` type($input) `->` type($output)"
"""`"flat"(%x) : tensor<…> -> tensor<…>`."""

CONVOLUTION_FORMAT = (
    "$layer `(` $input `)` (`plus` $residual^ `:` type($residual))? (`then` $activation^)? "
    "`kernel` $kernel `strides` $strides `pads` $pads `dilations` $dilations `groups` $groups "
    "attr-dict `:` type($input) `->` type($output)"
)
"""`"conv1"(%x) plus %r : tensor<…> then <relu> kernel [3, 3] … {…} : tensor<…> -> tensor<…>`."""
