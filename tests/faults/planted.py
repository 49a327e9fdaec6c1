"""Planted faults: realistic mistakes of a compiler engineer, one a patch, each with the tests that have to find it.

A patch begins with what the mistake is, in a sentence, and with one test or more that fail with it:

    A batch norm is folded into a layer that others read as well.
    Found by: tests/semantics/test_passes.py::test_graph_passes
    --- a/passes/graph/fuse_conv_bn.py
    +++ b/passes/graph/fuse_conv_bn.py

These are tests of meaning: they would fail for any code that computes something else, and pass for any that is right,
however it is written. Comparisons of texts (`TEXTS`) find whatever changes, wrong or right, and count for nothing here.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from installed import tool

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]

TEXTS = ("tests/errors/", "tests/filecheck/", "tests/golden/", "tests/test_filecheck.py", "tests/test_golden.py")
"""Tests that compare texts: no fault may name one."""

ROOMS = {
    "frontend": ("lrc/frontend/*", "grammar/*", "lrc/diagnostics.py"),
    "dialects": ("dialects/*",),
    "passes": ("passes/*",),
    "printer": ("backends/c/*",),
    "runtime": ("backends/*",),
    "interpreters": ("lrc/interpreters/*",),
    "bounds": ("lrc/verification/bounds.py", "lrc/verification/comparison.py"),
    "verify": ("lrc/verification/*",),
    "driver": ("lrc/*",),
}
"""Room -> the files in it: the first whose pattern fits."""


@dataclass(frozen=True)
class Fault:
    """A mistake: `what` it is, `tests` that find it, `files` that it changes."""

    path: Path
    what: str
    tests: tuple[str, ...]
    files: tuple[str, ...]

    @property
    def name(self) -> str:
        """`fuse_conv_bn__no_one_use`: the file, and what is wrong in it."""
        return self.path.stem

    @property
    def room(self) -> str:
        """The part of lrc that the mistake is in."""
        return next(room for room, patterns in ROOMS.items() if any(fnmatch(self.files[0], each) for each in patterns))

    @property
    def changes(self) -> list[str]:
        """The lines that the patch takes away and puts in."""
        return re.findall(r"^[-+](?!-- |\+\+ ).*", self.path.read_text(encoding="utf-8"), re.MULTILINE)


def read(path: Path) -> Fault:
    """The fault of a patch."""
    head, mark, _ = path.read_text(encoding="utf-8").partition("--- a/")
    text = path.read_text(encoding="utf-8").removeprefix(head)
    lines = head.splitlines() if mark else []
    what = " ".join(line.lstrip("# ") for line in lines if not line.startswith("Found by:"))
    tests = re.findall(r"^Found by: (\S+)$", head, re.MULTILINE)
    return Fault(path, what, tuple(tests), tuple(re.findall(r"^\+\+\+ b/(\S+)$", text, re.MULTILINE)))


def planted(folder: Path = FOLDER) -> list[Fault]:
    """The faults of a folder, by name."""
    return [read(path) for path in sorted(folder.glob("*.patch"))]


def apply(fault: Fault, tree: Path, *, check: bool = False) -> str:
    """Make the mistake in a tree, or only see whether it could be made: what keeps it from being, or nothing."""
    command = [tool("git"), "apply", *(["--check"] if check else []), str(fault.path.resolve())]
    # a tree inside of some repository is not a part of it: git would pass over what lies outside of the folder
    alone = os.environ | {"GIT_CEILING_DIRECTORIES": str(tree.resolve().parent)}
    done = subprocess.run(command, cwd=tree, env=alone, capture_output=True, text=True, check=False)
    return done.stderr.strip() if done.returncode else ""
