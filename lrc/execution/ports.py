"""What goes into a network and what comes out of it: names, shapes, and arrays that fit them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lrc.diagnostics import UserError

Floats = NDArray[np.float32]
Shape = tuple[int, ...]


class Ports:
    """Names and shapes of a network's inputs or outputs, in the order of its C function.

    Every shape begins with 1, the number of pictures; arrays may have any number of them in its place.
    """

    def __init__(self, described: Sequence[Mapping[str, Any]]) -> None:
        self.shapes: dict[str, Shape] = {port["name"]: tuple(port["shape"]) for port in described}

    def arrays(self, given: Mapping[str, ArrayLike]) -> dict[str, Floats]:
        """What was given as arrays for C, in the order of the function, all with as many pictures.

        Raises:
            UserError: one is missing or unknown, or does not fit.
        """
        if given.keys() != self.shapes.keys():
            names = ", ".join(map(str, given)) or "nothing"
            raise UserError.because(f"the network takes {', '.join(self.shapes)}; given: {names}")
        arrays = {name: fit(name, given[name], shape) for name, shape in self.shapes.items()}
        if len({len(array) for array in arrays.values()}) > 1:
            counts = ", ".join(f"{name} has {len(array)}" for name, array in arrays.items())
            raise UserError.because(f"all inputs must have as many pictures: {counts}")
        return arrays

    def flatten(self, given: Mapping[str, ArrayLike]) -> Floats:
        """[pictures, floats]: for each picture all ports in order. Raises UserError, as `arrays`."""
        return np.concatenate([array.reshape(len(array), -1) for array in self.arrays(given).values()], axis=1)

    def unflatten(self, pictures: Floats) -> dict[str, Floats]:
        """The inverse of `flatten`."""
        ends = np.cumsum([prod(shape) for shape in self.shapes.values()])[:-1]
        parts = np.split(pictures, ends, axis=1)
        return {
            name: part.reshape(len(part), *shape[1:])
            for (name, shape), part in zip(self.shapes.items(), parts, strict=True)
        }


def fit(name: str, given: ArrayLike, shape: Shape, filename: str | None = None) -> Floats:
    """What was given for the input `name` as an array for C: float32, in C's order, any number of pictures of `shape`.

    Raises:
        UserError: it is of another shape, or holds no real numbers, or numbers that float32 does not reach. It names
            the file, if the array came out of one.
    """
    try:
        array = np.asarray(given)
    except (ValueError, TypeError, RuntimeError) as error:
        raise UserError.because(f"input {name} cannot be made an array: {error}", filename=filename) from None
    if array.dtype.kind not in "fiub":
        raise UserError.because(f"input {name} holds {array.dtype}, not real numbers", filename=filename)
    if array.ndim != len(shape) or array.shape[1:] != shape[1:]:
        message = f"input {name} must have the shape {list(shape)}, not {list(array.shape)}"
        raise UserError.because(message, filename=filename, hint=_hint(array.shape, shape))
    with np.errstate(over="ignore"):
        floats = np.require(array, np.float32, ["C_CONTIGUOUS", "ALIGNED"])
    if floats is not array and (beyond := np.isinf(floats) & np.isfinite(array)).any():
        place = [int(i) for i in np.argwhere(beyond)[0]]
        raise UserError.because(f"input {name} is too large for float32 at {place}", filename=filename)
    return floats


def _hint(found: Shape, shape: Shape) -> str | None:
    """How an array that was found in another shape may be brought into the right one."""
    if found == shape[1:]:
        return "add the axis of pictures in front: x[np.newaxis]"
    if len(found) == len(shape) > 2 and (found[-1], *found[1:-1]) == shape[1:]:
        rest = range(1, len(shape) - 1)
        return f"channels come before all else: x.transpose({', '.join(map(str, (0, len(rest) + 1, *rest)))})"
    return None
