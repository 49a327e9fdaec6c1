"""Whatever hits a process while it writes, and at whichever moment: what stands there is whole, the old or the new.

A process is killed before each of its file operations in turn, as Python's audit events count them; then what it has
left is looked at.
"""

import errno
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import handwritten
import pytest

from lrc.backends import replacing, signals
from lrc.backends.metadata import METADATA

FILE_OPERATIONS = ("open", "os.", "shutil.", "fcntl.", "ctypes.", "tempfile.", "subprocess.")
MINE = {"main.c": b"mine", "build/net.o": b"made", "build/deep/net.o": b"made of it"}
"""What a user keeps in an emitted folder: path -> content."""

Step = Callable[[], object]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def hit(step: Step, moment: int, number: signal.Signals) -> bool:
    """Runs `step` in a process that sends itself a signal before its file operation of that number, from 0; whether it
    had so many."""
    child = os.fork()
    if not child:
        _run_and_exit(step, moment, number)
    _, status = os.waitpid(child, 0)
    if number == signal.SIGKILL and os.WIFSIGNALED(status):
        return True
    assert os.waitstatus_to_exitcode(status) in (0, 128 + number)
    return os.waitstatus_to_exitcode(status) != 0


def _run_and_exit(step: Step, moment: int, number: signal.Signals) -> NoReturn:
    left = moment

    def audit(event: str, _: Any) -> None:
        nonlocal left
        if event.startswith(FILE_OPERATIONS):
            left -= 1
            if left == -1:
                os.kill(os.getpid(), number)

    code = 1
    try:
        with signals.as_exceptions():
            sys.addaudithook(audit)
            step()
        code = 0
    except signals.Terminated as end:
        code = 128 + end.number
    except BaseException:
        traceback.print_exc()
    finally:
        left = -2
        os._exit(code)


def moments(step: Step, number: signal.Signals) -> Iterator[int]:
    """Hits `step` at each of its file operations in turn."""
    moment = 0
    while hit(step, moment, number):
        yield moment
        moment += 1
    assert moment > 10


def older(folder: Path) -> dict[str, bytes]:
    """An emitted folder with a program, and with files of a user's."""
    handwritten.emit(folder, name="older", embed=True)
    (folder / "older_bench").write_bytes(b"a program")
    whole = contents(folder)
    for name, data in MINE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return whole


@pytest.fixture
def fresh(tmp_path: Path) -> dict[str, bytes]:
    return contents(handwritten.emit(tmp_path / "fresh"))


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    (tmp_path / "bench").mkdir()
    return tmp_path / "bench"


@pytest.fixture(params=[True, False], ids=["exchange", "renames"])
def exchange(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether two folders can change places in one step."""
    if not request.param:
        monkeypatch.setattr(replacing, "_change_places", cannot)
    return request.param


def cannot(*_: object) -> NoReturn:
    raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))


def test_a_new_folder_is_whole_or_not_there(bench: Path, fresh: dict[str, bytes]) -> None:
    folder = bench / "net"
    for _ in moments(lambda: handwritten.emit(folder), signal.SIGKILL):
        assert not folder.exists() or contents(folder) == fresh
        handwritten.emit(folder)
        assert contents(bench) == {f"net/{name}": data for name, data in fresh.items()}
        shutil.rmtree(folder)


def test_a_folder_is_the_old_or_the_new_one(bench: Path, fresh: dict[str, bytes], exchange: bool) -> None:
    """What is a user's may be on its way at that moment, and the next call brings it home.

    Where folders cannot change places, a folder between the old and the new is one that does not build.
    """
    folder, before = bench / "net", older(bench / "net")
    seen = set[str]()
    for _ in moments(lambda: handwritten.emit(folder), signal.SIGKILL):
        found = {name: data for name, data in contents(folder).items() if name not in MINE}
        if found == before:
            seen.add("old")
        elif found | {METADATA: fresh[METADATA]} == fresh:
            seen.add("new")
        else:
            seen.add("neither")
            assert "CMakeLists.txt" not in found
        everything = contents(bench).values()
        assert all(data in everything for data in MINE.values())
        handwritten.emit(folder)
        assert contents(bench) == {f"net/{name}": data for name, data in (fresh | MINE).items()}
        assert os.listdir(bench) == ["net"]
        shutil.rmtree(folder)
        older(folder)
    assert seen == {"old", "new"} if exchange else {"old", "neither", "new"}


def test_killed_again_and_again(bench: Path, fresh: dict[str, bytes], exchange: bool) -> None:
    older(folder := bench / "net")
    for _ in moments(lambda: handwritten.emit(folder), signal.SIGKILL):
        everything = contents(bench).values()
        assert all(data in everything for data in MINE.values())
    assert contents(bench) == {f"net/{name}": data for name, data in (fresh | MINE).items()}
