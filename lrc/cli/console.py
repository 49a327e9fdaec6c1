"""What the commands print: reports on standard output, progress on standard error while a person watches."""

import json
import shutil
import sys
import textwrap
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from typing import Any, TypeGuard, cast

import click

from lrc.backends import staging

UNLIMITED = 10_000
"""Characters of a line that nobody wraps."""


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
    """Prints `report` as one line of JSON, which knows no infinite numbers and no NaN: they become null."""
    click.echo(json.dumps(_finite(report), allow_nan=False))


def _finite(value: Any) -> Any:
    match value:
        case float():
            return value if isfinite(value) else None
        case dict():
            return {name: _finite(each) for name, each in cast(dict[str, Any], value).items()}
        case list() | tuple():
            return [_finite(each) for each in cast(list[Any], value)]
        case _:
            return value


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], elsewhere: str = "--json has them", wide: bool = False
) -> None:
    """Prints a table; a column whose name starts with ">" is aligned to the right.

    The last columns matter least: those that a terminal has no room for are left out, unless it is to be `wide`, and
    a line says which, and that they are `elsewhere`. A first one that would crowd out the others is cut.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    names, table_rows = [column.removeprefix(">") for column in columns], list(rows)
    width = UNLIMITED if wide else terminal_width()
    console, ruler = (Console(width=room, height=1, highlight=False) for room in (width, UNLIMITED))

    def table_of(count: int) -> Table:
        table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
        for number, column in enumerate(columns[:count]):
            justify = "right" if column.startswith(">") else "left"
            cut = None if number else 2 * width // 5
            table.add_column(names[number], justify=justify, no_wrap=True, max_width=cut)
        for row in table_rows:
            table.add_row(*row[:count])
        return table

    widest_first = (table_of(count) for count in range(len(columns), 0, -1))
    table = next((it for it in widest_first if ruler.measure(it).maximum <= width), table_of(1))
    console.print(table)
    if left_out := names[len(table.columns) :]:
        click.echo(fill(f"left out, as this terminal is narrow: {', '.join(left_out)}; {elsewhere}"))


def terminal_width() -> int:
    """How many characters a line of standard output may have."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else UNLIMITED


def fill(text: str, indent: str = "") -> str:
    """`text` in lines that fit the terminal, from the second on behind `indent`; in one line elsewhere."""
    return textwrap.fill(
        text, terminal_width(), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def write_text(path: Path | None, text: str) -> None:
    """Writes `text` to `path`, a file whole or not at all; None or `-` is standard output."""
    if path is None or path == Path("-"):
        click.echo(text.encode("utf-8"), nl=not text.endswith("\n"))
    else:
        staging.write(path, text.encode("utf-8"))


def is_file(path: Path | None) -> TypeGuard[Path]:
    """Whether `path` is, or would be, a file: not standard output (None or `-`), nor a device as /dev/null is."""
    return path is not None and path != Path("-") and (path.is_file() or not path.exists())


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
