"""Errors of passes that say where in the user's file the trouble is."""

from typing import NoReturn

from xdsl.dialects.builtin import FileLineColLoc
from xdsl.ir import Operation
from xdsl.utils.exceptions import PassFailedException


def fail(op: Operation, message: str) -> NoReturn:
    """Give up on a network because of one operation: `vgg16.lr:12:9: message`. Raises PassFailedException."""
    raise PassFailedException(f"{where(op)}{message}")


def where(op: Operation) -> str:
    """The place of an operation in its file, `vgg16.lr:12:9: `, or nothing if it has none."""
    location = op.location
    if not isinstance(location, FileLineColLoc):
        return ""
    return f"{location.filename.data}:{location.line.data}:{location.column.data}: "
