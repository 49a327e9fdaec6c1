"""Masks, pattern sets and sparsity: their text, pruning with them, and finding them in weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pruned_weights import KERNELS, weights

from lrc.dialects.values.patterns import Mask, PatternSet, Sparsity
from lrc.dialects.values.pruning import best_patterns, find_scheme, find_violation, project
from lrc.testing import masks, pattern_sets, sparsities

DIAGONALS = PatternSet((Mask.parse("10/01"), Mask.parse("01/10")))


@given(KERNELS.flatmap(masks))
def test_mask_text(mask: Mask) -> None:
    assert Mask.parse(str(mask)) == mask
    assert len(mask.taps) == str(mask).count("1")


@given(KERNELS.flatmap(pattern_sets))
def test_pattern_set_text(patterns: PatternSet) -> None:
    assert PatternSet.parse(str(patterns)) == patterns


@given(KERNELS.flatmap(lambda kernel: sparsities(kernel, 12)))
def test_sparsity_text(sparsity: Sparsity) -> None:
    assert Sparsity.parse(str(sparsity)) == sparsity


@given(st.data())
def test_kernels_of_sequences_have_one_row(data: st.DataObject) -> None:
    kernel = (1, data.draw(st.integers(1, 5)))
    rows = data.draw(weights(kernel))
    sparsity = data.draw(sparsities(kernel, len(rows)))
    flat = rows[:, :, 0]
    np.testing.assert_array_equal(project(flat, sparsity), project(rows, sparsity)[:, :, 0])
    assert find_violation(flat, sparsity) == find_violation(rows, sparsity)
    assert find_scheme(flat) == find_scheme(rows)


def test_a_budget_of_nothing() -> None:
    assert Sparsity.parse(f"pattern {DIAGONALS}, budget = layer") == Sparsity("pattern", DIAGONALS)


def test_taps_come_row_by_row() -> None:
    assert Mask.parse("010/110/001").taps == ((0, 1), (1, 0), (1, 1), (2, 2))


@given(st.data())
def test_projection_fits_and_is_idempotent(data: st.DataObject) -> None:
    kernel = data.draw(KERNELS)
    before = data.draw(weights(kernel))
    sparsity = data.draw(sparsities(kernel, len(before)))
    after = project(before, sparsity)
    assert after.dtype == before.dtype
    assert find_violation(after, sparsity) is None
    np.testing.assert_array_equal(project(after, sparsity), after)
    np.testing.assert_array_equal(after[after != 0], before[after != 0])


@given(st.data())
def test_projection_keeps_what_fits(data: st.DataObject) -> None:
    kernel = data.draw(KERNELS)
    before = data.draw(weights(kernel))
    sparsity = data.draw(sparsities(kernel, len(before)))
    patterns = sparsity.masks(kernel)
    energy = np.einsum("fcrk,prk->fcp", before**2, patterns.cells)
    energy = energy.reshape(-1, sparsity.share, *energy.shape[1:]).sum(1).max(-1)  # of filters that share
    share = 1.0 if sparsity.keep is None else sparsity.keep
    if sparsity.budget == "layer" or share == 1:
        best = np.sort(energy.ravel())[::-1][: max(1, round(energy.size * share))].sum()
    else:
        best = np.sort(energy, axis=1)[:, ::-1][:, : max(1, round(energy.shape[1] * share))].sum()
    assert np.square(project(before, sparsity)).sum() == pytest.approx(best)


@given(KERNELS.flatmap(weights))
def test_the_scheme_found_fits(array: np.ndarray) -> None:
    assert find_violation(array, find_scheme(array)) is None


@given(st.data())
def test_patterns_are_found_again(data: st.DataObject) -> None:
    kernel = data.draw(KERNELS)
    patterns = data.draw(pattern_sets(kernel))
    without_zeros = np.abs(data.draw(weights(kernel))) + 1
    found = find_scheme(project(without_zeros, Sparsity("pattern", patterns)))
    assert found.kind in ("pattern", "dense")
    assert set(found.masks(kernel).masks) <= {*patterns.masks, Mask.full(kernel)}


def test_a_small_weight_is_not_lost_to_rounding() -> None:
    kernel = np.array([[[[1.0, 0.0], [0.0, 1e-30]]]])
    patterns = PatternSet((Mask.parse("11/10"), Mask.parse("10/01")))
    assert best_patterns(kernel, patterns) == 1
    assert find_violation(kernel, Sparsity("pattern", patterns)) is None


def test_a_kernel_takes_the_smallest_pattern_that_keeps_it() -> None:
    kernel = np.array([[[[1.0, 0.0], [0.0, 0.0]]]])
    assert best_patterns(kernel, PatternSet((Mask.parse("11/11"), Mask.parse("10/00"), Mask.parse("10/01")))) == 1


def test_the_first_violation_is_named() -> None:
    array = np.zeros((3, 2, 2, 2), np.float32)
    array[1, 1] = [[0, 1], [1, 1]]
    array[2, 0] = 1
    violation = find_violation(array, Sparsity("pattern", DIAGONALS))
    assert violation is not None
    assert violation[:3] == (1, 1, (1, 1))
    assert str(violation) == "filter 1, channel 1, tap (1, 1): no pattern of the set keeps all weights of this kernel"


@pytest.mark.parametrize(("budget", "place"), [("filter", (0, 1)), ("layer", (1, 0))])
def test_a_budget_that_is_overdrawn(budget: str, place: tuple[int, int]) -> None:
    array = np.ones((2, 2, 1, 1), np.float32)
    sparsity = Sparsity.parse(f"connectivity, keep = 0.5, budget = {budget}")
    violation = find_violation(array, sparsity)
    assert violation is not None
    assert violation[:2] == place


def test_budgets_may_be_rounded_up() -> None:
    """A pruner that keeps 2 of 3 kernels where 1.5 are allowed is right, and so is one that keeps 1."""
    array = np.array([1, 1, 0], np.float32).reshape(1, 3, 1, 1)
    assert find_violation(array, Sparsity("connectivity", keep=0.5)) is None


@pytest.mark.parametrize(
    ("kernel_masks", "found"),
    [
        (["11/11", "11/11"], "dense"),
        (["11/11", "00/00"], "connectivity, keep = 0.5, budget = layer"),
        (["00/00", "00/00"], "connectivity, keep = 0.5, budget = layer"),
        (["10/01", "01/10"], 'pattern ["10/01", "01/10"]'),
        (["10/01", "10/00"], 'pattern ["10/01"]'),
        (["10/01", "00/00"], 'pattern ["10/01"]'),
        (["10/01", "11/11"], "dense"),
        (["11/10", "01/11"], 'pattern ["11/10", "01/11"]'),
        (["111/111/110", "011/111/111"], "dense"),
    ],
)
def test_schemes(kernel_masks: list[str], found: str) -> None:
    array = np.array([[[int(cell) for cell in row] for row in mask.split("/")] for mask in kernel_masks], np.float32)
    assert str(find_scheme(array[None])) == found


def test_too_many_masks_are_no_set() -> None:
    """Every mask of 4 taps in 9: 126 of them."""
    bits = np.array([[n >> b & 1 for b in range(9)] for n in range(512) if n.bit_count() == 4], np.float32)
    array = bits.reshape(1, -1, 3, 3)
    assert str(find_scheme(array)) == "dense"
    array = np.concatenate([array, np.zeros_like(array)])
    assert str(find_scheme(array)) == "connectivity, keep = 0.5, budget = layer"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no mask"),
        ("2", "is no mask"),
        ("10/1", "different length"),
        ("10//01", "different length"),
        ("000", "keeps no tap"),
    ],
)
def test_bad_masks(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Mask.parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pattern", "patterns go with"),
        ('dense ["1"]', "patterns go with"),
        ("dense, keep = 0.5", "takes no share"),
        ("connectivity", "needs the share"),
        ("connectivity, keep = 0", "lies in"),
        ("connectivity, keep = nan", "lies in"),
        ("connectivity, keep = half", "could not convert"),
        ("blocks", "unknown sparsity"),
        ("connectivity, keep = 0.5, budget = net", "unknown budget"),
        ("connectivity; keep", "is no sparsity"),
        ("dense, share = 2", "does not say how many"),
        ("auto, share = 2", "does not say how many"),
        ("connectivity, keep = 0.5, share = 0", "by 1 filter or more"),
        ("connectivity, keep = 0.5, share = few", "is no sparsity"),
        ("connectivity, share = 2", "needs the share"),
        ('pattern ["10", 7]', "expected a list of masks"),
    ],
)
def test_bad_sparsities(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Sparsity.parse(text)
