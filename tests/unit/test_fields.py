"""What the values of a `.lr` file come to: numbers, windows, defaults, and what a network is that leaves them out."""

import warnings
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import lrc
from lrc.dialects import lr
from lrc.dialects.lr.base import shape_of
from lrc.dialects.lr.store import WeightSpec, WeightStore
from lrc.frontend import format, parse


def layers(text: str, seed: str = "seed: 0") -> list[Any]:
    """The layers of a network over x, [1, 4, 9, 11], of which the last is its output."""
    last = text.strip().splitlines()[-1].split(":")[0].strip()
    patterns = 'patterns p = ["110/110/000", "000/011/011"]'
    declared = patterns if "(p" in text else ""
    module = lrc.parse(
        f"model net {{\nweights random({seed})\ninput x: f32[1, 4, 9, 11]\n{declared}\n{text}\noutput y = {last}\n}}"
    )
    return [op for op in lr.find_model(module).block.ops if isinstance(op, lr.LayerOp)]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("kernel: [2, 3]", ((2, 3), (1, 1), (0, 0, 0, 0), (1, 1))),
        ("kernel: 3, stride: [2, 1], dilation: [1, 2]", ((3, 3), (2, 1), (0, 0, 0, 0), (1, 2))),
        ("kernel: 3, pad: 2", ((3, 3), (1, 1), (2, 2, 2, 2), (1, 1))),
        ("kernel: 3, pad: [1, 2]", ((3, 3), (1, 1), (1, 2, 1, 2), (1, 1))),
        ("kernel: 3, pad: [0, 1, 2, 3]", ((3, 3), (1, 1), (0, 1, 2, 3), (1, 1))),
        ("kernel: [2, 4], pad: same", ((2, 4), (1, 1), (0, 1, 1, 2), (1, 1))),
        ("kernel: 3, pad: same, stride: 2", ((3, 3), (2, 2), (1, 1, 1, 1), (1, 1))),
        ("kernel: 3, pad: same, dilation: [2, 3]", ((3, 3), (1, 1), (2, 3, 2, 3), (2, 3))),
    ],
)
def test_windows(fields: str, expected: tuple[tuple[int, ...], ...]) -> None:
    (conv,) = layers(f"a: conv2d(x) {{ filters: 2, {fields} }}")
    window = conv.window
    assert (window.kernel, window.strides, window.pads, window.dilations) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("kernel: 3", ((3,), (1,), (0, 0), (1,))),
        ("kernel: [2], stride: 2, pad: 1, dilation: 3", ((2,), (2,), (1, 1), (3,))),
        ("kernel: 3, pad: [1, 2]", ((3,), (1,), (1, 2), (1,))),
        ("kernel: 4, pad: same", ((4,), (1,), (1, 2), (1,))),
        ("kernel: 3, stride: 2, dilation: 2, pad: same", ((3,), (2,), (1, 2), (2,))),
    ],
)
def test_windows_over_sequences(fields: str, expected: tuple[tuple[int, ...], ...]) -> None:
    text = f"s: conv1d(x) {{ filters: 2, {fields} }}"
    module = lrc.parse(f"model net {{ weights random()\ninput x: f32[1, 4, 10]\n{text}\noutput y = s }}")
    (conv,) = (op for op in module.walk() if isinstance(op, lr.Conv1dOp))
    lists = (conv.kernel, conv.strides, conv.pads, conv.dilations)
    assert tuple(each.get_values() for each in lists) == expected
    assert conv.weight_shape() == (2, 4, *expected[0])


@pytest.mark.parametrize("kind", ["max_pool", "avg_pool"])
@pytest.mark.parametrize(("stride", "expected"), [("", (2, 3)), (", stride: 1", (1, 1)), (", stride: [1, 2]", (1, 2))])
def test_poolings_move_by_their_kernel(kind: str, stride: str, expected: tuple[int, int]) -> None:
    (pool,) = layers(f"a: {kind}(x) {{ kernel: [2, 3]{stride}, pad: [1, 1, 0, 0] }}")
    assert (pool.window.kernel, pool.window.strides, pool.window.pads) == ((2, 3), expected, (1, 1, 0, 0))


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("10 - 2 - 3", 5),
        ("7 - 2 + 1", 6),
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("24 / 4 / 2", 3),
        ("24 / 4 * 2", 12),
        ("-(-3) * 2", 6),
        ("1/3 * 3", 1),
        ("0.1 * 30", 3),
        ("3.6 * 5", 18),
        ("2.5e+1 * 4e-1", 10),
        ("1e1 - 8", 2),
        ("channels(x) * 2 - 1", 7),
    ],
)
def test_numbers_are_exact(written: str, number: int) -> None:
    (conv,) = layers(f"a: conv2d(x) {{ filters: {written}, kernel: 1 }}")
    assert shape_of(conv.output)[1] == number
    block = f"block b(x, n) {{\nc: conv2d(x) {{ filters: n, kernel: 1 }}\nresult c\n}}\na: b(x, n: {written})"
    assert shape_of(layers(block)[0].output)[1] == number


def test_what_is_left_out() -> None:
    text = "a: conv2d(x) { filters: 4, kernel: 3, sparsity: pattern(p, keep: 1/2) }\nb: batch_norm(a)\nc: leaky_relu(b)"
    conv, norm, act = layers(text)
    assert (conv.group_count, conv.bias is not None, conv.activation) == (1, True, None)
    assert (conv.sparsity.data.keep, conv.sparsity.data.budget) == (0.5, "filter")
    assert norm.epsilon.value.data == 1e-5
    assert act.activation.data == lr.Activation("leaky_relu", 0.01)


def test_what_is_given() -> None:
    text = (
        "a: conv2d(x) { filters: 4, kernel: 3, groups: 2, bias: false, "
        "sparsity: pattern(p, keep: 1/3.6, budget: layer) }"
        "\nb: batch_norm(a) { epsilon: 1e-3 }\nc: leaky_relu(b) { slope: -1/8 }"
    )
    conv, norm, act = layers(text)
    assert (conv.group_count, conv.bias) == (2, None)
    assert (conv.sparsity.data.keep, conv.sparsity.data.budget) == (float(Fraction(10, 36)), "layer")
    assert norm.epsilon.value.data == 1e-3
    assert act.activation.data == lr.Activation("leaky_relu", -0.125)


def test_a_list_is_made_of_the_numbers_where_it_stands() -> None:
    """Names in what a block is called with are those of the caller."""
    inner = "block inner(x, pads, n = 7) {\nc: conv2d(x) { filters: 2, kernel: 3, pad: pads }\nresult c\n}\n"
    outer = "block outer(x, n) {\nd: inner(x, pads: [n, n + 1])\nresult d\n}\n"
    (conv,) = layers(inner.replace("filters: 2", "filters: n") + outer + "a: outer(x, n: 1)")
    assert (conv.window.pads, shape_of(conv.output)[1]) == ((1, 2, 1, 2), 7)


KEPT = (
    "a: conv2d(x) { filters: (1 + 2) * 3, kernel: 1 }",
    "a: conv2d(x) { filters: 12 / (2 * 3), kernel: 1 }",
    "a: conv2d(x) { filters: 12 - (2 - 3) - (4 + 1), kernel: [1, (3)] }",
    "a: conv2d(x) { filters: -(1 - 3) * 2, kernel: 1, pad: -(-1) }",
    "block b(x, n = 2) {\nc: relu(x)\nresult out = c\n}\na: repeat(2 * (1 + 1)) b(x, n: 3)",
    "block b(x, n = (1 + 1) * 2) {\nc: relu(x)\nd: tanh(x)\nresult out = c, d\n}\ne: b(x)\na: add(e.out, e.d)",
    'a: conv2d(x) { filters: 4, kernel: 3, sparsity: connectivity(keep: 1/3.6, budget: layer), weights: "w.0" }',
    "a: conv2d(x) { filters: 4, kernel: 3, tuning: { unroll: [1, 2, 16], tile: [4, 2], permute: cohwci } }",
)


@pytest.mark.parametrize("text", KEPT)
def test_formatting_keeps_what_is_meant(text: str) -> None:
    whole = f"model net {{\nweights random(seed: 3)\ninput x: f32[1, 4, 9, 11]\n{text}\noutput y = a\n}}"
    assert parse(format(whole)) == parse(whole)


@pytest.mark.parametrize(("said", "seed"), [("", 0), ("seed: 0", 0), ("seed: 7", 7)])
def test_random_weights_have_the_seed_that_is_said(said: str, seed: int) -> None:
    (conv,) = layers("a: conv2d(x) { filters: 4, kernel: 3 }", said)
    expected = WeightStore.random(seed)
    expected.expect(WeightSpec("a.weight", (4, 4, 3, 3), "weight"))
    store = conv.parent_op().store
    np.testing.assert_array_equal(store["a.weight"], expected["a.weight"])


def test_what_a_field_or_a_default_takes_is_used() -> None:
    """No warning of a parameter that a field of its name stands for, or that another's default is made of."""
    block = "block b(x, n, filters = n * 2) {\nc: conv2d(x) { filters, kernel: 1 }\nresult c\n}\n"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (conv,) = layers(block + "a: b(x, n: 3)")
    assert shape_of(conv.output)[1] == 6
