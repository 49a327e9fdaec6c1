"""The command goes on from every level that it writes: what was edited there is compiled, run, verified and timed."""

import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import lrc as library
from lrc.cli import main
from lrc.compilation import compiler, pipelines
from lrc.verification import verify
from lrc.verification.verify import Tensors

NETWORK = """\
model tiny {
  weights random(seed: 0)
  input x: f32[1, 4, 5, 6]
  patterns p2 = ["110/110/000", "000/011/011"]
  a: conv2d(x) { filters: 8, kernel: 3, pad: 1, bias: false, sparsity: pattern(p2, keep: 1/2) }
  b: batch_norm(a)
  c: sigmoid(b)
  d: global_avg_pool(c)
  f: flatten(d)
  e: linear(f) { units: 3 }
  output y = e
}
"""

LEVELS = ("lr", "pattern", "fkw", "loops", "target")

MARKS = ("assign-patterns", "tile", "assign-layout", "lower-to-loops", "legalize-loads", "legalize-neon")
"""Passes that leave something by which it is seen that they were there, or that may run again."""


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


Lrc = Callable[..., Outcome]


@pytest.fixture
def lrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Lrc:
    """Runs the command in this process, in a folder that holds `tiny.lr`."""
    monkeypatch.chdir(tmp_path)
    Path("tiny.lr").write_text(NETWORK)

    def run(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
        with pytest.raises(SystemExit) as end:
            main(list(arguments))
        assert isinstance(end.value.code, int)
        out, err = capfd.readouterr()
        return Outcome(end.value.code, out, err)

    return run


def emit(lrc: Lrc, level: str, target: str = "c") -> str:
    """The file of a level."""
    outcome = lrc("compile", "tiny.lr", "--target", target, "--emit", level, "-o", f"{level}.mlir")
    assert outcome == (0, "", ""), outcome
    return f"{level}.mlir"


def edit(name: str, found: str, edited: str) -> None:
    """Put `edited` in the place of what is found first in a file."""
    before = Path(name).read_text()
    after = re.sub(found, edited, before, count=1, flags=re.DOTALL)
    assert after != before, found
    Path(name).write_text(after)


def contents(folder: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def test_the_same_folder_from_every_level(lrc: Lrc) -> None:
    assert lrc("compile", "tiny.lr", "--target", "neon", "-o", "straight").code == 0
    for level in LEVELS:
        outcome = lrc("compile", emit(lrc, level, "neon"), "-o", level)  # the module says its machine
        assert outcome.code == 0 and "tiny for kryo485:" in outcome.out
        assert contents(level) == contents("straight"), level


def test_a_level_of_another_level(lrc: Lrc) -> None:
    for before, after in (("pattern", "fkw"), ("loops", "target"), ("fkw", "fkw")):
        straight = lrc("compile", "tiny.lr", "--target", "c", "--emit", after).out
        found = lrc("compile", emit(lrc, before), "--emit", after).out
        stores = r"#lr\.store<[^\n]*?>(?=[,}])"
        assert re.sub(stores, "", found) == re.sub(stores, "", straight)


def test_whatever_was_done_is_not_done_again(lrc: Lrc) -> None:
    """Between the levels, too: what was edited after a pass is still there at the end."""
    module = library.load("tiny.lr")
    passes = pipelines.parse(pipelines.specification("neon")).passes
    whole = str(compiler.lower(module, "neon").module)
    module = library.parse(Path("tiny.lr").read_text())
    for each in passes:
        each.apply(compiler.make_context(), module)
        if each.name in MARKS:
            assert str(compiler.lower(module, "neon").module) == whole, each.name
    emit(lrc, "fkw", "neon")
    edit("fkw.mlir", r"tile = \[\d+, \d+\]", "tile = [1, 1]")
    lowered = lrc("compile", "fkw.mlir", "--emit", "loops").out
    assert "@conv3x3_p2_1x1x4" in lowered


def test_a_level_runs(lrc: Lrc) -> None:
    np.save("x.npy", np.random.default_rng(0).standard_normal((1, 4, 5, 6), np.float32))
    assert lrc("run", "tiny.lr", "--target", "c", "--input", "x.npy", "--output", "straight.npy").code == 0
    outcome = lrc("run", emit(lrc, "fkw"), "--input", "x.npy", "--output", "y.npy")
    assert outcome.code == 0 and outcome.out.startswith("y: f32[1, 3]")
    np.testing.assert_array_equal(np.load("y.npy"), np.load("straight.npy"))


@pytest.mark.parametrize("level", ["pattern", "fkw", "target"])
def test_a_level_is_verified(lrc: Lrc, level: str) -> None:
    outcome = lrc("verify", emit(lrc, level), "--json")
    report = json.loads(outcome.out)
    assert (outcome.code, report["passed"]) == (0, True)
    assert report["against"] == ("loops" if level == "target" else "layers")
    assert [layer["layer"] for layer in report["layers"]] == ["a", "d", "f", "e"]
    assert max(layer["error"] for layer in report["layers"]) > 0  # it is float32 that is held against float64


def test_a_level_is_checked_and_timed(lrc: Lrc) -> None:
    for level, weights in (("fkw", 315), ("target", 312)):  # no loop tells a bias from other arrays
        name = emit(lrc, level)
        outcome = lrc("check", name)
        assert outcome == (0, f"{name}: x: f32[1, 4, 5, 6] -> y: f32[1, 3], 4 layers, {weights} weights: fine\n", "")
    outcome = lrc("bench", "target.mlir", "--runs", "2", "--json")
    assert [layer["name"] for layer in json.loads(outcome.out)["layers"]] == ["a", "d", "f", "e"]


def test_edited_loops_are_compiled_as_they_say(lrc: Lrc) -> None:
    """One tap reads what another one reads: other numbers, and verified as such."""
    np.save("x.npy", np.random.default_rng(0).standard_normal((1, 4, 5, 6), np.float32))
    assert lrc("run", emit(lrc, "loops"), "--input", "x.npy", "--output", "before.npy").code == 0
    edit("loops.mlir", r"(kernel\.load %window\w*\[3, )1\]", r"\g<1>0]")
    outcome = lrc("verify", "loops.mlir", "--input", "x.npy")
    assert outcome.code == 0 and "what layers these were made of is not known" in outcome.out
    assert lrc("run", "loops.mlir", "--input", "x.npy", "--output", "after.npy").code == 0
    assert not np.array_equal(np.load("before.npy"), np.load("after.npy"))


def test_code_that_is_not_what_the_loops_say_is_found(lrc: Lrc) -> None:
    x = np.ones((1, 4, 5, 6), np.float32)
    module = library.load(emit(lrc, "loops"))

    class Wrong:
        """A program that was printed of other loops."""

        def dump(self, inputs: Tensors) -> tuple[Tensors, Tensors]:
            outputs, layers = net._program.dump(inputs)  # pyright: ignore[reportPrivateUsage]
            wrong = dict(layers)
            wrong["a"] = wrong["a"] * np.float32(1.001)
            return outputs, wrong

    with library.compile(module) as net:
        report = verify.verify_loops(module, Wrong(), {"x": x})
        assert [layer.layer for layer in report.layers if not layer.passed] == ["a", "d"]
        np.testing.assert_array_equal(net(x), library.compile("tiny.lr", target="c")(x))
        assert net.verify(x).passed and net.verify(x).loops


ERRORS = {
    "another machine": (
        ("compile", "fkw.mlir", "--target", "neon"),
        "fkw.mlir:1:1: error: the module is for c, not for kryo485\n",
    ),
    "a level that is past": (
        ("compile", "fkw.mlir", "--emit", "pattern"),
        "fkw.mlir: error: the module is of the level fkw, which is past pattern\n",
    ),
    "a pass that is past": (
        ("compile", "fkw.mlir", "--replace-unfriendly"),
        "fkw.mlir: error: replace-unfriendly rewrites layers of the level lr: the module is of the level fkw\n",
    ),
    "integers in packed layers": (
        ("verify", "fkw.mlir", "--exact"),
        "fkw.mlir: error: --exact draws integers into layers as they were written: this is the level fkw\n",
    ),
    "passes over loops": (
        ("verify", "target.mlir", "--bisect", "--passes", "plan-memory"),
        "target.mlir: error: --bisect, --passes compares layers, of which the level target has none\n",
    ),
}


@pytest.mark.parametrize("what", ERRORS)
def test_what_a_level_cannot(lrc: Lrc, what: str) -> None:
    arguments, message = ERRORS[what]
    emit(lrc, arguments[1].removesuffix(".mlir"))
    outcome = lrc(*arguments)
    assert (outcome.code in (1, 2), outcome.out) == (True, "")
    if outcome.code == 1:
        assert outcome.err.startswith(message), outcome.err


EDITS = {
    "an array of another name": (
        ("target", r'"a\.fkw\.weight"', '"nobody"'),
        r"target\.mlir:\d+:\d+: error: the weights have no array named 'nobody'\n  \d+ \| .*\n +\| +\^",
    ),
    "an argument of another name": (
        ("target", r"\(input = ", "(inputs = "),
        r"target\.mlir:\d+:\d+: error: @\w+ takes 'input', which the launch does not give\n",
    ),
    "sizes in another order": (
        ("target", r"over \((rows = %\w+), (columns = %\w+)", r"over (\2, \1"),
        r"target\.mlir:\d+:\d+: error: the grid of @\w+ is \(rows, columns",
    ),
    "a smaller arena": (
        ("target", r"arena \d+", "arena 64"),
        r"target\.mlir:\d+:\d+: error: a buffer lies \d+ bytes behind the start of the arena",
    ),
    "a launch in a loop": (
        ("loops", r"(  kernel\.launch @linear[^\n]*\n)", r"    scf.for %i = %c1 to %c1 step %c1 {\n\1    }\n"),
        r"loops\.mlir:\d+:\d+: error: a launch is a step of a kernel\.network, not inside of 'scf\.for'\n",
    ),
    "no machine": (
        ("target", r"machine = #lr\.machine<c>, ", ""),
        r"target\.mlir:1:1: error: the module is for no machine",
    ),
    "no network": (
        ("target", r"kernel\.network @tiny.*", "}\n"),
        r"target\.mlir: error: there is no network in it",
    ),
    "no text": (("target", r"module", "modul"), r"error: target\.mlir:1:15\n"),
}


@pytest.mark.parametrize("what", EDITS)
def test_what_does_not_fit_together_is_said_with_its_place(lrc: Lrc, what: str) -> None:
    (level, found, edited), message = EDITS[what]
    edit(emit(lrc, level), found, edited)
    for command in ("compile", "check"):
        outcome = lrc(command, f"{level}.mlir")
        assert (outcome.code, outcome.out) == (1, "")
        assert re.match(message, outcome.err), outcome.err
