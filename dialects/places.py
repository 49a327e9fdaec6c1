"""Where in the user's file an operation comes from, and errors that know it."""

from __future__ import annotations

from typing import NamedTuple

from xdsl.dialects.builtin import FileLineColLoc
from xdsl.ir import Operation
from xdsl.utils.exceptions import PassFailedException, VerifyException


class Place(NamedTuple):
    """A place in a file; lines and columns count from 1."""

    filename: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.filename}:{self.line}:{self.column}"


def place_of(op: Operation) -> Place | None:
    """The place of an operation in its file; None if it has none."""
    location = op.location
    if not isinstance(location, FileLineColLoc):
        return None
    return Place(location.filename.data, location.line.data, location.column.data)


class PlacedError(Exception):
    """What is wrong with one operation: `place` is where that comes from, `message` says no place."""

    def __init__(self, op: Operation, message: str) -> None:
        self.place, self.message = place_of(op), message
        super().__init__(f"{self.place}: {message}" if self.place else message)


class FailedPassError(PlacedError, PassFailedException):
    """A pass cannot go on because of one operation: `vgg16.lr:12:9: message`."""


class InvalidOperationError(PlacedError, VerifyException):
    """An operation that is not valid: `net.mlir:3:5: message`."""
