"""How large the numbers may become that a layer computes with: whether a type with few exponents can hold them.

A sum may be computed in any order, so no part of it is larger than the sum of the absolute values of its terms. That is
taken for inputs that are given, such as the normally distributed ones that `lrc verify` takes as well: a bound for all
inputs would have to be one for infinite ones. It leaves room for others, since terms of both signs cancel.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from xdsl.dialects.builtin import ModuleOp

from lrc.dialects import lr
from lrc.dialects.lr.store import WeightStore, array_of
from lrc.dialects.values.elements import Element
from lrc.interpreters import Evaluation, reference, walk
from lrc.interpreters.graph import applied_weights
from lrc.interpreters.reference import Array


def too_large(module: ModuleOp, inputs: Sequence[ArrayLike], element: Element) -> dict[str, float]:
    """The layers of a network of the lr level whose numbers may reach the end of an element type, by name: how large
    they may become. Raises as `interpreters.walk` does."""
    store = lr.find_model(module).store
    found = {each.layer: magnitude(each, store) for each in walk(module, inputs)}
    return {layer: size for layer, size in found.items() if not size < element.largest}


def magnitude(evaluation: Evaluation, store: WeightStore) -> float:
    """The largest absolute value that a layer may compute, read or multiply by on the way to its result."""
    op, operands, result = evaluation
    sizes: list[Array] = [np.abs(each) for each in (*operands, result)]
    match op:
        case lr.ConvolutionOp():
            window, weight = op.window, np.abs(applied_weights(op, store))
            bias = None if op.bias is None else np.abs(array_of(op.bias, store))
            moves = (window.strides, window.pads, window.dilations, op.group_count)
            total = reference.convolution(np.abs(operands[0]), weight, bias, *moves)
            sizes += [weight, total if op.residual is None else total + np.abs(operands[1])]
        case lr.AddOp():
            sizes.append(np.abs(operands[0]) + np.abs(operands[1]))
        case lr.MulOp():
            sizes.append(np.abs(operands[0]) * np.abs(operands[1]))
        case lr.AvgPoolOp():
            window = op.window
            mean = reference.avg_pool(np.abs(operands[0]), window.kernel, window.strides, window.pads)
            sizes.append(mean * float(np.prod(window.kernel)))
        case _:
            pass
    return max(float(np.max(size)) for size in sizes)
