"""`lrc reduce`: what it prints and writes, and what it says when there is nothing to reduce."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from lrc import cli, opt, reduction
from lrc.dialects import lr
from lrc.passes.graph.fuse_activation import FuseActivationPass
from lrc.reduction import Test

NETWORK = """\
model planted {
  weights random(seed: 0)
  input x: f32[1, 3, 12, 12]

  block unit(in, filters) {
    conv: conv2d(in) { filters: filters, kernel: 3, pad: 1 }
    norm: batch_norm(conv)
    out: relu(norm)
    result out
  }

  a: unit(x, filters: 4)
  b: unit(a, filters: 8)
  c: max_pool(b) { kernel: 2 }
  d: unit(c, filters: 8)
  e: add(c, d)
  f: tanh(e)
  g: global_avg_pool(f)
  h: flatten(g)
  i: linear(h) { units: 5 }
  output y = i
  output z = f
}
"""

Run = Callable[..., tuple[object, str, str]]
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Capture) -> Run:
    """Runs the command in this process, in a folder that holds net.lr: its exit code, and what it says."""
    monkeypatch.chdir(tmp_path)
    Path("net.lr").write_text(NETWORK)

    def main(*arguments: str) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as end:
            cli.main(arguments)
        out, err = capfd.readouterr()
        return end.value.code, out, err

    return main


def forget_tanh(module: ModuleOp) -> None:
    """A relu for the tanh of a sum of two pictures."""
    for op in module.walk():
        if isinstance(op, lr.AddOp) and op.activation is not None and op.activation.data.kind == "tanh":
            op.activation = lr.ActivationAttr(lr.Activation("relu"))


def crash(module: ModuleOp) -> None:
    if any(isinstance(op, lr.MaxPoolOp) for op in module.walk()):
        raise IndexError("no such pool")


def plant(wrong: Callable[[ModuleOp], None], monkeypatch: pytest.MonkeyPatch) -> None:
    right = FuseActivationPass.apply

    def apply(self: FuseActivationPass, ctx: Context, op: ModuleOp) -> None:
        right(self, ctx, op)
        wrong(op)

    monkeypatch.setattr(FuseActivationPass, "apply", apply)


def test_a_wrong_pass_is_found_by_verify(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifteen layers and nine passes become two and one, and the command that is printed fails again."""
    plant(forget_tanh, monkeypatch)
    code, said, _ = run("reduce", "net.lr")
    assert code == 0
    text, (count, fails, command) = said.split("\n\n")[:-1], said.splitlines()[-3:]
    assert Path("net.reduced.lr").read_text() == "\n\n".join(text) + "\n"
    assert len(Path("net.reduced.lr").read_text().splitlines()) < 12
    assert count.startswith("2 of 15 layers after ")
    assert fails == "it fails with: fuse-activation: layer 'a' gives something else"
    assert command == "lrc verify net.reduced.lr --passes fuse-activation"
    code, said, _ = run(*shlex.split(command)[1:])
    assert (code, fails.removeprefix("it fails with: ") in said) == (3, True)
    monkeypatch.undo()


def test_a_crash_is_reduced_from_its_reproducer(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(crash, monkeypatch)
    code, _, said = run("verify", "net.lr", "--passes", "fuse-conv-bn,fuse-activation")
    assert code == 4
    command = said.split("`")[1]
    code, said, _ = run(*shlex.split(command)[1:], "--json", "-o", "small.lr")
    report = json.loads(said)
    assert (code, report["layers"], report["passes"]) == (0, 1, ["fuse-activation"])
    assert report["failure"] == {"code": 4, "kind": "IndexError in crash", "message": "IndexError: no such pool"}
    assert report["text"] == Path("small.lr").read_text()
    assert "max_pool" in report["text"]


def test_a_command_with_weights_and_inputs(run: Run) -> None:
    """Arrays that count are written beside the text, or else drawn; an input that is given is kept if it counts."""
    np.save("x.npy", np.full((1, 3, 12, 12), 2, np.float32))
    code, said, _ = run("reduce", "net.lr", "--command", "grep -q upsample {} || grep -q 'tanh' {}", "--input", "x.npy")
    assert code == 0
    assert said.splitlines()[-1] == "grep -q upsample net.reduced.lr || grep -q 'tanh' net.reduced.lr"
    assert sorted(os.listdir()) == ["net.lr", "net.reduced.lr", "x.npy"]


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ((), 1, "net.lr does not fail: `lrc verify` finds nothing wrong with it"),
        (("--passes", "fuse-activation"), 1, "net.lr does not fail"),
        (("--command", "false {}"), 1, "net.lr does not fail: the command does not exit with 0 for it"),
        (("--passes", "tile", "--command", "true"), 2, "--passes and --command do not go together"),
        (("--passes", "tile", "--target", "c"), 2, "--passes and --target do not go together"),
        (("--passes", "nothing"), 1, "Unrecognized passes"),
        (("--command", "true {}", "-o", "net.lr"), 1, "is not written over"),
    ],
)
def test_what_cannot_be_reduced(
    run: Run, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], code: int, said: str
) -> None:

    def nothing(*_: object, **options: object) -> Test:
        return lambda case: None

    monkeypatch.setattr(reduction, "target_fails", nothing)  # the C is right, and takes long
    found, _, text = run("reduce", "net.lr", *options)
    assert (found, said in text) == (code, True), text
    assert Path("net.lr").read_text() == NETWORK
    assert os.listdir() == ["net.lr"]


def test_ctrl_c_leaves_the_smallest_so_far(run: Run) -> None:
    """The command interrupts lrc the third time that it is asked."""
    script = f"import os, pathlib; p = pathlib.Path('n'); p.write_text(p.read_text() + '.' if p.exists() else '.'); \
len(p.read_text()) == 3 and os.kill({os.getpid()}, {int(signal.SIGINT)})"
    command = f"{shlex.quote(sys.executable)} -c {shlex.quote(script)}"
    code, said, error = run("reduce", "net.lr", "--command", f"{command}; grep -q conv2d {{}}")
    assert (code, error) == (130, "interrupted\n")
    assert "there may be less" in said
    assert "12, 12" not in Path("net.reduced.lr").read_text()


def test_a_crash_of_lrc_opt_leaves_one_too(run: Run, monkeypatch: pytest.MonkeyPatch, capfd: Capture) -> None:
    plant(crash, monkeypatch)
    monkeypatch.setattr(sys, "argv", ["lrc-opt", "net.lr", "-p", "fuse-conv-bn,fuse-activation"])
    with pytest.raises(SystemExit) as end:
        opt.main()
    said = capfd.readouterr().err
    assert end.value.code == 4
    assert "a bug in lrc, or in a pass: IndexError: no such pool" in said
    code, said, _ = run(*shlex.split(said.split("`")[1])[1:])
    assert (code, said.splitlines()[-2]) == (0, "it fails with: IndexError: no such pool")
