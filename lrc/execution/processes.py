"""Other programs: compilers, emulators, what was built. None of them outlives the call that started it.

Each is a process group of its own, so that what it starts itself, as compilers do, ends with it.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from subprocess import CompletedProcess, Popen

from lrc.backends.signals import held

PATIENCE = 2.0
"""Seconds in which a program that is asked to end may clear away its own files."""


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> CompletedProcess[str]:
    """What a program prints, and how it ends. Nothing comes in. OSError: it cannot be started."""
    with _Processes(environment) as processes:
        return processes.run(command)


def run_all(
    commands: Sequence[Sequence[str]], jobs: int, environment: Mapping[str, str] | None = None
) -> list[CompletedProcess[str]]:
    """As `run`, for several programs, so many at once."""
    with ThreadPoolExecutor(jobs) as pool, _Processes(environment) as processes:
        with held():
            futures = [pool.submit(processes.run, command) for command in commands]
        # A signal may raise here, and not where a lock would stay locked, for which the others wait.
        while not all(future.done() for future in futures):
            time.sleep(0.005)
        return [future.result() for future in futures]


class _Processes:
    """Runs programs, from several threads if need be; when the body of `with` is left, none of them runs any more."""

    def __init__(self, environment: Mapping[str, str] | None) -> None:
        self._environment = environment
        self._running: set[Popen[str]] = set()
        self._over = False
        self._guard = threading.Lock()

    def run(self, command: Sequence[str]) -> CompletedProcess[str]:
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
                env=self._environment,
                process_group=0,
            )
            self._running.add(process)
        out, error = process.communicate()
        self._running.discard(process)
        return CompletedProcess(command, process.returncode, out, error)

    def __enter__(self) -> "_Processes":
        return self

    def __exit__(self, *_: object) -> None:
        with self._guard:
            self._over = True
        for process in list(self._running):
            _end(process)


def _end(process: Popen[str]) -> None:
    """Ends a program and all that it has started: politely, then for good."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
        latest = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < latest:
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
