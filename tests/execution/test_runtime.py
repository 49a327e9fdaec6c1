"""The emitted C's promises: it refuses bad input, threads and models share nothing, sanitizers are silent."""

import subprocess
from pathlib import Path

import handwritten
import pytest
from careful_build import STRICT, compile_strictly, run_with

from lrc.execution import toolchain
from lrc.execution.program import Program

SANITIZERS = ["", "address,undefined", "thread"]


@pytest.mark.parametrize("sanitize", SANITIZERS[:2])
def test_init_refuses(tmp_path: Path, sanitize: str) -> None:
    run_with("init_refuses.c", [handwritten.emit(tmp_path / "model")], tmp_path, sanitize)


@pytest.mark.parametrize("sanitize", SANITIZERS)
def test_many_threads(tmp_path: Path, sanitize: str) -> None:
    run_with("many_threads.c", [handwritten.emit(tmp_path / "model")], tmp_path, sanitize)


@pytest.mark.parametrize("sanitize", SANITIZERS[:2])
def test_hooks_hear_of_each_layer(tmp_path: Path, sanitize: str) -> None:
    run_with("layers.c", [handwritten.emit(tmp_path / "model")], tmp_path, sanitize)


def test_a_child_of_fork_runs_alone(tmp_path: Path) -> None:
    run_with("forks.c", [handwritten.emit(tmp_path / "model")], tmp_path)


@pytest.mark.parametrize("sanitize", SANITIZERS)
def test_two_models_in_one_program(tmp_path: Path, sanitize: str) -> None:
    first = handwritten.emit(tmp_path / "first")
    second = handwritten.emit(tmp_path / "second", name="second", seed=7, embed=True)
    run_with("two_models.c", [first, second], tmp_path, sanitize)


@pytest.mark.parametrize("sanitize", SANITIZERS[1:])
def test_the_program_itself_under_sanitizers(tmp_path: Path, sanitize: str) -> None:
    folder = handwritten.emit(tmp_path / "model")
    toolchain.build(folder, sanitize=sanitize)
    given = handwritten.inputs(pictures=3)
    outputs, layers = Program(folder, threads=2).dump(given)
    assert (outputs["y"] == handwritten.expected(given)["y"]).all()
    assert layers.keys() == {"block.scale", "y"}
    assert Program(folder).bench(3)["threads"] == 1


def test_cpp_takes_the_header(tmp_path: Path) -> None:
    folder = handwritten.emit(tmp_path / "model")
    compiler = toolchain.find_compiler("host")
    words = [*compiler.command, *STRICT, "-x", "c++", "-std=c++11", "-fsyntax-only", str(folder / "two_scales.h")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("target", ["host", "neon"])
def test_no_compiler_warns(tmp_path: Path, target: str) -> None:
    folder = handwritten.emit(tmp_path / "model", target=target, embed=True)
    for compiler in toolchain.find_compilers(target):
        compile_strictly(folder, compiler, tmp_path)
