"""FKW: packing and unpacking, the sizes of its arrays, and the example of PatDNN's section 5."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pruned_weights import Pruned, pruned

from lrc.dialects.fkw.consistency import check
from lrc.dialects.values.packing import FKW, csr_bytes, pack, shared_jam, unpack
from lrc.dialects.values.patterns import Mask, PatternSet, Sparsity
from lrc.dialects.values.pruning import best_patterns, project
from lrc.passes.pattern.reorder import reorder

PATTERNS = PatternSet(tuple(Mask.parse(mask) for mask in ("010/111/000", "010/011/010", "000/011/011")))
ASSIGNMENT = np.array([[1, 0, 2, 1], [2, 0, 0, 3], [1, 0, 2, 1], [0, 3, 2, 0]], np.uint8)


def numbered() -> np.ndarray:
    """The weights 1 to 40, in the order filter, channel, tap."""
    weights, number = np.zeros((4, 4, 3, 3), np.float32), 0
    for f, c in np.argwhere(ASSIGNMENT):
        for r, k in PATTERNS.masks[ASSIGNMENT[f, c] - 1].taps:
            weights[f, c, r, k] = number = number + 1
    return weights


def test_worked_example() -> None:
    order = reorder(ASSIGNMENT)
    fkw = pack(numbered(), ASSIGNMENT, order, PATTERNS)
    assert fkw.reorder.tolist() == [0, 2, 1, 3]
    assert fkw.offset.tolist() == [0, 3, 6, 8, 10]
    assert fkw.index.tolist() == [0, 3, 2, 0, 3, 2, 0, 3, 2, 1]
    assert fkw.stride.tolist() == [[0, 2, 3, 3], [0, 2, 3, 3], [0, 0, 1, 2], [0, 0, 1, 2]]
    kernels = [1, 9, 5, 21, 29, 25, 13, 17, 37, 33]
    assert fkw.weight.tolist() == [[first, first + 1, first + 2, first + 3] for first in kernels]
    assert {name: str(array.dtype) for name, array in fkw.arrays.items()} == {
        "offset": "uint16",
        "reorder": "uint8",
        "index": "uint8",
        "stride": "uint8",
        "weight": "float32",
    }
    assert fkw.bytes == 5 * 2 + 4 + 10 + 16 + 40 * 4
    assert csr_bytes(numbered()) == 40 * 8 + 5 * 4
    np.testing.assert_array_equal(unpack(fkw, PATTERNS, 4), numbered())


@given(pruned(), st.integers(1, 10), st.data())
def test_unpacks_to_what_was_packed(layer: Pruned, block: int, data: st.DataObject) -> None:
    filters, channels = layer.assignment.shape
    order = np.array(data.draw(st.permutations(range(filters))))
    fkw = pack(layer.weights, layer.assignment, order, layer.patterns, block=block)
    np.testing.assert_array_equal(unpack(fkw, layer.patterns, channels, block=block), layer.weights)
    blocks = -(-channels // block)
    assert fkw.offset.shape == (blocks * filters + 1,)
    assert fkw.stride.shape == (blocks * filters, len(layer.patterns) + 1)
    assert fkw.index.shape == fkw.weight.shape[:1] == (np.count_nonzero(layer.assignment),)
    assert fkw.index.max(initial=0) < block
    assert (np.diff(fkw.offset.astype(int)) == fkw.stride[:, -1]).all()


@given(pruned(), st.integers(1, 10))
def test_unpacks_what_was_jammed(layer: Pruned, block: int) -> None:
    order = reorder(layer.assignment)
    jam = shared_jam(layer.assignment, order, candidates=(4, 3, 2))
    fkw = pack(layer.weights, layer.assignment, order, layer.patterns, jam=jam, block=block)
    channels = layer.assignment.shape[1]
    np.testing.assert_array_equal(unpack(fkw, layer.patterns, channels, block=block), layer.weights)
    assert fkw.weight.shape == (np.count_nonzero(layer.assignment) // jam, jam * layer.patterns.most_taps)


@given(pruned(most_filters=3), st.integers(1, 3), st.data())
def test_unpacks_groups(layer: Pruned, groups: int, data: st.DataObject) -> None:
    """The same filters once for each group, which differ in the channels that they read."""
    assignment = np.concatenate([layer.assignment] * groups)
    weights = np.concatenate([layer.weights * (group + 1) for group in range(groups)])
    order = np.array(data.draw(st.permutations(range(len(weights)))))
    fkw = pack(weights, assignment, order, layer.patterns, groups=groups, block=2)
    channels = assignment.shape[1]
    np.testing.assert_array_equal(unpack(fkw, layer.patterns, channels, block=2, groups=groups), weights)
    if groups > 1:
        assert fkw.offset.shape == (len(weights) + 1,)
        filter_of = np.repeat(order, np.diff(fkw.offset.astype(int)))
        assert (fkw.index // channels == filter_of // len(layer.assignment)).all()


@given(pruned())
def test_kernels_come_by_pattern_then_channel(layer: Pruned) -> None:
    filters = len(layer.assignment)
    fkw = pack(layer.weights, layer.assignment, np.arange(filters), layer.patterns)
    for f in range(filters):
        for p in range(len(layer.patterns)):
            run = slice(*(int(fkw.offset[f]) + int(fkw.stride[f, p + i]) for i in (0, 1)))
            assert fkw.index[run].tolist() == np.flatnonzero(layer.assignment[f] == p + 1).tolist()


def test_many_kernels_come_by_pattern_then_channel() -> None:
    """As few do: many are sorted in another way, if the sort need not be stable."""
    assignment = np.random.default_rng(0).integers(0, 3, (40, 90)).astype(np.uint8)
    patterns = PatternSet((Mask.parse("10"), Mask.parse("01")))
    cells = np.array([np.zeros((1, 2)), *patterns.cells])
    fkw = pack(cells[assignment].astype(np.float32), assignment, np.arange(40), patterns)
    for f in range(40):
        for p in range(2):
            run = slice(*(int(fkw.offset[f]) + int(fkw.stride[f, p + i]) for i in (0, 1)))
            assert fkw.index[run].tolist() == np.flatnonzero(assignment[f] == p + 1).tolist()


@pytest.mark.parametrize("channels", [255, 256, 257, 65535, 65536, 65537])
def test_the_last_number_fits_its_type(channels: int) -> None:
    weights, ones = np.ones((1, channels, 1, 1), np.float32), np.ones((1, channels), np.uint8)
    fkw = pack(weights, ones, np.arange(1), PatternSet.full((1, 1)))
    np.testing.assert_array_equal(fkw.index, np.arange(channels))
    assert fkw.stride.tolist() == [[0, channels]] and fkw.offset.tolist() == [0, channels]
    assert fkw.index.dtype == (np.uint8 if channels <= 256 else np.uint16 if channels <= 65536 else np.uint32)


def test_depthwise_indexes_the_whole_input() -> None:
    weights = np.arange(1, 301, dtype=np.float32).reshape(300, 1, 1, 1)
    ones = np.ones((300, 1), np.uint8)
    fkw = pack(weights, ones, np.arange(300), PatternSet.full((1, 1)), groups=300)
    assert fkw.index.tolist() == list(range(300))
    assert fkw.index.dtype == np.uint16


def test_offsets_wider_than_16_bits() -> None:
    ones = np.ones((300, 300), np.uint8)
    fkw = pack(np.ones((300, 300, 1, 1), np.float32), ones, np.arange(300), PatternSet.full((1, 1)))
    assert fkw.offset.dtype == np.uint32
    assert fkw.offset[-1] == 300 * 300
    assert (fkw.stride.dtype, fkw.index.dtype) == (np.uint16, np.uint16)


def test_jammed_filters_must_agree() -> None:
    with pytest.raises(ValueError, match="filters 0 and 1 are to be jammed"):
        pack(numbered(), ASSIGNMENT, np.arange(4), PATTERNS, jam=2)
    with pytest.raises(ValueError, match="4 filters cannot be taken 3 at a time"):
        pack(numbered(), ASSIGNMENT, np.arange(4), PATTERNS, jam=3)


def test_jammed_filters_must_read_the_same_channels() -> None:
    ones, full = np.ones((2, 1), np.uint8), PatternSet.full((1, 1))
    with pytest.raises(ValueError, match="filters 0 and 1 are to be jammed"):
        pack(np.ones((2, 1, 1, 1), np.float32), ones, np.arange(2), full, jam=2, groups=2)


def test_no_weight_is_lost() -> None:
    with pytest.raises(ValueError, match="1 weights lie outside"):
        weights = numbered()
        weights[0, 1, 0, 0] = 7
        pack(weights, ASSIGNMENT, np.arange(4), PATTERNS)


@pytest.mark.parametrize(
    ("rows", "jam"),
    [([1] * 8, 8), ([1] * 4, 4), ([1] * 6, 2), ([1] * 5, 1), ([1, 1, 2, 2], 2), ([1, 2, 1, 2], 1), ([1, 2, 2, 1], 1)],
)
def test_shared_jam(rows: list[int], jam: int) -> None:
    assert shared_jam(np.array(rows, np.uint8).reshape(-1, 1)) == jam


def test_shared_jam_follows_the_order_and_the_groups() -> None:
    rows = np.array([[1], [2], [1], [2]], np.uint8)
    assert shared_jam(rows, np.array([0, 2, 1, 3])) == 2
    assert shared_jam(np.ones((4, 1), np.uint8), groups=2) == 2
    assert shared_jam(np.ones((4, 1), np.uint8), groups=4) == 1


@pytest.mark.parametrize("size", [64, 128, 256, 512])
def test_smaller_than_csr(size: int) -> None:
    """At VGG-16's rate, FKW with blocks of 128 channels saves at least 40% of CSR's bytes on every pruned layer."""
    masks = "110/110/000 011/011/000 000/110/110 000/011/011 010/111/000 000/111/010 010/110/010 010/011/010"
    patterns = PatternSet(tuple(map(Mask.parse, masks.split())))
    sparsity = Sparsity("pattern", patterns, keep=1 / 3.6)
    weights = project(np.random.default_rng(0).standard_normal((size, size, 3, 3), np.float32), sparsity)
    assignment = np.where((weights != 0).any((2, 3)), best_patterns(weights, patterns) + 1, 0)
    fkw = pack(weights, assignment, np.arange(size), patterns, block=128)
    assert fkw.bytes <= 0.6 * csr_bytes(weights)


def accesses(fkw: FKW, patterns: int, filters: int, jam: int, blocks: int) -> Iterator[tuple[int, int, int]]:
    """What the emitted loops make of the arrays: (filter, channel block, index) for each kernel, in their order.

    Raises IndexError where they would read outside of an array.
    """
    rows = filters // jam
    for block, position in np.ndindex(blocks, rows):
        row = block * rows + position
        kernels, runs = int(fkw.offset[row]), fkw.stride[row].astype(int)
        for p in range(patterns):
            for k in range(kernels + runs[p], kernels + runs[p + 1]):
                for lane in range(jam):
                    assert fkw.weight[k].size
                    yield int(fkw.reorder[position * jam + lane]), block, int(fkw.index[k])


@given(pruned(), st.integers(1, 4), st.sampled_from([1, 2]), st.data())
def test_arrays_that_pass_the_check_stay_inside(layer: Pruned, block: int, groups: int, data: st.DataObject) -> None:
    """Any number changed in any of the arrays is refused, or harmless."""
    assignment = np.concatenate([layer.assignment] * groups)
    weights = np.concatenate([layer.weights] * groups)
    filters, channels = assignment.shape
    order = reorder(assignment) if groups == 1 else np.arange(filters, dtype=np.int64)
    jam = shared_jam(assignment, order, candidates=(3, 2), groups=groups)
    fkw = pack(weights, assignment, order, layer.patterns, jam=jam, block=block, groups=groups)

    def refuses(changed: FKW) -> bool:
        try:
            check(changed, layer.patterns, filters, channels, jam=jam, block=block, groups=groups)
        except ValueError:
            return True
        return False

    assert not refuses(fkw)
    name = data.draw(st.sampled_from(["offset", "reorder", "index", "stride"]))
    array = getattr(fkw, name).copy()
    if not array.size:
        return
    place = data.draw(st.integers(0, array.size - 1))
    array.flat[place] = data.draw(st.integers(0, filters + channels) | st.integers(0, np.iinfo(array.dtype).max))
    changed = replace(fkw, **{name: array})
    if refuses(changed):
        return
    blocks = 1 if groups > 1 else -(-channels // block)
    for stored, b, index in accesses(changed, len(layer.patterns), filters, jam, blocks):
        assert stored < filters
        assert index < (groups * channels if groups > 1 else min(block, channels - b * block))


def test_arrays_that_lead_outside_are_refused() -> None:
    """Into the channels of another block, to kernels that no row has, and to some that are not there."""
    weights, ones, full = np.ones((2, 5, 1, 1), np.float32), np.ones((2, 5), np.uint8), PatternSet.full((1, 1))
    fkw = pack(weights, ones, np.arange(2), full, block=2)
    check(fkw, full, 2, 5, block=2)
    for place, number in ((0, 2), (3, 4), (8, 1)):
        index = fkw.index.copy()
        index[place] = number
        with pytest.raises(ValueError, match=rf"index\[{place}\] is {number}, expected 0"):
            check(replace(fkw, index=index), full, 2, 5, block=2)
    more = replace(fkw, index=np.append(fkw.index, fkw.index[-1:]), weight=np.append(fkw.weight, fkw.weight[-1:], 0))
    fewer = replace(fkw, index=fkw.index[:-1], weight=fkw.weight[:-1])
    for changed in (more, fewer):
        with pytest.raises(ValueError, match=r"expected|but"):
            check(changed, full, 2, 5, block=2)


@given(pruned(), st.sampled_from(["offset", "reorder", "index", "stride", "weight"]), st.data())
def test_arrays_of_another_length_are_refused(layer: Pruned, name: str, data: st.DataObject) -> None:
    filters, channels = layer.assignment.shape
    fkw = pack(layer.weights, layer.assignment, reorder(layer.assignment), layer.patterns)
    array = getattr(fkw, name)
    longer = np.concatenate([array, array[-1:] if len(array) else np.zeros((1, *array.shape[1:]), array.dtype)])
    other = data.draw(st.sampled_from([longer, array[:-1], array[..., None]] if len(array) else [longer]))
    with pytest.raises(ValueError, match=r"expected|but"):
        check(replace(fkw, **{name: other}), layer.patterns, filters, channels)
