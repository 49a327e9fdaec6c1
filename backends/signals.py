"""Signals that ask this process to end: raised, so that what is unfinished is cleared away, or held for a moment."""

import signal
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from types import FrameType
from typing import Any

ENDING = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGHUP: "hung up"}

PATIENCE = 10.0
"""Seconds in which a process that was asked to end may clear away what is unfinished."""


class Terminated(BaseException):
    """The process was asked to end; `number` is the signal that did."""

    def __init__(self, number: int) -> None:
        super().__init__(ENDING.get(signal.Signals(number)))
        self.number = number


@contextmanager
def as_exceptions() -> Generator[None]:
    """Ctrl-C, SIGTERM and SIGHUP raise Terminated in the body.

    Those that follow within PATIENCE do nothing: they must not interrupt the clearing away. What the caller has
    ignored, as nohup does, stays ignored. KeyboardInterrupt is not raised for Ctrl-C: where that passes through a text
    that is executed, as in the imports of many modules, Python ends the process by the signal, whatever its exit code.
    """
    latest = -PATIENCE

    def end(number: int, _: FrameType | None) -> None:
        nonlocal latest
        now = time.monotonic()
        if now - latest >= PATIENCE:
            latest = now
            raise Terminated(number)

    with _handled(end, [number for number in ENDING if signal.getsignal(number) != signal.SIG_IGN]):
        yield


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
