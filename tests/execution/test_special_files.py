"""What is no file is said so at once, wherever a file is wanted; what the caller has opened is read."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import handwritten
import numpy as np
import pytest

from lrc import cli, opt
from lrc.backends.metadata import METADATA
from lrc.backends.replacing import ForeignFileError
from lrc.diagnostics import UserError
from lrc.execution import toolchain

NET = """\
model net {
  weights WEIGHTS
  input x: f32[1, 2, 4, 4]
  a: conv2d(x) { filters: 4, kernel: 1 }
  output y = a
}
"""
RANDOM = NET.replace("WEIGHTS", "random(seed: 0)")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with one of each kind."""
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    (tmp_path / "zero").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.open(".", os.O_RDONLY)
        os.chdir(tmp_path)  # the path of a socket must be short
        listener.bind("socket")
        os.fchdir(here)
        os.close(here)
        (tmp_path / "net.lr").write_text(RANDOM)
        yield tmp_path


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    lrc = f'"{sys.executable}" -c "from lrc.MODULE import main; main()" "$@"'
    python = "".join(f"{name}() {{ {lrc.replace('MODULE', name)}; }}\n" for name in ("cli", "opt"))
    command = ["/bin/bash", "-c", python + line]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def too_late(*_: object) -> NoReturn:
    raise TimeoutError("it waits")


COMMANDS = {
    "check": (cli.main, "check NAME"),
    "weights": (cli.main, "check needs.lr"),
    "input": (cli.main, "run net.lr --input NAME"),
    "fmt": (cli.main, "fmt NAME"),
    "opt": (opt.main, "-f mlir NAME"),
    "opt weights": (opt.main, "needs.lr"),
}
KINDS = {"fifo": "a FIFO", "zero": "a device", "socket": "a socket", "folder": " directory"}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("name", "what"), KINDS.items())
def test_no_command_waits_for_what_is_no_file(
    folder: Path,
    name: str,
    what: str,
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    Path("needs.lr").write_text(NET.replace("WEIGHTS", f'"{name}"'))
    main, line = COMMANDS[command]
    monkeypatch.setattr(sys, "argv", ["lrc", *line.replace("NAME", name).split()])
    before = signal.signal(signal.SIGALRM, too_late)
    signal.alarm(30)
    try:
        with pytest.raises(SystemExit) as end:
            main()
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    assert end.value.code in (1, 2)  # a folder as --input is known to be wrong before anything is read
    (said,) = [line for line in capsys.readouterr().err.splitlines() if what in line]
    assert name in said


def test_what_the_caller_has_opened_is_read(folder: Path) -> None:
    np.save(folder / "x.npy", np.ones((1, 2, 4, 4), np.float32))
    lines = """\
        cli check <(cat net.lr)
        cat net.lr | cli check /dev/stdin
        cli check /dev/stdin < net.lr
        cli run net.lr --input <(cat x.npy) --target c --json
        cli compile net.lr --emit lr | opt -f mlir /dev/stdin | grep -c conv2d"""
    outcome = shell(lines, folder)
    assert outcome.stderr == ""
    assert outcome.stdout.count(": fine") == 3
    assert outcome.stdout.splitlines()[-1] == "1"


BROKEN = {
    "files a number": {"files": 7},
    "files a list of lists": {"files": [[1]]},
    "no name": {"c_name": None},
    "a path for a name": {"c_name": "../../x"},
    "a name that nothing can have": {"c_name": "a\0b"},
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN)
def test_a_broken_description_makes_a_folder_somebody_elses(tmp_path: Path, change: dict[str, object]) -> None:
    folder = handwritten.emit(tmp_path / "net")
    content = json.loads((folder / METADATA).read_text()) | change
    (folder / METADATA).write_text(json.dumps(content))
    with pytest.raises(ForeignFileError, match="net/"):
        handwritten.emit(folder)
    with pytest.raises(UserError, match="is not a folder that lrc has written"):
        toolchain.build(folder)
    assert json.loads((folder / METADATA).read_text()) == content


@pytest.mark.parametrize(
    "text", [b"", b"\xff\xfe\0", b"[" * 100_000, b"1" * 10_000, b"[]", b'{"lrc": "0.1.0"}', b'"\\']
)
def test_a_description_that_is_none(tmp_path: Path, text: bytes) -> None:
    folder = handwritten.emit(tmp_path / "net")
    (folder / METADATA).write_bytes(text)
    with pytest.raises(ForeignFileError):
        handwritten.emit(folder)
    with pytest.raises(UserError, match="is not a folder that lrc has written"):
        toolchain.build(folder)
    os.truncate(folder / METADATA, 1 << 40)
    with pytest.raises(UserError, match="is not a folder that lrc has written"):
        toolchain.build(folder)
    (folder / METADATA).unlink()
    os.mkfifo(folder / METADATA)
    with pytest.raises(UserError, match="is not a folder that lrc has written"):
        toolchain.build(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"sources": [1]},
        {"target": "a new one"},
        {"target": []},
        {"inputs": [{"name": "x", "shape": "wide"}]},
        {"layers": {}},
    ],
    ids=str,
)
def test_a_description_of_which_only_a_part_is_known_still_says_what_is_lrcs(
    tmp_path: Path, change: dict[str, object]
) -> None:
    folder = handwritten.emit(tmp_path / "net")
    content = json.loads((folder / METADATA).read_text()) | change
    (folder / METADATA).write_text(json.dumps(content))
    with pytest.raises(UserError, match="is not a folder that lrc has written"):
        toolchain.build(folder)
    handwritten.emit(folder)
    toolchain.metadata_of(folder)


def test_a_list_of_files_with_strange_names_touches_nothing_outside(tmp_path: Path) -> None:
    folder = handwritten.emit(tmp_path / "net")
    (tmp_path / "mine").write_text("mine")
    (folder / "deep").mkdir()
    content = json.loads((folder / METADATA).read_text())
    content["files"] |= dict.fromkeys(["../mine", "..", ".", "", "a\0b", "\ud800", "deep", "/dev/null"], "")
    (folder / METADATA).write_text(json.dumps(content))
    handwritten.emit(folder)
    assert (tmp_path / "mine").read_text() == "mine"
    assert (folder / "deep").is_dir()
