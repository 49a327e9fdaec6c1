"""Other programs: compilers, emulators, what was built. None of them outlives the call that started it."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from subprocess import CompletedProcess, Popen

from lrc.backends.signals import held

PATIENCE = 2.0
"""Seconds in which a program that is asked to end may clear away its own files."""


class Processes:
    """Runs programs, from several threads if need be; when the body of `with` is left, none of them runs any more.

    Each is a process group of its own, so that what it starts itself, as compilers do, ends with it.
    """

    def __init__(self) -> None:
        self._running: set[Popen[str]] = set()
        self._over = False
        self._guard = threading.Lock()

    def run(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> CompletedProcess[str]:
        """What the command printed, and how it ended. Nothing comes in. OSError: it cannot be started."""
        with held(), self._guard:
            if self._over:
                raise InterruptedError("too late to start anything")
            process = Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                env=environment,
                process_group=0,
            )
            self._running.add(process)
        out, error = process.communicate()
        self._running.discard(process)
        return CompletedProcess(command, process.returncode, out, error)

    def __enter__(self) -> "Processes":
        return self

    def __exit__(self, *_: object) -> None:
        with self._guard:
            self._over = True
        for process in list(self._running):
            _end(process)


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> CompletedProcess[str]:
    """Runs one program, as `Processes.run`."""
    with Processes() as processes:
        return processes.run(command, environment)


def _end(process: Popen[str]) -> None:
    """Ends a program and all that it has started: politely, then for good."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        latest = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < latest:
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    # Whoever was reading what it prints has been interrupted, or will see the end of it.
