"""Hypothesis strategies of arrays: weights, statistics of batch norms, and inputs of a network.

What numbers are like is drawn (all one, whole, powers of two, tiny, …), and a seed for the numbers themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp

from lrc.dialects import lr
from lrc.dialects.lr.base import shape_of
from lrc.dialects.values.patterns import Sparsity
from lrc.dialects.values.pruning import project
from lrc.interpreters import walk
from lrc.testing.plain import SEEDS, pick
from lrc.verification import bounds

Floats = NDArray[np.float32]

Numbers = Callable[[np.random.Generator, tuple[int, ...]], NDArray[np.floating]]
"""Numbers of some kind, of a shape."""


def _whole(numbers: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.floating]:
    return numbers.integers(-2, 3, shape).astype(np.float32)


def _normal(numbers: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.floating]:
    """The squares of a filter's weights add up to about 2, as He's initialization has it."""
    return numbers.standard_normal(shape, np.float32) * np.sqrt(2 / max(prod(shape[1:]), 1))


def _signs(numbers: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.floating]:
    return numbers.choice([1.0, -1.0], shape)


KINDS: Mapping[str, Numbers] = {
    "ones": lambda numbers, shape: np.ones(shape),
    "whole": _whole,
    "normal": _normal,
    "large": lambda numbers, shape: 8 * _normal(numbers, shape),
    "equal": lambda numbers, shape: _signs(numbers, shape) * 0.5,
    "powers of two": lambda numbers, shape: _signs(numbers, shape) * 2.0 ** numbers.integers(-4, 4, shape),
    "negative zeros": lambda numbers, shape: np.where(numbers.random(shape) < 0.4, -0.0, _normal(numbers, shape)),
    "tiny": lambda numbers, shape: 1e-30 * _normal(numbers, shape),
    "subnormal": lambda numbers, shape: 1e-41 * _normal(numbers, shape),
    "mixed": lambda numbers, shape: 10.0 ** numbers.integers(-20, 3, shape) * _normal(numbers, shape),
}
"""What weights are like. Large ones make activations clip; equal ones are ties for whoever prunes the smallest."""

KIND_NAMES = (*KINDS, "normal", "normal")
"""Each kind as often as it is to be drawn."""

REMAINS = ("all",) * 5 + ("an empty filter", "alike", "one kernel", "nothing", "no first channel")
"""What is left of a layer's weights, whatever its sparsity."""


@st.composite
def weights(draw: st.DrawFn, shape: tuple[int, ...], sparsity: Sparsity | None = None) -> Floats:
    """Weights [Co, Ci, kh, kw], or of any other shape, that fit a sparsity.

    Some have filters without a weight, one kernel only, or nothing at all, or filters that are all alike.
    """
    kind, remains = KINDS[pick(draw, KIND_NAMES)], pick(draw, REMAINS)
    numbers = np.random.default_rng(draw(SEEDS))
    array = kind(numbers, shape).astype(np.float32)
    kept = np.zeros(shape, np.bool_)
    match remains:
        case "an empty filter":
            kept[np.arange(shape[0]) != numbers.integers(shape[0])] = True
        case "one kernel":
            kept[tuple(numbers.integers(shape[:2]))] = True
        case "no first channel":
            kept[:, 1:] = True
        case "nothing":
            pass
        case _:
            kept[:] = True
    array = np.where(kept, array[:1] if remains == "alike" else array, np.float32(0))
    return array if sparsity is None else project(array, sparsity).astype(np.float32)


STATISTICS = (
    "usual",
    "large scales",
    "negative scales",
    "negative scales",
    "no scale",
    "tiny variances",
    "no variance",
)


@st.composite
def statistics(draw: st.DrawFn, channels: int, kind: str | None = None) -> tuple[Floats, Floats, Floats, Floats]:
    """Scale, shift, mean and variance of a batch norm, each [C], of a kind of `STATISTICS` or any: some of them large,
    negative, zero or tiny."""
    kind = pick(draw, STATISTICS) if kind is None else kind
    numbers = np.random.default_rng(draw(SEEDS))
    scale, shift, mean, variance = numbers.uniform([[0.2], [-1], [-1], [0.05]], [[1.5]], (4, channels))
    match kind:
        case "negative scales":
            scale *= _signs(numbers, (channels,))
        case "large scales":
            scale *= 10
        case "no scale":
            scale[numbers.integers(channels)] = 0
        case "tiny variances":
            variance *= 1e-7
        case "no variance":
            variance[numbers.integers(channels)] = 0
        case _:
            pass
    return tuple(each.astype(np.float32) for each in (scale, shift, mean, variance))


LARGE = 88.0
"""About where the exponential of a float32 stops being one."""

HUGE = 1e30

SPECIAL = (0.0, -0.0, 1.0, -1.0, LARGE, -LARGE, 3.0, 6.0, -3.0)
"""Where activations bend, where exponentials end."""

INPUTS = ("zeros", "constant", "one-hot", "normal", "normal", "wide", "special", "huge")


@st.composite
def inputs(draw: st.DrawFn, module: ModuleOp, *, nan: bool = False) -> dict[str, Floats]:
    """Numbers for the inputs of a network, by name: zero, constant, all but one zero, normal, wide enough to clip,
    numbers at which activations bend, and up to 1e30 in size.

    What is promised: with these numbers no product and no sum of any layer leaves the range of float32, whatever the
    order of its terms; where huge ones would, they are 88. With `nan` some numbers are not a number: every layer hands
    that on wherever its exact result is not a number.
    """
    model = lr.find_model(module)
    found: dict[str, Floats] = {}
    is_huge = False
    for name, argument in zip(model.inputs, model.block.args, strict=True):
        kind, numbers = pick(draw, INPUTS), np.random.default_rng(draw(SEEDS))
        array = _input(kind, numbers, shape_of(argument))
        is_huge |= kind == "huge"
        if nan:
            array[numbers.random(array.shape) < 0.1] = np.nan
        found[name] = array.astype(np.float32)
    if is_huge and not stays_finite(module, found):
        return {name: np.clip(array, -LARGE, LARGE) for name, array in found.items()}
    return found


def _input(kind: str, numbers: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.floating]:
    match kind:
        case "zeros":
            return numbers.choice([0.0, -0.0], shape)
        case "constant":
            return np.full(shape, numbers.choice(SPECIAL))
        case "one-hot":
            array = np.zeros(shape)
            array.flat[numbers.integers(array.size)] = 1
            return array
        case "wide":
            return 10 * numbers.standard_normal(shape)
        case "special":
            return numbers.choice(SPECIAL, shape)
        case "huge":
            return np.where(numbers.random(shape) < 0.2, _signs(numbers, shape) * HUGE, numbers.standard_normal(shape))
        case _:
            return numbers.standard_normal(shape)


def stays_finite(module: ModuleOp, arrays: Mapping[str, NDArray[np.floating]]) -> bool:
    """Whether no number on the way through the network can leave the range of float32.

    The error bound of a layer is at least a rounding error of the sum of its terms' absolute values.
    """
    store, largest = lr.find_model(module).store, float(np.finfo(np.float32).max) / 16
    ordered = [np.nan_to_num(array, nan=1.0) for array in arrays.values()]
    for each in walk(module, ordered):
        magnitude = bounds.of_layer(each, store) / bounds.UNIT
        if not (np.abs(each.result) < largest).all() or not (magnitude < largest).all():
            return False
    return True
