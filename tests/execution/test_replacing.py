"""Where an emitted folder may stand, who else may be there, and what of it stays as it was."""

import ctypes
import errno
import os
import signal
import struct
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import handwritten
import pytest
from faults import contents
from installed import tool

from lrc.backends import replacing, staging
from lrc.execution import toolchain
from lrc.execution.toolchain import Compiler

NOBODY = 65534


@pytest.fixture
def wanted(tmp_path: Path) -> dict[str, bytes]:
    return contents(handwritten.emit(tmp_path / "wanted"))


def in_processes(steps: list[Callable[[], object]]) -> list[int]:
    """Runs each step in a process of its own, all at the same time: their exit codes."""
    children: list[int] = []
    for step in steps:
        children.append(os.fork())
        if not children[-1]:
            code = 1
            try:
                step()
                code = 0
            except Exception as error:
                print(error, file=sys.stderr)
            finally:
                os._exit(code)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]


@pytest.mark.parametrize("exchange", [True, False])
def test_two_at_once_both_succeed(tmp_path: Path, exchange: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four, rather, of two networks, ten times each, which also build what is there."""
    if not exchange:
        monkeypatch.setattr(replacing, "_change_places", fail)
    names = ["one", "two"]
    whole = [contents(handwritten.emit(tmp_path / "wanted" / name, name)) for name in names]
    script = tmp_path / "cc"
    script.write_text('#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done; echo whole > "$2"\n')
    script.chmod(0o755)
    folder = tmp_path / "bench" / "net"

    def step(name: str) -> None:
        for _ in range(10):
            handwritten.emit(folder, name)
            toolchain.build(folder, compiler=Compiler((str(script),)))

    assert in_processes([lambda name=name: step(name) for name in names * 2]) == [0] * 4
    found = contents(folder)
    (program,) = found.keys() & {"one_bench", "two_bench"}
    assert found.pop(program) == b"whole\n"
    assert found in whole
    assert os.listdir(folder.parent) == ["net"]


def fail(*_: object) -> None:
    raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))


def test_a_link_to_a_folder_stays_one(tmp_path: Path, wanted: dict[str, bytes]) -> None:
    (tmp_path / "real").mkdir(mode=0o750)
    (tmp_path / "real/mine").touch()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "dangling").symlink_to("new")
    for name in ("link", "dangling"):
        handwritten.emit(tmp_path / name)
        assert (tmp_path / name).is_symlink()
    assert contents(tmp_path / "real") == wanted | {"mine": b""}
    assert contents(tmp_path / "new") == wanted
    assert (tmp_path / "real").stat().st_mode & 0o777 == 0o750


def test_the_current_folder_stays_the_one_that_the_caller_stands_in(
    tmp_path: Path, wanted: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    handwritten.emit(tmp_path / "net", name="older")
    before = (tmp_path / "net").stat().st_ino
    monkeypatch.chdir(tmp_path / "net")
    handwritten.emit(Path("."))
    assert os.stat(".").st_ino == before
    assert contents(Path(".")) == wanted
    assert sorted(os.listdir("..")) == ["net", "wanted"]


def test_what_cannot_be_moved_stays_where_it_is(
    tmp_path: Path, wanted: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folders change places back, and files are renamed one by one."""
    folder = handwritten.emit(tmp_path / "bench/net", name="older")
    for name in ("build", "a.out"):
        (folder / name).mkdir()
    before = (folder / "build").stat().st_ino, folder.stat().st_ino
    rename = os.rename

    def refuse(source: Path, destination: Path) -> None:
        if source.name == "build":
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        rename(source, destination)

    monkeypatch.setattr(os, "rename", refuse)
    handwritten.emit(folder)
    assert ((folder / "build").stat().st_ino, folder.stat().st_ino) == before
    assert contents(folder) == wanted and (folder / "a.out").is_dir()
    assert os.listdir(tmp_path / "bench") == ["net"]


def test_what_a_killed_process_took_along_comes_home_beside_what_is_new(
    tmp_path: Path, wanted: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = handwritten.emit(tmp_path / "bench/net", name="older")
    (folder / "main.c").write_text("mine")
    rename = os.rename

    def killed(source: Path, destination: Path) -> None:
        if source.name == "main.c":
            os.kill(os.getpid(), signal.SIGKILL)
        rename(source, destination)

    monkeypatch.setattr(os, "rename", killed)
    assert in_processes([lambda: handwritten.emit(folder)]) == [-signal.SIGKILL]
    monkeypatch.undo()
    assert contents(folder) == wanted
    (folder / "main.c").write_text("written anew")
    handwritten.emit(folder)
    assert contents(folder) == wanted | {"main.c": b"written anew", "main.c.2": b"mine"}


def become_ordinary() -> None:
    """Gives up what root may do to files of which the permissions say otherwise: all capabilities."""
    version_3, nothing = struct.pack("Ii", 0x20080522, 0), bytes(6 * 4)
    assert ctypes.CDLL(None).capset(version_3, nothing) == 0


def test_a_folder_in_one_that_cannot_be_written(tmp_path: Path, wanted: dict[str, bytes]) -> None:
    place = tmp_path / "closed"
    folder = handwritten.emit(place / "net", name="older")
    (place / "deep").mkdir(mode=0o555)
    place.chmod(0o555)

    def emit(name: str) -> None:
        become_ordinary()
        try:
            handwritten.emit(place / name)
        except PermissionError as error:
            assert error.filename == str(place / name)
            os._exit(3)

    assert in_processes([lambda: emit("net")]) == [0]
    assert contents(folder) == wanted
    for name in ("new", "deep", "deep/net"):
        assert in_processes([lambda name=name: emit(name)]) == [3]
    assert sorted(os.listdir(place)) == ["deep", "net"] and not os.listdir(place / "deep")
    place.chmod(0o755)


def test_a_file_of_another_user_in_a_folder_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "theirs.npy"
    path.write_bytes(b"old")
    path.chmod(0o604)
    if os.getuid() == 0:
        os.chown(path, NOBODY, NOBODY)

    def write() -> None:
        become_ordinary()
        staging.write(path, b"new")

    assert in_processes([write]) == [0]
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o604)
    assert os.listdir(tmp_path) == ["theirs.npy"]


def test_who_has_to_wait_is_told_what_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path, ready = tmp_path / "y.npy", tmp_path / "ready"

    def hold() -> None:
        with staging.beside(path):
            ready.touch()
            time.sleep(1.5 * staging.PATIENCE)

    child = os.fork()
    if not child:
        hold()
        os._exit(0)
    while not ready.exists():
        time.sleep(0.01)
    staging.write(path, b"new")
    assert os.waitpid(child, 0)[1] == 0
    assert caplog.messages == [f"waiting for another process, which is writing {path}"]
    assert sorted(os.listdir(tmp_path)) == ["ready", "y.npy"]


@pytest.mark.parametrize("how", ["--bind real real", "-t tmpfs none real"])
def test_a_mounted_folder(tmp_path: Path, wanted: dict[str, bytes], how: str) -> None:
    """Nothing changes places with it, nor moves into it from beside."""
    (tmp_path / "real").mkdir()
    step = "import handwritten, pathlib; handwritten.emit(pathlib.Path('real'), name='older'); "
    step += "handwritten.emit(pathlib.Path('real'))"
    commands = f"""\
        {tool("mount")} {how} || exit 77
        PYTHONPATH="$PYTHONPATH:{Path(handwritten.__file__).parent}" {sys.executable} -c "{step}"
        cp -r real copied"""
    become_root = [] if os.getuid() == 0 else ["--map-root-user"]
    command = [tool("unshare"), "--mount", *become_root, tool("bash"), "-ec", textwrap.dedent(commands)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    if done.returncode == 77:
        pytest.skip("nothing can be mounted here")
    assert (done.returncode, done.stderr) == (0, "")
    assert contents(tmp_path / "copied") == wanted
    assert sorted(os.listdir(tmp_path)) == ["copied", "real", "wanted"]
