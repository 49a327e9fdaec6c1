"""Filter kernel reorder."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pruned_weights import Pruned, pruned

from lrc.passes.reorder import chain, reorder, similarity


@given(pruned(), st.sampled_from([1, 2, 3]))
def test_is_a_permutation_within_groups(layer: Pruned, groups: int) -> None:
    assignment = np.concatenate([layer.assignment] * groups)
    order = reorder(assignment, groups)
    assert order.dtype == np.int32
    assert sorted(order.tolist()) == list(range(len(assignment)))
    group = order // len(layer.assignment)
    assert (np.diff(group) >= 0).all()


@given(pruned())
def test_longest_first(layer: Pruned) -> None:
    lengths = np.count_nonzero(layer.assignment, axis=1)[reorder(layer.assignment)]
    assert (np.diff(lengths) <= 0).all()


@given(pruned())
def test_equal_filters_stand_together(layer: Pruned) -> None:
    ordered = layer.assignment[reorder(layer.assignment)]
    changes = (np.diff(ordered.astype(int), axis=0) != 0).any(1).sum()
    assert changes == len(np.unique(ordered, axis=0)) - 1


@given(pruned())
def test_similarity_counts_equal_kernels(layer: Pruned) -> None:
    a = layer.assignment
    expected = ((a[:, None] == a[None]) & (a[:, None] != 0)).sum(-1)
    np.testing.assert_array_equal(similarity(a), expected)


def test_the_most_similar_comes_next() -> None:
    assignment = np.array([[1, 1, 1, 1], [1, 2, 2, 2], [1, 1, 2, 2], [1, 1, 1, 2]])
    assert chain(assignment).tolist() == [0, 3, 2, 1]


def test_dense_layers_stay_in_place() -> None:
    assert reorder(np.ones((5, 3), np.uint8)).tolist() == [0, 1, 2, 3, 4]
    assert reorder(np.ones((5, 1), np.uint8), groups=5).tolist() == [0, 1, 2, 3, 4]
