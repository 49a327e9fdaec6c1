"""The commands of the environment as processes that are forked: each is one of its own, and imports nothing anew."""

import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from subprocess import CompletedProcess
from typing import IO, NoReturn

MODULES = {"lrc": "lrc.cli", "lrc-opt": "lrc.opt", "filecheck": "filecheck.main"}
"""Command -> the module whose function `main` it calls."""

import_module("lrc.api")  # and with it what most commands import when they are called


def run(
    command: str, *arguments: str, given: str = "", before: Callable[[], object] | None = None
) -> CompletedProcess[str]:
    """What a command says to these arguments, with `given` as its standard input; its process begins with `before`."""
    main: Callable[[], object] = import_module(MODULES[command]).main
    words = [command, *arguments]
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        stdin.write(given.encode())
        stdin.seek(0)
        child = os.fork()
        if not child:
            _become(main, words, (stdin, stdout, stderr), before)
        _, status = os.waitpid(child, 0)
        said = [_read(stream) for stream in (stdout, stderr)]
    return CompletedProcess(words, os.waitstatus_to_exitcode(status), *said)


def _become(
    main: Callable[[], object], words: list[str], streams: Sequence[IO[bytes]], before: Callable[[], object] | None
) -> NoReturn:
    """End this process as the command does."""
    code: object = 1
    try:
        for number, stream in enumerate(streams):
            os.dup2(stream.fileno(), number)
        sys.stdin, sys.stdout, sys.stderr = (open(n, "w" if n else "r", closefd=False) for n in range(3))  # noqa: SIM115
        sys.argv = words
        if before is not None:
            before()
        try:
            code = main() or 0
        except SystemExit as end:
            code = end.code or 0
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
        code = 1
    finally:
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


def _read(stream: IO[bytes]) -> str:
    stream.seek(0)
    return stream.read().decode()
