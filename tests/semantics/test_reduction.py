"""A network that fails becomes as small as it can be and still fails."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wrong_passes import (
    NETWORK,
    SAID,
    Wrong,
    another_operand,
    lost_bias,
    lost_residual,
    plant,
    swapped_parts,
    wrong_sign,
)
from xdsl.dialects.builtin import ModuleOp

import lrc
from lrc import interpreters
from lrc.compilation import pipelines
from lrc.dialects import lr
from lrc.passes.lowering import lower_to_loops
from lrc.reduction import (
    STEPS,
    Case,
    Failure,
    InvalidCaseError,
    Reduction,
    Test,
    command_fails,
    passes_fail,
    reduce,
    target_fails,
)
from lrc.reduction.case import fitted
from lrc.reduction.failures import general
from lrc.reduction.steps import Step
from lrc.testing import modules
from lrc.verification.verify import random_inputs

PASSES = tuple(map(str, pipelines.parse(pipelines.specification("c", "fkw")).passes))
ALWAYS = Failure(0, "always", "whatever it is")


def reduced(case: Case, test: Test) -> Reduction:
    failure = test(case)
    assert failure is not None
    reduction = Reduction(case, failure)
    reduce(reduction, test)
    assert reduction.finished
    assert failure.is_like(test(reduction.case))
    return reduction


def has(kind: type[lr.LayerOp]) -> Test:
    return lambda case: ALWAYS if any(layer.kind is kind for layer in case.layers) and case.module() else None


def kinds(module: ModuleOp) -> list[type[lr.LayerOp]]:
    return [type(op) for op in module.walk() if isinstance(op, lr.LayerOp)]


@settings(max_examples=10)
@given(modules())
def test_a_case_is_its_module(module: ModuleOp) -> None:
    again = Case.of(module).module()
    inputs = list(random_inputs(module).values())
    assert kinds(again) == kinds(module)
    assert lr.output_shapes(again) == lr.output_shapes(module)
    for before, after in zip(interpreters.run(module, inputs), interpreters.run(again, inputs), strict=True):
        np.testing.assert_array_equal(before, after)


@settings(max_examples=10)
@given(modules(), st.sampled_from(STEPS))
def test_steps_give_smaller_networks(module: ModuleOp, step: Step) -> None:
    """Those that are none say so; those that are stay smaller when arrays of another shape are drawn anew."""
    case = Case.of(module, passes=PASSES).settled()
    for candidate in islice(step(case), 12):
        try:
            smaller = candidate.settled()
        except InvalidCaseError:
            continue
        smaller.module().verify()
        if candidate.size() < case.size():
            assert smaller.size() < case.size()


@settings(max_examples=3)
@given(modules(), st.data())
def test_what_always_fails_becomes_one_layer_of_ones(module: ModuleOp, data: st.DataObject) -> None:
    """Of whatever kind one asks for."""
    case = Case.of(module)
    kind = data.draw(st.sampled_from([layer.kind for layer in case.layers]))
    found = reduced(case, has(kind)).case
    assert [layer.kind for layer in found.layers] == [kind]
    assert {size for shape in found.inputs.values() for size in shape} == {1}
    assert (found.seed, found.arrays, found.name) == (0, {}, "m")


WRONG = (wrong_sign, lost_residual, swapped_parts, another_operand)
"""A weight, a fused layer, an operand, and which of two values is read."""


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.__name__)
def test_wrong_passes(wrong: Wrong, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network of eleven layers and nine passes; what is left is what the pass is about."""

    plant(wrong, monkeypatch)
    found = reduced(Case.of(lrc.parse(NETWORK), passes=PASSES), passes_fail)
    assert len(found.case.layers) <= 4
    assert len(lrc.write(found.case.module()).splitlines()) <= 16
    assert found.case.passes[-1] == "materialize-padding"
    assert len(found.case.passes) <= 3
    assert general(found.failure.message).split()[:2] == general(f"materialize-padding {SAID[wrong]}").split()[:2]


def test_a_graph_that_is_wrong_is_no_wrong_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks for a target alone hears of the passes before it, too."""
    plant(lost_bias, monkeypatch)
    failure = target_fails("c")(Case.of(lrc.parse(NETWORK)))
    assert failure == Failure(3, "c: changes lr.linear", "c: layer 'fc' gives something else")


def test_the_same_input_gives_the_same_result() -> None:
    first, second = (reduced(Case.of(lrc.parse(NETWORK)), has(lr.MaxPoolOp)) for _ in range(2))
    assert (first.case.key(), first.tried) == (second.case.key(), second.tried)


def test_a_crash_of_the_lowering(monkeypatch: pytest.MonkeyPatch) -> None:
    """What needs a stride of 2 keeps it, and nothing else."""
    right = lower_to_loops.LowerToLoopsPass.apply

    def apply(self: object, ctx: object, op: ModuleOp) -> None:
        strides = [tuple(each.strides.get_values()) for each in op.walk() if isinstance(each, lr.WindowedOp)]
        if (2, 2) in strides:
            raise ZeroDivisionError("strides")
        right(self, ctx, op)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(lower_to_loops.LowerToLoopsPass, "apply", apply)
    test = target_fails("c")
    case = Case.of(lrc.parse(NETWORK))
    failure = Failure(4, "ZeroDivisionError in apply", "ZeroDivisionError: strides")
    assert test(case) == failure
    reduction = Reduction(case, failure)

    def without_c(case: Case) -> Failure | None:
        """No need to ask a C compiler for what gets that far."""
        crashes = any("array<i64: 2, 2>" in str(layer.fields.get("strides")) for layer in case.layers)
        return test(case) if crashes and case.module() else None

    reduce(reduction, without_c)
    text = lrc.write(reduction.case.module())
    assert "a: max_pool(x) { kernel: 1, stride: 2 }" in text


def test_a_command() -> None:
    found = reduced(Case.of(lrc.parse(NETWORK)), command_fails("grep -q tanh {}"))
    assert [str(layer.fields["activation"]) for layer in found.case.layers] == ["#lr.activation<tanh>"]


def test_weights_and_inputs_become_plain() -> None:
    """What counts are one weight that is 3, and one input that is not 0: all others go."""
    weight = np.random.default_rng(0).standard_normal((4, 3, 3, 3)).astype(np.float32)
    weight[1, 2, 0, 1] = 3
    text = """
    model m {
      weights random(seed: 0)
      input x: f32[1, 3, 5, 5]
      c: conv2d(x) { filters: 4, kernel: 3, bias: false }
      output y = c
    }"""
    x = np.full((1, 3, 5, 5), 7.5, np.float32)
    case = replace(Case.of(lrc.parse(text)), seed=None, arrays={"c.weight": weight}, tensors={"x": x})

    def test(case: Case) -> Failure | None:
        it = case.settled()
        has_three = any((each == 3).any() for each in it.arrays.values())
        return ALWAYS if has_three and any(each.any() for each in it.tensors.values()) else None

    found = reduced(case, test).case
    ((_, weights),), ((_, inputs),) = found.arrays.items(), found.tensors.items()
    assert (weights[weights != 0].tolist(), inputs[inputs != 0].tolist()) == ([3], [1])


@pytest.mark.parametrize(("shape", "expected"), [((2,), [1, 2]), ((5,), [1, 2, 3, 1, 2]), ((3,), [1, 2, 3])])
def test_arrays_fit_a_shape(shape: tuple[int, ...], expected: list[int]) -> None:
    assert fitted(np.array([1, 2, 3]), shape).tolist() == expected
    with pytest.raises(InvalidCaseError):
        fitted(np.array([1, 2, 3]), (1, *shape))


def test_time_that_is_over_leaves_the_smallest_so_far() -> None:
    case = Case.of(lrc.parse(NETWORK))
    reduction = Reduction(case, ALWAYS)
    reduce(reduction, has(lr.LinearOp), seconds=0)
    assert (reduction.case, reduction.finished) == (case, False)


def test_an_interrupt_leaves_the_smallest_so_far() -> None:
    reduction = Reduction(Case.of(lrc.parse(NETWORK)), ALWAYS)

    def interrupt(reduction: Reduction) -> None:
        if reduction.kept:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reduce(reduction, has(lr.LinearOp), tell=interrupt)
    assert reduction.kept == 1


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("layer 'tb' reads 'conv' instead of 'b'", "layer reads instead of"),
        ("layer 'both' reads 'b', 'tb' instead of 'ta', 'tb'", "layer reads instead of"),
        ("the outputs are y [1, 6, 6, 7] instead of z", "the outputs are y instead"),
        ("2 layers are called 'pooled'", "layers are called"),
    ],
)
def test_failures_are_told_apart_by_words(message: str, expected: str) -> None:
    assert general(message) == expected
