"""Whatever hits a process while it writes, and at whichever moment: what stands there is whole, the old or the new.

A process is killed before each of its file operations in turn, as Python's audit events count them; then what it has
left is looked at.
"""

import errno
import os
import resource
import shutil
import signal
import tempfile
from pathlib import Path
from typing import NoReturn

import handwritten
import pytest
from faults import contents, hit, moments

from lrc.backends import replacing, staging
from lrc.backends.metadata import METADATA
from lrc.execution import toolchain
from lrc.execution.toolchain import Compiler
from lrc.files import levels

MINE = {"main.c": b"mine", "build/net.o": b"made", "build/deep/net.o": b"made of it"}
"""What a user keeps in an emitted folder: path -> content."""


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


@pytest.fixture(params=["exchange", "renames", "inside"])
def exchange(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether two folders can change places in one step; where they cannot, whether there is room beside them."""
    if request.param != "exchange":
        monkeypatch.setattr(replacing, "_change_places", cannot)
    if request.param == "inside":
        monkeypatch.setattr(staging.os, "access", lambda path, mode: False)  # pyright: ignore
    return request.param == "exchange"


def cannot(*_: object) -> NoReturn:
    raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))


@pytest.mark.parametrize("name", ["net", "build/c/net"])
def test_a_new_folder_is_whole_or_not_there(bench: Path, fresh: dict[str, bytes], name: str) -> None:
    folder = bench / name
    for _ in moments(lambda: handwritten.emit(folder), signal.SIGKILL):
        assert not folder.exists() or contents(folder) == fresh
        handwritten.emit(folder)
        assert contents(bench) == {f"{name}/{file}": data for file, data in fresh.items()}
        shutil.rmtree(bench / Path(name).parts[0])


def test_a_folder_is_the_old_or_the_new_one(bench: Path, fresh: dict[str, bytes], exchange: bool) -> None:
    """What is a user's may be on its way at that moment, and the next call brings it home.

    Where folders cannot change places, a folder between the old and the new is one that does not build.
    """
    folder, before = bench / "net", older(bench / "net")
    seen = set[str]()
    for _ in moments(lambda: handwritten.emit(folder), signal.SIGKILL):
        found = {name: data for name, data in contents(folder).items() if name not in MINE and ".lrc/" not in name}
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


def test_who_asks_it_to_end_finds_nothing_left_behind(bench: Path, fresh: dict[str, bytes], exchange: bool) -> None:
    """Even at the moments at which it cannot be asked, which it lets pass first."""
    folder, before = bench / "net", older(bench / "net")
    for _ in moments(lambda: handwritten.emit(folder), signal.SIGTERM):
        assert os.listdir(bench) == ["net"]
        assert contents(folder) in (before | MINE, fresh | MINE)
        if contents(folder) != before | MINE:
            shutil.rmtree(folder)
            older(folder)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_file_is_the_old_or_the_new_one(bench: Path, number: signal.Signals) -> None:
    path = bench / "y.npy"
    path.write_bytes(b"old")
    for _ in moments(lambda: staging.write(path, b"new"), number):
        assert path.read_bytes() in (b"old", b"new")
        assert number == signal.SIGKILL or os.listdir(bench) == ["y.npy"]
        staging.write(path, b"old")
        assert contents(bench) == {"y.npy": b"old"}


@pytest.mark.parametrize("most", [0, 100, 1000, 5000])
def test_where_there_is_no_room_all_stays_as_it_was(bench: Path, exchange: bool, most: int) -> None:
    """Room for so many bytes in a file, which is less than the largest one has."""
    folder = bench / "net"
    older(folder)
    before = contents(bench)

    def emit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
        for place, step in ((folder, handwritten.emit), (bench / "new", handwritten.emit), (bench / "y.npy", write)):
            with pytest.raises(OSError, match="File too large") as error:
                step(place)
            assert error.value.filename == str(place)

    def write(path: Path) -> None:
        staging.write(path, bytes(30000))

    assert not hit(emit, 1 << 30, signal.SIGKILL)
    assert contents(bench) == before
    assert os.listdir(bench) == ["net"]


def test_a_text_never_stands_beside_arrays_that_are_not_its_own(bench: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levels, "is_written_by_lrc", Path.exists)

    def save(content: bytes) -> None:
        with levels.written(bench / "net.mlir") as new:
            (new / "net.mlir").write_bytes(content)
            (new / "net.safetensors").write_bytes(content)

    save(b"old")
    for _ in moments(lambda: save(b"new"), signal.SIGKILL):
        found = contents(bench)
        assert "net.mlir" not in found or found["net.mlir"] == found["net.safetensors"]
        save(b"old")
        assert contents(bench) == {"net.mlir": b"old", "net.safetensors": b"old"}


def test_a_program_is_whole_or_not_there(bench: Path, tmp_path: Path) -> None:
    compiler = tmp_path / "cc"
    compiler.write_text('#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done; echo whole > "$2"; echo > "$TMPDIR/cc.s"\n')
    compiler.chmod(0o755)
    folder = handwritten.emit(bench / "net")
    before = contents(folder)
    for _ in moments(lambda: toolchain.build(folder, jobs=1, compiler=Compiler((str(compiler),))), signal.SIGKILL):
        found = contents(folder)
        assert found.pop("two_scales_bench", b"whole\n") == b"whole\n"
        assert found == before
        handwritten.emit(folder)
        assert os.listdir(bench) == ["net"] and contents(folder) == before


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_stays_among_the_temporary_files(
    bench: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a killed process has left there goes with the next one."""
    monkeypatch.setattr(tempfile, "tempdir", str(bench))
    (bench / "lrc-mine").mkdir()
    (bench / "lrc-scratch-file").touch()
    mine = sorted(os.listdir(bench))

    def work() -> None:
        with staging.TemporaryFolder() as scratch:
            Path(scratch, "net").mkdir()
            Path(scratch, "net/input.raw").write_bytes(b"x")

    with staging.TemporaryFolder() as alive:
        for _ in moments(work, number):
            if number == signal.SIGKILL:
                work()
            assert sorted(os.listdir(bench)) == sorted([*mine, os.path.basename(alive)])
    assert sorted(os.listdir(bench)) == mine
