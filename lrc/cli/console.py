"""What the commands print: reports on standard output, progress on standard error while a person watches."""

import json
import os
import stat
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, TypeGuard

import click


@contextmanager
def progress(what: str) -> Generator[Callable[[str], None]]:
    """Shows `what` and a spinner while the body runs, and the step that the body passes to what it is given.

    Silent unless standard error is a terminal.
    """
    if not sys.stderr.isatty():
        yield lambda step: None
        return
    from rich.console import Console

    with Console(stderr=True).status(what) as status:
        yield lambda step: status.update(f"{what}: {step}")


def print_json(report: Any) -> None:
    """Prints `report` as one line of JSON."""
    click.echo(json.dumps(report))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints a table; a column whose name starts with ">" is aligned to the right.

    The last columns matter least: those that a terminal has no room for are left out. A first one that would
    crowd out the others is cut.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    cells = [[column.removeprefix(">") for column in columns], *rows]
    widths = [max(map(len, column)) + 4 for column in zip(*cells, strict=True)]
    console = Console(width=None if sys.stdout.isatty() else sum(widths) + 4, highlight=False)
    if sys.stdout.isatty():
        widths[0] = min(widths[0], 2 * console.width // 5)
    shown = max((count for count in range(1, len(widths) + 1) if sum(widths[:count]) < console.width), default=1)
    table = Table(box=SIMPLE_HEAD, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    for number, column in enumerate(columns[:shown]):
        justify = "right" if column.startswith(">") else "left"
        table.add_column(
            column.removeprefix(">"), justify=justify, no_wrap=True, max_width=None if number else widths[0] - 4
        )
    for row in cells[1:]:
        table.add_row(*row[:shown])
    console.print(table)


def write_text(path: Path | None, text: str) -> None:
    """Writes `text` to `path`, a file whole or not at all; None or `-` is standard output."""
    if path is None or path == Path("-"):
        click.echo(text.encode("utf-8"), nl=not text.endswith("\n"))
    else:
        write_whole(path, text.encode("utf-8"))


def is_file(path: Path | None) -> TypeGuard[Path]:
    """Whether `path` is, or would be, a file: not standard output (None or `-`), nor a device as /dev/null is."""
    return path is not None and path != Path("-") and (path.is_file() or not path.exists())


def write_whole(path: Path, data: bytes) -> None:
    """Writes `data` to `path` through a neighbouring file, so that `path` never holds half of it.

    A link stays one, and the file that it leads to keeps its permissions. A device or a pipe, as /dev/null and
    /dev/stdout are, is written to as it is. Raises OSError, which names `path`.
    """
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        place = path.resolve()
        mode = stat.S_IMODE(place.stat().st_mode) if place.exists() else 0o644
        file = NamedTemporaryFile(dir=place.parent, prefix=f".{place.name}.", delete=False)  # noqa: SIM115
        try:
            with file:
                file.write(data)
                os.fchmod(file.fileno(), mode)
            os.replace(file.name, place)
        except BaseException:
            os.unlink(file.name)
            raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def bytes_text(count: float) -> str:
    """`count` bytes for a person: 512 B, 1.5 kB, 33.8 MB."""
    for unit, size in (("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count:.0f} B"


def count_text(count: float) -> str:
    """`count` things for a person: 512, 1.5 k, 14.7 M."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count:.0f}"
