"""The numpy meaning of each operator is torch's, on random shapes."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from torch_oracle import tensor

from lrc.dialects.values.activations import ACTIVATION_KINDS
from lrc.interpreters import reference

Array = NDArray[np.float64]

SIZES = st.integers(1, 9)
SMALL = st.integers(1, 3)
RAGGED_PADS = st.tuples(*[st.integers(0, 3)] * 4)


def normal(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape)


def same(found: Array, expected: torch.Tensor) -> None:
    assert_allclose(found, expected.numpy(), rtol=1e-12, atol=1e-12)


def torch_pad(x: Array, pads: tuple[int, int, int, int], value: float = 0.0) -> torch.Tensor:
    top, left, bottom, right = pads
    return F.pad(tensor(x), (left, right, top, bottom), value=value)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_conv2d(data: st.DataObject) -> None:
    groups, filters, channels = (data.draw(SMALL) for _ in range(3))
    kernel = data.draw(st.tuples(SMALL, SMALL))
    strides, dilations = data.draw(st.tuples(SMALL, SMALL)), data.draw(st.tuples(SMALL, SMALL))
    pads = data.draw(RAGGED_PADS)
    reach = [d * (k - 1) + 1 for d, k in zip(dilations, kernel, strict=True)]
    height = data.draw(st.integers(max(1, reach[0] - pads[0] - pads[2]), 17))
    width = data.draw(st.integers(max(1, reach[1] - pads[1] - pads[3]), 17))
    x = normal(1, groups * channels, height, width)
    weight, bias = normal(groups * filters, channels, *kernel, seed=1), normal(groups * filters, seed=2)
    found = reference.convolution(x, weight, bias, strides, pads, dilations, groups)
    padded = torch_pad(x, pads)
    same(found, F.conv2d(padded, tensor(weight), tensor(bias), strides, 0, dilations, groups))


@settings(deadline=None, max_examples=50)
@given(SMALL, SMALL, SMALL, SMALL, SMALL, st.integers(1, 3), st.tuples(st.integers(0, 3), st.integers(0, 3)), SIZES)
def test_sequences(
    groups: int, filters: int, channels: int, kernel: int, stride: int, dilation: int, pads: tuple[int, int], more: int
) -> None:
    left, right = pads
    x = normal(1, groups * channels, dilation * (kernel - 1) + more)
    weight, bias = normal(groups * filters, channels, kernel, seed=1), normal(groups * filters, seed=2)
    around, steps, apart = (0, left, 0, right), (1, stride), (1, dilation)
    found = reference.convolution(x, weight, bias, steps, around, apart, groups)
    padded = F.pad(tensor(x), pads)
    same(found, F.conv1d(padded, tensor(weight), tensor(bias), stride, 0, dilation, groups))
    if max(pads) <= kernel // 2:
        lowest = F.pad(tensor(x), pads, value=-np.inf)
        same(reference.max_pool(x, (1, kernel), steps, around), F.max_pool1d(lowest, kernel, stride))
        same(reference.avg_pool(x, (1, kernel), steps, around), F.avg_pool1d(padded, kernel, stride))
    same(reference.upsample(x, (1, stride)), F.interpolate(tensor(x), scale_factor=stride, mode="nearest"))
    same(reference.global_avg_pool(x), F.adaptive_avg_pool1d(tensor(x), 1))


@pytest.mark.parametrize("sizes", [(3,), (3, 2), (2, 3, 4)])
def test_any_rank(sizes: tuple[int, ...]) -> None:
    x, (weight, bias, mean), variance = normal(1, 5, *sizes), normal(3, 5), np.abs(normal(5))
    expected = F.batch_norm(tensor(x), tensor(mean), tensor(variance), tensor(weight), tensor(bias))
    same(reference.batch_norm(x, weight, bias, mean, variance, 1e-5), expected)
    same(reference.softmax(x), torch.softmax(tensor(x), 1))
    same(reference.global_avg_pool(x), tensor(x).mean(list(range(2, x.ndim)), keepdim=True))
    same(reference.flatten(x), torch.flatten(tensor(x), 1))


@pytest.mark.parametrize("step", [1, 2, 3, 5, 7])
def test_linear_in_pieces(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x, weight = normal(1, 7), normal(5, 7)
    whole = reference.linear(x, weight)
    monkeypatch.setattr(reference, "PIECE_BYTES", step * 8 * 7)
    assert_allclose(reference.linear(x, weight), whole, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("step", [1, 2, 5, 13, 20])
def test_conv2d_in_pieces(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x, weight = normal(1, 4, 13, 7), normal(6, 2, 3, 3)
    whole = reference.convolution(x, weight, pads=(1, 1, 1, 1), groups=2)
    monkeypatch.setattr(reference, "PIECE_BYTES", step * 8 * 2 * 18 * 7)
    assert_allclose(reference.convolution(x, weight, pads=(1, 1, 1, 1), groups=2), whole, rtol=1e-13, atol=1e-13)


@settings(deadline=None)
@given(st.tuples(SIZES, SIZES, SIZES), st.tuples(SMALL, SMALL), st.tuples(SMALL, SMALL), st.data())
def test_pools(shape: tuple[int, int, int], kernel: tuple[int, int], strides: tuple[int, int], data: st.DataObject):
    rows, columns = (st.integers(0, k // 2) for k in kernel)
    pads = data.draw(st.tuples(rows, columns, rows, columns))
    shape = (shape[0], shape[1] + kernel[0], shape[2] + kernel[1])
    x = normal(1, *shape)
    same(reference.max_pool(x, kernel, strides, pads), F.max_pool2d(torch_pad(x, pads, -np.inf), kernel, strides))
    same(reference.avg_pool(x, kernel, strides, pads), F.avg_pool2d(torch_pad(x, pads), kernel, strides))
    same(reference.global_avg_pool(x), F.adaptive_avg_pool2d(tensor(x), 1))


TORCH_ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "relu": torch.relu,
    "relu6": F.relu6,
    "leaky_relu": lambda x: F.leaky_relu(x, 0.2),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "hard_sigmoid": F.hardsigmoid,
    "hard_swish": F.hardswish,
    "swish": F.silu,
}


@pytest.mark.parametrize("kind", ACTIVATION_KINDS)
def test_activations(kind: str) -> None:
    x = np.concatenate([normal(1, 100) * 5, np.array([[0.0, -3.0, 3.0, 6.0, -1000.0, 1000.0]])], axis=1)
    same(reference.activate(x, kind, 0.2), TORCH_ACTIVATIONS[kind](tensor(x)))


def test_batch_norm() -> None:
    x, (weight, bias, mean), variance = normal(1, 5, 3, 2), normal(3, 5), np.abs(normal(5))
    expected = F.batch_norm(tensor(x), tensor(mean), tensor(variance), tensor(weight), tensor(bias))
    same(reference.batch_norm(x, weight, bias, mean, variance, 1e-5), expected)


def test_linear_and_softmax() -> None:
    x, weight, bias = normal(1, 7), normal(4, 7), normal(4)
    same(reference.linear(x, weight, bias), F.linear(tensor(x), tensor(weight), tensor(bias)))
    same(reference.softmax(x * 300), torch.softmax(tensor(x * 300), 1))
    assert np.isfinite(reference.softmax(x * 1e6)).all()


def test_upsample_and_flatten() -> None:
    x = normal(1, 2, 3, 4)
    same(reference.upsample(x, (2, 3)), F.interpolate(tensor(x), scale_factor=(2, 3), mode="nearest"))
    same(reference.flatten(x), torch.flatten(tensor(x), 1))
