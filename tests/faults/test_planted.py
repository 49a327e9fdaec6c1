"""Planted faults still apply to the tree, say what they are, and leave no part of lrc out. `make faults` runs them."""

import re
from collections import Counter
from pathlib import Path

import pytest
from planted import ROOMS, ROOT, TEXTS, Fault, apply, planted

FAULTS = planted()

MOST_CHANGED = 8
"""Lines that a mistake takes away or puts in, at the most: a slip is small."""

HELPERS = frozenset(
    {"__init__.py", "diagnose.py", "machine.py", "rewriting.py", "arrays.py", "table.py", "errors.py", "lrc_runtime.h"}
)
"""Files in which there is little to go wrong."""

COVERED = ("passes/**/*.py", "backends/c/*.py", "lrc/interpreters/*.py", "backends/runtime/*.[ch]")
"""Files of which each has two faults or more."""

DIALECTS = ("lr", "pattern", "fkw", "kernel", "neon")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_it_applies(fault: Fault) -> None:
    assert not apply(fault, ROOT, check=True), "plant it anew: the same mistake in the code as it is"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_it_says_what_it_is_and_what_finds_it(fault: Fault) -> None:
    assert re.fullmatch(r"\S.{15,}\.", fault.what), "a sentence"
    assert 1 <= len(fault.changes) <= MOST_CHANGED
    assert fault.tests and not any(test.startswith(TEXTS) for test in fault.tests)
    for test in fault.tests:
        file, _, name = test.partition("::")
        text = (ROOT / file).read_text(encoding="utf-8")
        assert not name or re.search(rf"^def {name.split('[')[0]}\(", text, re.MULTILINE), test


def test_no_room_is_left_out() -> None:
    counts = Counter(fault.room for fault in FAULTS)
    assert all(counts[room] >= 2 for room in ROOMS), counts


def test_no_file_is_left_out() -> None:
    counts = Counter(file for fault in FAULTS for file in fault.files)
    files = [path for pattern in COVERED for path in sorted(ROOT.glob(pattern)) if path.name not in HELPERS]
    few = {str(path): n for path in map(shown, files) if (n := counts[path]) < 2}
    few |= {f"dialects/{name}": n for name in DIALECTS if (n := count_under(f"dialects/{name}/", counts)) < 2}
    assert not few, few


def shown(path: Path) -> str:
    """A file as patches call it."""
    return path.relative_to(ROOT).as_posix()


def count_under(folder: str, counts: Counter[str]) -> int:
    """The faults in a folder."""
    return sum(count for file, count in counts.items() if file.startswith(folder))
