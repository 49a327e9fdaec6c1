"""The sums of a convolution or a linear layer: how large they may become, and which weights show in them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lrc.dialects import lr
from lrc.dialects.lr.base import shape_of
from lrc.dialects.values.shapes import pair
from lrc.interpreters import reference
from lrc.interpreters.reference import Array

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Weighted = lr.ConvOp | lr.LinearOp

LARGEST = 2.0**24
"""Up to here float32 has every integer."""


def integers_of(numbers: np.random.Generator, least: int, most: int, count: int) -> NDArray[np.int64]:
    """So many random integers from `least` to `most`."""
    return numbers.integers(least, most, count, np.int64, endpoint=True)


def sums_of(op: Weighted, x: Array, weight: Floats) -> Array:
    """What the layer makes of `x`, without its bias."""
    if isinstance(op, lr.LinearOp):
        return reference.linear(x, weight)
    window = op.window
    return reference.convolution(x, weight, None, window.strides, window.pads, window.dilations, op.group_count)


def reach_of(op: Weighted, x: Array, weight: Floats, limit: float) -> Array:
    """What no partial sum of a filter exceeds [Co]: cheaply from the largest number of each channel, or, if that is
    beyond `limit`, from all of them."""
    magnitudes = np.abs(weight)
    if isinstance(op, lr.LinearOp):
        return reference.float64(magnitudes @ np.abs(x[0]).astype(np.float32))
    groups, kernels = op.group_count, magnitudes.reshape(*magnitudes.shape[:2], -1).sum(2, dtype=np.float64)
    channels = largest_of(x).reshape(groups, -1, 1)
    reach = (kernels.reshape(groups, -1, kernels.shape[1]) @ channels).reshape(-1)
    return reach if reach.max() <= limit else largest_of(sums_of(op, np.abs(x), magnitudes))


def largest_of(array: Array) -> Array:
    """The largest magnitude of each channel."""
    return np.abs(array).reshape(array.shape[1], -1).max(1)


def unit_of(numbers: Array) -> float:
    """The largest power of two up to 1 that all numbers are multiples of."""
    unit = 1.0
    while np.mod(numbers, unit).any():
        unit /= 2
    return unit


def balance(weight: Floats, x: Array, groups: int) -> None:
    """Give weights signs with which the means of the channels of `x` cancel out at every tap.

    Where a tap lies beyond the border, the sum is then much like the others, and its largest element lies anywhere.
    """
    filters, channels = weight.shape[:2]
    means = x.reshape(groups, channels, -1).mean(2).repeat(filters // groups, 0)
    means = means.reshape(*means.shape, *[1] * (weight.ndim - 2))
    total = np.zeros_like(weight[:, 0], np.float64)
    for channel in range(channels):
        part = weight[:, channel] * means[:, channel]
        sign = np.where(part * total > 0, -1, 1)
        weight[:, channel] *= sign
        total += part * sign


def seen_weights(op: Weighted, shows: Bools, nonzero: Bools) -> Bools:
    """Which weights are multiplied with something for a number that `shows` any change, where what the layer reads is
    `nonzero`."""
    if isinstance(op, lr.LinearOp):
        return shows[0, :, None] & nonzero[0, None, :]
    window, groups = op.window, op.group_count
    if shows.shape != shape_of(op.output):  # added to a picture, one number for each channel shows wherever that does
        shows = np.asarray(shows.any(tuple(range(2, shows.ndim)), keepdims=True))
    filters, channels, *_ = op.weight_shape()
    shows = shows.reshape(*shows.shape[:2], *pair(shows.shape[2:]))
    seen = np.empty((groups, filters // groups, channels, *window.kernel), np.bool_)
    framed = reference.pad(reference.picture(nonzero), window.pads)
    patches = reference.windows(framed, window.kernel, window.strides, window.dilations)[0]
    places = shows[0].any(0)  # behind a reset these are few
    filters = shows[0, :, places].T.reshape(*seen.shape[:2], -1)
    if shows.all():
        filters = filters[:, :1]  # all are the same
    for tap in np.ndindex(*window.kernel):
        read = patches[:, places, *tap].reshape(groups, seen.shape[2], -1)
        seen[..., *tap] = filters.astype(np.float32) @ read.transpose(0, 2, 1).astype(np.float32) > 0
    return seen.reshape(op.weight_shape())
