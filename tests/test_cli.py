"""The command as its users meet it: exit codes, errors, reports, and nothing half-written."""

import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from installed import tool

from lrc.backends import lrw
from lrc.backends.staging import write
from lrc.cli import main
from lrc.compilation import compiler
from lrc.dialects.lr.store import WeightStore
from lrc.interpreters import Evaluation
from lrc.interpreters.reference import Array
from lrc.verification import verify

TINY = """\
model tiny {
  weights random(seed: 0)
  input x: f32[1, 4, 9, 9]

  patterns p2 = ["110/110/000", "000/011/011"]

  a: conv2d(x) { filters: 8, kernel: 3, pad: 1, sparsity: pattern(p2, keep: 1/2) }
  b: relu(a)
  c: global_avg_pool(b)
  d: flatten(c)
  e: linear(d) { units: 5 }
  output y = e
}
"""


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.out.splitlines()[-1])


Lrc = Callable[..., Outcome]


@pytest.fixture
def lrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Lrc:
    """Runs the command in this process, in a folder that holds `tiny.lr`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.lr").write_text(TINY)

    def run(*arguments: str | Path, stdin: str = "") -> Outcome:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        assert isinstance(end.value.code, int)
        return Outcome(end.value.code, out, err)

    return run


def test_help_has_examples_everywhere(lrc: Lrc) -> None:
    for command in ("check", "fmt", "compile", "run", "verify", "reduce", "bench", "zoo", "completion"):
        outcome = lrc(command, "--help")
        assert outcome.code == 0
        assert "Examples:" in outcome.out


def test_wrong_command_line_is_2_with_a_hint(lrc: Lrc) -> None:
    outcome = lrc("chek", "tiny.lr")
    assert (outcome.code, outcome.out) == (2, "")
    assert "error: no command 'chek'; did you mean 'check'?" in outcome.err
    assert lrc("compile", "tiny.lr", "--target", "cuda").code == 2
    assert lrc("compile", "tiny.lr", "--emit", "lr", "--build").code == 2


def test_no_arguments_show_the_help(lrc: Lrc) -> None:
    outcome = lrc()
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("Usage: lrc") and "Commands:" in outcome.err


def test_check_says_what_it_is(lrc: Lrc) -> None:
    outcome = lrc("check", "tiny.lr")
    assert outcome.code == 0
    assert outcome.out == "tiny.lr: x: f32[1, 4, 9, 9] -> y: f32[1, 5], 5 layers, 341 weights: fine\n"


def test_check_shows_all_errors_at_once(lrc: Lrc) -> None:
    Path("bad.lr").write_text(TINY.replace("relu(a)", "relu(q)").replace("units: 5", "unit: 5"))
    outcome = lrc("check", "bad.lr")
    assert (outcome.code, outcome.out) == (1, "")
    assert "bad.lr:8:11: error: no layer named 'q'" in outcome.err
    assert "did you mean 'units'?" in outcome.err
    assert lrc("check", "--json", "bad.lr").json["files"][0]["errors"][0]["line"] == 8


def test_check_reports_any_number_of_files_alike(lrc: Lrc) -> None:
    Path("bad.lr").write_text("model")
    fine, wrong = lrc("check", "--json", "tiny.lr", "bad.lr").json["files"]
    assert fine["errors"] == [] and wrong["network"] is None
    assert fine["network"]["inputs"] == {"x": [1, 4, 9, 9]}
    for name, alone in (("tiny.lr", fine), ("bad.lr", wrong)):
        assert lrc("check", "--json", name).json == {"files": [alone]}


def test_check_reads_standard_input(lrc: Lrc) -> None:
    assert lrc("check", "-", stdin=TINY).code == 0
    outcome = lrc("check", "-", stdin="model")
    assert outcome.code == 1
    assert outcome.err.startswith("<stdin>:1:")


@pytest.mark.parametrize("content", [b"", b"\x00\x01", bytes(range(256)), "modèle".encode("latin-1")])
def test_what_is_no_lr_file_is_said_so(lrc: Lrc, content: bytes) -> None:
    Path("no.lr").write_bytes(content)
    outcome = lrc("check", "no.lr")
    assert outcome.code == 1
    assert "no.lr" in outcome.err


def test_a_missing_file_and_a_folder_are_said_so(lrc: Lrc) -> None:
    assert lrc("check", "nowhere.lr").err == "nowhere.lr: error: cannot be read: No such file or directory\n"
    assert lrc("check", ".").code == 1


def test_the_zoo_knows_near_misses(lrc: Lrc) -> None:
    outcome = lrc("check", "zoo:vgg61")
    assert outcome.code == 1
    assert "did you mean 'vgg16'?" in outcome.err


def test_zoo_lists_and_prints(lrc: Lrc) -> None:
    assert "resnet18" in lrc("zoo").out
    assert "model resnet18 {" in lrc("zoo", "resnet18").out


def test_fmt_rewrites_checks_and_filters(lrc: Lrc) -> None:
    ragged = TINY.replace("  b: relu(a)", "b:relu( a )  # why")
    Path("ragged.lr").write_text(ragged)
    assert lrc("fmt", "--check", "ragged.lr").code == 1
    assert Path("ragged.lr").read_text() == ragged
    assert lrc("fmt", "-", stdin=ragged).out == TINY.replace("relu(a)", "relu(a)  # why")
    assert lrc("fmt", "ragged.lr").code == 0
    assert "# why" in Path("ragged.lr").read_text()
    assert lrc("fmt", "--check", "ragged.lr", "zoo:digits").code == 0


def test_fmt_goes_on_behind_a_file_that_is_wrong(lrc: Lrc) -> None:
    Path("dos.lr").write_bytes(b"\xef\xbb\xbf" + TINY.replace("\n", "\r\n").encode())
    outcome = lrc("fmt", "--check", "nowhere.lr", "dos.lr", "tiny.lr")
    assert (outcome.code, [line.split(":")[0] for line in outcome.err.splitlines()]) == (1, ["nowhere.lr", "dos.lr"])
    assert lrc("fmt", "nowhere.lr", "dos.lr").code == 1
    assert Path("dos.lr").read_bytes() == TINY.encode()


@pytest.mark.parametrize("level", ["lr", "pattern", "fkw", "loops", "target", "c"])
def test_emit_prints_a_level(lrc: Lrc, level: str) -> None:
    outcome = lrc("compile", "tiny.lr", "--emit", level)
    assert outcome.code == 0
    shown = {
        "lr": "lr.conv2d",
        "pattern": "pattern.conv2d",
        "fkw": "fkw.conv2d",
        "loops": "kernel.grid",
        "target": "kernel.arena",
        "c": "for (",
    }
    assert shown[level] in outcome.out
    assert lrc("compile", "tiny.lr", "--emit", level, "-o", "level.txt").out == ""
    written, printed = (re.sub("#lr.store<.*?>", "", text) for text in (Path("level.txt").read_text(), outcome.out))
    assert written == printed


def test_emitted_levels_read_back(lrc: Lrc) -> None:
    for level in ("lr", "pattern", "loops"):
        text = lrc("compile", "tiny.lr", "--emit", level).out
        opt = Path(sys.executable).with_name("lrc-opt")
        again = subprocess.run([opt], input=text, capture_output=True, text=True, check=True)
        assert again.stdout.strip() == text.strip()


def test_compile_reports_each_layer(lrc: Lrc) -> None:
    outcome = lrc("compile", "tiny.lr", "--target", "c", "--json")
    report = outcome.json
    convolution = report["layers"][0]
    assert outcome.code == 0
    assert (convolution["name"], convolution["kind"]) == ("a", "3x3 pattern + connectivity")
    assert (convolution["weights"], convolution["executed"], convolution["rate"]) == (288, 64, 4.5)
    assert convolution["loads_after"] < convolution["loads_before"]
    assert report["layers_fused"] == 1
    assert report["folder"] == "build/c/tiny"
    assert {path.name for path in Path("build/c/tiny").iterdir()} >= {"tiny.h", "tiny.c", "tiny.lrw", "CMakeLists.txt"}


def test_run_takes_and_gives_arrays(lrc: Lrc) -> None:
    x = np.random.default_rng(0).standard_normal((3, 4, 9, 9)).astype(np.float32)
    np.save("x.npy", x)
    outcome = lrc("run", "tiny.lr", "--input", "x.npy", "--output", "y.npy", "--target", "c")
    assert outcome.code == 0
    y = np.load("y.npy")
    assert y.shape == (3, 5)
    assert f"class {y[2].argmax()}" in outcome.out.splitlines()[-1]


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((4, 9, 9)), "x[np.newaxis]"),
        (np.zeros((1, 9, 9, 4)), "x.transpose(0, 3, 1, 2)"),
        (np.zeros((1, 4, 9, 8)), "must have the shape [1, 4, 9, 9], not [1, 4, 9, 8]"),
        (np.zeros((1, 4, 9, 9), complex), "complex128"),
        (np.full((1, 4, 9, 9), np.nan), "input x is not a number at [0, 0, 0, 0]"),
        (np.full((1, 4, 9, 9), -np.inf), "input x is infinite at [0, 0, 0, 0]"),
        (np.zeros((0, 4, 9, 9)), "input x holds no picture"),
        (np.full((2, 4, 9, 9), 1e300), "input x is too large for float32 at [0, 0, 0, 0]"),
    ],
)
def test_run_refuses_what_does_not_fit(lrc: Lrc, array: np.ndarray, message: str) -> None:
    np.save("x.npy", array)
    outcome = lrc("run", "tiny.lr", "--input", "x.npy")
    assert outcome.code == 1
    assert outcome.err.startswith("x.npy: error: ") and message in outcome.err


def test_run_refuses_what_is_no_array(lrc: Lrc) -> None:
    np.savez("x.npz", x=np.zeros((1, 4, 9, 9)))
    whole = Path("x.npz").read_bytes()
    for content in (b"", b"text", b"\x93NUMPY\x01\x00", whole[:-30], whole[:200] + b"?" + whole[201:]):
        Path("x.npy").write_bytes(content)
        outcome = lrc("run", "tiny.lr", "--input", "x.npy")
        assert outcome.code == 1
        assert "x.npy: error: this is no whole .npy or .npz file" in outcome.err


def test_one_picture_is_verified_at_a_time(lrc: Lrc) -> None:
    np.save("x.npy", np.zeros((3, 4, 9, 9)))
    outcome = lrc("verify", "tiny.lr", "--input", "x.npy")
    assert outcome.code == 1
    assert outcome.err.startswith("x.npy: error: one picture is verified at a time, not 3")


def test_an_output_that_cannot_be_written_is_said_before_the_work(lrc: Lrc) -> None:
    outcome = lrc("run", "tiny.lr", "--output", "nowhere/y.npy")
    assert (outcome.code, outcome.err) == (1, "error: nowhere: No such file or directory\n")


def test_what_is_not_finite_is_null_in_json(lrc: Lrc) -> None:
    np.save("x.npy", np.full((1, 4, 9, 9), 3e38, np.float32))
    outcome = lrc("run", "tiny.lr", "--input", "x.npy", "--target", "c", "--json")
    assert outcome.code == 0
    assert outcome.json["outputs"]["y"]["max"] is None
    assert "NaN" not in outcome.out and "Infinity" not in outcome.out


def test_outputs_go_to_npz_by_name(lrc: Lrc) -> None:
    Path("two.lr").write_text(TINY.replace("  output y = e\n", "  output y = e\n  output z = c\n"))
    outcome = lrc("run", "two.lr", "--output", "o.npy")
    assert outcome.code == 1 and not Path("o.npy").exists()
    assert "o.npy: error: a .npy file holds one array, and the network has 2 outputs: y, z" in outcome.err
    assert "o.npz holds them by name" in outcome.err
    for model, names in (("two.lr", {"y", "z"}), ("tiny.lr", {"y"})):
        assert lrc("run", model, "--target", "c", "--output", "o.npz").code == 0
        with np.load("o.npz") as written:
            assert set(written) == names


@pytest.mark.parametrize(
    ("command", "option", "values"),
    [
        ("run", "--seed", ("-1", "4294967296", "1e3")),
        ("verify", "--seed", ("-1",)),
        ("compile", "--threads", ("0", "-1", "65")),
        ("bench", "--runs", ("0", "-1", "9" * 20)),
    ],
)
def test_numbers_out_of_range_are_a_wrong_command_line(
    lrc: Lrc, command: str, option: str, values: tuple[str, ...]
) -> None:
    for value in values:
        outcome = lrc(command, "tiny.lr", option, value)
        assert (outcome.code, outcome.out) == (2, "")
        assert f"Invalid value for '{option}'" in outcome.err


def test_verify_passes_and_reports(lrc: Lrc) -> None:
    outcome = lrc("verify", "tiny.lr", "--target", "c", "--bisect", "--json")
    assert outcome.code == 0
    assert (outcome.json["passed"], outcome.json["blame"]) == (True, None)


def test_a_failed_verification_is_3(lrc: Lrc, monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing_allowed(evaluation: Evaluation, store: WeightStore) -> Array:
        return np.zeros_like(evaluation.result)

    monkeypatch.setattr(verify.bounds, "of_layer", nothing_allowed)
    outcome = lrc("verify", "tiny.lr", "--target", "c")
    assert outcome.code == 3
    assert "are beyond their bounds" in outcome.out


def test_bench_ends_with_json(lrc: Lrc) -> None:
    report = lrc("bench", "tiny.lr", "--target", "c", "--runs", "3", "--json").json
    assert [layer["name"] for layer in report["layers"]] == ["a", "c", "d", "e"]
    assert 0 < report["min_ms"] <= report["median_ms"]


def test_a_folder_that_cannot_be_written_is_1(lrc: Lrc) -> None:
    Path("taken").write_text("mine")
    outcome = lrc("compile", "tiny.lr", "-o", "taken")
    assert outcome.code == 1
    assert "taken" in outcome.err
    assert Path("taken").read_text() == "mine"


def test_a_full_disk_is_1_and_leaves_nothing() -> None:
    lrc = [sys.executable, "-m", "lrc", "zoo", "vgg16"]
    with open("/dev/full", "w") as full:
        outcome = subprocess.run(lrc, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert outcome.returncode == 1
    assert outcome.stderr == "error: No space left on device\n"


def test_a_reader_that_goes_away_is_no_error() -> None:
    lrc = f"{sys.executable} -m lrc zoo resnet50 | head -n 1"
    outcome = subprocess.run([tool("bash"), "-o", "pipefail", "-c", lrc], capture_output=True, text=True, check=False)
    assert (outcome.returncode, outcome.stderr) == (0, "")


def test_writing_is_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "net.lr"
    path.write_text("old")

    def fail(*paths: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="No space"):
        write(path, b"new")
    assert [each.read_text() for each in tmp_path.iterdir()] == ["old"]


def test_an_interrupt_is_130_and_leaves_nothing(lrc: Lrc, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle of a folder, when its weights are to be written."""

    def press(*arguments: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(lrw, "write", press)
    outcome = lrc("compile", "tiny.lr", "-o", "out")
    assert (outcome.code, outcome.err) == (130, "interrupted\n")
    assert os.listdir() == ["tiny.lr"]


def test_a_bug_is_4_with_a_reproducer(lrc: Lrc, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise ZeroDivisionError("by a bug")

    monkeypatch.setattr(compiler, "lower", broken)
    outcome = lrc("compile", "tiny.lr")
    assert outcome.code == 4
    assert "Traceback" not in outcome.err
    path = Path(outcome.err.split()[-1])
    text = path.read_text()
    assert "# lrc compile tiny.lr" in text and "ZeroDivisionError: by a bug" in text and TINY in text
    assert "Traceback" in lrc("--debug", "compile", "tiny.lr").err
    monkeypatch.undo()
    assert lrc("check", path).code == 0
