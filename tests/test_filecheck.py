"""Runs the FileCheck tests of `tests/filecheck` as one test for each file."""

import sys
from pathlib import Path
from subprocess import run

import pytest

FOLDER = Path(__file__).parent / "filecheck"
FILES = sorted(path for suffix in ("mlir", "lr") for path in FOLDER.rglob(f"*.{suffix}"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_filecheck(path: Path) -> None:
    lit = Path(sys.executable).with_name("lit")
    result = run([lit, "-a", "--workers=1", path], capture_output=True, text=True, check=False, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr
