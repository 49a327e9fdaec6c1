"""Two results of one layer, held against each other place by place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrc.dialects.elements import element_of
from lrc.dialects.values.elements import F32, Element, element_named
from lrc.interpreters import Evaluation
from lrc.interpreters.reference import Array, float64


@dataclass(frozen=True)
class LayerComparison:
    """How far one layer is from the exact result, at the place where it is worst.

    `error` and `bound` are those of that `place` in the output, `ratio` is their quotient: a layer passes if it is at
    most 1. All are infinite where one result is NaN, or infinite, and the other is not.
    """

    layer: str
    operation: str
    error: float
    bound: float
    ratio: float
    place: tuple[int, ...]
    overflow: float | None = None
    """What the number at that place is, if it is too large for its type: the network is to blame, not its code."""
    element: str = F32.name

    @property
    def passed(self) -> bool:
        """Whether every element is within its bound."""
        return self.ratio <= 1

    @property
    def problem(self) -> str:
        """What is wrong at that place."""
        if self.overflow is not None:
            element = element_named(self.element)
            end = f"{element.about}, which ends at {element.largest:.2g}"
            return f"{self.overflow:.3g} at {list(self.place)} overflows {end}"
        return f"{self.error:.3g} off at {list(self.place)}, its bound is {self.bound:.3g}"


def compare(evaluation: Evaluation, found: NDArray[Any], bound: Array) -> LayerComparison:
    """Judge `found`, another result of the operands of `evaluation`, by a bound for every place."""
    element = element_of(evaluation.op.output)
    return judge(evaluation.layer, evaluation.op.name, evaluation.result, found, bound, element)


def judge(
    layer: str, operation: str, result: Array, found: NDArray[Any], bound: Array, element: Element = F32
) -> LayerComparison:
    """Judge `found` for a layer whose exact result is known, by a bound for every place; `element` is what it is of."""
    error = distance(found, result)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(error == 0, 0, error / bound)
    worst = np.unravel_index(int(ratio.argmax()), ratio.shape)
    exact = float(result[worst])
    return LayerComparison(
        layer=layer,
        operation=operation,
        error=float(error[worst]),
        bound=float(bound[worst]),
        ratio=float(ratio[worst]),
        place=tuple(int(i) for i in worst),
        overflow=exact if np.isinf(error[worst]) and element.largest < abs(exact) < np.inf else None,
        element=element.name,
    )


def distance(found: NDArray[Any], exact: Array) -> Array:
    """|found - exact|: nothing where both are NaN or the same infinity, infinite where only one is."""
    found = float64(found).reshape(exact.shape)
    with np.errstate(invalid="ignore"):
        error = np.where((found == exact) | (np.isnan(found) & np.isnan(exact)), 0.0, np.abs(found - exact))
    return np.where(np.isnan(error), np.inf, error)
