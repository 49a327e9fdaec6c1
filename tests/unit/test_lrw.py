"""The weights file: where arrays lie, what the header says, and a checksum that sees what happens to files."""

from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from numpy.typing import NDArray

from lrc.backends import lrw

DTYPES = [np.float32, np.uint8, np.uint16, np.uint32, np.int32]
ARRAYS = st.dictionaries(
    st.text("abc.", min_size=1),
    st.sampled_from(DTYPES).flatmap(lambda kind: st_numpy.arrays(kind, st_numpy.array_shapes(min_dims=0, min_side=0))),
    max_size=5,
)


def sums(words: NDArray[np.uint64]) -> tuple[int, int]:
    """Fletcher's sums, one word at a time."""
    total = total_of_totals = 0
    for word in words.tolist():
        total = (total + word) % 2**64
        total_of_totals = (total_of_totals + total) % 2**64
    return total, total_of_totals


@given(ARRAYS)
def test_arrays_lie_where_the_layout_says(
    tmp_path_factory: pytest.TempPathFactory, arrays: dict[str, NDArray[Any]]
) -> None:
    path = tmp_path_factory.mktemp("lrw") / "a.lrw"
    checksum = lrw.write(path, arrays, model_hash=2**64 - 1)
    data = path.read_bytes()
    layout = lrw.layout(arrays)
    assert len(data) == layout.total_bytes and len(data) % 64 == 0
    magic, version, endian, total, model, *both_sums = lrw.HEADER.unpack(data[:64])
    assert (magic, version, endian, total, model) == (lrw.MAGIC, 1, 0x01020304, len(data), 2**64 - 1)
    assert tuple(both_sums) == sums(np.frombuffer(data[64:], "<u8")) == (checksum.sum, checksum.sum_of_sums)
    for name, array in arrays.items():
        begin = layout.offsets[name]
        assert begin % 64 == 0
        assert data[begin : begin + array.nbytes] == array.tobytes()


@pytest.mark.parametrize("count", [(1 << 18) - 1, 1 << 18, (1 << 18) + 1, 700_001])
def test_large_arrays_are_written_in_pieces(tmp_path: Path, count: int) -> None:
    array = np.random.default_rng(0).standard_normal(count).astype(np.float32)
    checksum = lrw.write(tmp_path / "a.lrw", {"a": array}, 0)
    words = np.fromfile(tmp_path / "a.lrw", "<u8")[8:]
    assert sums(words) == (checksum.sum, checksum.sum_of_sums)
    assert words.tobytes()[: array.nbytes] == array.tobytes()


def test_a_mapped_array_of_another_order_is_written_as_c_order(tmp_path: Path) -> None:
    array = np.arange(12, dtype=">f4").reshape(3, 4).T
    lrw.write(tmp_path / "a.lrw", {"a": array}, 0)
    np.testing.assert_array_equal(np.fromfile(tmp_path / "a.lrw", "<f4")[16:28].reshape(4, 3), array)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=2, max_size=9, unique=True), st.data())
def test_the_checksum_sees_words_change_places(values: list[int], data: st.DataObject) -> None:
    i, j = data.draw(st.permutations(range(len(values))))[:2]
    swapped = list(values)
    swapped[i], swapped[j] = swapped[j], swapped[i]
    before, after = lrw.Checksum(), lrw.Checksum()
    before.add(np.array(values, np.uint64))
    after.add(np.array(swapped, np.uint64))
    assert before.sum == after.sum
    # Words that differ in the highest bits alone may cancel at an even distance: sums know 64 bits.
    assert before.sum_of_sums != after.sum_of_sums or (values[i] - values[j]) * (i - j) % 2**64 == 0


@given(ARRAYS)
def test_integers_stand_first_and_are_hashed(arrays: dict[str, NDArray[Any]]) -> None:
    ordered = lrw.integers_first(arrays)
    layout = lrw.layout(ordered)
    end = 64 + layout.integer_bytes
    for name, array in ordered.items():
        if array.size:
            assert (layout.offsets[name] >= end) == (array.dtype.kind == "f")
            changed = array.copy()
            changed.flat[-1] = 1 - changed.flat[-1] if array.dtype.kind == "f" else changed.flat[-1] ^ 1
            other = lrw.layout(ordered | {name: changed})
            assert (other.integer_hash == layout.integer_hash) == (array.dtype.kind == "f")


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 1 << 18])
def test_the_hash_is_of_what_stands_in_the_file(tmp_path: Path, count: int) -> None:
    arrays = {"i": np.arange(4 * count, dtype=np.uint32), "w": np.ones(3, np.float32)}
    lrw.write(tmp_path / "a.lrw", arrays, 0)
    layout = lrw.layout(arrays)
    data = (tmp_path / "a.lrw").read_bytes()
    assert layout.integer_hash == blake2b(data[64 : 64 + layout.integer_bytes], digest_size=16).digest()
