"""The language: from text to the `lr` dialect, and back, and to its one canonical layout."""

from __future__ import annotations

from pathlib import Path
from typing import IO

from xdsl.dialects.builtin import ModuleOp

from lrc.diagnostics import UserError
from lrc.dialects.files import read
from lrc.frontend.formatting import format
from lrc.frontend.lifting import Warn, lift
from lrc.frontend.parsing import TEXT_HINT, parse
from lrc.frontend.writing import write

__all__ = ["format", "lift", "load", "parse", "parse_stream", "read_text", "write"]


def read_text(path: Path) -> str:
    """The text of a `.lr` file. Raises UserError if it is not there, or no text."""
    try:
        return decode(read(path), str(path))
    except OSError as error:
        raise UserError.because(f"cannot be read: {error.strerror or error}", filename=str(path)) from None


def decode(data: bytes, filename: str) -> str:
    """Bytes as the text of a `.lr` file. Raises UserError if they are none."""
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise UserError.because("this is no .lr file: it is not a text", hint=TEXT_HINT, filename=filename) from None


def load(path: Path | str, warn: Warn = lambda warnings: None) -> ModuleOp:
    """The network of a `.lr` file, verified, its weights checked. What it does not use is told to `warn`. Raises
    UserError with all that is wrong."""
    path = Path(path)
    return lift(parse(read_text(path), str(path)), path.parent, warn)


def parse_stream(stream: IO[str] | IO[bytes], warn: Warn = lambda warnings: None) -> ModuleOp:
    """A network read from an open file, as `lrc-opt` has it; weights are found relative to the file, or to the folder
    that one is in if it has no name. What it does not use is told to `warn`."""
    name = getattr(stream, "name", "<stdin>")
    filename = name if isinstance(name, str) else "<stdin>"
    data = stream.read()
    text = data if isinstance(data, str) else decode(data, filename)
    return lift(parse(text, filename), Path(filename).parent, warn)
