"""The weights file of an emitted folder, NAME.lrw: arrays as the C code reads them, memory-mapped.

::

    0    magic  89 'L' 'R' 'W' 0d 0a 1a 0a     says what it is, and shows a transfer as text
    8    u32    version                        1
    12   u32    byte order                     0x01020304 as the writer's machine has it (little-endian)
    16   u64    bytes in all                   a multiple of 64
    24   u64    model hash                     of the generated code and the layout below
    32   u64    sum of the 64-bit words from 64 on, modulo 2**64
    40   u64    sum of the partial sums: tells words that changed places
    48   16 bytes of zero
    64   the arrays in order, each at a multiple of 64 bytes, zeros between

All numbers are little-endian. The two sums cost the reader two additions a word.

Integers say which numbers kernels load and where they store. The code that was written with a file therefore knows a
hash of them, and takes no others: a file from elsewhere may have other weights, but leads no kernel out of its buffers.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrc.dialects.values.rounding import round_up

MAGIC = b"\x89LRW\r\n\x1a\n"
VERSION = 1
ALIGNMENT = 64
HEADER = struct.Struct("<8sIIQQQQ16x")
_CHUNK_WORDS = 1 << 17
_COUNTDOWN = np.arange(_CHUNK_WORDS, 0, -1, dtype=np.uint64)


@dataclass(frozen=True)
class WeightsLayout:
    """Where each array begins in the file, in bytes, and how long the file is.

    `integer_bytes`: how far behind the header integers reach; `integer_hash`: BLAKE2b, 16 bytes, of what stands there.
    """

    offsets: Mapping[str, int]
    total_bytes: int
    integer_bytes: int = 0
    integer_hash: bytes = blake2b(digest_size=16).digest()


@dataclass
class Checksum:
    """Fletcher's two sums over 64-bit words."""

    sum: int = 0
    sum_of_sums: int = 0

    def add(self, words: NDArray[np.uint64]) -> None:
        """Takes in at most `_CHUNK_WORDS` words: each counts as often as there are words from it to the end."""
        counts = _COUNTDOWN[_CHUNK_WORDS - words.size :]
        mask = (1 << 64) - 1
        self.sum_of_sums = (self.sum_of_sums + words.size * self.sum + int(np.dot(words, counts))) & mask
        self.sum = (self.sum + int(words.sum(dtype=np.uint64))) & mask


def layout(arrays: Mapping[str, NDArray[Any]]) -> WeightsLayout:
    """Places the arrays one after the other, each aligned to 64 bytes."""
    offsets: dict[str, int] = {}
    end = last = HEADER.size
    for name, array in arrays.items():
        offsets[name] = end
        end += round_up(array.nbytes, ALIGNMENT)
        last = end if array.dtype.kind != "f" else last
    known = blake2b(digest_size=16)
    for name, array in arrays.items():
        if offsets[name] < last:
            for words in _words(array):
                known.update(words.data)
    return WeightsLayout(offsets, end, last - HEADER.size, known.digest())


def integers_first(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The arrays in an order in which no others are hashed together with the integers."""
    return dict(sorted(arrays.items(), key=lambda each: each[1].dtype.kind == "f"))


def write(path: Path, arrays: Mapping[str, NDArray[Any]], model_hash: int) -> Checksum:
    """Writes the file in pieces of a megabyte, so that a mapped array is never in memory as a whole.

    Raises:
        OSError: the disk is full, the place cannot be written. What is written by then stays.
    """
    checksum = Checksum()
    total = layout(arrays).total_bytes
    with path.open("wb") as file:
        file.write(bytes(HEADER.size))
        for array in arrays.values():
            for words in _words(array):
                checksum.add(words)
                file.write(words.data)
        file.seek(0)
        file.write(HEADER.pack(MAGIC, VERSION, 0x01020304, total, model_hash, checksum.sum, checksum.sum_of_sums))
    return checksum


def _words(array: NDArray[Any]) -> Iterator[NDArray[np.uint64]]:
    """The array's bytes, little-endian and padded to the alignment, as chunks of words."""
    contiguous = np.ascontiguousarray(array)
    flat = contiguous.astype(contiguous.dtype.newbyteorder("<"), copy=False).reshape(-1).view(np.uint8)
    chunk = 8 * _CHUNK_WORDS
    for begin in range(0, flat.size, chunk):
        piece = flat[begin : begin + chunk]
        yield np.pad(piece, (0, round_up(piece.size, ALIGNMENT) - piece.size)).view("<u8")
