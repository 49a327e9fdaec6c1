"""What the documentation names exists: files, folders and passes."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrc.universe import PASSES

ROOT = Path(__file__).parents[2]
PAGES = sorted([*(ROOT / "docs").glob("*.md"), *ROOT.glob("*.md")])
FOLDERS = ("grammar", "dialects", "passes", "backends", "lrc", "tests", "examples", "docs")


def named(page: Path) -> Iterator[str]:
    """What stands in backquotes, outside of blocks of code."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    yield from re.findall(r"`([^`\n]+)`", text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_paths_exist(page: Path) -> None:
    paths = [name for name in named(page) if re.fullmatch(rf"(?:{'|'.join(FOLDERS)})/[\w./*-]*", name)]
    assert not [path for path in paths if not list(ROOT.glob(path.rstrip("/")))]


def test_every_pass_has_its_place_in_the_architecture() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert not [name for name in PASSES if f"`{name}`" not in text]
