"""Runs the FileCheck tests of `tests/filecheck` as one test for each file: as lit does, without its processes."""

import re
import shlex
import sys
from functools import cache, reduce
from pathlib import Path
from subprocess import run
from types import SimpleNamespace

import forked
import pytest

FOLDER = Path(__file__).parent / "filecheck"
FILES = sorted(path for suffix in ("mlir", "lr") for path in FOLDER.rglob(f"*.{suffix}"))


@cache
def substitutions() -> list[tuple[str, str]]:
    """What stands for what in a RUN line, as lit's settings say it."""
    config = SimpleNamespace(environment={}, substitutions=[])
    settings = FOLDER / "lit.cfg"
    exec(compile(settings.read_text(), settings, "exec"), {"config": config, "__file__": str(settings)})
    return config.substitutions


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_filecheck(path: Path) -> None:
    lines = re.findall(r"RUN: (.*)", path.read_text())
    assert lines, "there is no RUN line"
    known = [*substitutions(), ("%s", shlex.quote(str(path)))]
    for line in lines:
        text = ""
        for stage in reduce(lambda line, known: line.replace(*known), known, line).split(" | "):
            done = forked.run(*shlex.split(stage), given=text)
            assert done.returncode == 0, f"{stage}\n{done.stdout}{done.stderr}"
            text = done.stdout


def test_lit() -> None:
    """The same by lit itself, as somebody who writes such a file runs it."""
    lit, path = Path(sys.executable).with_name("lit"), FOLDER / "dialects/neon/ops.mlir"
    result = run([lit, "-a", "--workers=1", path], capture_output=True, text=True, check=False, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr
    assert {name for name, _ in substitutions()} <= set(re.findall(r"RUN: (\w+)", path.read_text()))
