"""What a pass does to the meaning of a network is found: by every check, with its name, and only if it does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from wrong_passes import BUILT, NETWORK, SAID, Wrong, another_operand, plant
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

import lrc
from lrc import cli, zoo
from lrc.compilation import compiler, pipelines
from lrc.interpreters import run
from lrc.passes.graph.replace_unfriendly import ReplaceUnfriendlyPass
from lrc.testing import modules, passes_preserve_meaning, targets_agree
from lrc.verification import verify
from lrc.verification.validation import Traced, validate

GRAPH_PASSES = pipelines.parse(pipelines.specification("c", "fkw")).passes


@pytest.mark.parametrize("wrong", SAID, ids=lambda wrong: wrong.__name__)
def test_passes_preserve_meaning(wrong: Wrong, monkeypatch: pytest.MonkeyPatch) -> None:
    module = lrc.parse(NETWORK)
    passes_preserve_meaning(module, GRAPH_PASSES)
    plant(wrong, monkeypatch)
    with pytest.raises(AssertionError) as error:
        passes_preserve_meaning(module, GRAPH_PASSES)
    assert str(error.value).startswith("materialize-padding")
    assert SAID[wrong] in str(error.value)


@pytest.mark.parametrize("wrong", BUILT, ids=lambda wrong: wrong.__name__)
def test_targets_agree_and_lrc_verify(
    wrong: Wrong, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The whole way: compiled, built, run and held against the source."""
    (tmp_path / "net.lr").write_text(NETWORK)
    monkeypatch.chdir(tmp_path)
    plant(wrong, monkeypatch)
    code, said = BUILT[wrong]
    with pytest.raises(AssertionError) as error:
        targets_agree(lrc.parse(NETWORK), ["c"])
    assert "compiling for c" in str(error.value)
    assert said in str(error.value)
    with pytest.raises(SystemExit) as end:
        cli.main(["verify", "net.lr", "--target", "c"])
    shown = "".join(capfd.readouterr())
    assert (end.value.code, "materialize-padding" in shown) == (code, True), shown
    assert SAID[wrong] in shown


ADDED = """\
model added {
  weights random(seed: 0)
  input x: f32[1, 4, 8, 8]
  wide: relu(x)
  narrow: conv2d(wide) { filters: 4, kernel: 3 }
  bent: swish(narrow)
  pooled: max_pool(bent) { kernel: 3, pad: 1 }
  output y = pooled
}
"""
"""What materialize-padding adds has the shape of an earlier layer."""


def test_a_layer_that_a_pass_adds_is_nobody_s_fault() -> None:
    passes_preserve_meaning(lrc.parse(ADDED), GRAPH_PASSES)


@pytest.mark.parametrize("replaced", [False, True])
def test_passes_that_were_asked_for_change_what_layers_compute(replaced: bool) -> None:
    """What comes after them is held against what they made, what comes before against the source."""
    module = lrc.parse(ADDED)
    stretches = compiler.lower(module, "c", optional=("replace-unfriendly",) * replaced).stretches
    assert len(stretches) == 1 + replaced
    assert stretches[0][0] is module
    inputs = list(verify.random_inputs(module).values())
    for before, after in stretches:
        assert validate(Traced.of(before, inputs), after).passed
    whole = validate(Traced.of(module, inputs), stretches[-1][1])
    assert whole.passed is not replaced
    assert not whole.problems
    asked_for = pipelines.parse(pipelines.specification("c", "fkw", optional=("replace-unfriendly",) * replaced)).passes
    passes_preserve_meaning(module, asked_for)


def test_passes_that_were_asked_for_change_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def apply(self: ReplaceUnfriendlyPass, ctx: Context, op: ModuleOp) -> None:
        another_operand(op)

    monkeypatch.setattr(ReplaceUnfriendlyPass, "apply", apply)
    module = lrc.parse(NETWORK)
    passes = pipelines.parse(pipelines.specification("c", "lr", optional=["replace-unfriendly"])).passes
    with pytest.raises(AssertionError, match="replace-unfriendly: layer 'tb' reads 'conv' instead of 'b'"):
        passes_preserve_meaning(module, passes)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(modules(layers=9))
def test_the_graph_means_what_the_source_does(module: ModuleOp) -> None:
    """All passes in one: batch norms folded one after the other, sums and activations fused, padding added."""
    graph = compiler.lower(module, "neon", "fkw").graph
    found = validate(Traced.of(module, list(verify.random_inputs(module).values())), graph)
    assert found.passed, found


STEEP = """\
model steep {
  weights random(seed: 0)
  input x: f32[1, 4, 8, 8]
  a: conv2d(x) { filters: 8, kernel: 3 }
  b: batch_norm(a)
  c: batch_norm(b)
  d: leaky_relu(c) { slope: 20 }
  e: add(d, d)
  output y = e
}
"""


def test_rounding_goes_through_what_comes_after_it() -> None:
    """Weights that are folded twice, and an activation that makes much of it."""
    passes_preserve_meaning(lrc.parse(STEEP), GRAPH_PASSES)


@pytest.mark.parametrize(("kind", "most"), [("sigmoid", 0.08), ("swish", 0.2), ("tanh", 0), ("relu", 0)])
def test_what_is_replaced_is_alike(kind: str, most: float) -> None:
    """Friendly activations stay close to what they stand for, and others are left alone."""
    text = f"model alike {{ weights random(seed: 0) input x: f32[1, 1, 1, 161] a: {kind}(x) output y = a }}"
    module = lrc.parse(text)
    replaced = module.clone()
    ReplaceUnfriendlyPass().apply(Context(), replaced)
    x = np.linspace(-8, 8, 161).reshape(1, 1, 1, 161)
    (before,), (after,) = run(module, [x]), run(replaced, [x])
    distance = float(np.abs(after - before).max())
    assert distance <= most
    assert (distance > 0) is (most > 0)


def test_unfriendly_activations_are_replaced_if_asked() -> None:
    module = lrc.parse("model net { weights random(seed: 0) input x: f32[1, 1, 1, 41] a: swish(x) output y = a }")
    x = np.linspace(-4, 4, 41, dtype=np.float32).reshape(1, 1, 1, 41)
    hard = x * np.clip(x + 3, 0, 6) / 6
    for asked, expected in ((False, x / (1 + np.exp(-x))), (True, hard)):
        with lrc.compile(module, "c", replace_unfriendly=asked) as net:
            np.testing.assert_allclose(net(x), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["digits", "mobilenet-v2", "resnet18", "vgg16"])
def test_the_zoo_means_what_it_says(name: str) -> None:
    """The networks that come with lrc, on pictures of 32 x 32; the two left out are larger kin of these."""
    text = zoo.path(name).read_text().replace("224, 224", "32, 32")
    module = lrc.parse(text, name, zoo.path(name).parent)
    graph = compiler.lower(module, "neon", "fkw").graph
    found = validate(Traced.of(module, list(verify.random_inputs(module).values())), graph)
    assert found.passed, found
