"""The emitted code of random networks, built and run: every layer within its error bound, and exact with integers."""

import subprocess
import tempfile
from pathlib import Path

import pytest
from careful_build import STRICT
from hypothesis import HealthCheck, Phase, given, settings
from installed import tool
from xdsl.dialects.builtin import ModuleOp

from lrc.compilation import compiler
from lrc.execution.toolchain import Compiler
from lrc.testing import modules, targets_agree

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@pytest.mark.parametrize("target", ["host", "c", "neon"])
@settings(
    deadline=None, max_examples=8, suppress_health_check=SLOW, phases=(Phase.explicit, Phase.reuse, Phase.generate)
)
@given(module=modules())
def test_random_networks(target: str, module: ModuleOp) -> None:
    """Counterexamples are not shrunk: each takes a C compiler."""
    targets_agree(module, [target], exact=True)


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
