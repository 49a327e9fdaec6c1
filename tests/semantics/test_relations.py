"""Networks that are written differently give the same: in float64, after the passes, and as code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp

import lrc
from lrc.dialects import lr
from lrc.dialects.lr.store import array_of, derived
from lrc.interpreters import reference
from lrc.interpreters.reference import Array
from lrc.testing import RELATIONS, holds, modules
from lrc.testing.checks.moves import CannotMove, Move, follow

EXAMPLES = 40


def test_all_relations_hold_of_drawn_networks_and_apply_to_many() -> None:
    """A relation that finds nothing to change shows nothing: of drawn networks, it finds something in a fifth."""
    applied, examples = Counter[str](), 0

    @settings(max_examples=EXAMPLES, derandomize=True)
    @given(modules())
    def test(module: ModuleOp) -> None:
        nonlocal examples
        examples += 1
        for relation in RELATIONS:
            applied[relation] += holds(module, relation, seed=examples)

    test()
    assert not {relation: applied[relation] for relation in RELATIONS if applied[relation] < examples / 5}


@settings(max_examples=10)
@given(modules(), st.sampled_from(list(RELATIONS)), st.integers(0, 9))
def test_passes_keep_the_meaning_of_what_relations_make(module: ModuleOp, relation: str, seed: int) -> None:
    """They make what nobody draws: frames of zeros, sums of two parts, a network whose layers are all outputs."""
    holds(module, relation, seed=seed, level="fkw")


NETWORK = """\
model related {
  weights random(seed: 3)
  patterns two = ["110/110/000", "000/011/011"]
  input x: f32[1, 5, 6, 7]
  a: conv2d(x) { filters: 6, kernel: 3, pad: 1, sparsity: pattern(two, keep: 1/2) }
  n: batch_norm(a)
  r: relu(n)
  b: conv2d(r) { filters: 6, kernel: 3, stride: 2, pad: 1, groups: 6 }
  d: leaky_relu(b) { slope: -0.3 }
  p: avg_pool(d) { kernel: 2, pad: 1 }
  j: concat(p, p)
  f: flatten(j)
  g: linear(f) { units: 7 }
  output y = g
}
"""
"""Whatever hands moved channels on, and whatever takes them up."""


@pytest.mark.parametrize("relation", RELATIONS)
def test_each_applies_to_a_network_that_has_everything(relation: str) -> None:
    for seed in range(4):
        assert holds(lrc.parse(NETWORK), relation, seed=seed, level="fkw")


@pytest.mark.parametrize("relation", ["permuted_filters", "scaled_weights", "threaded"])
def test_code(relation: str) -> None:
    assert holds(lrc.parse(NETWORK), relation, "c", seed=4)


def reversed_bias(conv2d: Callable[..., Array]) -> Callable[..., Array]:
    def wrong(x: Array, weight: Array, bias: Array | None = None, *others: object) -> Array:
        return conv2d(x, weight, None if bias is None else bias[::-1], *others)

    return wrong


def half_precision(conv2d: Callable[..., Array]) -> Callable[..., Array]:
    return lambda *operands: conv2d(*operands).astype(np.float16).astype(np.float64)


def valid_mean(avg_pool: Callable[..., Array]) -> Callable[..., Array]:
    """Zeros of the padding do not count."""

    def wrong(x: Array, *window: object) -> Array:
        return avg_pool(x, *window) / avg_pool(np.ones_like(x), *window)

    return wrong


def position(batch_norm: Callable[..., Array]) -> Callable[..., Array]:
    """Something is added to the last channel, whatever that is."""

    def wrong(*operands: Array) -> Array:
        result = batch_norm(*operands)
        result[:, -1] += 1e-6
        return result

    return wrong


SEEN = {
    "permuted_filters": ("convolution", reversed_bias),
    "scaled_weights": ("batch_norm", position),
    "split_channels": ("convolution", half_precision),
    "split_filters": ("convolution", reversed_bias),
    "padded": ("avg_pool", valid_mean),
}


@pytest.mark.parametrize("relation", SEEN)
def test_what_is_wrong_with_the_reference_is_seen(relation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a second opinion of what an operator means."""
    operator, fault = SEEN[relation]
    monkeypatch.setattr(reference, operator, fault(getattr(reference, operator)))
    with pytest.raises(AssertionError, match=rf"{relation} \(.*\) changes layer '\w+'"):
        for seed in range(8):
            holds(lrc.parse(NETWORK), relation, seed=seed)


def test_channels_move_through_layers_until_weights_take_them_up() -> None:
    module = lrc.parse(NETWORK)
    moved = follow(module, "a", Move(np.array([5, 4, 3, 2, 1, 0]), np.array([1, 2, 4, 8, 0.5, 1])))
    assert [name for name, move in moved.moves.items() if move.scales] == ["a"]
    assert moved.rounded == {"g"}
    norms = (op for each in (module, moved.module) for op in each.walk() if isinstance(op, lr.BatchNormOp))
    old, new = (array_of(norm.mean, lr.find_model(module).store) for norm in norms)
    np.testing.assert_array_equal(new, old[::-1] * [1, 2, 4, 8, 0.5, 1])


def test_filters_that_run_together_need_not_share_what_is_found() -> None:
    module = lrc.parse("""model jammed {
      weights random(seed: 0)
      input x: f32[1, 1, 1, 1]
      a: conv2d(x) { filters: 2, kernel: [1, 2], pad: [0, 0, 0, 1], bias: false, tuning: { unroll: [2, 1, 16] } }
      output y = a
    }""")
    layer = next(op for op in module.walk() if isinstance(op, lr.ConvOp))
    weight = derived(
        layer.weight, "a.pruned", np.array([[[[0, 1]]], [[[1, 0]]]], np.float32), lr.find_model(module).store
    )
    layer.weight = weight
    assert holds(module, "zeros_for_masks", level="fkw")


def test_what_is_too_small_to_be_halved_stays() -> None:
    module = lrc.parse(NETWORK)
    first = next(op for op in module.walk() if isinstance(op, lr.ConvOp))
    store = lr.find_model(module).store
    smallest = np.full_like(array_of(first.weight, store), 2.0**-149)
    first.weight = derived(first.weight, "a.smallest", smallest, store)
    follow(module, "a", Move(np.arange(6), np.full(6, 2.0)))
    with pytest.raises(CannotMove):
        follow(module, "a", Move(np.arange(6), np.full(6, 0.5)))


def test_depthwise_filters_follow_their_channels() -> None:
    order = np.array([2, 0, 1, 5, 4, 3])
    moved = follow(lrc.parse(NETWORK), "a", Move(order, np.ones(6)))
    assert set(moved.moves) == {"a", "n", "r", "b", "d", "p", "j", "f"}
    np.testing.assert_array_equal(moved.moves["j"].order, [*order, *(6 + order)])
    assert moved.rounded == {"g"}


def test_other_groups_keep_their_channels() -> None:
    module = lrc.parse("""model grouped {
      weights random(seed: 0)
      input x: f32[1, 4, 3, 3]
      a: conv2d(x) { filters: 4, kernel: 1, groups: 2 }
      output a
    }""")
    follow(module, "x", Move(np.array([1, 0, 3, 2]), np.ones(4)))
    with pytest.raises(CannotMove):
        follow(module, "x", Move(np.array([2, 0, 1, 3]), np.ones(4)))
