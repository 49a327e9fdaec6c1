"""What must hold of everything that lrc reads: any bytes give a result, or an error that says where they are wrong.

    tolerates("model m { input x: f32[1, 3")
    tolerates(path.read_bytes(), "safetensors")

Another end is a mistake of lrc: an exception that is none of the user's, an error without a place, more than ten
seconds, more than a gigabyte. The readers are those of the command: `READERS` has them by the kind of file. What the
emitted C reads, NAME.lrw, is read by C alone, and fuzzed in C (`tests/soak`).
"""

from __future__ import annotations

import atexit
import re
import resource
import shutil
import signal
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FrameType

from xdsl.context import Context
from xdsl.utils.exceptions import ParseError, VerifyException

from lrc import frontend
from lrc.cli.tensors import read_tensors
from lrc.compilation import compiler
from lrc.diagnostics import Diagnostic, LrcError
from lrc.dialects.places import InvalidOperationError
from lrc.execution import toolchain
from lrc.files.located import LocatedParser, verify
from lrc.frontend import syntax

SECONDS = 10
"""How long a reader may take for one input."""

MEMORY = 1 << 30
"""How many bytes of address space it may take, in addition to what the process has."""

NAME = "input"
"""How errors call the input."""

WEIGHTED = f"""\
model weighted {{
  weights "{NAME}"
  input x: f32[1, 2, 5, 4]
  patterns p = ["110/110/000", "011/011/000"]
  a: conv2d(x) {{ filters: 3, kernel: 3, pad: 1, sparsity: pattern(p) }}
  b: batch_norm(a)
  c: relu(b)
  flat: flatten(c)
  d: linear(flat) {{ units: 2 }}
  output y = d
}}
"""
"""The network whose arrays are read: a.weight [3, 2, 3, 3], a.bias; four arrays of b; d.weight [2, 60], d.bias."""

PORTS: Mapping[str, tuple[int, ...]] = {"x": (1, 2, 5, 4), "z": (1, 3)}
"""The inputs whose arrays are read."""

WHOLE_FILE = re.compile("it is not a text|the file is empty")
"""What is said of a file as a whole."""


class TooSlowError(AssertionError):
    """A reader that had not come to an end when its time was over."""


def tolerates(text: str | bytes, reader: str = "lr") -> bool:
    """Check that one of `READERS` gives a result or a located error, in ten seconds and a gigabyte; say which it was.

    In the main thread of a process of Unix: the guards are an alarm and a limit of the address space. Raises
    AssertionError, with what the reader raised as its cause.
    """
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    try:
        with _at_most(SECONDS, MEMORY):
            READERS[reader](data)
    except LrcError as error:
        unplaced = [each for each in error.diagnostics if not _has_place(each, data, reader)]
        if unplaced or not error.diagnostics:
            raise AssertionError(f"{reader}: the error says not where: {error}") from error
    except ParseError:
        pass  # it holds its place
    except VerifyException as error:
        if not isinstance(error, InvalidOperationError) or error.place is None:
            raise AssertionError(f"{reader}: the error says not where: {error}") from error
    except AssertionError as error:
        if isinstance(error, TooSlowError):
            raise
        raise AssertionError(f"{reader}: AssertionError: {error}") from error
    except Exception as error:
        raise AssertionError(f"{reader}: {type(error).__name__}: {error}") from error
    else:
        return True
    return False


def _has_place(found: Diagnostic, data: bytes, reader: str) -> bool:
    """Whether a mistake has a place in the text: a line and a column of it. In a file of numbers, its name will do, and
    for what is no text at all, or empty; and for a folder, whose name is in the message."""
    if reader == "json" or WHOLE_FILE.search(found.message):
        return True
    if reader != "lr":
        return found.filename is not None or NAME in found.message
    lines = data.count(b"\n") + 1
    return found.line is not None and 1 <= found.line <= lines and (found.column or 0) >= 1


@contextmanager
def _at_most(seconds: int, memory: int) -> Generator[None]:
    """Raises TooSlowError after so many seconds; a larger piece of memory than is left raises MemoryError."""

    def complain(_number: int, _frame: FrameType | None) -> None:
        raise TooSlowError(f"more than {seconds} s")

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + memory, hard))
    before = signal.signal(signal.SIGALRM, complain)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _read_lr(data: bytes) -> None:
    frontend.lift(frontend.parse(frontend.decode(data, NAME), NAME), _scratch())


def _read_mlir(data: bytes) -> None:
    verify(LocatedParser(_context(), data, NAME).parse_module())


def _read_weights(data: bytes) -> None:
    with _as_file(data, NAME) as path:
        module = frontend.lift(_weighted(), path.parent)
        verify(module)


def _read_arrays(data: bytes) -> None:
    with _as_file(data, NAME) as path:
        read_tensors(path, PORTS)


def _read_metadata(data: bytes) -> None:
    with _as_file(data, "metadata.json") as path:
        toolchain.metadata_of(path.parent)


READERS: Mapping[str, Callable[[bytes], None]] = {
    "lr": _read_lr,
    "mlir": _read_mlir,
    "safetensors": _read_weights,
    "npz": _read_arrays,
    "json": _read_metadata,
}
"""What the command reads, by what its files are called: networks, levels of the IR, weights, inputs (`.npy` too), and
what an emitted folder says of itself."""


@contextmanager
def _as_file(data: bytes, name: str) -> Generator[Path]:
    """The bytes as a new file, since what somebody has mapped must not change."""
    path = _scratch() / name
    path.write_bytes(data)
    try:
        yield path
    finally:
        path.unlink()


@cache
def _scratch() -> Path:
    """A folder that is there until the process ends."""
    folder = tempfile.mkdtemp(prefix="lrc-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


@cache
def _context() -> Context:
    return compiler.make_context()


@cache
def _weighted() -> syntax.File:
    return frontend.parse(WEIGHTED, "weighted.lr")
