"""`lrc compile --emit`: a level as text, with the arrays that it names beside it, for `lrc-opt` to go on from."""

import os
import resource
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import forked
import numpy as np
import pytest
from safetensors.numpy import save_file  # pyright: ignore[reportUnknownVariableType]

from lrc.compilation import pipelines

NETWORK = """\
model tiny {
  weights random(seed: 0)
  input x: f32[1, 4, 5, 6]
  patterns p2 = ["110/110/000", "000/011/011"]
  a: conv2d(x) { filters: 8, kernel: 3, pad: 1, bias: false, sparsity: pattern(p2, keep: 1/2) }
  b: batch_norm(a)
  output y = b
}
"""

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a tool of lrc's in a folder that holds `tiny.lr`."""
    monkeypatch.chdir(tmp_path)
    Path("tiny.lr").write_text(NETWORK)
    return forked.run


def test_a_level_goes_to_a_file_with_its_arrays(run: Run) -> None:
    outcome = run("lrc", "compile", "tiny.lr", "--target", "neon", "--emit", "fkw", "-o", "out/fkw.mlir")
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "", "")
    assert sorted(os.listdir("out")) == ["fkw.mlir", "fkw.safetensors"]
    loops = run("lrc-opt", "out/fkw.mlir", "-p", pipelines.stage("loops", "neon"), "-o", "out/again.mlir")
    assert (loops.returncode, loops.stderr) == (0, "")
    assert run("lrc", "compile", "tiny.lr", "--target", "neon", "--emit", "loops", "-o", "loops.mlir").returncode == 0
    again, straight = Path("out/again.mlir").read_text(), Path("loops.mlir").read_text()
    assert again.replace("again.safetensors", "loops.safetensors").strip() == straight.strip()
    assert Path("out/again.safetensors").read_bytes() == Path("loops.safetensors").read_bytes()


def test_standard_output_gets_the_text_and_says_what_is_missing(run: Run) -> None:
    fused = run("lrc", "compile", "tiny.lr", "--emit", "lr")
    assert fused.returncode == 0
    assert '#lr.store<random 0 without ["a.bias.folded", "a.weight.folded"]>' in fused.stdout
    assert fused.stderr == "note: to read this back, write it with -o NAME.mlir: its arrays go to NAME.safetensors\n"
    Path("alone.mlir").write_text(fused.stdout)
    outcome = run("lrc-opt", "alone.mlir", "-p", "assign-patterns")
    assert outcome.returncode == 1
    assert outcome.stderr.startswith("alone.mlir:3:5: the weights have no array named 'a.weight.folded'")
    assert "Traceback" not in outcome.stderr
    Path("plain.lr").write_text(NETWORK.replace("  b: batch_norm(a)\n", "").replace("= b", "= a"))
    plain = run("lrc", "compile", "plain.lr", "--emit", "lr")
    assert "#lr.store<random 0>" in plain.stdout
    assert plain.stderr == ""


def test_loops_without_arrays_are_an_error_with_a_place(run: Run) -> None:
    Path("alone.mlir").write_text(run("lrc", "compile", "zoo:digits", "--target", "neon", "--emit", "fkw").stdout)
    assert os.fspath(Path(__file__).parents[1]) not in Path("alone.mlir").read_text()
    outcome = run("lrc-opt", "alone.mlir", "-p", "lower-to-loops")
    assert (outcome.returncode, outcome.stdout) == (1, "")
    expected = "alone.mlir:3:5: the weights have no array named 'stem.conv.bias.folded'; "
    assert outcome.stderr == f'{expected}their source is file "zoo:digits.safetensors"\n'
    assert "Traceback" in run("lrc-opt", "alone.mlir", "-p", "lower-to-loops", "--debug").stderr


@pytest.mark.parametrize(
    ("level", "passes", "edit", "message"),
    [
        ("pattern", "fkw", ('["110/110/000", "000/011/011"]', '["110/110/000"]'), "the set has 1"),
        ("fkw", "loops", ("jam = 1, group = 1", "jam = 2, group = 2"), "layer 'a': offset is [9], expected [5]"),
        (
            "lr",
            "pattern",
            ("1x8x5x6xf32", "1x7x5x6xf32"),
            "layer 'a' has a weight of [8, 4, 3, 3], expected [7, 4, 3, 3]",
        ),
    ],
)
def test_an_edit_that_the_arrays_do_not_fit_is_said_so(
    run: Run, level: str, passes: str, edit: tuple[str, str], message: str
) -> None:
    run("lrc", "compile", "tiny.lr", "--target", "neon", "--emit", level, "-o", "level.mlir")
    text = Path("level.mlir").read_text()
    assert edit[0] in text
    Path("level.mlir").write_text(text.replace(*edit))
    outcome = run("lrc-opt", "level.mlir", "-p", pipelines.stage(passes, "neon"))
    assert outcome.returncode == 1
    assert "Traceback" not in outcome.stderr
    assert "level.mlir:3:5: " in outcome.stderr
    assert message in outcome.stderr


def test_the_weights_of_the_network_are_not_overwritten(run: Run) -> None:
    save_file({"a.weight": np.ones((8, 4, 3, 3), np.float32)}, "net.safetensors")
    before = Path("net.safetensors").read_bytes()
    text = (
        'model net { weights "net.safetensors" input x: f32[1, 4, 5, 6] a: conv2d(x) { filters: 8, kernel: 3, FIELDS } '
    )
    Path("net.lr").write_text(text.replace("FIELDS", "bias: false") + "output y = a }")
    outcome = run("lrc", "compile", "net.lr", "--emit", "fkw", "-o", "net.mlir")
    assert outcome.returncode == 1
    said = "net.safetensors: error: this is an input, and is not written over\n  = give the output another name\n"
    assert outcome.stderr == said
    assert Path("net.safetensors").read_bytes() == before
    assert not Path("net.mlir").exists()
    for _ in range(2):  # its own files it writes anew
        assert run("lrc", "compile", "net.lr", "--emit", "fkw", "-o", "level.mlir").returncode == 0


def test_a_full_disk_leaves_nothing_behind(run: Run) -> None:
    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    before = sorted(os.listdir())
    outcome = run("lrc", "compile", "tiny.lr", "--emit", "fkw", "-o", "fkw.mlir", before=full)
    assert outcome.returncode == 1
    assert outcome.stderr.startswith("error: fkw.mlir: ")
    assert sorted(os.listdir()) == before


def test_a_device_is_written_to_and_not_replaced(run: Run) -> None:
    outcome = run("lrc", "compile", "tiny.lr", "--emit", "pattern", "-o", os.devnull)
    assert outcome.returncode == 0
    assert not Path(os.devnull).is_file()


def test_a_level_may_move_with_its_arrays(run: Run) -> None:
    assert run("lrc", "compile", "tiny.lr", "--emit", "fkw", "-o", "fkw.mlir").returncode == 0
    before = Path("fkw.mlir").read_text()
    Path("elsewhere").mkdir()
    for name in ("fkw.mlir", "fkw.safetensors"):
        shutil.move(name, f"elsewhere/{name}")
    Path("tiny.lr").unlink()
    outcome = run("lrc-opt", "elsewhere/fkw.mlir")
    assert (outcome.returncode, outcome.stdout.strip()) == (0, before.strip())


@pytest.mark.parametrize(("network", "target"), [("tiny.lr", "neon"), ("zoo:digits", "c")])
def test_a_folder_is_written_from_the_last_text(run: Run, network: str, target: str) -> None:
    """What `lrc compile` writes, byte for byte: the text and its arrays say all of it."""
    assert run("lrc", "compile", network, "--target", target, "-o", "straight").returncode == 0
    assert run("lrc", "compile", network, "--target", target, "--emit", "target", "-o", "last.mlir").returncode == 0
    outcome = run("lrc-opt", "last.mlir", "-t", "c", "-o", "again/")
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, "", "")
    expected = {path.name: path.read_bytes() for path in Path("straight").iterdir()}
    assert {path.name: path.read_bytes() for path in Path("again").iterdir()} == expected


def test_a_folder_from_an_earlier_level(run: Run) -> None:
    assert run("lrc", "compile", "tiny.lr", "--target", "neon", "-o", "straight").returncode == 0
    assert run("lrc", "compile", "tiny.lr", "--target", "neon", "--emit", "fkw", "-o", "fkw.mlir").returncode == 0
    passes = ",".join(pipelines.stage(level, "neon") for level in ("loops", "target"))
    os.mkdir("again")  # a folder that is there needs no slash
    assert run("lrc-opt", "fkw.mlir", "-p", passes, "-t", "c", "-o", "again").returncode == 0
    for path in Path("straight").iterdir():
        assert Path("again", path.name).read_bytes() == path.read_bytes()


def test_a_folder_that_cannot_be_written(run: Run) -> None:
    assert run("lrc", "compile", "tiny.lr", "--target", "c", "--emit", "loops", "-o", "loops.mlir").returncode == 0
    outcome = run("lrc-opt", "loops.mlir", "-t", "c", "-o", "again/")
    assert (outcome.returncode, os.path.exists("again")) == (1, False)
    assert "with its memory planned" in outcome.stderr and "Traceback" not in outcome.stderr
    assert run("lrc", "compile", "tiny.lr", "--target", "c", "--emit", "target", "-o", "last.mlir").returncode == 0
    Path("taken").mkdir()
    Path("taken", "tiny.c").write_text("mine")
    outcome = run("lrc-opt", "last.mlir", "-t", "c", "-o", "taken/")
    assert (outcome.returncode, os.listdir("taken")) == (1, ["tiny.c"])
    assert "taken/tiny.c: " in outcome.stderr
    Path("two.mlir").write_text(Path("last.mlir").read_text() + "\n// -----\n" + Path("last.mlir").read_text())
    outcome = run("lrc-opt", "two.mlir", "--split-input-file", "-t", "c", "-o", "both/")
    assert (outcome.returncode, outcome.stderr) == (1, "both/: error: several modules do not go into one folder\n")
