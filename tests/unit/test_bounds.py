"""Float32 arithmetic, in whatever order, stays within the computed bounds; a wrong result does not."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import lrc
from lrc.dialects import lr
from lrc.dialects.values.activations import ACTIVATION_KINDS, Activation
from lrc.interpreters import reference, walk
from lrc.verification import bounds
from lrc.verification.comparison import compare

Float32 = NDArray[np.float32]


def normal(*shape: int, seed: int = 0) -> Float32:
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def within(found: NDArray[np.floating], exact: NDArray[np.float64], bound: NDArray[np.float64]) -> bool:
    return bool((np.abs(found.astype(np.float64) - exact) <= bound).all())


def test_gamma() -> None:
    assert bounds.UNIT < bounds.gamma(1) < bounds.UNIT * 1.000001
    assert bounds.gamma(2**20) > 2**20 * bounds.UNIT


@pytest.mark.parametrize("channels", [1, 7, 129])
def test_convolution(channels: int) -> None:
    x, weight, bias = normal(1, channels, 9, 7), normal(3, channels, 3, 3, seed=1), normal(3, seed=2)
    residual = normal(1, 3, 9, 7, seed=3)
    exact = reference.convolution(x, weight, bias, pads=(1, 1, 1, 1)) + residual
    bound = bounds.convolution(x, weight, bias, residual, pads=(1, 1, 1, 1))
    seen = np.lib.stride_tricks.sliding_window_view(np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))), (3, 3), axis=(2, 3))
    found = np.einsum("nchwkl,ockl->nohw", seen, weight) + bias[:, None, None] + residual
    assert found.dtype == np.float32
    assert within(found, exact, bound)
    # One tap of one kernel left out is far outside.
    weight[1, 0, 1, 1] = 0
    assert not within(reference.convolution(x, weight, bias, pads=(1, 1, 1, 1)) + residual, exact, bound)


def test_only_weights_that_are_left_count() -> None:
    x, weight = np.ones((1, 8, 4, 4)), np.zeros((2, 8, 3, 3))
    weight[0, 0, 1, 1] = 1
    bound = bounds.convolution(x, weight)
    assert bound[0, 0].max() <= 4 * bounds.UNIT
    assert bound[0, 1].max() <= 4 * bounds.SMALLEST


@given(st.permutations(range(64)))
def test_sums_in_any_order(order: list[int]) -> None:
    x, weight = normal(1, 64), normal(1, 64, seed=1)
    total = np.float32(0)
    for i in order:
        total = np.float32(total + x[0, i] * weight[0, i])
    exact = reference.linear(x, weight)
    assert within(np.array([[total]]), exact, bounds.linear(x, weight))


FLOAT32: dict[str, Callable[[Float32], Float32]] = {
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "leaky_relu": lambda x: np.where(x < 0, x * np.float32(0.2), x),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": lambda x: 2 / (1 + np.exp(-2 * x)) - 1,
    "hard_sigmoid": lambda x: np.clip(x * np.float32(1 / 6) + np.float32(0.5), 0, 1),
    "hard_swish": lambda x: x * np.clip(x * np.float32(1 / 6) + np.float32(0.5), 0, 1),
    "swish": lambda x: x / (1 + np.exp(-x)),
}


@pytest.mark.parametrize("kind", ACTIVATION_KINDS)
def test_activation(kind: str) -> None:
    function = Activation(kind, 0.2 if kind == "leaky_relu" else 0)
    x = np.concatenate([normal(1000) * scale for scale in (0.01, 1, 5, 50)])
    perturbed = x * np.float32(1 + 1e-6)
    exact = reference.activate(x, kind, function.slope)
    bound = bounds.activation(exact, np.abs(perturbed.astype(np.float64) - x), function)
    with np.errstate(over="ignore"):
        found = FLOAT32[kind](perturbed)
    assert found.dtype == np.float32
    assert within(found, exact, bound)
    assert (bound <= 4e-6 * np.maximum(np.abs(x), 1)).all()


def test_relu_is_exact() -> None:
    assert not bounds.activation(np.array([0.0, 3.0]), 0.0, Activation("relu")).any()


@pytest.mark.parametrize("scale", [0.1, 1, 30])
def test_softmax(scale: float) -> None:
    x = normal(1, 1000) * np.float32(scale)
    exact = reference.softmax(x)
    bound = bounds.softmax(x, exact)
    powers = np.exp(x - x.max())
    assert within(powers / powers.sum(), exact, bound)
    assert (bound <= 1e-4 * exact + 1e-37).all()


def test_batch_norm() -> None:
    x, numbers, variance = normal(1, 5, 3, 2), normal(3, 5), np.abs(normal(5))
    weight, bias, mean = numbers
    exact = reference.batch_norm(x, weight, bias, mean, variance, 1e-5)
    bound = bounds.batch_norm(x, weight, bias, mean, variance, 1e-5)
    scale = weight / np.sqrt(variance + np.float32(1e-5))
    shift = bias - mean * scale
    assert within(x * scale[:, None, None] + shift[:, None, None], exact, bound)


def test_mean() -> None:
    x = normal(1, 3, 7, 7)
    bound = bounds.mean(reference.global_avg_pool(np.abs(x)), 49)
    assert within(x.mean(axis=(2, 3), keepdims=True), reference.global_avg_pool(x), bound)


def float32(draws: int, *shape: int, seed: int) -> Float32:
    """Numbers whose mantissas are anything, in a range where sums round."""
    return np.random.default_rng(seed).uniform(1, 2, (draws, *shape)).astype(np.float32)


def test_few_terms_round_nearly_as_much_as_their_bound_allows() -> None:
    """One product, a bias and a residual: three roundings that the shortest sum has, and none too many allowed for."""
    x, weight, bias, residual = (float32(20000, seed=seed) for seed in range(4))
    found = np.float32(np.float32(x * weight) + bias) + residual
    exact = x.astype(np.float64) * weight + bias + residual
    worst = np.array(
        [
            abs(f - e) / float(bounds.convolution([[[[a]]]], [[[[w]]]], [b], [[[[r]]]]).item())
            for f, e, a, w, b, r in zip(found[:2000], exact, x, weight, bias, residual, strict=False)
        ]
    ).max()
    assert 1 / 3 < worst <= 1
    product = np.abs(np.float32(x * weight + np.float32(0)) - x.astype(np.float64) * weight)
    assert 0.5 < (product / (bounds.gamma(1) * x * weight)).max() <= 1


def test_biases_and_residuals_count() -> None:
    """Where they are large and the products small, the additions are what rounds."""
    x, weight = normal(1, 1, 4, 4) * np.float32(1e-3), normal(1, 1, 1, 1)
    residual, bias = np.float32(1e4) + normal(1, 1, 4, 4), np.full(1, 1e4, np.float32)
    product, exact = x * weight[0, 0], reference.convolution(x, weight)
    assert within(product + residual, exact + residual, bounds.convolution(x, weight, None, residual))
    assert not within(product + residual, exact + residual, bounds.convolution(x, weight))
    assert within(product + bias, exact + bias, bounds.convolution(x, weight, bias))
    assert not within(product + bias, exact + bias, bounds.convolution(x, weight))
    flat, units = x.reshape(16, 1), weight[0, 0]
    assert within(flat * units + bias, flat.astype(np.float64) * units + bias, bounds.linear(flat, units, bias))
    assert not within(flat * units + bias, flat.astype(np.float64) * units + bias, bounds.linear(flat, units))


def test_what_is_subnormal_may_be_zero() -> None:
    x, weight = np.full((1, 3), 1e-25), np.full((1, 3), 1e-14)
    assert within(np.zeros((1, 1)), reference.linear(x, weight), bounds.linear(x, weight))
    assert not within(np.full((1, 1), 1e-30), reference.linear(x, weight), bounds.linear(x, weight))
    tiny = np.array([1e-39])
    assert within(np.zeros(1), tiny, bounds.activation(tiny, 0.0, Activation("swish")))


@pytest.mark.parametrize("slope", [0.2, 3.0, -2.0])
@pytest.mark.parametrize("kind", ACTIVATION_KINDS)
def test_errors_grow_by_the_steepest_slope(kind: str, slope: float) -> None:
    """Of an error that outweighs all rounding, no less is allowed than happens, and hardly more."""
    function = Activation(kind, slope if kind == "leaky_relu" else 0.0)
    x, error = np.linspace(-8, 8, 16001), 1e-3
    result, moved = (reference.activate(at, kind, function.slope) for at in (x, x + error))
    bound = bounds.activation(result, error, function)
    assert within(moved, result, bound)
    assert np.abs((moved - result) / bound).max() > 0.9


@pytest.mark.parametrize("position", [0, 1, 5])
def test_softmax_of_the_worst_exponential(position: int) -> None:
    """One power errs by as much as is assumed, all others by as much to the other side."""
    x = normal(1, 6) * 3
    x[0, position] = x.max() + 1
    exact = reference.softmax(x)
    power = np.exp(x.astype(np.float64) - x.max())
    for sign in (1, -1):
        signs = np.full_like(power, -sign)
        signs[0, position] = sign
        wrong = power * (1 + 0.99 * bounds.EXP * signs)
        found, bound = wrong / wrong.sum(), bounds.softmax(x, exact)
        assert within(found, exact, bound)
        assert (np.abs(found - exact) / bound).max() > 0.3


def test_softmax_of_arguments_that_were_rounded() -> None:
    """x - max rounds by as much as the distance is large."""
    x = np.array([[0.0, -60.0]], np.float32)
    exact = reference.softmax(x)
    moved = reference.softmax(x * (1 + 0.9 * bounds.UNIT))
    assert within(moved, exact, bounds.softmax(x, exact))
    assert bounds.softmax(x, exact)[0, 1] > exact[0, 1] * 60 * bounds.UNIT


def test_loops_in_float64_have_next_to_no_room() -> None:
    """Of what float32 code may err, unless a constant is float32 all the same."""
    module = lrc.parse(
        "model m { weights random(seed: 0) input x: f32[1, 3, 5, 6] a: conv2d(x) { filters: 4, kernel: 3 } b: relu(a)"
        " c: add(b, a) d: global_avg_pool(c) e: flatten(d) f: linear(e) { units: 3 } g: softmax(f) output y = g }"
    )
    store = lr.find_model(module).store
    for evaluation in walk(module, [normal(1, 3, 5, 6)]):
        code, loops = bounds.of_layer(evaluation, store), bounds.of_loops(evaluation, store)
        assert (loops <= 2.0**-27 * code).all(), evaluation.layer
        assert ((loops > 0) == (code > 0)).all(), evaluation.layer


def test_a_batch_norm_near_cancellation() -> None:
    """mean * scale and bias are large and cancel: what counts is how large they were."""
    x, one = np.float32(1000) + normal(1, 1, 40, 40), np.ones(1, np.float32)
    mean, variance = np.full(1, 1000, np.float32), np.full(1, 3, np.float32)
    exact = reference.batch_norm(x, one, one, mean, variance, 0.0)
    scale = one / np.sqrt(variance)
    found = x * scale + (one - mean * scale)
    assert found.dtype == np.float32
    bound = bounds.batch_norm(x, one, one, mean, variance, 0.0)
    assert within(found, exact, bound)
    assert (np.abs(found - exact) / bound).max() > 0.01


def test_means_count_their_terms() -> None:
    x = float32(1, 1, 9, 9, seed=0)
    magnitude = reference.global_avg_pool(np.abs(x))
    assert bounds.mean(magnitude, 81).item() >= 81 * bounds.UNIT * magnitude.item()
    assert bounds.mean(magnitude, 81).item() <= 85 * bounds.UNIT * magnitude.item()


def worst(found: NDArray[np.floating], exact: NDArray[np.float64], bound: NDArray[np.float64]) -> float:
    """The largest share of its bound that an error takes."""
    return float((np.abs(found.astype(np.float64) - exact) / bound).max())


@pytest.mark.parametrize("terms", [2, 3, 10, 300])
def test_sums_that_lose_all_but_one_term(terms: int) -> None:
    """1 + u + u + ...: every addition rounds to 1, as the bound assumes of each; and no rounding more is assumed."""
    values = np.full(terms, bounds.UNIT, np.float32)
    values[0] = 1
    total = np.float32(0)
    for value in values:
        total += value
    assert total == 1
    found, exact = np.ones(1, np.float32), np.array(values, np.float64).sum()
    ones = np.ones((1, terms))
    row, picture = values[None], values[None, :, None, None]
    sums = {
        "linear": bounds.linear(row, ones),
        "linear with a bias": bounds.linear(row[:, 1:], ones[:, 1:], values[:1]),
        "convolution": bounds.convolution(picture, ones[..., None, None]),
        "with a bias": bounds.convolution(picture[:, 1:], ones[:, 1:, None, None], values[:1]),
        "with a residual": bounds.convolution(picture[:, 1:], ones[:, 1:, None, None], None, picture[:, :1]),
    }
    for bound in sums.values():
        assert (terms - 1) / terms * 0.998 < worst(found, exact, bound) <= 1
    mean = bounds.mean(np.array([[exact / terms]]), terms)
    assert (terms - 1) / (terms + 1) * 0.998 < worst(found.astype(np.float64) / terms, exact / terms, mean) <= 1


def test_a_sum_of_two_tensors_rounds_once_whatever_cancels() -> None:
    module = lrc.parse("""model sums {
      weights random(seed: 0)
      input x: f32[1, 1, 40, 50]
      input y: f32[1, 1, 40, 50]
      a: add(x, y)
      output a
    }""")
    x, y = float32(1, 1, 40, 50, seed=0), np.float32(-0.01) * float32(1, 1, 40, 50, seed=1)
    (evaluation,) = walk(module, [x, y])
    bound = bounds.of_layer(evaluation, lr.find_model(module).store)
    assert 0.9 < worst(x + y, evaluation.result, bound) <= 1
    assert (bound <= 1.01 * bounds.UNIT * np.abs(evaluation.result) + bounds.SMALLEST).all()


def test_batch_norms_take_a_share_of_their_bound() -> None:
    """Step by step, on many numbers: of eight roundings, some happen to go the same way."""
    x, one = float32(1, 1, 1, 20000, seed=0)[0][None], np.ones(1, np.float32)
    mean, variance, weight = (float32(1, 1, seed=seed)[0] for seed in (1, 2, 3))
    found = -(mean + x) / np.sqrt(variance + np.float32(1e-5)) * weight - one
    exact = reference.batch_norm(-x, weight, -one, mean, variance, 1e-5)
    assert 0.2 < worst(found, exact, bounds.batch_norm(-x, weight, -one, mean, variance, 1e-5)) <= 1


def power(x: Float32, sign: int) -> NDArray[np.float64]:
    """exp(-x) with nearly the error that is assumed of it."""
    with np.errstate(over="ignore"):
        return np.exp(-x.astype(np.float64)) * (1 + sign * 0.99 * bounds.EXP)


NEARLY: dict[str, tuple[Callable[[Float32, int], NDArray[np.floating]], float]] = {
    "leaky_relu": (lambda x, _: np.where(x < 0, x * np.float32(0.3), x), 0.6),
    "sigmoid": (lambda x, sign: 1 / (1 + power(x, sign)), 0.8),
    "swish": (lambda x, sign: x / (1 + power(x, sign)), 0.8),
    "tanh": (lambda x, sign: 2 / (1 + power(2 * x, sign)) - 1, 0.35),
    "hard_sigmoid": (lambda x, _: np.clip(x + np.float32(3), 0, 6) * np.float32(1 / 6), 0.25),
    "hard_swish": (lambda x, _: x * (np.clip(x + np.float32(3), 0, 6) * np.float32(1 / 6)), 0.25),
}
"""Each activation in float32, or with the error that its exponential may have, and the share of the bound it takes."""


@pytest.mark.parametrize("kind", NEARLY)
def test_activations_take_a_share_of_their_bound(kind: str) -> None:
    function = Activation(kind, 0.3 if kind == "leaky_relu" else 0)
    compute, share = NEARLY[kind]
    x = np.linspace(-20, 8, 40001, dtype=np.float32)
    exact = reference.activate(x, kind, function.slope)
    bound = bounds.activation(exact, 0.0, function)
    shares = [worst(compute(x, sign), exact, bound) for sign in (1, -1)]
    assert share < max(shares) <= 1


def test_a_slope_below_zero_rounds_where_results_are_above() -> None:
    x, function = np.float32(-1e3) * float32(1, 1000, seed=0)[0], Activation("leaky_relu", -0.3)
    exact = reference.activate(x, function.kind, function.slope)
    assert 0.5 < worst(x * np.float32(-0.3), exact, bounds.activation(exact, 0.0, function)) <= 1


def test_a_swish_whose_exponential_overflows_is_nothing() -> None:
    x = np.linspace(-110, -80, 1001, dtype=np.float32)
    with np.errstate(over="ignore"):
        found = x / (1 + np.exp(-x))
    exact = reference.activate(x, "swish")
    assert (found == 0).any()
    assert within(found, exact, bounds.activation(exact, 0.0, Activation("swish")))


@pytest.mark.parametrize(("share", "passes"), [(0.99, True), (1.01, False), (900.0, False)])
def test_a_layer_passes_if_it_is_within_its_bound(share: float, passes: bool) -> None:
    """At the place where it is worst, however right the others are."""
    module = lrc.parse("model m {\n weights random(seed: 0)\n input x: f32[1, 6]\n a: tanh(x)\n output a\n}")
    (evaluation,) = walk(module, [normal(1, 6)])
    bound = bounds.of_layer(evaluation, lr.find_model(module).store)
    found = evaluation.result.copy()
    found[0, 4] += share * bound[0, 4]
    report = compare(evaluation, found, bound)
    assert report.passed == passes
    assert report.place == (0, 4)
