"""Trying faults: each is made in a copy of the tree, and the tests that should find it are run there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from planted import FOLDER, ROOT, Fault, apply

LIMIT = 60.0
"""Seconds, from the start of a test, within which it has to find a fault."""

VERDICTS = ("found", "found by a crash", "survived", "took too long", "does not apply", "fails without it")

REFUSALS = frozenset(
    {
        "assert",
        "AssertionError",
        "DiagnosticException",
        "Failed",
        "FailedPassError",
        "InvalidOperationError",
        "InterpretationError",
        "PassFailedException",
        "UserError",
        "VerifyException",
        "WeightError",
        "WrongPassError",
    }
)
"""What a test fails by that has judged: an assertion, or lrc itself, which refuses what is wrong; else it crashed."""

NO_COPY = shutil.ignore_patterns(".*", "build", "__pycache__", "*.egg-info")


@dataclass(frozen=True)
class Result:
    """What became of a fault: a verdict, by which test, after how many seconds, and what that test said."""

    fault: Fault
    verdict: str
    seconds: float = 0.0
    test: str = ""
    said: str = ""

    @property
    def is_found(self) -> bool:
        """Whether a test failed in time, by whatever."""
        return self.verdict.startswith("found")


class Tree:
    """A copy of the tree to make mistakes in, for one at a time."""

    def __init__(self, limit: float = LIMIT) -> None:
        self.limit = limit
        self._scratch = tempfile.TemporaryDirectory(prefix="lrc-faults-")
        self.place = Path(self._scratch.name) / "lrc"
        shutil.copytree(ROOT, self.place, symlinks=True, ignore=NO_COPY)
        variables = os.environ | {"PYTHONPATH": os.pathsep.join([str(self.place), str(FOLDER)])}
        self._warm = subprocess.Popen(
            [sys.executable, FOLDER / "warm.py"],
            cwd=self.place,
            env=variables,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def close(self) -> None:
        """Remove it."""
        self._warm.communicate()
        self._scratch.cleanup()

    def broken(self, tests: Iterable[str]) -> list[str]:
        """Those of the tests that fail without any fault."""
        tests = list(tests)
        if not tests:
            return []
        _, report = self._run(tests, None, keep_bytecode=True)
        if len(tests) > 1 and not _cases(report):
            # pytest runs none where one does not exist
            half = len(tests) // 2
            return self.broken(tests[:half]) + self.broken(tests[half:])
        failed = {_test(case) for case in _cases(report) if _failure(case) is not None}
        passed = {_test(case) for case in _cases(report)} - failed
        return [each for each in tests if not _covers(each, passed) or _covers(each, failed)]

    def judge(self, fault: Fault, tests: Sequence[str]) -> Result:
        """Make a mistake, run tests until one finds it, and undo it."""
        before = {name: Path(self._scratch.name) / f"before{n}" for n, name in enumerate(fault.files)}
        if error := apply(fault, self.place, check=True):
            return Result(fault, "does not apply", said=error.splitlines()[0])
        for name, copy in before.items():
            shutil.copy2(self.place / name, copy)
        apply(fault, self.place)
        last = Result(fault, "survived")
        try:
            for test in tests:
                last = self._try(fault, test)
                if last.is_found:
                    break
        finally:
            for name, copy in before.items():
                shutil.copy2(copy, self.place / name)
        return last

    def _try(self, fault: Fault, test: str) -> Result:
        began = time.monotonic()
        code, report = self._run([test], self.limit)
        seconds = time.monotonic() - began
        if code is None:
            return Result(fault, "took too long", seconds, test)
        if code == 0:
            return Result(fault, "survived", seconds, test)
        said = next((text for case in _cases(report) if (text := _failure(case)) is not None), "the tests cannot start")
        kind = said.split(maxsplit=1)[0].rstrip(":").rpartition(".")[2] if said else ""
        verdict = "found" if code == 1 and kind in REFUSALS else "found by a crash"
        return Result(fault, verdict, seconds, test, said)

    def _run(self, tests: list[str], limit: float | None, *, keep_bytecode: bool = False) -> tuple[int | None, Path]:
        """Run tests in the tree: their exit code, None if they took too long, and their report."""
        report = Path(self._scratch.name) / "report.xml"
        report.unlink(missing_ok=True)
        arguments = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "repeatable", "--tb=line"]
        arguments += ["--hypothesis-profile", "repeatable", f"--junitxml={report}", "--rootdir", ".", *tests]
        arguments += ["-x"] if limit else []
        assert self._warm.stdin is not None and self._warm.stdout is not None
        request = {"arguments": arguments, "limit": limit, "keep_bytecode": keep_bytecode}
        print(json.dumps(request), file=self._warm.stdin, flush=True)
        return json.loads(self._warm.stdout.readline())["code"], report


def _cases(report: Path) -> list[ElementTree.Element]:
    return list(ElementTree.parse(report).iter("testcase")) if report.is_file() else []


def _failure(case: ElementTree.Element) -> str | None:
    """What a test failed by, in the words of its exception; None if it passed."""
    found = next((each for each in case if each.tag in ("failure", "error")), None)
    return None if found is None else found.get("message", "")


def _test(case: ElementTree.Element) -> str:
    """The name of a test as the command line has it."""
    return f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name', '')}"


def _covers(test: str, names: set[str]) -> bool:
    """Whether a test, one of its parameters, or one of a file's tests is among `names`."""
    return any(name == test or name.startswith((f"{test}[", f"{test}::")) for name in names)
