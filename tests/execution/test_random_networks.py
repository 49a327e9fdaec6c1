"""The emitted code of random networks, built and run: every layer within its error bound, and exact with integers."""

import subprocess
import tempfile
from pathlib import Path

import pytest
from batches import Batch, named
from careful_build import STRICT
from hypothesis import HealthCheck, Phase, given, settings
from installed import tool
from judged import Case, changes, problems
from xdsl.dialects.builtin import ModuleOp

from lrc.compilation import compiler
from lrc.execution import toolchain
from lrc.execution.toolchain import Compiler
from lrc.testing import modules
from lrc.verification import verify
from lrc.verification.integers import draw

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


def drawn(count: int, target: str) -> list[Case]:
    """So many networks, lowered, and every other one of them with integers, in which no number may differ."""
    found: list[ModuleOp] = []

    @settings(max_examples=count, suppress_health_check=SLOW, phases=(Phase.generate,), database=None)
    @given(modules())
    def collect(module: ModuleOp) -> None:
        found.append(module)

    collect()
    cases: list[Case] = []
    for number, module in enumerate(found):
        own = named(module, f"drawn{number}")
        integers = draw(own, number // 2 % 2) if number % 2 else None
        inputs = integers.inputs if integers else verify.random_inputs(own)
        cases.append(Case(compiler.lower(integers.module if integers else own, target), dict(inputs), integers))
    return cases


@pytest.mark.parametrize("target", ["host", "c", "neon"])
def test_random_networks(target: str, tmp_path: Path) -> None:
    """They are one program, since a compiler takes longer to start than for one of them, with every buffer between
    pages that nobody may touch."""
    cases, found = drawn(16, target), toolchain.find_compiler(target)
    command = [*found.command, *found.flags(target), *(["-static"] if found.is_static else [])]
    batch = Batch([case.compilation for case in cases], tmp_path, command, toolchain.runner_command(target))
    inputs = [case.inputs for case in cases]
    for case, ran, again in zip(cases, batch.run(inputs), batch.run(inputs, at_end=False), strict=True):
        wrong = [*problems(case, ran), *changes(ran, again)]
        assert not wrong, f"{wrong}\n{case.compilation.source}"


@pytest.mark.parametrize(("command", "target"), [("gcc", "c"), ("clang-19", "host")])
@settings(
    deadline=None, max_examples=5, suppress_health_check=SLOW, phases=(Phase.explicit, Phase.reuse, Phase.generate)
)
@given(module=modules())
def test_no_compiler_warns(command: str, target: str, module: ModuleOp) -> None:
    """Of a variable that nobody uses, first of all."""
    with tempfile.TemporaryDirectory() as folder:
        compiler.write(compiler.lower(module, target), Path(folder))
        words = [
            tool(command),
            *Compiler((command,)).flags(target),
            *STRICT,
            "-fsyntax-only",
            *Path(folder).glob("*.c"),
        ]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
