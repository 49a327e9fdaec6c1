"""`lrc verify` reads modules of the lr level, checks passes without any C, and says what is wrong with either."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from wrong_passes import NETWORK, lost_bias, plant
from xdsl.context import Context
from xdsl.dialects import vector
from xdsl.dialects.builtin import ModuleOp

import lrc
from lrc import cli, interpreters
from lrc.compilation import compiler, pipelines
from lrc.diagnostics import UserError
from lrc.files import levels, saved
from lrc.passes.graph.fuse_activation import FuseActivationPass
from lrc.passes.graph.fuse_conv_bn import FuseConvBnPass
from lrc.passes.loops.order_body import OrderBodyPass
from lrc.testing import loops_preserve_meaning
from lrc.verification.verify import random_inputs

Run = Callable[..., tuple[object, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs the command in this process, in a folder that holds net.lr: its exit code, and what it says."""
    monkeypatch.chdir(tmp_path)
    Path("net.lr").write_text(NETWORK)

    def main(*arguments: str) -> tuple[object, str]:
        with pytest.raises(SystemExit) as end:
            cli.main(arguments)
        return end.value.code, "".join(capfd.readouterr())

    return main


def test_passes_alone(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    passes = "fuse-conv-bn,fuse-activation,materialize-padding,set-machine{machine=neon},tile{threads=2}"
    assert run("verify", "net.lr", "--passes", passes) == (0, "bisection: no pass changes a layer's meaning\n")
    plant(lost_bias, monkeypatch)
    code, said = run("verify", "net.lr", "--passes", passes)
    assert code == 3
    assert "bisection: materialize-padding: layer 'fc' gives something else" in said
    code, said = run("verify", "net.lr", "--passes", passes, "--json")
    report = json.loads(said)
    assert (code, report["passed"], report["blame"]["pass"]) == (3, False, "materialize-padding")


LOOPS = """\
model loops {
  weights random(seed: 0)
  input x: f32[1, 3, 5, 6]
  a: conv2d(x) { filters: 5, kernel: 3, pad: 1 }
  b: relu(a)
  output y = b
}
"""


def test_passes_down_to_loops(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loops are held against the layers that they were made of, after each pass."""
    Path("net.lr").write_text(LOOPS)
    passes = pipelines.specification("neon")
    assert run("verify", "net.lr", "--passes", passes) == (0, "bisection: no pass changes a layer's meaning\n")
    right = OrderBodyPass.apply

    def apply(self: OrderBodyPass, ctx: Context, op: ModuleOp) -> None:
        """One factor twice."""
        right(self, ctx, op)
        for product in op.walk():
            if isinstance(product, vector.FMAOp):
                product.operands = (product.lhs, product.lhs, product.acc)

    monkeypatch.setattr(OrderBodyPass, "apply", apply)
    code, said = run("verify", "net.lr", "--passes", passes)
    assert (code, "bisection: order-body: output 'y' is " in said) == (3, True), said
    with pytest.raises(AssertionError) as error:
        loops_preserve_meaning(lrc.parse(LOOPS))
    (note,) = error.value.__notes__
    assert run(*shlex.split(note.removeprefix("reproducer: "))[1:]) == (code, said)


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--passes", "fuse"], 1, "error: --passes 'fuse': "),
        (["--passes", "tile{lanes=3}"], 1, 'arguments ["lanes"] not found in expected arguments'),
        (["--passes", "tile{"], 1, "error: --passes 'tile{': "),
        (["--passes", "tile", "--exact", "--threads", "2"], 2, "it does not go with --threads, --exact"),
    ],
)
def test_passes_that_do_not_exist(run: Run, options: list[str], code: int, said: str) -> None:
    found, text = run("verify", "net.lr", *options)
    assert found == code
    assert said in text


def test_a_module_is_a_network_too(run: Run) -> None:
    """What the language can say is in it; of random weights the text is enough, others stand beside it."""
    module = lrc.parse(NETWORK)
    fused = module.clone()
    FuseConvBnPass().apply(Context(), fused)
    FuseActivationPass().apply(Context(), fused)
    assert saved.save(module, Path("drawn")) == Path("drawn.lr")
    assert not Path("drawn.safetensors").exists()
    assert saved.save(fused, Path("fused")) == Path("fused.mlir")
    assert Path("fused.safetensors").exists()
    inputs = list(random_inputs(module).values())
    levels.save(module, Path("kept.mlir"))
    for name in ("fused.mlir", "kept.mlir"):
        assert run("verify", name, "--passes", "fuse-conv-bn")[0] == 0
        found, exact = interpreters.run(saved.load_network(Path(name)), inputs), interpreters.run(module, inputs)
        assert all(np.allclose(one, other, 1e-4, 1e-4) for one, other in zip(found, exact, strict=True))


def edited(old: str, new: str) -> str:
    text = levels.show(lrc.parse(NETWORK))
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("builtin.module {", "wrong.mlir:1:17"),
        ("builtin.module {}", "wrong.mlir: error: there is no network in it"),
        (edited('"norm"(%conv)', '"norm"(%nothing)'), "%nothing"),
        (edited("strides [1, 1]", "strides [2, 1]"), "wrong.mlir:3:"),
        (edited("random 0", "none"), "wrong.mlir:3:5: error: "),
    ],
)
def test_what_is_wrong_with_a_module_is_said(run: Run, text: str, said: str) -> None:
    Path("wrong.mlir").write_text(text)
    code, shown = run("verify", "wrong.mlir")
    assert (code, said in shown) == (1, True), shown


def test_a_module_that_is_not_there(run: Run) -> None:
    assert run("verify", "none.mlir") == (1, "none.mlir: error: cannot be read: No such file or directory\n")


def test_a_lower_level_is_lrc_opt_s() -> None:
    module = compiler.lower(lrc.parse(NETWORK), "c", "fkw").module
    assert not saved.is_network(module)
    with pytest.raises(UserError, match="cannot be read"):
        saved.load(Path("none.lr"))
