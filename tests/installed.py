"""The programs that tests call: a missing one fails the test that asks for it, and says how to get it.

What `make test` installs is the Makefile's list, so nothing else can be asked for: a test that needs a new program puts
it there first. C compilers and emulators that lrc itself finds come from `lrc.execution.toolchain`.
"""

import re
import shutil
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).parents[1] / "Makefile"

ESSENTIAL = frozenset({"bash", "script", "unshare"})
"""Programs that every Debian has."""


def provided() -> dict[str, str]:
    """Command -> Debian package, as the Makefile's TEST_TOOLS has it; "" where a package brings no command."""
    text = MAKEFILE.read_text(encoding="utf-8").replace("\\\n", "")
    lists = dict(re.findall(r"^(\w+_TOOLS) := (.*)$", text, re.MULTILINE))
    words = re.sub(r"\$\((\w+)\)", lambda name: lists[name[1]], lists["TEST_TOOLS"]).split()
    return {command: package for command, _, package in (word.partition(":") for word in words) if command}


def tool(name: str) -> str:
    """The path of a program. The test fails if there is none, or if no new machine would have it."""
    packages = provided()
    if name not in packages and name not in ESSENTIAL:
        pytest.fail(f"'{name}' is missing in TEST_TOOLS of the Makefile: no new machine has it")
    if (path := shutil.which(name)) is None:
        pytest.fail(f"there is no {name}: `make test` installs it from {packages.get(name, 'the system')}")
    return path
