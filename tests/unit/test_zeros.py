"""Why zeros are multiplied: what is said of layers whose sparsity is not, or not all, made use of."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

import lrc
from lrc.compilation import compiler
from lrc.dialects import lr
from lrc.dialects.lr.attrs import WeightAttr
from lrc.dialects.values.packing import pack
from lrc.dialects.values.patterns import PatternSet, Sparsity
from lrc.dialects.values.pruning import best_patterns, find_scheme
from lrc.dialects.values.zeros import explain, matter

Weights = NDArray[np.float32]
Draw = Callable[[np.random.Generator], Weights]
P2 = PatternSet.parse('["110/110/000", "000/011/011"]')


def four_of_nine(numbers: np.random.Generator) -> Weights:
    """The four largest weights of each kernel, wherever they are."""
    kernels = numbers.standard_normal((16, 16, 9), np.float32)
    smallest = np.argsort(np.abs(kernels), axis=2)[:, :, :5]
    np.put_along_axis(kernels, smallest, 0, axis=2)
    return kernels.reshape(16, 16, 3, 3)


def scattered(numbers: np.random.Generator) -> Weights:
    weights = numbers.standard_normal((16, 16, 3, 3), np.float32)
    return weights * (numbers.random(weights.shape) < 0.4)


def scattered_over_half_the_kernels(numbers: np.random.Generator) -> Weights:
    weights = scattered(numbers)
    weights[:, ::2] = 0
    return weights


def one_of_two_masks(numbers: np.random.Generator) -> Weights:
    weights = numbers.standard_normal((16, 16, 3, 3), np.float32)
    return weights * P2.cells[numbers.integers(0, 2, (16, 16))]


def half_the_kernels(numbers: np.random.Generator) -> Weights:
    weights = numbers.standard_normal((16, 16, 3, 3), np.float32)
    return weights * (numbers.random((16, 16, 1, 1)) < 0.5)


def one_kernel_whole(numbers: np.random.Generator) -> Weights:
    weights = one_of_two_masks(numbers)
    weights[0, 0] = 1
    return weights


@pytest.mark.parametrize(
    ("draw", "declared", "why", "help"),
    [
        (four_of_nine, "auto", "different patterns of 4 taps, and at most 16 fit a layer", "declare `pattern(…)`"),
        (four_of_nine, "dense", "different patterns of 4 taps, and at most 16 fit a layer", "declare `pattern(…)`"),
        (scattered, "auto", "different patterns of 1 to 9 taps, and at most 16 fit", "one of at most 16 patterns"),
        (scattered_over_half_the_kernels, "auto", "different patterns of 1 to ", "one of at most 16 patterns"),
        (one_of_two_masks, "dense", "no sparsity is declared", "`sparsity: auto`"),
        (half_the_kernels, "dense", "no sparsity is declared", "`sparsity: auto`"),
        (one_of_two_masks, "connectivity, keep = 1", "only removed kernels are declared", "`sparsity: auto`"),
        (one_kernel_whole, "auto", "3 different patterns of 4 to 9 taps, some within others", "declare them"),
        (one_of_two_masks, 'pattern ["111/111/111"]', "the declared patterns keep taps that are zero", "without them"),
    ],
)
def test_each_reason(draw: Draw, declared: str, why: str, help: str) -> None:
    unused = explain(draw(np.random.default_rng(0)), Sparsity.parse(declared))
    assert why in unused.why
    assert help in unused.help


def test_the_number_of_patterns_is_that_of_the_masks() -> None:
    weights = four_of_nine(np.random.default_rng(0))
    masks = {kernel.tobytes() for kernel in (weights != 0).reshape(256, 9)}
    assert explain(weights, Sparsity("auto")).why.startswith(f"{len(masks)} different patterns of 4 taps")


@pytest.mark.parametrize("jam", [1, 2])
def test_executed_weights_are_the_taps_of_the_masks(jam: int) -> None:
    """Those of a smaller mask are stored as wide as the largest, and executed as narrow as they are."""
    patterns = PatternSet.parse('["111/111/111", "010/000/000"]')
    assignment = np.repeat(np.array([[1, 2, 0, 2], [2, 2, 0, 0]]), 2, axis=0)
    weights = np.ones((4, 4, 3, 3), np.float32) * np.array([np.zeros((3, 3)), *patterns.cells])[assignment]
    packed = pack(weights, assignment, np.arange(4), patterns, jam=jam)
    assert packed.executed(patterns) == np.count_nonzero(weights) == 2 * (9 + 1 + 1 + 1 + 1)


@pytest.mark.parametrize("draw", [one_of_two_masks, half_the_kernels])
def test_where_auto_finds_a_scheme_no_zeros_are_left(draw: Draw) -> None:
    weights = draw(np.random.default_rng(0))
    patterns = find_scheme(weights).masks((3, 3))
    assignment = np.where((weights != 0).any((2, 3)), best_patterns(weights, patterns) + 1, 0)
    packed = pack(weights, assignment, np.arange(16), patterns)
    assert not matter(int(np.count_nonzero(weights)), packed.executed(patterns))


def test_auto_executes_what_is_no_zero() -> None:
    layer = "a: conv2d(x) { filters: 16, kernel: 3, bias: false, sparsity: auto } output y = a"
    module = lrc.parse(f"model m {{ weights random(seed: 0) input x: f32[1, 16, 5, 5] {layer} }}")
    model = lr.find_model(module)
    (conv,) = (op for op in model.block.ops if isinstance(op, lr.Conv2dOp))
    weights = half_the_kernels(np.random.default_rng(0))
    conv.weight = WeightAttr(model.store.put("weight", weights))
    (found,) = compiler.lower(module, "neon", "fkw").report.layers
    assert found.executed == np.count_nonzero(weights) < weights.size


def test_a_layer_that_executes_nothing_has_nothing_to_gain() -> None:
    assert matter(0, 9)
    assert not matter(0, 0)


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (2, 3, 3, 3), (4, 1, 5, 1)])
def test_weights_that_are_all_zero(shape: tuple[int, ...]) -> None:
    assert explain(np.zeros(shape, np.float32), Sparsity()).help == "with `sparsity: auto` the zeros are made use of"
