"""Filters that share their kernels: pruned together, held to it together, and jammed."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pruned_weights import KERNELS, weights

import lrc
from lrc.compilation import compiler
from lrc.dialects.values.machines import MACHINES
from lrc.dialects.values.packing import pack, shared_jam, unpack
from lrc.dialects.values.patterns import Budget, PatternSet, Sparsity
from lrc.dialects.values.pruning import best_patterns, find_violation, kept_kernels, project
from lrc.dialects.values.schedules import Schedule
from lrc.passes.pattern.assign_patterns import assign
from lrc.passes.pattern.reorder import reorder
from lrc.testing import pattern_sets

DIAGONALS = PatternSet.parse('["10/01", "01/10"]')


@given(st.data())
def test_pruned_filters_can_be_jammed(data: st.DataObject) -> None:
    """Whatever is zero by chance: in the order in which they are stored, too, and they are unpacked as they were."""
    kernel = data.draw(KERNELS)
    before, patterns = data.draw(weights(kernel)), data.draw(pattern_sets(kernel))
    filters, channels = before.shape[:2]
    share = data.draw(st.sampled_from([n for n in range(1, filters + 1) if filters % n == 0]))
    budget: Budget = data.draw(st.sampled_from(get_args(Budget)))
    sparsity = Sparsity("pattern", patterns, data.draw(st.none() | st.floats(0.01, 1)), budget, share)
    after = project(before, sparsity)
    assignment = assign(after, sparsity, best_patterns(after, patterns, share))
    rows = assignment.reshape(-1, share, channels)
    assert (rows == rows[:, :1]).all()
    order = reorder(assignment)
    assert shared_jam(assignment, order, (share,)) == share
    fkw = pack(after, assignment, order, patterns, jam=share, block=2)
    np.testing.assert_array_equal(unpack(fkw, patterns, channels, block=2), after)


@given(groups=st.integers(1, 3), pairs=st.integers(1, 4), seed=st.integers(0, 99))
def test_pairs_stay_together_in_groups(groups: int, pairs: int, seed: int) -> None:
    """The order of storage parts neither those that share nor the groups of a convolution."""
    drawn = np.random.default_rng(seed).integers(0, 3, (groups * pairs, 5)).astype(np.uint8)
    assignment = drawn.repeat(2, axis=0)
    assert shared_jam(assignment, reorder(assignment, groups), (2,), groups) == 2


@pytest.mark.parametrize("budget", ["filter", "layer"])
def test_the_rate_is_kept(budget: str) -> None:
    """A third of 12 channels in each filter, or on the whole."""
    sparsity = Sparsity.parse(f"connectivity, keep = {1 / 3}, budget = {budget}, share = 3")
    dense = np.random.default_rng(1).uniform(1, 2, (9, 12, 1, 1))
    kept = kept_kernels(project(dense, sparsity))
    assert kept.sum() == 36
    assert budget == "layer" or (kept.sum(1) == 4).all()
    assert (kept.reshape(3, 3, 12) == kept[::3, None]).all()


def test_what_is_strongest_in_all_filters_stays() -> None:
    """Each filter alone would keep its own channel; together they have most in the last."""
    dense = np.array([[3, 0.5, 2.5], [0.5, 3, 2.5]]).reshape(2, 3, 1, 1)
    alone, shared = (project(dense, Sparsity("connectivity", keep=1 / 3, share=n)) for n in (1, 2))
    assert alone.nonzero()[1].tolist() == [0, 1]
    assert shared.nonzero()[1].tolist() == [2, 2]


def test_the_pattern_suits_all_filters() -> None:
    """The first filter alone would keep the other diagonal."""
    dense = np.array([[[[2, 1], [1, 2]]], [[[1, 4], [4, 1]]]])
    assert best_patterns(dense, DIAGONALS).tolist() == [[0], [1]]
    assert best_patterns(dense, DIAGONALS, share=2).tolist() == [[1], [1]]


def ones(*places: tuple[int, ...]) -> np.ndarray:
    """Weights [4, 2, 2, 2] of four filters that are one at some places."""
    array = np.zeros((4, 2, 2, 2), np.float32)
    for place in places:
        array[place] = 1
    return array


VIOLATIONS = [
    (
        ones((2, 1, 0, 0), (3, 1, 0, 1), (3, 1, 1, 0)),
        Sparsity("pattern", DIAGONALS, share=2),
        "filter 2, channel 1, tap (0, 0): no pattern of the set keeps all weights of this kernel in filters 2 to 3, "
        "which share it",
    ),
    (
        ones((2, 0, 1, 1), (3, 1, 0, 1)),
        Sparsity("connectivity", keep=0.5, share=2),
        "filter 3, channel 1, tap (0, 1): filters 2 to 3 share 2 kernels, but keep = 0.5 of 2, rounded up, allows 1",
    ),
    (
        ones((0, 0, 1, 1), (1, 1, 0, 1), (2, 1, 1, 0)),
        Sparsity("connectivity", keep=0.5, budget="layer", share=2),
        "filter 2, channel 1, tap (1, 0): the layer has 6 kernels, but keep = 0.5 of 8, rounded up, allows 4",
    ),
]
"""Each would fit if no filter shared its kernels."""


@pytest.mark.parametrize(("array", "sparsity", "said"), VIOLATIONS)
def test_the_first_weight_that_its_neighbours_do_not_allow(array: np.ndarray, sparsity: Sparsity, said: str) -> None:
    alone = Sparsity(sparsity.kind, sparsity.patterns, sparsity.keep, sparsity.budget)
    assert find_violation(array, alone) is None
    assert str(find_violation(array, sparsity)) == said


@given(st.data())
def test_a_weight_too_many_is_found(data: st.DataObject) -> None:
    """One filter gets a weight where its neighbours keep nothing."""
    array = project(np.abs(data.draw(weights((1, 1)))).repeat(2, 0) + 1, Sparsity("connectivity", keep=0.5, share=2))
    kept = kept_kernels(array)
    sparsity = Sparsity("connectivity", keep=float(kept[0].mean()), share=2)
    assert find_violation(array, sparsity) is None
    if not kept.all():
        filter, channel = data.draw(st.sampled_from(np.argwhere(~kept).tolist()))
        array[filter, channel] = 1
        found = find_violation(array, sparsity)
        assert found is not None and found.filter // 2 == filter // 2


def test_filters_that_cannot_be_shared() -> None:
    sparsity = Sparsity("connectivity", keep=0.5, share=4)
    for function in (project, find_violation):
        with pytest.raises(ValueError, match="6 filters cannot share their kernels 4 at a time"):
            function(np.ones((6, 2, 1, 1)), sparsity)
    sparsity.check_filters(8, 2)
    with pytest.raises(ValueError, match="each of 2 groups has 6 filters, which cannot share"):
        sparsity.check_filters(12, 2)


PAIRS = """\
model pairs {
  weights random(seed: 0)
  input x: f32[1, 32, 14, 14]
  patterns p4 = ["110/110/000", "011/011/000", "000/110/110", "000/011/011"]
  a: conv2d(x) { filters: 32, kernel: 3, pad: 1, sparsity: pattern(p4, keep: 1/2, share: SHARE) }
  output y = a
}
"""


@pytest.mark.parametrize("machine", [name for name in MACHINES if name != "c"])
def test_lrc_jams_them_by_itself(machine: str) -> None:
    """Loads that serve two filters pay wherever loads are what takes time; alone, filters have other kernels."""
    for share in (1, 2):
        (layer,) = compiler.lower(lrc.parse(PAIRS.replace("SHARE", str(share))), machine, "fkw").report.layers
        assert layer.schedule is not None and Schedule.parse(layer.schedule).jam == share
