"""How far float32 code may be from the exact result of a layer: bounds computed from the operation, not guessed.

The model is that of N. J. Higham, *Accuracy and Stability of Numerical Algorithms* (SIAM, 2nd edition 2002):
an operation returns the exact result times (1 + d), |d| <= u = 2^-24 (section 2.2), and n such factors
multiply to 1 + theta with |theta| <= gamma_n = n u / (1 - n u) (lemma 3.1). Each of the n products of an inner product
takes part in one multiplication and at most n - 1 additions, whatever their order, so that

    |computed - exact| <= gamma_n * sum |w| |x|                            (sections 3.1 and 4.2)

A fused multiply-add rounds once where two operations round twice: the bound holds for it too, and for any mixture.
Products with a zero weight are exact, so only the weights that are left count. An operation whose result is
subnormal loses at most SMALLEST, also on hardware that flushes subnormals to zero.

The bounds speak of one layer, computed from its own float32 inputs: chained through a network they say nothing.
Every function returns an array of the result's shape. Results are the float64 reference's, whose own
error is 2^-29 of what is allowed here; SECOND_ORDER pays for it and for products of errors.

`of_fusion` speaks of something else: two float64 results, of layers and of the one layer that passes made of them.
Float64 rounds either of them; what else may differ is that folded weights were rounded to float32, once for each
normalization.
"""

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import ArrayLike

from lrc.dialects import lr
from lrc.dialects.elements import element_of
from lrc.dialects.lr.base import shape_of
from lrc.dialects.lr.store import WeightStore, array_of
from lrc.dialects.values.activations import Activation
from lrc.dialects.values.elements import F16, F32, Element
from lrc.interpreters import reference
from lrc.interpreters.graph import Evaluation, applied_weights
from lrc.interpreters.reference import Array

UNIT = F32.unit
"""Half the distance from 1 to the next float32: the relative error of one rounding."""

SMALLEST = F32.smallest
"""The smallest normal float32."""

UNDERFLOW = {F32: SMALLEST, F16: F16.lost}
"""What an operation loses at most whose result is too small to be normal: hardware may put zero in the place of such a
float32, a float16 is rounded."""

SECOND_ORDER = 1.001

DOUBLE = 2.0**-28
"""How much of a float32 bound two float64 results of a layer may be apart: 2^-29 for each."""

LOST = F32.lost
"""The error of a number that is rounded and too small to be normal: half of the smallest subnormal float32."""

EXP = 16 * UNIT
"""Relative error of an exponential in float32: 8 units in the last place, twice what polynomial code needs."""


def exponential(element: Element) -> float:
    """Relative error of an exponential: that of float16 is one of float32, rounded."""
    return EXP if element is F32 else element.unit + EXP


def gamma(n: ArrayLike, element: Element = F32) -> Array:
    """Relative error of n roundings, however many: (1 - u)^-n - 1, which is at most n u / (1 - n u)."""
    return np.expm1(-reference.float64(n) * np.log1p(-element.unit))


def absolute(array: ArrayLike | None) -> ArrayLike | None:
    """The absolute values of an array that may be left out."""
    return None if array is None else np.abs(array)


def inner_product(magnitude: Array, terms: ArrayLike, element: Element = F32) -> Array:
    """Bound of a sum of `terms` products whose absolute values sum up to `magnitude`."""
    return SECOND_ORDER * gamma(terms, element) * magnitude + reference.float64(terms) * UNDERFLOW[element]


def convolution(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    residual: ArrayLike | None = None,
    strides: Sequence[int] = (1, 1),
    pads: Sequence[int] = (0, 0, 0, 0),
    dilations: Sequence[int] = (1, 1),
    groups: int = 1,
    element: Element = F32,
) -> Array:
    """Bound of a convolution [N, Co, …], before its activation; a bias and a residual are a term more each."""
    magnitude = reference.convolution(np.abs(x), np.abs(weight), absolute(bias), strides, pads, dilations, groups)
    if residual is not None:
        magnitude += np.abs(residual)
    count = reference.along_channels(terms(weight), magnitude)
    return inner_product(magnitude, count + (bias is not None) + (residual is not None), element)


def linear(x: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None) -> Array:
    """Bound of a fully connected layer [N, O], before its activation."""
    magnitude = reference.linear(np.abs(x), np.abs(weight), absolute(bias))
    return inner_product(magnitude, terms(weight) + (bias is not None))


def terms(weight: ArrayLike) -> Array:
    """How many weights each filter or unit has that are not zero."""
    weight = np.asarray(weight)
    return reference.float64(np.count_nonzero(weight, axis=tuple(range(1, weight.ndim))))


def batch_norm(
    x: ArrayLike, weight: ArrayLike, bias: ArrayLike, mean: ArrayLike, variance: ArrayLike, epsilon: float
) -> Array:
    """Bound of a normalization computed step by step, or with scale and shift prepared: at most eight roundings."""
    magnitude = reference.batch_norm(np.abs(x), np.abs(weight), np.abs(bias), -np.abs(mean), variance, epsilon)
    return inner_product(magnitude, 8)


def mean(magnitude: Array, count: int, element: Element = F32) -> Array:
    """Bound of the mean of `count` numbers whose absolute values have the mean `magnitude`: a sum, times 1 / count."""
    return inner_product(magnitude, count + 1, element)


def softmax(x: ArrayLike, result: Array) -> Array:
    """Bound of exp(x - max) / sum: each power errs by its rounded argument and by EXP, the sum by all of them."""
    x = reference.float64(x)
    power = UNIT * (x.max(axis=1, keepdims=True) - x) + EXP
    total = (result * power).sum(axis=1, keepdims=True)
    return SECOND_ORDER * result * (power + total + gamma(x.shape[1] + 1)) + SMALLEST


LIPSCHITZ = {"sigmoid": 1 / 4, "hard_sigmoid": 1 / 6, "hard_swish": 3 / 2, "swish": 1.1}
"""The steepest slopes of the activations; that of the others is 1, or leaky_relu's own slope."""


def steepest(function: Activation) -> float:
    """How much an error in what an activation reads may grow."""
    return max(LIPSCHITZ.get(function.kind, 1.0), abs(function.slope))


def activation(result: Array, error: ArrayLike, function: Activation, element: Element = F32) -> Array:
    """Bound of `function` applied to a number that errs by `error` and whose exact value gives `result`.

    The error that comes in grows by the steepest slope; evaluating the function adds its own.
    """
    passed_on = steepest(function) * reference.float64(error)
    reached = np.abs(result) + passed_on
    match function.kind:
        case "relu" | "relu6":
            evaluated = 0.0
        case "leaky_relu":
            # The slope is rounded, then the product; one below zero gives results above it.
            evaluated = gamma(2, element) * np.where((result < 0) | (function.slope < 0), reached, 0)
        case "sigmoid" | "swish":
            # 1 / (1 + exp(-x)): an exponential, an addition, a division; swish adds a product.
            evaluated = (exponential(element) + gamma(3, element)) * reached + lost_sigmoid(function, element)
        case "tanh":
            # Some code computes 2 sigmoid(2 x) - 1: half of EXP, and five units that do not shrink with the result.
            evaluated = np.full_like(result, exponential(element) + gamma(4, element))
        case "hard_sigmoid":
            # relu6(x + 3) / 6 or x / 6 + 1/2, with 1/6 rounded; no intermediate result exceeds 1 in the end.
            evaluated = np.full_like(result, gamma(3, element))
        case _:
            # x * hard_sigmoid(x): between -3 and 3 the error of hard_sigmoid counts up to three times.
            evaluated = gamma(4, element) * np.maximum(reached, 3)
    return SECOND_ORDER * (passed_on + evaluated) + UNDERFLOW[element] * (function.kind not in ("relu", "relu6"))


def lost_sigmoid(function: Activation, element: Element) -> float:
    """What is lost of a sigmoid, or a swish, where the exponential overflows: all of it.

    In float32, below -88.7, the sigmoid is too small to be normal, and what it is multiplied by is at most 128: below
    that the product is too small itself. In float16, below -11.1, the sigmoid is less than one over the largest number,
    and what it is multiplied by makes most of it at the beginning: there it is less than 12.
    """
    factor = {"sigmoid": 1, "swish": 12}[function.kind] if element is F16 else 128 * (function.kind == "swish")
    return factor * (1 / element.largest if element is F16 else SMALLEST)


def of_layer(evaluation: Evaluation, store: WeightStore) -> Array:
    """How far a layer that code computed from `evaluation.operands`, in the numbers of its type, may be from
    `evaluation.result`."""
    op, operands, result = evaluation
    error = _before_activation(op, operands, result, store)
    function = _function(op)
    return error if function is None else activation(result, error, function, element_of(op.output))


ROUNDED = ("leaky_relu", "hard_sigmoid", "hard_swish")
"""The activations with constants that float32 rounds."""


def of_loops(evaluation: Evaluation, store: WeightStore) -> Array:
    """How far a layer may be that the loops compute in float64: there, only constants are float32, those of some
    activations, one over the size of a window, and the scale and shift of a batch norm."""
    op, operands, result = evaluation
    error = _before_activation(op, operands, result, store)
    if not isinstance(op, lr.BatchNormOp | lr.AvgPoolOp):
        error = DOUBLE * error
    function = _function(op)
    if function is None:
        return error
    if function.kind in ROUNDED:
        return activation(result, error, function, element_of(op.output))
    return steepest(function) * error + DOUBLE * activation(result, 0.0, function)


def of_fusion(fused: Sequence[Evaluation], store: WeightStore, element: Element = F32) -> Array:
    """How far one layer may be from the layers `fused` into it, a chain of which each reads the one before, both
    computed in float64.

    A batch norm y = s x + t that is folded into the convolution or linear layer before it leaves weights s w and a
    bias s b + t, all rounded to float32: one rounding of every term of the sum. A layer's own bound is that of `terms`
    such roundings. A weight that gets too small to be normal loses up to LOST instead. Where no batch norm is folded,
    nothing is rounded, unless the one layer has another `element` type: then its weights are, once more.
    """
    first, *others = fused
    own = of_layer(first, store)
    error, rounding, slope = DOUBLE * own, own / terms_of(first.op, store), 1.0
    for each in others:
        if isinstance(each.op, lr.BatchNormOp):
            scale, shift = (np.abs(reference.along_channels(n, each.result)) for n in _normalization(each.op, store))
            rounding = scale * rounding + UNIT * shift
            error = scale * error + SECOND_ORDER * rounding + LOST * factors_of(first, store)
        elif (function := _function(each.op)) is not None:
            error, slope = steepest(function) * error, steepest(function) * slope
        error = error + DOUBLE * of_layer(each, store)
    if element is not element_of(first.op.output):
        narrowed = SECOND_ORDER * element.unit / UNIT * rounding + element.lost * factors_of(first, store)
        error = error + slope * narrowed
    return error


def terms_of(op: lr.LayerOp, store: WeightStore) -> Array:
    """How many terms the sums of a layer have, at least one; infinitely many if it has no weights to fold anything
    into."""
    match op:
        case lr.ConvolutionOp():
            count = terms(applied_weights(op, store)) + (op.bias is not None) + (op.residual is not None)
            count = count.reshape(-1, *[1] * (len(shape_of(op.output)) - 2))
        case lr.LinearOp():
            count = terms(array_of(op.weight, store)) + (op.bias is not None)
        case _:
            return np.full(1, np.inf)
    return np.maximum(count, 1)


def factors_of(evaluation: Evaluation, store: WeightStore) -> Array:
    """The sum of the absolute values that the weights of a layer, as far as they are left, are multiplied by; 1 for its
    bias."""
    match evaluation:
        case Evaluation(lr.ConvolutionOp() as op, (x, *_)):
            window, left = op.window, applied_weights(op, store) != 0
            return 1 + reference.convolution(
                np.abs(x), left, None, window.strides, window.pads, window.dilations, op.group_count
            )
        case Evaluation(lr.LinearOp() as op, (x,)):
            return 1 + reference.linear(np.abs(x), array_of(op.weight, store) != 0)
        case _:
            return np.zeros(1)


def _function(op: lr.LayerOp) -> Activation | None:
    """The activation that a layer is, or ends with."""
    function = getattr(op, "activation", None)
    return function.data if isinstance(function, lr.ActivationAttr) else None


def _normalization(op: lr.BatchNormOp, store: WeightStore) -> tuple[Array, Array]:
    """The scale and the shift of a batch norm."""
    weight, bias, average, variance = (array_of(n, store) for n in (op.weight, op.bias, op.mean, op.variance))
    return reference.normalization(weight, bias, average, variance, op.epsilon.value.data)


def _before_activation(op: lr.LayerOp, operands: Sequence[Array], result: Array, store: WeightStore) -> Array:
    element = element_of(op.output)
    match op:
        case lr.ConvolutionOp():
            window = op.window
            bias = None if op.bias is None else array_of(op.bias, store)
            residual = None if op.residual is None else operands[1]
            weight, moves = applied_weights(op, store), (window.strides, window.pads, window.dilations)
            return convolution(operands[0], weight, bias, residual, *moves, op.group_count, element)
        case lr.LinearOp():
            bias = None if op.bias is None else array_of(op.bias, store)
            return linear(operands[0], array_of(op.weight, store), bias)
        case lr.BatchNormOp():
            weight, bias, average, variance = (array_of(n, store) for n in (op.weight, op.bias, op.mean, op.variance))
            return batch_norm(operands[0], weight, bias, average, variance, op.epsilon.value.data)
        case lr.AddOp():
            return inner_product(np.abs(operands[0] + operands[1]), 1, element)
        case lr.MulOp():
            return inner_product(np.abs(operands[0]) * np.abs(operands[1]), 1, element)
        case lr.AvgPoolOp():
            window = op.window
            magnitude = reference.avg_pool(np.abs(operands[0]), window.kernel, window.strides, window.pads)
            return mean(magnitude, prod(window.kernel), element)
        case lr.GlobalAvgPoolOp():
            return mean(reference.global_avg_pool(np.abs(operands[0])), operands[0][0, 0].size)
        case lr.CastOp():
            # What is rounded is a result of one product by 1; to a type with more digits nothing is.
            narrower = element.digits < element_of(op.input).digits
            return inner_product(np.abs(result), 1, element) if narrower else np.zeros_like(result)
        case lr.SoftmaxOp():
            return softmax(operands[0], result)
        case _:
            # Copies, comparisons and activations: what there is of rounding is the activation's.
            return np.zeros_like(result)
