"""How passes read and make the arrays that operations name."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.ir import Operation

from lrc.dialects.lr.attrs import WeightLike
from lrc.dialects.lr.base import LayerOp
from lrc.dialects.lr.model import store_of
from lrc.dialects.lr.store import WeightError, array_of
from lrc.dialects.values.elements import Element
from lrc.dialects.values.shapes import show
from lrc.passes.diagnose import fail


def load(op: Operation, weight: WeightLike) -> NDArray[Any]:
    """The numbers of a weight that `op` has. Raises PassFailedException if the store cannot give them, or not in the
    shape that the layer takes."""
    try:
        array = array_of(weight, store_of(op))
    except WeightError as error:
        fail(op, str(error))
    if isinstance(op, LayerOp):
        for field, other, spec in op.weight_specs():
            if other == weight and array.shape != spec.shape:
                fail(op, f"layer '{op.layer.data}' has a {field} of {show(array.shape)}, expected {show(spec.shape)}")
    return array


def load_optional(op: Operation, weight: WeightLike | None, otherwise: NDArray[np.generic]) -> NDArray[Any]:
    """`load`, or `otherwise` for a weight that is left out."""
    return otherwise if weight is None else load(op, weight)


def as_float32(op: Operation, what: str, numbers: NDArray[np.float64], hint: str) -> NDArray[np.float32]:
    """Numbers that a pass computed, as a weight. Raises PassFailedException if one of them is beyond what float32 can
    hold; `what` is how it calls them, `hint` says where to look."""
    with np.errstate(over="ignore", invalid="ignore"):
        result = numbers.astype(np.float32)
    if not (finite := np.isfinite(result)).all():
        place = tuple(int(i) for i in np.unravel_index(int(np.argmin(finite)), result.shape))
        number = "no number" if np.isnan(numbers[place]) else f"{numbers[place]:.3g}, which overflows float32,"
        fail(op, f"{what} would be {number} at {show(place)}: {hint}")
    return result


def exactly(op: Operation, what: str, numbers: NDArray[np.generic], element: Element) -> NDArray[np.generic]:
    """The same numbers as an array of an element type. Raises FailedPassError if it does not have all of them:
    set-precision rounds weights, nothing else does."""
    with np.errstate(over="ignore"):
        result = numbers.astype(element.about)
    if not np.array_equal(result, numbers):
        fail(op, f"{what} holds numbers that {element.about} does not have: run set-precision")
    return result
