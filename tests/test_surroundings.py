"""What the command does where its surroundings fail it: streams, folders, disks, compilers, emulators."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TINY = """\
model tiny {
  weights random(seed: 0)
  input x: f32[1, 4, 9, 9]
  a: conv2d(x) { filters: 8, kernel: 3, pad: 1 }
  output y = a
}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tiny.lr").write_text(TINY)
    return tmp_path


def shell(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a line of shell in which `lrc` is the command."""
    function = f'lrc() {{ "{sys.executable}" -m lrc "$@"; }}\n'
    return subprocess.run(
        ["bash", "-c", function + command],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_closed_streams_are_empty_ones(folder: Path) -> None:
    assert shell("lrc zoo vgg16 >&-", folder).returncode == 0
    outcome = shell("lrc check - <&-", folder)
    assert (outcome.returncode, outcome.stderr.splitlines()[0]) == (1, "<stdin>: error: the file is empty")


def test_a_folder_does_not_go_to_standard_output(folder: Path) -> None:
    outcome = shell("lrc compile tiny.lr -o -", folder)
    assert outcome.returncode == 2
    assert "--emit prints one level" in outcome.stderr
    assert [path.name for path in folder.iterdir()] == ["tiny.lr"]
