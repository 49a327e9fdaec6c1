"""Processes that are hit by a signal at each moment of their work."""

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from lrc.backends import signals

LOOKS = ("os.listdir", "os.scandir", "shutil.rmtree")
"""Events of the module os and its like that change nothing, or announce others."""
Step = Callable[[], object]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def hit(step: Step, moment: int, number: signal.Signals) -> bool:
    """Runs `step` in a process that sends itself a signal before its file operation of that number, from 0; whether it
    had so many."""
    child = os.fork()
    if not child:
        _run_and_exit(step, moment, number)
    _, status = os.waitpid(child, 0)
    if number == signal.SIGKILL and os.WIFSIGNALED(status):
        return True
    assert os.waitstatus_to_exitcode(status) in (0, 128 + number)
    return os.waitstatus_to_exitcode(status) != 0


def _run_and_exit(step: Step, moment: int, number: signal.Signals) -> NoReturn:
    left = moment

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        if _changes(event, arguments):
            left -= 1
            if left == -1:
                os.kill(os.getpid(), number)

    code = 1
    try:
        with signals.as_exceptions():
            sys.addaudithook(audit)
            step()
        code = 0
    except signals.Terminated as end:
        code = 128 + end.number
    except BaseException:
        traceback.print_exc()
    finally:
        left = -2
        os._exit(code)


def _changes(event: str, arguments: tuple[Any, ...]) -> bool:
    """Whether an audit event is a step that others may see."""
    if event == "open":
        return bool(arguments[2] & (os.O_WRONLY | os.O_RDWR))
    return event.startswith(("os.", "shutil.", "fcntl.", "ctypes.call", "subprocess.")) and event not in LOOKS


def moments(step: Step, number: signal.Signals) -> Iterator[int]:
    """Hits `step` at each of its file operations in turn."""
    moment = 0
    while hit(step, moment, number):
        yield moment
        moment += 1
    assert moment > 5
