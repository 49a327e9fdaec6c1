"""Mistakes in a network, collected so that all of a file are reported at once."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from lrc.diagnostics import Diagnostic, UserError
from lrc.dialects.lr.shapes import ShapeError
from lrc.frontend.syntax import Source, Span


class Mistake(Exception):
    """One thing that is wrong, where, and what to do about it."""

    def __init__(self, span: Span, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.span = span
        self.message = message
        self.hint = hint


class ReportedError(Exception):
    """Something hangs on what is wrong itself and has been reported: nothing more is to be said."""


class Mistakes:
    """All mistakes found in a source so far; one that shows in every use of a block counts once."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.found: dict[tuple[Span, str], Diagnostic] = {}

    def report(self, span: Span, message: str, hint: str | None = None) -> None:
        """Keep a mistake."""
        self.found.setdefault((span, message), self.source.diagnose(span, message, hint))

    @contextmanager
    def collected(self, span: Span, subject: str = "") -> Generator[None]:
        """Keep the mistake that ends what is done inside; shapes that do not fit are `subject`'s, at `span`."""
        try:
            yield
        except Mistake as mistake:
            self.report(mistake.span, mistake.message, mistake.hint)
        except ShapeError as error:
            self.report(span, f"{subject}{error}")
        except ReportedError:
            pass

    def stop_if_any(self) -> None:
        """Raises UserError with everything that was found."""
        if self.found:
            raise UserError(*sorted(self.found.values(), key=lambda found: (found.line or 0, found.column or 0)))
