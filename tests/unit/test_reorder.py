"""Filter kernel reorder."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pruned_weights import Pruned, pruned
from xdsl.context import Context

import lrc
from lrc.dialects import lr
from lrc.dialects.lr.store import array_of
from lrc.dialects.pattern.ops import Conv2dOp
from lrc.passes.pattern.assign_patterns import AssignPatternsPass
from lrc.passes.pattern.reorder import chain, reorder, similarity
from lrc.passes.pattern.reorder_filters import ReorderFiltersPass


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


@pytest.mark.parametrize("groups", [1, 2, 3])
def test_the_pass_stores_filters_in_that_order(groups: int) -> None:
    """By groups of the convolution, and in each the longest first: `order` is stored position -> filter."""
    fields = f"filters: 12, kernel: 3, groups: {groups}, sparsity: pattern(p, keep: 1/3, budget: layer)"
    text = f'input x: f32[1, 12, 5, 5]\npatterns p = ["110/110/000"]\na: conv2d(x) {{ {fields} }}\noutput y = a'
    module = lrc.parse(f"model m {{\nweights random(seed: 3)\n{text}\n}}")
    for each in (AssignPatternsPass(), ReorderFiltersPass()):
        each.apply(Context(), module)
    (conv,) = (op for op in module.walk() if isinstance(op, Conv2dOp))
    store = lr.find_model(module).store
    assert conv.order is not None
    assignment, order = (array_of(weight, store) for weight in (conv.assignment, conv.order))
    lengths = np.count_nonzero(assignment, axis=1)[order].reshape(groups, -1)
    assert (order.reshape(groups, -1) // (12 // groups) == np.arange(groups)[:, None]).all()
    assert (np.diff(lengths, axis=1) <= 0).all()
    assert len(np.unique(lengths)) > 2


def test_dense_layers_stay_in_place() -> None:
    assert reorder(np.ones((5, 3), np.uint8)).tolist() == [0, 1, 2, 3, 4]
    assert reorder(np.ones((5, 1), np.uint8), groups=5).tolist() == [0, 1, 2, 3, 4]
