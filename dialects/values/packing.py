"""FKW, the filter-kernel-weight format: a pruned convolution as five arrays, and the way there and back.

Weights are [Co, C, rows, columns] with C = Ci / groups channels; `assignment` [Co, C] has 0 for a removed
kernel and p + 1 for pattern p; `order` [Co] is stored position -> filter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrc.dialects.values.patterns import PatternSet
from lrc.dialects.values.rounding import pieces

Integers = NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class FKW:
    """The five arrays. A *row* is what one filter, or `jam` filters that share their kernels, read of a channel block.

    Two filters with three kernels each, of patterns 0 and 1; jam = 1, one channel block:

        offset   0             3             6         [rows + 1]       where the kernels of a row start
        reorder  2             0                       [Co]             which filter is stored there
        stride   0 2 3         0 1 3                   [rows, P + 1]    where the kernels of each pattern start
                 `-.-' |       | `-.-'                                  within the row, and their end
        index    0 3   2       0  2 3                  [kernels]        input channel of a kernel
        weight   a b   c       d  e f                  [kernels, taps * jam]

    So the kernels of pattern p in row r are `offset[r] + stride[r, p]` to `offset[r] + stride[r, p + 1]`.

    Rows are ordered by channel block, then by stored position; the kernels of a row by pattern, then by
    channel. `index` counts from the first channel of the block; in a convolution with groups there is one
    block, and `index` counts from the first channel of the input. A row of `weight` holds, for each tap
    of the kernel's mask, row by row, the weights of the jammed filters side by side (so that one vector
    load fetches a tap of all of them), and zeros up to the most taps of any mask.
    Integers are unsigned and as narrow as the values allow.
    """

    offset: Integers
    reorder: Integers
    index: Integers
    stride: Integers
    weight: NDArray[np.float32] | NDArray[np.float16]

    @property
    def bytes(self) -> int:
        """Bytes of all arrays together."""
        return sum(self.arrays[name].nbytes for name in self.arrays)

    def executed(self, patterns: PatternSet) -> int:
        """By how many weights the kernels multiply: the taps of their masks, for each of the filters in a row."""
        kernels = np.diff(self.stride.astype(np.int64), axis=1).sum(0)
        jam = self.weight.shape[1] // patterns.most_taps
        return jam * sum(int(n) * len(mask.taps) for n, mask in zip(kernels, patterns.masks, strict=True))

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def pack(
    weights: NDArray[np.floating],
    assignment: Integers,
    order: Integers,
    patterns: PatternSet,
    *,
    jam: int = 1,
    block: int | None = None,
    groups: int = 1,
) -> FKW:
    """Store a convolution in the given order of filters, `block` channels at a time (None: all at once).

    Raises ValueError if weights lie outside their patterns, or if filters that are to be jammed do not have
    the same kernels.
    """
    rows_of_filters = _jammed(assignment, order, jam, groups)
    filters, channels = assignment.shape
    row_count = filters // jam
    width = channels if block is None or groups > 1 else min(block, channels)
    shared = assignment[rows_of_filters[:, 0]]

    row, channel = np.nonzero(shared)
    kind = shared[row, channel].astype(np.int64) - 1
    first = channel // width * width
    place = first // width * row_count + row
    # Kernels come by row and channel: a stable sort leaves the channels of a pattern ascending.
    sequence = np.argsort(place * len(patterns) + kind, kind="stable")
    row, channel, kind, first, place = (each[sequence] for each in (row, channel, kind, first, place))

    blocks = pieces(channels, width)
    counts = np.bincount(place * len(patterns) + kind, minlength=blocks * row_count * len(patterns))
    stride = _from_zero(counts.reshape(blocks * row_count, len(patterns)))
    index = channel - first
    if groups > 1:
        index = channel + rows_of_filters[row, 0] // (filters // groups) * channels

    weight = np.zeros((len(row), patterns.most_taps, jam), np.float32)
    for p, mask in enumerate(patterns.masks):
        of_pattern = np.flatnonzero(kind == p)
        kernels = weights[rows_of_filters[row[of_pattern]], channel[of_pattern, None]]
        rows, columns = (np.array(places) for places in zip(*mask.taps, strict=True))
        weight[of_pattern, : len(rows)] = kernels[:, :, rows, columns].transpose(0, 2, 1)
    if np.count_nonzero(weight) != np.count_nonzero(weights):
        lost = np.count_nonzero(weights) - np.count_nonzero(weight)
        raise ValueError(f"{lost} weights lie outside the patterns that their kernels are assigned")

    return FKW(
        offset=_narrow(_from_zero(stride[:, -1]), np.uint16),
        reorder=_narrow(order),
        index=_narrow(index),
        stride=_narrow(stride),
        weight=weight.reshape(len(row), jam * patterns.most_taps),
    )


def unpack(
    fkw: FKW, patterns: PatternSet, channels: int, *, block: int | None = None, groups: int = 1
) -> NDArray[np.float32]:
    """The weights [Co, channels, rows, columns] that were packed, exactly."""
    filters, jam = len(fkw.reorder), fkw.weight.shape[1] // patterns.most_taps
    width = channels if block is None or groups > 1 else min(block, channels)
    counts = np.diff(fkw.stride.astype(np.int64), axis=1)
    place = np.repeat(np.arange(len(counts)), counts.sum(1))
    kind = np.repeat(np.tile(np.arange(len(patterns)), len(counts)), counts.ravel())
    stored = fkw.reorder.astype(np.int64).reshape(-1, jam)[place % (filters // jam)]
    channel = fkw.index % channels if groups > 1 else fkw.index + place // (filters // jam) * width

    weights = np.zeros((filters, channels, *patterns.shape), np.float32)
    taps = fkw.weight.reshape(len(place), patterns.most_taps, jam)
    for p, mask in enumerate(patterns.masks):
        of_pattern = np.flatnonzero(kind == p)
        for t, (r, c) in enumerate(mask.taps):
            weights[stored[of_pattern], channel[of_pattern, None], r, c] = taps[of_pattern, t]
    return weights


def csr_bytes(weights: NDArray[np.floating]) -> int:
    """Bytes of the same weights as compressed sparse rows, a row for each filter: 32-bit columns and row pointers."""
    return int(np.count_nonzero(weights)) * (4 + 4) + (len(weights) + 1) * 4


def shared_jam(
    assignment: Integers, order: Integers | None = None, candidates: Sequence[int] = (8, 4, 2), groups: int = 1
) -> int:
    """How many filters in a row of the order share all their kernels: the first candidate that `pack` accepts, or 1."""
    order = np.arange(len(assignment)) if order is None else order
    for jam in candidates:
        try:
            _jammed(assignment, order, jam, groups)
        except ValueError:
            continue
        return jam
    return 1


def _jammed(assignment: Integers, order: Integers, jam: int, groups: int) -> Integers:
    """The order as [Co / jam, jam]. Raises ValueError if filters of a row do not share their kernels."""
    filters = len(assignment)
    if filters % jam:
        raise ValueError(f"{filters} filters cannot be taken {jam} at a time")
    rows = np.asarray(order, np.int64).reshape(-1, jam)
    differs = (assignment[rows] != assignment[rows[:, :1]]).any(2) | (
        rows // (filters // groups) != rows[:, :1] // (filters // groups)
    )
    for row, column in np.argwhere(differs)[:1]:
        raise ValueError(f"filters {rows[row, 0]} and {rows[row, column]} are to be jammed, but their kernels differ")
    return rows


def _from_zero(counts: Integers) -> Integers:
    """Where each of the counted runs starts along the last axis, and the end of the last."""
    starts = np.zeros((*counts.shape[:-1], counts.shape[-1] + 1), np.int64)
    np.cumsum(counts, axis=-1, out=starts[..., 1:])
    return starts


def _narrow(values: Integers, least: type[np.unsignedinteger[Any]] = np.uint8) -> Integers:
    """The same values in the narrowest unsigned type that holds them, but none narrower than `least`."""
    most = int(values.max(initial=0))
    return values.astype(np.promote_types(np.min_scalar_type(most), least))
