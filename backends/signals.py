"""Signals that ask this process to end: raised, so that what is unfinished is cleared away, or held for a moment."""

import signal
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from types import FrameType
from typing import Any

ENDING = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGHUP: "hung up"}


class Terminated(BaseException):
    """The process was asked to end; `number` is the signal that did."""

    def __init__(self, number: int) -> None:
        super().__init__(ENDING.get(signal.Signals(number)))
        self.number = number


@contextmanager
def as_exceptions() -> Generator[None]:
    """Ctrl-C, SIGTERM and SIGHUP raise Terminated in the body.

    Only the first does: those that follow must not interrupt the clearing away. What the caller has ignored, as nohup
    does, stays ignored. KeyboardInterrupt is not raised for Ctrl-C: where that passes through a text that is executed,
    as in the imports of many modules, Python ends the process by the signal, whatever the exit code was to be.
    """

    wanted = [number for number in ENDING if signal.getsignal(number) != signal.SIG_IGN]

    def end(number: int, _: FrameType | None) -> None:
        for each in wanted:
            signal.signal(each, _pass)
        raise Terminated(number)

    with _handled(end, wanted):
        yield


def _pass(number: int, _: FrameType | None) -> None:
    """Unlike SIG_IGN no complaint of Python's for a signal that has come already, and none of this to a child."""


@contextmanager
def held() -> Generator[None]:
    """Lets the signals wait until the body is through."""
    caught: list[int] = []
    try:
        with _handled(lambda number, _: caught.append(number), ENDING):
            yield
    finally:
        for number in caught:
            signal.raise_signal(number)


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], None], numbers: Iterable[int]) -> Generator[None]:
    """Sets a handler, and sets back what was there. Only the main thread is ever interrupted, and may do this."""
    before: dict[int, Any] = {}
    try:
        if threading.current_thread() is threading.main_thread():
            for number in numbers:
                if (previous := signal.getsignal(number)) is not None:  # None: set by code that is not Python's
                    before[number] = previous
                    signal.signal(number, handler)
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
