"""A check that fails leaves a reproducer behind: the module, its inputs, and a command that fails in the same way."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.errors import UnsatisfiedAssumption
from wrong_passes import NETWORK, another_operand, plant
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

import lrc
from lrc import cli
from lrc.compilation import pipelines
from lrc.dialects import lr
from lrc.files import saved
from lrc.passes.graph.fuse_conv_bn import FuseConvBnPass
from lrc.testing import passes_preserve_meaning, targets_agree
from lrc.testing.checks import reproducers

GRAPH_PASSES = pipelines.parse(pipelines.specification("c", "lr")).passes


@dataclass(frozen=True)
class ForgetActivations(ModulePass):
    """A user's own pass, which no entry point names: it drops activations of a kind."""

    name = "forget-activations"

    kind: str = "relu"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for each in list(op.walk()):
            if isinstance(each, lr.ActivationOp) and each.activation.data.kind == self.kind:
                each.output.replace_all_uses_with(each.input)
                each.detach()
                each.erase()


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(reproducers.WHERE, raising=False)


def command_of(error: pytest.ExceptionInfo[BaseException]) -> list[str]:
    """The words of the command that an error's note gives."""
    (note,) = error.value.__notes__
    return shlex.split(note.removeprefix("reproducer: "))


def outcome(words: list[str], capfd: pytest.CaptureFixture[str]) -> tuple[object, str]:
    """How a command `lrc …` ends in this process, where the fault is planted, and what it says."""
    assert words[0] == "lrc"
    with pytest.raises(SystemExit) as end:
        cli.main(words[1:])
    return end.value.code, "".join(capfd.readouterr())


def test_a_wrong_pass(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    plant(another_operand, monkeypatch)
    with pytest.raises(AssertionError) as error:
        passes_preserve_meaning(lrc.parse(NETWORK), GRAPH_PASSES, seed=3)
    code, said = outcome(command_of(error), capfd)
    assert code == 3
    assert "bisection: materialize-padding: layer 'tb' reads 'conv' instead of 'b'" in said
    about = Path(command_of(error)[2]).with_name("README").read_text()
    (smaller,) = (line for line in about.splitlines() if line.startswith("lrc reduce"))
    code, said = outcome(shlex.split(smaller), capfd)
    assert (code, Path("module.reduced.lr").read_text() in said) == (0, True)


def test_wrong_code(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    plant(another_operand, monkeypatch)
    with pytest.raises(AssertionError) as error:
        targets_agree(lrc.parse(NETWORK), ["c"])
    lrc_, verify, module, *words = command_of(error)
    assert (lrc_, verify, words[:2]) == ("lrc", "verify", ["--target", "c"])
    assert outcome(["lrc", verify, module, "--passes", "materialize-padding", *words[-2:]], capfd)[0] == 3


def test_a_pass_of_the_user_s_own() -> None:
    """No command knows it: a script imports it, from where the test is."""
    with pytest.raises(AssertionError) as error:
        passes_preserve_meaning(lrc.parse(NETWORK), [FuseConvBnPass(), ForgetActivations("tanh")])
    words = command_of(error)
    assert words[0] == "python"
    again = subprocess.run([sys.executable, *words[1:]], capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert str(error.value) in again.stderr
    assert "reproducer: " not in again.stderr


def test_a_pass_that_crashes() -> None:
    class Crashing(ForgetActivations):
        def apply(self, ctx: Context, op: ModuleOp) -> None:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as error:
        passes_preserve_meaning(lrc.parse(NETWORK), [Crashing()])
    script = Path(command_of(error)[1]).read_text()
    assert "# passes is left out: test_a_pass_that_crashes.<locals>.Crashing is in no module" in script


def test_what_is_saved_is_what_failed() -> None:
    """Random weights are drawn again; others are saved, though their file has gone."""
    module = lrc.parse(NETWORK)
    for kept in (module, saved.load(saved.save(module, Path("first")))):
        with pytest.raises(AssertionError) as error:
            passes_preserve_meaning(kept, [ForgetActivations()])
        text = Path(command_of(error)[1]).with_name("module.lr")
        assert str(saved.load(text)) == re.sub("first", "module", str(kept))


def test_the_smallest_of_an_example_stays() -> None:
    """Hypothesis shrinks by running a test many times: one folder is left, of the last run."""

    @settings(max_examples=20, database=None, deadline=None)
    @given(st.integers(0, 9), st.booleans())
    def fails(layers: int, draws: bool) -> None:
        assume(draws)
        lines = [f"a{n + 1}: relu(a{n})" for n in range(layers)]
        text = f"model drawn {{ weights random(seed: 0) input a0: f32[1, 1, 1, 9] {' '.join(lines)} b: tanh(a{layers})"
        passes_preserve_meaning(lrc.parse(f"{text} output y = b }}"), [ForgetActivations("relu")])

    with pytest.raises(AssertionError) as error:
        fails()
    (folder,) = Path(reproducers.FOLDER).iterdir()
    assert folder.name.startswith("test_the_smallest_of_an_example_stays-")
    module = saved.load_network(folder / "module.lr")
    assert [op.layer.data for op in module.walk() if isinstance(op, lr.LayerOp)] == ["a1", "b"]
    assert any(note.startswith(f"reproducer: python {folder}") for note in error.value.__notes__)


def raises(error: Exception) -> Callable[[ModuleOp], None]:
    @reproducers.reproducible()
    def check(module: ModuleOp) -> None:
        raise error

    return check


def test_what_is_no_failure_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnsatisfiedAssumption):
        raises(UnsatisfiedAssumption())(ModuleOp([]))
    monkeypatch.setenv(reproducers.WHERE, "off")
    with pytest.raises(AssertionError):
        raises(AssertionError())(ModuleOp([]))
    assert not os.listdir()


def test_where_nothing_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """The failure is what counts."""
    monkeypatch.setenv(reproducers.WHERE, "/dev/null")
    with pytest.raises(AssertionError, match=r"^as it was") as error:
        raises(AssertionError("as it was"))(ModuleOp([]))
    assert "cannot be written" in error.value.__notes__[0]
