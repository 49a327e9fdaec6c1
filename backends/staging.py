"""What is written is written beside its place first, and moved there in one step: it is the old or the new, never half.

The place beside `out/net` is the folder `out/.net.lrc`, and belongs to the one process that has locked the file `lock`
in it. The lock goes with the process: whatever a locked folder holds was left by one that was killed.
"""

import errno
import fcntl
import logging
import os
import re
import shutil
import stat
import tempfile
import time
import weakref
from collections.abc import Collection, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from lrc.backends.signals import held

LOCK = "lock"
NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
TEMPORARY = "lrc-scratch-"

PATIENCE = 1.0
"""Seconds after which a user should know what is waited for."""


@contextmanager
def beside(path: Path, keep: Collection[str] = ()) -> Generator[Path]:
    """A folder to prepare the new `path` in, which is taken away in the end; waits while another process has it.

    It stands beside `path`, or in `path` if that is a folder and there is no way to put anything beside it. It is empty
    but for what a killed process left there of the names in `keep`; while there is one of those, the folder stays.
    Raises OSError.
    """
    work = _place_beside(path)
    lock: int | None = None
    try:
        while lock is None:
            with held():
                with suppress(FileExistsError):
                    work.mkdir()
                lock = _claim(work)
            if lock is None:
                _wait(work, path)
        _clear(work, (LOCK, *keep))
        yield work
    finally:
        with held():
            if lock is not None:
                _clear(work, (LOCK, *keep))
                _leave(work, lock)
            else:
                _remove_empty(work)


@contextmanager
def parents_made(path: Path) -> Generator[None]:
    """Makes the folders that `path` is to stand in, and takes away again what it made if the body fails.

    Raises NotADirectoryError if a file stands in the way, OSError for the system's other reasons.
    """
    missing = [parent for parent in path.parents if not parent.exists()]
    try:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path)) from None
        yield
    except BaseException:
        for parent in missing:
            _remove_empty(parent)
        raise


def write(path: Path, data: bytes) -> None:
    """Writes `data` to `path`, which never holds half of it.

    A link stays one, and the file that it leads to keeps its permissions. A device or a pipe, as /dev/null and
    /dev/stdout are, is written to as it is. Raises OSError, which names `path`.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        place = Path(os.path.realpath(path))
        with beside(place) as work:
            new = work / "new"
            new.write_bytes(data)
            if place.exists():
                with suppress(PermissionError):  # who may write here may take a file over
                    keep_owner(place, new)
            os.replace(new, place)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def keep_owner(old: Path, new: Path) -> None:
    """Gives `new` the permissions of `old`, then its owner. Raises PermissionError if that is not allowed."""
    was, now = old.stat(), new.stat()
    os.chmod(new, stat.S_IMODE(was.st_mode))
    if (was.st_uid, was.st_gid) != (now.st_uid, now.st_gid):
        os.chown(new, was.st_uid, was.st_gid)


class TemporaryFolder:
    """A folder among the temporary files, until it is cleaned up, collected, or the process ends.

    The next one also removes what killed processes of the same user have left. A child that forks off leaves it alone.
    """

    def __init__(self) -> None:
        _sweep()
        with held():
            lock = None
            while lock is None:
                self.name = tempfile.mkdtemp(prefix=TEMPORARY)
                lock = _claim(Path(self.name))
            self._finalizer = weakref.finalize(self, _remove_own, Path(self.name), lock, os.getpid())

    def cleanup(self) -> None:
        """Removes it."""
        with held():
            self._finalizer()

    def __enter__(self) -> str:
        return self.name

    def __exit__(self, *_: object) -> None:
        self.cleanup()


def _place_beside(path: Path) -> Path:
    name = f".{path.name}.lrc"
    if path.is_dir() and (
        _is_mounted(path) or not os.access(path.parent, os.W_OK | os.X_OK) or len(os.fsencode(name)) > 255
    ):
        return path / ".lrc"
    return path.with_name(name)


def _is_mounted(path: Path) -> bool:
    """Whether a file system begins at this folder: nothing can be moved into it. `ismount` knows no bind mounts."""
    try:
        mounts = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:
        mounts = []
    escaped = re.sub(rb"[ \t\n\\]", lambda it: b"\\%03o" % ord(it[0]), os.fsencode(path))
    return os.path.ismount(path) or any(mount.split()[4] == escaped for mount in mounts)


def _claim(work: Path) -> int | None:
    """Locks the folder: the lock's descriptor; None if another process has it, or has just removed it."""
    try:
        lock = os.open(work / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    except FileNotFoundError:
        return None
    try:
        _lock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(lock), os.stat(work / LOCK)):
            return lock
    except (BlockingIOError, FileNotFoundError):
        pass
    except BaseException:
        os.close(lock)
        raise
    os.close(lock)
    return None


def _wait(work: Path, path: Path) -> None:
    """Returns when the process that has the folder is through with it. If that takes long, it says so."""
    with suppress(FileNotFoundError), open(work / LOCK, "r+b") as lock:
        latest = time.monotonic() + PATIENCE
        while time.monotonic() < latest:
            with suppress(BlockingIOError):
                return _lock(lock.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            time.sleep(0.01)
        logging.getLogger("lrc").warning("waiting for another process, which is writing %s", path)
        _lock(lock.fileno(), fcntl.LOCK_EX)


def _lock(file: int, how: int) -> None:
    try:
        fcntl.flock(file, how)
    except OSError as error:
        if error.errno not in NO_LOCKS:  # where files cannot be locked, two at once are not kept apart
            raise


def _clear(work: Path, keep: Collection[str]) -> None:
    for entry in list(os.scandir(work)):
        if entry.name not in keep:
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry)
            else:
                os.unlink(entry)


def _leave(work: Path, lock: int) -> None:
    """Gives the folder back, and removes it if it is empty."""
    if os.listdir(work) == [LOCK]:
        os.unlink(work / LOCK)
        _remove_empty(work)
    os.close(lock)


def _remove_empty(work: Path) -> None:
    with suppress(OSError):  # somebody else may have come already
        work.rmdir()


def _remove(work: Path, lock: int) -> None:
    shutil.rmtree(work, ignore_errors=True)
    os.close(lock)


def _remove_own(work: Path, lock: int, owner: int) -> None:
    if os.getpid() == owner:  # a child of fork ends too
        _remove(work, lock)


def _sweep() -> None:
    """Removes the temporary folders of processes that are no more."""
    there = tempfile.gettempdir()
    for entry in list(os.scandir(there)) if os.access(there, os.R_OK) else []:
        with suppress(OSError):
            mine = entry.is_dir(follow_symlinks=False) and entry.stat().st_uid == os.getuid()
            if mine and entry.name.startswith(TEMPORARY):
                with held():
                    if (lock := _claim(Path(entry.path))) is not None:
                        _remove(Path(entry.path), lock)
