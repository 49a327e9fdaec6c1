"""Mistakes in a network, collected so that all of a file are reported at once."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from lrc.diagnostics import Diagnostic, Severity, UserError
from lrc.dialects.values.shapes import ShapeError
from lrc.frontend import syntax
from lrc.frontend.syntax import Source, Span

MOST_HINTS: Final = 100
"""Mistakes of a file for which a hint is searched: more than anyone reads at once."""

Hint = str | Callable[[], str | None] | None
"""What to do about a mistake, or a search for it."""


class Mistake(Exception):
    """One thing that is wrong, where, and what to do about it."""

    def __init__(self, span: Span, message: str, hint: Hint = None) -> None:
        super().__init__(message)
        self.span = span
        self.message = message
        self.hint = hint


class ReportedError(Exception):
    """Something hangs on what is wrong itself and has been reported: nothing more is to be said."""


@dataclass(frozen=True)
class Call:
    """A call of a block: the layer that it makes, its place, and the block."""

    layer: str
    span: Span
    block: syntax.Block


Calls = tuple[Call, ...]
"""The calls that lead to a place inside of blocks, the outermost first."""


@dataclass
class _Found:
    """A mistake, the calls that led to it first, and the names of other calls that did."""

    span: Span
    message: str
    hint: str | None
    calls: Calls
    others: set[str] = field(default_factory=set[str])

    def diagnose(self, source: Source, severity: Severity) -> Diagnostic:
        return source.diagnose(self.span, self.message, self.hint, self._note(source), severity)

    def _note(self, source: Source) -> str | None:
        """Which calls of a block the mistake shows in."""
        if not self.calls:
            return None
        lines = [str(source.position(call.span.start)[0]) for call in self.calls]
        place = f"line {lines[0]}" if len(lines) == 1 else f"lines {' and '.join(lines)}"
        others = f", and in {len(self.others)} more" if self.others else ""
        return f"in the call '{_name(self.calls)}', {place}{others}"


class Mistakes:
    """All mistakes, or all warnings, found in a source so far; one that shows in every use of a block counts once.

    `calls` are those whose layers are being looked at.
    """

    def __init__(self, source: Source, severity: Severity = "error") -> None:
        self.source = source
        self.severity: Severity = severity
        self.calls: Calls = ()
        self._found: dict[Span, list[_Found]] = {}

    def report(self, span: Span, message: str, hint: Hint = None, calls: Calls | None = None) -> None:
        """Keep a mistake, which showed on the way of `calls` (those that are being looked at unless given). Hints that
        take a search are found for the first `MOST_HINTS`."""
        calls = _enclosing(self.calls if calls is None else calls, span)
        here = self._found.setdefault(span, [])
        if here and _name(here[0].calls) != _name(calls):
            here[0].others.add(_name(calls))
        elif message not in (found.message for found in here):
            if callable(hint):
                hint = hint() if len(self._found) <= MOST_HINTS else None
            here.append(_Found(span, message, hint, calls))

    @contextmanager
    def inside(self, call: Call) -> Generator[None]:
        """Look at the layers of a call; a mistake that ends this is kept as one of them.

        Raises ReportedError in its place.
        """
        outer = self.calls
        self.calls = (*outer, call)
        try:
            yield
        except Mistake as mistake:
            self.report(mistake.span, mistake.message, mistake.hint)
            raise ReportedError from None
        finally:
            self.calls = outer

    @contextmanager
    def collected(self, span: Span, subject: str = "") -> Generator[None]:
        """Keep the mistake that ends what is done inside; shapes that do not fit are `subject`'s, at `span`."""
        try:
            yield
        except Mistake as mistake:
            self.report(mistake.span, mistake.message, mistake.hint)
        except ShapeError as error:
            self.report(span, f"{subject}{error}", error.hint)
        except ReportedError:
            pass

    def stop_if_any(self) -> None:
        """Raises UserError with everything that was found."""
        if self._found:
            raise UserError(*self.diagnostics())

    def diagnostics(self) -> Sequence[Diagnostic]:
        """Everything that was found, in the order of the text."""
        return [
            found.diagnose(self.source, self.severity)
            for _, here in sorted(self._found.items(), key=lambda item: (item[0].start, item[0].end))
            for found in here
        ]


def _enclosing(calls: Calls, span: Span) -> Calls:
    """Those of the calls that lead to the block around a place: what stands in a call itself is not inside of it."""
    inside = [i for i, call in enumerate(calls) if call.block.span.start <= span.start < call.block.span.end]
    return calls[: inside[-1] + 1] if inside else ()


def _name(calls: Calls) -> str:
    return ".".join(call.layer for call in calls)
