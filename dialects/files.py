"""Files that the user names as inputs: read whole, and only what can be."""

import os
import stat
from contextlib import suppress
from pathlib import Path

KINDS = {stat.S_IFIFO: "a FIFO", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device", stat.S_IFSOCK: "a socket"}


def read(path: Path) -> bytes:
    """All bytes of a file.

    Raises OSError for what has no end, or may never begin: a FIFO, a device, a socket. One that this process was given
    open is read all the same: `/dev/stdin`, or a shell's `<(command)`.
    """
    if (kind := special(path)) and not _is_open(path):
        raise OSError(None, f"this is {kind}, not a file", str(path))
    return path.read_bytes()


def special(path: Path) -> str | None:
    """What `path` is if it is no file and no folder: `a FIFO`. Raises OSError if there is nothing."""
    return KINDS.get(stat.S_IFMT(path.stat().st_mode))


def _is_open(path: Path) -> bool:
    """Whether `path` stands for an open file of this process."""
    there = path.stat()
    for descriptor in os.listdir("/dev/fd"):
        with suppress(OSError):  # the descriptor of the listing itself
            if os.path.samestat(os.fstat(int(descriptor)), there):
                return True
    return False
