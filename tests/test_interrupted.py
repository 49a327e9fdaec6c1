"""Whoever asks lrc to end, by Ctrl-C, kill or a closed terminal: nothing runs on, and nothing stays behind."""

import os
import signal
import subprocess
import sys
import time
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

COMPILER = """\
#!/bin/sh
# As gcc does: the work is a child's, and goes over a temporary file.
case "$*" in *-dumpmachine*) exit;; esac
echo $$ >> "$PIDS"
touch "$TMPDIR/cc.s"
trap 'rm "$TMPDIR/cc.s"; exit 1' TERM
sleep 600 &
echo $! >> "$PIDS"
wait
"""

BY = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGHUP: "hung up"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The current folder of the command, beside one for its temporary files, and a compiler that never ends."""
    for name in ("here", "temporary"):
        (tmp_path / name).mkdir()
    (tmp_path / "here/tiny.lr").write_text(TINY)
    (tmp_path / "cc").write_text(COMPILER)
    (tmp_path / "cc").chmod(0o755)
    return tmp_path


def started(folder: Path, *arguments: str, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """lrc at work: its compilers run by now."""
    pids = folder / "pids"
    environment = {"CC": f"{folder}/cc", "PIDS": str(pids), "TMPDIR": f"{folder}/temporary"}
    process = subprocess.Popen(
        [*before, sys.executable, "-m", "lrc", *arguments],
        cwd=folder / "here",
        env=os.environ | environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    while process.poll() is None and (not pids.exists() or len(pids.read_text().split()) < 2):
        time.sleep(0.02)
    return process


def running(folder: Path) -> list[int]:
    """Which of the compilers, and of what they started, still run."""
    return [pid for pid in map(int, (folder / "pids").read_text().split()) if is_running(pid)]


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (ProcessLookupError, FileNotFoundError):
        return False


@pytest.mark.parametrize("number", BY)
def test_compilers_end_with_it(folder: Path, number: signal.Signals) -> None:
    process = started(folder, "run", "tiny.lr", "--target", "c")
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (128 + number, f"{BY[number]}\n")
    assert running(folder) == []
    assert os.listdir(folder / "temporary") == []
    assert os.listdir(folder / "here") == ["tiny.lr"]


def test_a_folder_that_was_being_built_is_whole(folder: Path) -> None:
    process = started(folder, "compile", "tiny.lr", "--target", "c", "--build", "-o", "net")
    process.send_signal(signal.SIGTERM)
    for _ in range(3):  # the impatient: what follows does not cut the clearing away in two
        process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode in (128 + signal.SIGTERM, 128 + signal.SIGINT)
    assert running(folder) == []
    assert sorted(os.listdir(folder / "here")) == ["net", "tiny.lr"]
    assert {"metadata.json", "tiny.lrw"} < set(os.listdir(folder / "here/net"))
    assert not [name for name in os.listdir(folder / "here/net") if name.startswith((".", "tiny_bench"))]


def test_what_the_caller_ignores_is_ignored(folder: Path) -> None:
    process = started(folder, "run", "tiny.lr", "--target", "c", before=("nohup",))
    process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    assert process.poll() is None and len(running(folder)) >= 2
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM


def test_the_next_one_clears_away_what_a_killed_one_left(folder: Path) -> None:
    process = started(folder, "run", "tiny.lr", "--target", "c")
    process.kill()
    process.communicate(timeout=60)
    assert os.listdir(folder / "temporary") != []
    for pid in running(folder):
        os.kill(pid, signal.SIGKILL)
    lrc = [sys.executable, "-m", "lrc", "run", "tiny.lr", "--target", "c"]
    environment = os.environ | {"TMPDIR": f"{folder}/temporary"}
    environment.pop("CC", None)
    subprocess.run(lrc, cwd=folder / "here", env=environment, check=True, capture_output=True)
    assert os.listdir(folder / "temporary") == []
