"""What keeps a module from being run, said with the place of the operation."""

from collections.abc import Generator
from contextlib import contextmanager

from xdsl.dialects.builtin import FileLineColLoc
from xdsl.ir import Operation

from lrc.diagnostics import Diagnostic, UserError
from lrc.dialects.lr.store import WeightError


@contextmanager
def located(op: Operation) -> Generator[None]:
    """Turns a WeightError, while an operation is run, into a UserError that points at the operation."""
    try:
        yield
    except WeightError as error:
        place = op.location
        if not isinstance(place, FileLineColLoc):
            raise UserError.because(str(error)) from None
        diagnostic = Diagnostic(str(error), None, place.filename.data, place.line.data, place.column.data)
        raise UserError(diagnostic) from None
