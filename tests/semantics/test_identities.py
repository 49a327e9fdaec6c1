"""What holds of the reference whatever the numbers: it is the oracle, so it is held against itself and against torch.

torch says what an operator means (`test_reference.py`, `test_torch.py`); identities say it again without it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from torch_oracle import ACTIVATIONS, tensor

from lrc.dialects.values.activations import ACTIVATION_KINDS
from lrc.interpreters import reference

Array = NDArray[np.float64]

SMALL = st.integers(1, 3)
PAIRS = st.tuples(SMALL, SMALL)
PADS = st.tuples(*[st.integers(0, 2)] * 4)


def normal(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape)


def integers(*shape: int, seed: int = 0) -> Array:
    """Small integers: sums and products of them are exact, in any order."""
    return np.random.default_rng(seed).integers(-8, 9, shape).astype(np.float64)


@settings(deadline=None, max_examples=60)
@given(PAIRS, PAIRS, PAIRS, PADS, SMALL, st.integers(1, 2))
def test_a_convolution_is_a_sum_over_its_taps(
    kernel: tuple[int, int],
    strides: tuple[int, int],
    dilations: tuple[int, int],
    pads: tuple[int, int, int, int],
    groups: int,
    batch: int,
) -> None:
    """Each tap multiplies the picture moved to where the tap looks, every place by itself."""
    x, weight, bias = integers(batch, 2 * groups, 9, 8), integers(3 * groups, 2, *kernel, seed=1), integers(3 * groups)
    top, left, bottom, right = pads
    padded = np.zeros((batch, 2 * groups, 9 + top + bottom, 8 + left + right))
    padded[:, :, top : top + 9, left : left + 8] = x
    height, width = (
        (size - dilation * (taps - 1) - 1) // stride + 1
        for size, dilation, taps, stride in zip(padded.shape[2:], dilations, kernel, strides, strict=True)
    )
    expected = np.zeros((batch, 3 * groups, height, width)) + bias[:, None, None]
    for filter, channel, row, column in np.ndindex(weight.shape):
        seen = padded[:, filter // 3 * 2 + channel]
        seen = seen[:, row * dilations[0] :: strides[0], column * dilations[1] :: strides[1]][:, :height, :width]
        expected[:, filter] += weight[filter, channel, row, column] * seen
    assert_array_equal(reference.convolution(x, weight, bias, strides, pads, dilations, groups), expected)


@settings(deadline=None, max_examples=30)
@given(PAIRS, PAIRS, PADS)
def test_padding_is_a_frame_of_zeros(
    kernel: tuple[int, int], strides: tuple[int, int], pads: tuple[int, int, int, int]
) -> None:
    x, weight = integers(1, 3, 8, 7), integers(4, 3, *kernel, seed=1)
    framed, low = reference.pad(x, pads), reference.pad(x, pads, -np.inf)
    whole = reference.convolution(x, weight, None, strides, pads)
    assert_array_equal(whole, reference.convolution(framed, weight, None, strides))
    assert_array_equal(reference.avg_pool(x, kernel, strides, pads), reference.avg_pool(framed, kernel, strides))
    fits = all(pad < size for pad, size in zip(pads, (*kernel, *kernel), strict=True))
    if fits:
        assert_array_equal(reference.max_pool(x, kernel, strides, pads), reference.max_pool(low, kernel, strides))


def test_a_frame_has_its_sides_where_they_belong() -> None:
    framed = reference.pad(np.ones((1, 1, 2, 3)), (1, 2, 3, 4), 7)
    assert framed.shape == (1, 1, 6, 9)
    assert_array_equal(framed[0, 0, 1:3, 2:5], np.ones((2, 3)))
    assert framed.sum() == 6 + 7 * (6 * 9 - 6)


def test_pools_of_what_is_constant() -> None:
    """Only the average knows that there is padding: its zeros count."""
    x, pads = np.full((1, 2, 4, 5), -3.0), (1, 1, 1, 1)
    assert_array_equal(reference.max_pool(x, (3, 3), (1, 1), pads), x)
    means = reference.avg_pool(x, (3, 3), (1, 1), pads)
    assert_allclose(means[0, 0, 0], -3 * np.array([4, 6, 6, 6, 4]) / 9)
    assert_allclose(means[0, 0, 1:3, 1:4], -3)
    assert_allclose(reference.global_avg_pool(x), np.full((1, 2, 1, 1), -3))


LINEAR: dict[str, Callable[[Array], Array]] = {
    "conv2d": lambda x: reference.convolution(x, integers(4, 2, 3, 2, seed=1), None, (2, 1), (1, 0, 0, 2), (1, 2), 2),
    "linear": lambda x: reference.linear(reference.flatten(x), integers(3, 4 * 6 * 7, seed=1)),
    "avg_pool": lambda x: reference.avg_pool(x, (2, 4), (1, 2), (1, 0, 0, 2)),
    "global_avg_pool": reference.global_avg_pool,
    "upsample": lambda x: reference.upsample(x, (2, 3)),
    "flatten": reference.flatten,
    "pad": lambda x: reference.pad(x, (1, 0, 2, 1)),
    "concat": lambda x: reference.concat([x, 2 * x]),
}


@pytest.mark.parametrize("name", LINEAR)
def test_linearity(name: str) -> None:
    x, y, f = integers(1, 4, 6, 7), integers(1, 4, 6, 7, seed=2), LINEAR[name]
    assert_allclose(f(2 * x - 4 * y), 2 * f(x) - 4 * f(y), atol=1e-12)


CHANNELWISE: dict[str, Callable[[Array], Array]] = {
    "max_pool": lambda x: reference.max_pool(x, (2, 3), (1, 2), (0, 1, 1, 0)),
    "avg_pool": LINEAR["avg_pool"],
    "global_avg_pool": reference.global_avg_pool,
    "upsample": LINEAR["upsample"],
    "pad": LINEAR["pad"],
    "softmax": reference.softmax,
    "swish": lambda x: reference.activate(x, "swish"),
}


@pytest.mark.parametrize("name", CHANNELWISE)
def test_channels_are_alike(name: str) -> None:
    x, order, f = normal(1, 4, 6, 7), [2, 0, 3, 1], CHANNELWISE[name]
    assert_allclose(f(x[:, order]), f(x)[:, order], rtol=1e-14)


def test_weights_go_with_their_channels() -> None:
    x, weight, bias, order = integers(1, 4, 6, 7), integers(5, 4, 3, 3, seed=1), integers(5, seed=2), [2, 0, 3, 1]
    filters = [4, 1, 0, 3, 2]
    y = reference.convolution(x, weight, bias)
    assert_array_equal(reference.convolution(x[:, order], weight[:, order], bias), y)
    assert_array_equal(reference.convolution(x, weight[filters], bias[filters]), y[:, filters])
    flat, units = reference.flatten(x), integers(5, 4 * 6 * 7, seed=3)
    assert_array_equal(
        reference.linear(flat, units[filters], bias[filters]), reference.linear(flat, units, bias)[:, filters]
    )
    weight, bias, mean, variance = *normal(3, 4), np.abs(normal(4))
    normed = reference.batch_norm(x, weight, bias, mean, variance, 1e-5)
    moved = reference.batch_norm(x[:, order], weight[order], bias[order], mean[order], variance[order], 1e-5)
    assert_allclose(moved, normed[:, order])


def test_a_linear_layer_is_a_convolution_as_large_as_its_picture() -> None:
    x, weight, bias = integers(2, 3, 4, 5), integers(6, 3, 4, 5, seed=1), integers(6, seed=2)
    flat = reference.linear(reference.flatten(x), reference.flatten(weight), bias)
    assert_array_equal(reference.convolution(x, weight, bias).reshape(2, 6), flat)


def test_a_mean_is_a_convolution_of_equal_weights() -> None:
    x, weight = normal(1, 3, 6, 7), np.full((3, 1, 2, 3), 1 / 6)
    means = reference.avg_pool(x, (2, 3), (2, 1), (1, 0, 0, 2))
    assert_allclose(
        reference.convolution(x, weight, None, (2, 1), (1, 0, 0, 2), groups=3), means, rtol=1e-12, atol=1e-14
    )
    assert_allclose(reference.global_avg_pool(x), reference.avg_pool(x, (6, 7), (1, 1)), rtol=1e-12)


@pytest.mark.parametrize("shape", [(2, 4), (1, 4, 3, 2)])
def test_a_batch_norm_undoes_its_statistics(shape: tuple[int, ...]) -> None:
    x, epsilon = normal(*shape), 0.1
    variance, mean = np.abs(normal(4, seed=1)), normal(4, seed=2)
    deviation, ones = np.sqrt(variance + epsilon), np.ones(4)
    assert_allclose(reference.batch_norm(x, deviation, mean, mean, variance, epsilon), x, rtol=1e-12)
    along = (-1, *[1] * (len(shape) - 2))
    found = reference.batch_norm(x, 2 * ones, 3 * ones, mean, variance, epsilon)
    assert_allclose(found, 3 + 2 * (x - mean.reshape(along)) / deviation.reshape(along), rtol=1e-12, atol=1e-12)


def test_a_softmax_is_a_distribution_that_shifts_do_not_change() -> None:
    x = 5 * normal(2, 7, 3, 1)
    assert_allclose(reference.softmax(x).sum(axis=1), np.ones((2, 3, 1)))
    assert_allclose(reference.softmax(x + 700), reference.softmax(x), rtol=1e-9)
    assert_allclose(np.log(reference.softmax(x)[:, 0] / reference.softmax(x)[:, 1]), x[:, 0] - x[:, 1], atol=1e-12)


SPECIAL = np.array([[np.nan, np.inf, -np.inf, 0.0, -0.0, 1e300, -1e300, 709.0, -746.0, 3.0, -3.0, 6.0, 1e-310]])


@pytest.mark.parametrize("slope", [0.01, 0.2, 0.0, 1.0, 2.0, -0.5])
@pytest.mark.parametrize("kind", ACTIVATION_KINDS)
def test_activations_keep_nan_and_infinities_as_torch_does(kind: str, slope: float) -> None:
    x = np.concatenate([SPECIAL, 4 * normal(1, 50)], axis=1)
    theirs = torch.nn.functional.leaky_relu(tensor(x), slope) if kind == "leaky_relu" else ACTIVATIONS[kind](tensor(x))
    with np.errstate(invalid="ignore"):
        assert_allclose(reference.activate(x, kind, slope), theirs.numpy(), rtol=1e-12, atol=1e-300)


def test_pools_sums_and_softmax_keep_nan_and_infinities_as_torch_does() -> None:
    x = normal(1, 3, 6, 6)
    x[0, 0, 2, 2], x[0, 1, 2, 2], x[0, 2, 2, 2] = np.nan, np.inf, -np.inf
    weight = normal(2, 3, 3, 3, seed=1)
    f, t = torch.nn.functional, tensor(x)
    same: list[tuple[Array, torch.Tensor]] = [
        (reference.max_pool(x, (3, 3), (1, 1)), f.max_pool2d(t, 3, 1)),
        (reference.avg_pool(x, (3, 3), (1, 1)), f.avg_pool2d(t, 3, 1)),
        (reference.global_avg_pool(x), f.adaptive_avg_pool2d(t, 1)),
        (reference.convolution(x, weight), f.conv2d(t, tensor(weight))),
        (reference.softmax(np.array([[1.0, np.nan, 2.0]])), torch.softmax(tensor(np.array([[1.0, np.nan, 2.0]])), 1)),
        (reference.softmax(np.array([[1.0, -np.inf, 2.0]])), torch.softmax(tensor(np.array([[1, -np.inf, 2]])), 1)),
    ]
    for ours, theirs in same:
        assert_allclose(ours, theirs.numpy(), rtol=1e-12)
