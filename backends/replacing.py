"""How a new emitted folder takes the place of an old one: all of it or nothing, whatever happens meanwhile.

A whole new folder is written beside the old one (`staging`), and the two change places in one step. What in the old one
is not lrc's then moves over. Where two folders cannot change places, the files are renamed one by one, in an order that
leaves no folder that looks whole and is not. A process that was killed in between leaves the rest beside the folder,
under a name that says how far it came, and the next one that writes there finishes its work:

    new        being written: worth nothing
    exchange   about to change places with the folder, or just has: other people's files in it belong to the folder
    ready      whole, being moved into the folder file by file
    old        all that is left of an older folder: worth nothing
"""

import ctypes
import errno
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from lrc.backends.metadata import METADATA, files_of_lrc, listed
from lrc.backends.signals import held
from lrc.backends.staging import beside, keep_owner, parents_made

CMAKE = "CMakeLists.txt"
NEW, EXCHANGE, READY, OLD = "new", "exchange", "ready", "old"

AT_FDCWD, RENAME_EXCHANGE = -100, 2
"""As <fcntl.h> and <stdio.h> of Linux have them."""


class ForeignFileError(FileExistsError):
    """A file stands in the way that lrc did not write."""


@contextmanager
def claimed(folder: Path) -> Generator[tuple[Path, Path]]:
    """The real place of a folder, made with its parents or not yet there, and a place to write beside it.

    Both are this process's alone: another one that writes or builds the same folder waits. What a killed one left
    undone is done first. Raises OSError, which names the folder.
    """
    place = Path(os.path.realpath(folder))
    try:
        if place.exists() and not place.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        with parents_made(place), beside(place, keep=(EXCHANGE, READY)) as work:
            _finish(place, work)
            yield place, work
    except ForeignFileError as error:
        error.filename = str(folder / os.path.basename(error.filename))
        raise
    except OSError as error:
        # The user knows the folder, not what is hidden beside it; and a full disk names no file at all.
        raise OSError(error.errno, error.strerror, str(folder)) from error


def put(new: Path, place: Path) -> None:
    """Makes a finished folder, `work / NEW` of `claimed`, the one at its place: whatever happens, that is old or new.

    Raises ForeignFileError if a file of somebody else has the name of a new one; nothing is changed then.
    """
    mine = files_of_lrc(place) if place.exists() else set[str]()
    for name in sorted(set(os.listdir(new)) - mine):
        if os.path.lexists(place / name):
            raise ForeignFileError(errno.EEXIST, "lrc did not write this file and leaves it alone", str(place / name))
    with held():
        if not place.exists():
            os.rename(new, place)
        elif not _exchanged(new, place):
            ready = new.with_name(READY)
            os.rename(new, ready)
            _move_in(ready, place)


def _exchanged(new: Path, place: Path) -> bool:
    """Lets the new folder and the one at `place` change places, and takes over what is not lrc's: whether it could.

    It does not try where the folder is the current one: whoever called would stand in one that is no more.
    """
    exchange = new.with_name(EXCHANGE)
    if new.parent.parent == place or _is_current(place):
        return False
    try:
        keep_owner(place, new)
        os.rename(new, exchange)
        _change_places(exchange, place)
    except OSError:
        if exchange.exists():
            os.rename(exchange, new)
        return False
    moved: list[str] = []
    try:
        for name in _others(exchange):
            os.rename(exchange / name, place / name)
            moved.append(name)
    except OSError:  # a folder that is mounted there, or is somebody else's
        for name in moved:
            os.rename(place / name, exchange / name)
        _change_places(exchange, place)
        os.rename(exchange, new)
        return False
    os.rename(exchange, new.with_name(OLD))
    return True


def _is_current(place: Path) -> bool:
    try:
        return os.path.samefile(place, os.curdir)
    except FileNotFoundError:  # the current folder has been removed
        return False


def _change_places(one: Path, other: Path) -> None:
    """Swaps two folders in one step. OSError: this system, or this file system, cannot."""
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "renameat2"):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if library.renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _others(folder: Path) -> list[str]:
    """What in a folder is not lrc's."""
    return sorted(set(os.listdir(folder)) - files_of_lrc(folder))


def _move_in(ready: Path, place: Path) -> None:
    """Moves all files of a folder into another one, over lrc's own there.

    The file that builds the folder goes first and comes last, but for the list of files, which knows what is still to
    be done: whoever is interrupted in between leaves a folder that does not build, and the next call finishes it.
    """
    left = os.listdir(ready)
    if CMAKE in left:
        gone = files_of_lrc(place) - listed(ready) - {CMAKE}
        for name in (CMAKE, *gone):
            (place / name).unlink(missing_ok=True)
    for name in sorted(left, key=lambda name: (name == METADATA, name == CMAKE)):
        os.replace(ready / name, place / name)
    ready.rmdir()


def _finish(place: Path, work: Path) -> None:
    """Finishes what a killed process left undone."""
    ready, exchange = work / READY, work / EXCHANGE
    if ready.exists():
        place.mkdir(exist_ok=True)
        _move_in(ready, place)
    if exchange.exists():
        for name in _others(exchange):
            place.mkdir(exist_ok=True)
            os.rename(exchange / name, _free(place, name))
        os.rename(exchange, work / OLD)
        shutil.rmtree(work / OLD)


def _free(folder: Path, name: str) -> Path:
    """Where something of that name finds room: the name itself, unless its owner has made another one by now."""
    count, path = 1, folder / name
    while os.path.lexists(path):
        count += 1
        path = folder / f"{name}.{count}"
    return path
