"""Float32 arithmetic, in whatever order, stays within the computed bounds; a wrong result does not."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lrc import bounds
from lrc.dialects.lr.values import ACTIVATION_KINDS, Activation
from lrc.interpreters import reference

Float32 = NDArray[np.float32]


def normal(*shape: int, seed: int = 0) -> Float32:
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def within(found: NDArray[np.floating], exact: NDArray[np.float64], bound: NDArray[np.float64]) -> bool:
    return bool((np.abs(found.astype(np.float64) - exact) <= bound).all())


def test_gamma() -> None:
    assert bounds.UNIT < bounds.gamma(1) < bounds.UNIT * 1.000001
    assert bounds.gamma(2**20) > 2**20 * bounds.UNIT


@pytest.mark.parametrize("channels", [1, 7, 129])
def test_convolution(channels: int) -> None:
    x, weight, bias = normal(1, channels, 9, 7), normal(3, channels, 3, 3, seed=1), normal(3, seed=2)
    residual = normal(1, 3, 9, 7, seed=3)
    exact = reference.conv2d(x, weight, bias, pads=(1, 1, 1, 1)) + residual
    bound = bounds.convolution(x, weight, bias, residual, pads=(1, 1, 1, 1))
    seen = np.lib.stride_tricks.sliding_window_view(np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))), (3, 3), axis=(2, 3))
    found = np.einsum("nchwkl,ockl->nohw", seen, weight) + bias[:, None, None] + residual
    assert found.dtype == np.float32
    assert within(found, exact, bound)
    # One tap of one kernel left out is far outside.
    weight[1, 0, 1, 1] = 0
    assert not within(reference.conv2d(x, weight, bias, pads=(1, 1, 1, 1)) + residual, exact, bound)


def test_only_weights_that_are_left_count() -> None:
    x, weight = np.ones((1, 8, 4, 4)), np.zeros((2, 8, 3, 3))
    weight[0, 0, 1, 1] = 1
    bound = bounds.convolution(x, weight)
    assert bound[0, 0].max() <= 4 * bounds.UNIT
    assert bound[0, 1].max() <= 4 * bounds.SMALLEST


@given(st.permutations(range(64)))
def test_sums_in_any_order(order: list[int]) -> None:
    x, weight = normal(1, 64), normal(1, 64, seed=1)
    total = np.float32(0)
    for i in order:
        total = np.float32(total + x[0, i] * weight[0, i])
    exact = reference.linear(x, weight)
    assert within(np.array([[total]]), exact, bounds.linear(x, weight))


FLOAT32: dict[str, Callable[[Float32], Float32]] = {
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "leaky_relu": lambda x: np.where(x < 0, x * np.float32(0.2), x),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": lambda x: 2 / (1 + np.exp(-2 * x)) - 1,
    "hard_sigmoid": lambda x: np.clip(x * np.float32(1 / 6) + np.float32(0.5), 0, 1),
    "hard_swish": lambda x: x * np.clip(x * np.float32(1 / 6) + np.float32(0.5), 0, 1),
    "swish": lambda x: x / (1 + np.exp(-x)),
}


@pytest.mark.parametrize("kind", ACTIVATION_KINDS)
def test_activation(kind: str) -> None:
    function = Activation(kind, 0.2 if kind == "leaky_relu" else 0)
    x = np.concatenate([normal(1000) * scale for scale in (0.01, 1, 5, 50)])
    perturbed = x * np.float32(1 + 1e-6)
    exact = reference.activate(x, kind, function.slope)
    bound = bounds.activation(exact, np.abs(perturbed.astype(np.float64) - x), function)
    with np.errstate(over="ignore"):
        found = FLOAT32[kind](perturbed)
    assert found.dtype == np.float32
    assert within(found, exact, bound)
    assert (bound <= 4e-6 * np.maximum(np.abs(x), 1)).all()


def test_relu_is_exact() -> None:
    assert not bounds.activation(np.array([0.0, 3.0]), 0.0, Activation("relu")).any()


@pytest.mark.parametrize("scale", [0.1, 1, 30])
def test_softmax(scale: float) -> None:
    x = normal(1, 1000) * np.float32(scale)
    exact = reference.softmax(x)
    bound = bounds.softmax(x, exact)
    powers = np.exp(x - x.max())
    assert within(powers / powers.sum(), exact, bound)
    assert (bound <= 1e-4 * exact + 1e-37).all()


def test_batch_norm() -> None:
    x, numbers, variance = normal(1, 5, 3, 2), normal(3, 5), np.abs(normal(5))
    weight, bias, mean = numbers
    exact = reference.batch_norm(x, weight, bias, mean, variance, 1e-5)
    bound = bounds.batch_norm(x, weight, bias, mean, variance, 1e-5)
    scale = weight / np.sqrt(variance + np.float32(1e-5))
    shift = bias - mean * scale
    assert within(x * scale[:, None, None] + shift[:, None, None], exact, bound)


def test_mean() -> None:
    x = normal(1, 3, 7, 7)
    bound = bounds.mean(reference.global_avg_pool(np.abs(x)), 49)
    assert within(x.mean(axis=(2, 3), keepdims=True), reference.global_avg_pool(x), bound)
