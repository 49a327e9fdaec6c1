"""What is wrong with the user's input: where, what, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from heapq import nsmallest
from typing import Final, Literal

Severity = Literal["error", "warning"]

MOST_SHOWN: Final = 20
"""Errors that are shown at once."""

LONGEST_LINE: Final = 160
"""Columns of a source line that are shown."""

LONGEST_MESSAGE: Final = 1000
"""Characters of a message or of a hint that are shown."""

LONGEST_WORD: Final = 80
"""Letters of a word that is compared with others: who writes a longer one has made no slip of the pen."""

MOST_COMPARED: Final = 200
"""Names that a word is compared with, letter by letter: those that begin or end most like it."""


@dataclass(frozen=True)
class Diagnostic:
    """One mistake, or what most likely is one: a warning. Lines and columns count from 1; `end_column` is the first
    one behind the mistake. `note` says what else is to be known of the place. `source_line` is the line, or the part of
    a long one that begins at `source_column` (see `excerpt`).

    `str()` shows it as compilers do, with the line and a caret under the place where there is one:

        vgg16.lr:12:9: error: no layer named 'con1'
          12 |   c: relu(con1)
             |           ^~~~
             = did you mean 'conv1'?
    """

    message: str
    hint: str | None = None
    filename: str | None = None
    line: int | None = None
    column: int | None = None
    end_column: int | None = None
    source_line: str | None = None
    note: str | None = None
    source_column: int = 1
    severity: Severity = "error"

    @staticmethod
    def of_error(error: Exception, text: str | None = None) -> Diagnostic:
        """What an error says, with its place if it knows one (`dialects/places.py`) and the line, given the text."""
        place: tuple[str, int, int] | None = getattr(error, "place", None)
        if place is None:
            return Diagnostic(str(error).strip())
        lines = (text or "").splitlines()
        filename, line, column = place
        source_line = lines[line - 1] if 0 < line <= len(lines) else ""
        word = re.match(r"\w+", source_line[column - 1 :])
        end = column + len(word[0]) if word else None
        shown, first = excerpt(source_line, 0, len(source_line), column - 1)
        message: str = getattr(error, "message", "")
        return Diagnostic(message, None, filename, line, column, end, shown or None, None, first)

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.filename, self.line, self.column) if part is not None)
        text = ": ".join(part for part in (place, self.severity, _shortened(self.message)) if part)
        margin = "  "
        if self.source_line is not None and self.line is not None and self.column is not None:
            margin = " " * (len(str(self.line)) + 3)
            shown = "".join(c if c.isprintable() else " " for c in self.source_line)
            first = self.column - self.source_column
            length = max(1, min((self.end_column or 0) - self.source_column, len(shown)) - first)
            text += f"\n  {self.line} | {shown}\n{margin}| {' ' * first}^{'~' * (length - 1)}"
        lines = "\n".join(_shortened(each) for each in (self.hint, self.note) if each).splitlines()
        return "\n".join([text, *(f"{margin}= {line}" for line in lines)])

    def as_error(self) -> Diagnostic:
        """The same as a mistake, for those who want no warnings."""
        return replace(self, severity="error")


def show(diagnostics: Sequence[Diagnostic]) -> str:
    """The first of them, as many as fit a screen, and how many more there are."""
    shown = [str(diagnostic) for diagnostic in diagnostics[:MOST_SHOWN]]
    more = len(diagnostics) - len(shown)
    return "\n".join([*shown, f"... and {more:,} more: `lrc check --json` has them all"] if more else shown)


class LrcWarning(UserWarning):
    """What of a network could be compiled, and is most likely not meant: layers that nothing reads, and the like."""


class LrcError(Exception):
    """What lrc reports to its user without a traceback; `diagnostics` holds every mistake that was found, `str()` shows
    the first of them."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(*diagnostics)
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        return show(self.diagnostics)


class UserError(LrcError):
    """The input is wrong (exit code 1)."""

    @classmethod
    def because(cls, message: str, *, hint: str | None = None, filename: str | None = None) -> UserError:
        """One mistake that has no line: a file that is not there, a tool that is missing."""
        return cls(Diagnostic(message, hint, filename))


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint if `word` looks like one of the known ones: `did you mean 'conv1'?`. Takes time linear in how many are
    known: where there are many, only those that begin or end alike are looked at closely."""
    if len(word) > LONGEST_WORD:
        return None

    def difference(name: str) -> tuple[int, str]:
        return -_begins_alike(word, name) - _begins_alike(word[::-1], name[::-1]), name

    # of words that are alike, as difflib has it by default, none is 7/3 as long as the other
    known = [name for name in known if 3 * len(word) <= 7 * len(name) <= 49 / 3 * len(word)]
    if len(known) > MOST_COMPARED:
        known = nsmallest(MOST_COMPARED, known, difference)
    matches = get_close_matches(word, sorted(known), n=1)
    return f"did you mean '{matches[0]}'?" if matches else None


def _begins_alike(one: str, other: str) -> int:
    """With how many letters both words begin."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def excerpt(text: str, start: int, end: int, offset: int) -> tuple[str, int]:
    """The line `text[start:end]` as it is shown with `offset` in it, and the column at which what is shown begins.

    Of a long line that is the part around `offset`, with an ellipsis for its first and last character where more of
    the line is left out.
    """
    first, last = start, end
    if end - start > LONGEST_LINE:
        first = max(start, min(offset - LONGEST_LINE // 2, end - LONGEST_LINE))
        last = first + LONGEST_LINE
    shown = text[first:last]
    shown = f"…{shown[1:]}" if first > start else shown
    return (f"{shown[:-1]}…" if last < end else shown), first - start + 1


def _shortened(text: str) -> str:
    """A text without its middle if it is too long for a screen."""
    half = LONGEST_MESSAGE // 2
    return text if len(text) <= LONGEST_MESSAGE else f"{text[:half]} … {text[-half:]}"


def words(names: Iterable[str], last: str = "or") -> str:
    """`'a', 'b' or 'c'`, for messages."""
    quoted = [f"'{name}'" for name in names] or ["none"]
    return f" {last} ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
