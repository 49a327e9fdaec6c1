"""`lrc verify` reads modules of the lr level, checks passes without any C, and says what is wrong with either."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from wrong_passes import NETWORK, lost_bias, plant

import lrc
from lrc import cli, compiler, interpreters, levels, saved
from lrc.diagnostics import UserError
from lrc.verify import random_inputs

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
    passes = "fuse-conv-bn,fuse-activation,materialize-padding,tile{machine=neon threads=2}"
    assert run("verify", "net.lr", "--passes", passes) == (0, "bisection: no pass changes a layer's meaning\n")
    plant(lost_bias, monkeypatch)
    code, said = run("verify", "net.lr", "--passes", passes)
    assert code == 3
    assert "bisection: materialize-padding: layer 'fc' gives something else" in said
    code, said = run("verify", "net.lr", "--passes", passes, "--json")
    report = json.loads(said)
    assert (code, report["passed"], report["blame"]["pass"]) == (3, False, "materialize-padding")


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
    """Of random weights the text is enough, others stand beside it."""
    module = lrc.parse(NETWORK)
    assert saved.save(module, Path("drawn")) == Path("drawn.mlir")
    assert not Path("drawn.safetensors").exists()
    levels.save(module, Path("kept.mlir"))
    inputs = list(random_inputs(module).values())
    for name in ("drawn.mlir", "kept.mlir"):
        assert run("verify", name, "--passes", "fuse-conv-bn")[0] == 0
        found = interpreters.run(saved.load_network(Path(name)), inputs)
        assert all(map(np.array_equal, found, interpreters.run(module, inputs)))


def edited(old: str, new: str) -> str:
    text = levels.show(lrc.parse(NETWORK))
    assert old in text
    return text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("builtin.module {", "wrong.mlir:1:17"),
        ("builtin.module {}", "wrong.mlir: error: this is no network of the lr level"),
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
