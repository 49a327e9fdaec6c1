"""set-precision: in which numbers each layer computes."""

from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter
from xdsl.utils.exceptions import PassFailedException

from lrc.dialects.elements import element_of
from lrc.dialects.lr.attrs import WeightAttr, WeightLike
from lrc.dialects.lr.base import LayerOp, shape_of, tensor
from lrc.dialects.lr.model import ModelOp, OutputOp, find_model, store_of
from lrc.dialects.lr.ops import BatchNormOp, CastOp, ConvOp, FlattenOp, GlobalAvgPoolOp, LinearOp, PadOp, SoftmaxOp
from lrc.dialects.lr.store import derived
from lrc.dialects.values.elements import F32, Element, element_named
from lrc.passes.arrays import load
from lrc.passes.diagnose import fail, machine_of
from lrc.passes.rewriting import NewLayers

FLOAT32_ONLY = (BatchNormOp, GlobalAvgPoolOp, LinearOp, SoftmaxOp)
"""Layers that keep float32: few numbers come out of them, and each of many, or of a difference of large ones."""


@dataclass(frozen=True)
class SetPrecisionPass(ModulePass):
    """layer : tensor<…xf32> -> layer : tensor<…xf16>, its weights rounded, with lr.cast wherever the type changes.

    Inputs and outputs of the network stay float32, and so do the layers of `FLOAT32_ONLY`, those that `keep` names,
    and a frame whose value `precision` does not have. What is flattened stays as it is.
    """

    name = "set-precision"

    precision: str = "f16"
    keep: tuple[str, ...] = ()

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        try:
            element = element_named(self.precision)
            machine_of(op).lanes_of(element)
        except ValueError as error:
            raise PassFailedException(str(error)) from None
        model = find_model(op)
        layers = [layer for layer in model.block.ops if isinstance(layer, LayerOp)]
        if unknown := set(self.keep).difference(layer.layer.data for layer in layers):
            raise PassFailedException(f"keep names no layer of the network: {', '.join(sorted(unknown))}")
        casts = Casts(model)
        for layer in layers:
            own = element if takes(layer, element) and layer.layer.data not in self.keep else F32
            if isinstance(layer, FlattenOp):
                own = element_of(layer.input)
            if isinstance(layer, ConvOp) and own is not F32:
                round_weights(layer, own)
            casts.give_operands(layer, own)
            Rewriter.replace_value_with_new_type(layer.output, tensor(shape_of(layer.output), own))
        if isinstance(end := model.block.last_op, OutputOp):
            casts.give_operands(end, F32)


def takes(layer: LayerOp, element: Element) -> bool:
    """Whether a layer computes in an element type where it may."""
    if isinstance(layer, PadOp):
        value = float(layer.value.value.data)
        return rounded(np.array(value), element) == value
    return not isinstance(layer, (*FLOAT32_ONLY, CastOp))


def rounded(numbers: np.ndarray, element: Element) -> np.ndarray:
    """The nearest numbers of an element type, infinite where it ends, in the type that they came in."""
    with np.errstate(over="ignore"):
        return numbers.astype(element.about).astype(numbers.dtype)


def round_weights(layer: ConvOp, element: Element) -> None:
    """Give a convolution weights that the element type has. Raises FailedPassError if one is too large for it."""
    layer.weight = _rounded(layer, layer.weight, "weight", element)
    if layer.bias is not None:
        layer.bias = _rounded(layer, layer.bias, "bias", element)


def _rounded(layer: ConvOp, weight: WeightLike, field: str, element: Element) -> WeightLike:
    before = load(layer, weight)
    after = rounded(before, element)
    if not (finite := np.isfinite(after)).all():
        largest = float(np.abs(before[~finite]).max())
        fail(layer, f"layer '{layer.layer.data}' has a {field} of {largest:.6g}, which {element.about} does not have")
    if np.array_equal(before, after):
        return weight
    name = weight.data if isinstance(weight, WeightAttr) else f"{layer.layer.data}.{field}"
    return derived(weight, f"{name}.{element}", after, store_of(layer))


class Casts:
    """Casts of the values of a model, one for each value and element type; the first is put in behind the value."""

    def __init__(self, model: ModelOp) -> None:
        self.layers = NewLayers(model)
        self.known: dict[tuple[SSAValue, Element], SSAValue] = {}

    def give_operands(self, op: LayerOp | OutputOp, element: Element) -> None:
        """Have an operation read values of an element type."""
        for i, operand in enumerate(op.operands):
            if element_of(operand) is not element:
                op.operands[i] = self.cast(operand, element)

    def cast(self, value: SSAValue, element: Element) -> SSAValue:
        """A value in another element type."""
        if (value, element) not in self.known:
            cast = CastOp(self.layers.name(value, str(element)), value, element)
            self.layers.insert_behind(value, cast)
            self.known[value, element] = cast.output
        return self.known[value, element]
