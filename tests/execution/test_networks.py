"""The whole emitted code of a network: no warning, silent sanitizers, and the same bits for every number of threads."""

from pathlib import Path

import numpy as np
import pytest
from careful_build import compile_strictly

from lrc import api
from lrc.compilation import compiler
from lrc.execution import toolchain
from lrc.execution.program import Program, Tensors


def emitted(folder: Path, target: str) -> Path:
    """The folder of the zoo's digits."""
    compiler.write(compiler.lower(api.load("zoo:digits"), target), folder)
    return folder


def results(folder: Path, threads: int) -> Tensors:
    """Outputs and layers for two pictures."""
    program = Program(folder, threads)
    random = np.random.default_rng(0)
    shapes = program.inputs.shapes
    given = {name: random.random((2, *shape[1:]), dtype=np.float32) for name, shape in shapes.items()}
    outputs, layers = program.dump(given)
    return outputs | {f"layer {name}": result for name, result in layers.items()}


@pytest.mark.parametrize("target", ["host", "c", "neon"])
def test_no_compiler_warns(tmp_path: Path, target: str) -> None:
    folder = emitted(tmp_path / "digits", target)
    for each in toolchain.find_compilers(target):
        compile_strictly(folder, each, tmp_path)


@pytest.mark.parametrize("target", ["host", "c"])
def test_sanitizers_are_silent(tmp_path: Path, target: str) -> None:
    folder = emitted(tmp_path / "digits", target)
    for sanitizers in ("address,undefined", "thread"):
        toolchain.build(folder, sanitize=sanitizers)
        one, *others = (results(folder, threads) for threads in (1, 2, 3))
        for other in others:
            for name, result in one.items():
                np.testing.assert_array_equal(other[name], result)
