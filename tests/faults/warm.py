"""Runs tests in a process that has imported already what no fault is planted in: half of the time of most tests.

    python warm.py     {"arguments": ["-q", "tests/unit/test_fkw.py"], "limit": 60}  ->  {"code": 1}

A line of standard input asks for one run of pytest, a line of standard output says its exit code, none if it took
longer than its limit. Each run is a fork of this process: it imports lrc as it stands by then, and
leaves nothing behind.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from contextlib import suppress
from importlib import import_module
from typing import Any

LIBRARIES = (
    "click",
    "hypothesis.extra.lark",
    "hypothesis.extra.numpy",
    "lark",
    "pytest",
    "rich.console",
    "rich.table",
    "safetensors.numpy",
    "torch",
    "xdsl.dialects.func",
    "xdsl.dialects.math",
    "xdsl.dialects.memref",
    "xdsl.dialects.vector",
    "xdsl.interpreters.func",
    "xdsl.interpreters.scf",
    "xdsl.passes",
    "xdsl.pattern_rewriter",
    "xdsl.universe",
)
"""What the tests import that takes time."""

PAUSE = 0.02
"""Seconds between two looks at whether a run has ended."""


def main() -> None:
    """Run what is asked for until the input ends."""
    for name in LIBRARIES:
        import_module(name)
    for request in sys.stdin:
        print(json.dumps({"code": run(**json.loads(request))}), flush=True)


def run(arguments: list[str], limit: float | None, keep_bytecode: bool = False) -> int | None:
    """The exit code of pytest with these arguments; None if it took longer."""
    child = os.fork()
    if not child:
        _become_pytest(arguments, keep_bytecode)
    end = None if limit is None else time.monotonic() + limit
    try:
        while end is None or time.monotonic() < end:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                child = 0
                return os.waitstatus_to_exitcode(status)
            time.sleep(PAUSE)
        return None
    finally:
        if child:  # and whatever it has started
            with suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _become_pytest(arguments: list[str], keep_bytecode: bool) -> Any:
    """In the child: run pytest, and end."""
    code = 3
    try:
        os.setsid()
        silence = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silence, stream)
        if not keep_bytecode:
            # a file that changes twice within a second would leave bytecode behind that looks fresh and is stale
            sys.dont_write_bytecode, os.environ["PYTHONDONTWRITEBYTECODE"] = True, "1"
        pytest: Any = import_module("pytest")
        code = int(pytest.main(arguments))
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
