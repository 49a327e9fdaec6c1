"""The meaning of every operator as a plain numpy function in float64.

Arrays are [N, C, H, W], or [N, C] for vectors, or [N, C, L] for sequences, which are pictures of one row to whatever
moves a window over them; whatever goes in is computed in float64. Nothing here knows the IR, and nothing is shared with
the lowering: these functions are what the emitted code is measured against. They follow torch's definitions.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Concatenate, ParamSpec

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
P = ParamSpec("P")

PIECE_BYTES = 16 << 20
"""Unfolded inputs and converted weights come in pieces of about this size, so that large layers need little
memory. Results start as no numbers: a piece that is left out shows."""


def float64(x: ArrayLike) -> Array:
    """`x` as a float64 array; no copy if it is one."""
    return np.asarray(x, dtype=np.float64)


def picture(x: ArrayLike) -> Array:
    """[N, C, L] as [N, C, 1, L], pictures as they are; the same of weights."""
    x = float64(x)
    return x[:, :, None] if x.ndim == 3 else x


def on_pictures(function: Callable[Concatenate[ArrayLike, P], Array]) -> Callable[Concatenate[ArrayLike, P], Array]:
    """A function from pictures to pictures as one that takes sequences too, and makes sequences of them."""

    @wraps(function)
    def of_either(x: ArrayLike, *args: P.args, **kwargs: P.kwargs) -> Array:
        result = function(picture(x), *args, **kwargs)
        return result[:, :, 0] if np.ndim(x) == 3 else result

    return of_either


@on_pictures
def pad(x: ArrayLike, pads: Sequence[int], value: float = 0.0) -> Array:
    """`x` with `pads` = (top, left, bottom, right) rows and columns of `value` around every channel."""
    top, left, bottom, right = pads
    return np.pad(float64(x), ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=value)


def windows(x: Array, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int] = (1, 1)) -> Array:
    """A view [N, C, OH, OW, kh, kw] of the part of `x` that each output place sees."""
    span = tuple((k - 1) * d + 1 for k, d in zip(kernel, dilations, strict=True))
    every = sliding_window_view(x, span, axis=(2, 3))
    return every[:, :, :: strides[0], :: strides[1], :: dilations[0], :: dilations[1]]


@on_pictures
def convolution(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    strides: Sequence[int] = (1, 1),
    pads: Sequence[int] = (0, 0, 0, 0),
    dilations: Sequence[int] = (1, 1),
    groups: int = 1,
) -> Array:
    """The cross-correlation of `x` [N, Ci, H, W] with `weight` [Co, Ci / groups, kh, kw], plus `bias` [Co].

    The weight of a sequence may be [Co, Ci / groups, k]; strides, pads and dilations are those of pictures.
    """
    weight = picture(weight)
    filters, channels, *kernel = weight.shape
    seen = windows(pad(x, pads), kernel, strides, dilations)
    batch, _, height, width = seen.shape[:4]
    terms = channels * kernel[0] * kernel[1]
    rows_of_weight = weight.reshape(groups, filters // groups, terms)
    result = np.full((batch, filters, height, width), np.nan)
    step = max(1, PIECE_BYTES // (8 * batch * groups * terms * width))
    for first in range(0, height, step):
        piece = seen[:, :, first : first + step]
        patches = piece.transpose(0, 1, 4, 5, 2, 3).reshape(batch, groups, terms, -1)
        result[:, :, first : first + step] = (rows_of_weight @ patches).reshape(batch, filters, -1, width)
    if bias is not None:
        result += float64(bias)[:, None, None]
    return result


def linear(x: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None) -> Array:
    """`x` [N, I] times the transpose of `weight` [O, I], plus `bias` [O]."""
    x, weight = float64(x), np.asarray(weight)
    result = np.full((len(x), len(weight)), np.nan)
    step = max(1, PIECE_BYTES // (8 * weight.shape[1]))
    for first in range(0, len(weight), step):
        result[:, first : first + step] = x @ float64(weight[first : first + step]).T
    return result if bias is None else result + float64(bias)


def batch_norm(
    x: ArrayLike, weight: ArrayLike, bias: ArrayLike, mean: ArrayLike, variance: ArrayLike, epsilon: float
) -> Array:
    """(x - mean) / sqrt(variance + epsilon) * weight + bias, channel by channel, with the statistics of training."""
    x = float64(x)
    scale, shift = normalization(weight, bias, mean, variance, epsilon)
    return x * along_channels(scale, x) + along_channels(shift, x)


def normalization(
    weight: ArrayLike, bias: ArrayLike, mean: ArrayLike, variance: ArrayLike, epsilon: float
) -> tuple[Array, Array]:
    """The scale [C] and the shift [C] that a batch norm comes down to."""
    scale = float64(weight) / np.sqrt(float64(variance) + epsilon)
    return scale, float64(bias) - float64(mean) * scale


def along_channels(numbers: Array, x: Array) -> Array:
    """`numbers` [C], shaped so that each meets its channel of `x` [N, C, ...]."""
    return numbers.reshape(-1, *[1] * (x.ndim - 2))


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)); very negative arguments give 0."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-x))


def hard_sigmoid(x: Array) -> Array:
    """relu6(x + 3) / 6."""
    return np.clip(x + 3, 0, 6) / 6


ACTIVATIONS: dict[str, Callable[[Array, float], Array]] = {
    "relu": lambda x, _: np.maximum(x, 0),
    "relu6": lambda x, _: np.clip(x, 0, 6),
    "leaky_relu": lambda x, slope: np.where(x < 0, slope * x, x),
    "sigmoid": lambda x, _: sigmoid(x),
    "tanh": lambda x, _: np.tanh(x),
    "hard_sigmoid": lambda x, _: hard_sigmoid(x),
    "hard_swish": lambda x, _: x * hard_sigmoid(x),
    "swish": lambda x, _: x * sigmoid(x),
}
"""Activations by their names in the language; each takes the array and the slope that only some of them have."""


def activate(x: ArrayLike, kind: str, slope: float = 0.0) -> Array:
    """The activation named `kind`; KeyError if there is none of that name."""
    return ACTIVATIONS[kind](float64(x), slope)


@on_pictures
def max_pool(x: ArrayLike, kernel: Sequence[int], strides: Sequence[int], pads: Sequence[int] = (0, 0, 0, 0)) -> Array:
    """The largest value of each window; the padding never wins."""
    return windows(pad(x, pads, -np.inf), kernel, strides).max(axis=(4, 5))


@on_pictures
def avg_pool(x: ArrayLike, kernel: Sequence[int], strides: Sequence[int], pads: Sequence[int] = (0, 0, 0, 0)) -> Array:
    """The mean of each window, in which the zeros of the padding count."""
    return windows(pad(x, pads), kernel, strides).mean(axis=(4, 5))


def global_avg_pool(x: ArrayLike) -> Array:
    """The mean of each channel: [N, C, H, W] -> [N, C, 1, 1], and the like at other ranks."""
    x = float64(x)
    return x.mean(axis=tuple(range(2, x.ndim)), keepdims=True)


@on_pictures
def upsample(x: ArrayLike, scale: Sequence[int]) -> Array:
    """Every row repeated scale[0] times and every column scale[1] times."""
    return float64(x).repeat(scale[0], axis=2).repeat(scale[1], axis=3)


def concat(parts: Sequence[ArrayLike]) -> Array:
    """The channels of all parts, one after the other."""
    return np.concatenate([float64(part) for part in parts], axis=1)


def flatten(x: ArrayLike) -> Array:
    """[N, C, H, W] -> [N, C * H * W]."""
    x = float64(x)
    return x.reshape(x.shape[0], -1)


def softmax(x: ArrayLike) -> Array:
    """exp(x) / sum(exp(x)) over axis 1."""
    x = float64(x)
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
