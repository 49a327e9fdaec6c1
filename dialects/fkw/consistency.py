"""Do the five arrays of FKW fit their layer and each other? They say which numbers a kernel loads and where it stores:
with arrays that fit, it stays inside its buffers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrc.dialects.values.elements import F32, Element
from lrc.dialects.values.packing import FKW
from lrc.dialects.values.patterns import PatternSet
from lrc.dialects.values.rounding import pieces

Limit = NDArray[np.int64] | int

UNSIGNED = ("uint8", "uint16", "uint32")
"""The types that offset, reorder, index and stride may have."""


def check(
    fkw: FKW,
    patterns: PatternSet,
    filters: int,
    channels: int,
    *,
    jam: int = 1,
    block: int | None = None,
    groups: int = 1,
    element: Element = F32,
) -> None:
    """Raises ValueError that names the first wrong place, if the arrays are not those that `pack` could make for a
    convolution [filters, channels] with these options; `channels` are those of one group, `element` is
    what weights are."""
    for name, array in fkw.arrays.items():
        _check_type(name, array, (element.about,) if name == "weight" else UNSIGNED)
    width = channels if block is None or groups > 1 else min(block, channels)
    rows_of_block = filters // jam
    rows = rows_of_block * pieces(channels, width)
    sizes: dict[str, tuple[int | None, ...]] = {
        "offset": (rows + 1,),
        "reorder": (filters,),
        "index": (None,),
        "stride": (rows, len(patterns) + 1),
        "weight": (None, jam * patterns.most_taps),
    }
    for name, array in fkw.arrays.items():
        check_shape(name, array.shape, sizes[name])
    if len(fkw.index) != len(fkw.weight):
        raise ValueError(f"index has {len(fkw.index)} kernels, but weight has {len(fkw.weight)}")

    offset, reorder, index, stride = (
        array.astype(np.int64) for array in (fkw.offset, fkw.reorder, fkw.index, fkw.stride)
    )
    _check_within("reorder", reorder, 0, filters - 1)
    _check_distinct("reorder", reorder)
    of_group = filters // groups
    first_of_group = np.repeat(reorder[::jam] // of_group * of_group, jam)
    _check_within("reorder", reorder, first_of_group, first_of_group + of_group - 1)

    starts, runs = np.zeros((rows, 1), np.int64), stride[:, :-1]
    _check_within("stride", stride, np.hstack([starts, runs]), np.hstack([starts, np.full_like(runs, len(index))]))
    ends = np.append(0, offset[:-1] + stride[:, -1])
    _check_within("offset", offset, ends, ends)
    if offset[-1] != len(index):
        raise ValueError(f"offset[{rows}] is {offset[-1]}, but index has {len(index)} kernels")

    row = np.repeat(np.arange(rows), np.diff(offset))
    first = first_of_group[::jam] // of_group * channels if groups > 1 else np.zeros(rows, np.int64)
    last = first + np.minimum(width, channels - np.arange(rows) // rows_of_block * width) - 1
    _check_within("index", index, first[row], last[row])


def check_shape(name: str, shape: tuple[int, ...], sizes: tuple[int | None, ...]) -> None:
    """Raises ValueError if an array has another shape; None stands for as many as there are kernels."""
    if len(shape) != len(sizes) or any(size not in (None, found) for found, size in zip(shape, sizes, strict=True)):
        numbers = ", ".join("kernels" if size is None else str(size) for size in sizes)
        raise ValueError(f"{name} is {list(shape)}, expected [{numbers}]")


def _check_type(name: str, array: NDArray[Any], expected: tuple[str, ...]) -> None:
    if array.dtype.name not in expected:
        raise ValueError(f"{name} has numbers of type {array.dtype}, expected {' or '.join(expected)}")


def _check_within(name: str, array: NDArray[np.int64], least: Limit, most: Limit) -> None:
    wrong = np.argwhere((array < least) | (array > most))
    if len(wrong):
        place = tuple(int(i) for i in wrong[0])
        low, high = (int(np.broadcast_to(limit, array.shape)[place]) for limit in (least, most))
        expected = str(low) if low == high else f"{low} to {high}"
        raise ValueError(f"{name}{list(place)} is {array[place]}, expected {expected}")


def _check_distinct(name: str, array: NDArray[np.int64]) -> None:
    values, firsts = np.unique(array, return_index=True)
    if len(values) < len(array):
        place = int(np.setdiff1d(np.arange(len(array)), firsts)[0])
        other = int(firsts[np.searchsorted(values, array[place])])
        raise ValueError(f"{name}[{place}] is {array[place]}, which {name}[{other}] is already")
