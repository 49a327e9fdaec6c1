"""What is wrong with the user's input: where, what, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True)
class Diagnostic:
    """One mistake. Lines and columns count from 1; `end_column` is the first one behind the mistake. `note` says what
    else is to be known of the place.

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

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.filename, self.line, self.column) if part is not None)
        text = f"{place}: error: {self.message}" if place else f"error: {self.message}"
        margin = "  "
        if self.source_line is not None and self.line is not None and self.column is not None:
            margin = " " * (len(str(self.line)) + 3)
            shown = "".join(c if c.isprintable() else " " for c in self.source_line)
            length = max(1, min(self.end_column or 0, len(shown) + 1) - self.column)
            text += f"\n  {self.line} | {shown}\n{margin}| {' ' * (self.column - 1)}^{'~' * (length - 1)}"
        lines = "\n".join(each for each in (self.hint, self.note) if each).splitlines()
        return "\n".join([text, *(f"{margin}= {line}" for line in lines)])


class LrcError(Exception):
    """What lrc reports to its user without a traceback; `diagnostics` holds every mistake that was found."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(*diagnostics)
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        return "\n".join(str(diagnostic) for diagnostic in self.diagnostics)


class UserError(LrcError):
    """The input is wrong (exit code 1)."""

    @classmethod
    def because(cls, message: str, *, hint: str | None = None, filename: str | None = None) -> UserError:
        """One mistake that has no line: a file that is not there, a tool that is missing."""
        return cls(Diagnostic(message, hint, filename))


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint if `word` looks like one of the known ones: `did you mean 'conv1'?`."""
    matches = get_close_matches(word, sorted(known), n=1)
    return f"did you mean '{matches[0]}'?" if matches else None


def words(names: Iterable[str], last: str = "or") -> str:
    """`'a', 'b' or 'c'`, for messages."""
    quoted = [f"'{name}'" for name in names] or ["none"]
    return f" {last} ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
