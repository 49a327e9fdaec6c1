"""No part of lrc takes much more than twice as long for twice as much: `python -m benchmarks.growth` has the table."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.growth import LEAST_SECONDS, check, compile_network, reformat, seconds_of
from benchmarks.networks import CASES
from lrc.cli import main
from lrc.diagnostics import LONGEST_LINE, LONGEST_MESSAGE, MOST_SHOWN

TIMES = 8
"""How much larger the larger file is."""

GENEROUS = 4
"""How much longer than linear it may take: what is quadratic takes 8 times as long."""


def grows(work: Callable[[str], None], name: str, size: int) -> float:
    """How many times as long the work takes for a file that is `TIMES` as large, or less: the larger one is timed once,
    and again only if that was too long. Short times count as the least that can be told from noise."""
    text = CASES[name].text(TIMES * size)
    small = max(seconds_of(work, CASES[name].text(size), at_least=0.25), LEAST_SECONDS)
    first = seconds_of(work, text, at_least=0)
    return (first if first < GENEROUS * TIMES * small else seconds_of(work, text, at_least=2)) / small


@pytest.mark.parametrize("name", CASES)
def test_checking(name: str) -> None:
    assert grows(check, name, 100) < GENEROUS * TIMES


@pytest.mark.parametrize("name", ["concat", "parameters", "comments", "one-line"])
def test_formatting(name: str) -> None:
    assert grows(reformat, name, 100) < GENEROUS * TIMES


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.compiles])
def test_compiling(name: str) -> None:
    assert grows(compile_network, name, 40) < GENEROUS * TIMES


@pytest.mark.parametrize("name", ["unknown-layers", "unknown-fields", "wrong-shapes"])
def test_what_is_shown_of_many_mistakes_is_a_screen(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "net.lr"
    path.write_text(CASES[name].text(400), encoding="utf-8")
    with pytest.raises(SystemExit, match="1"):
        main(["check", str(path)])
    shown = capfd.readouterr().err
    assert f"... and {400 - MOST_SHOWN} more" in shown
    assert max(map(len, shown.splitlines())) < LONGEST_LINE + 20
    with pytest.raises(SystemExit, match="1"):
        main(["check", "--json", str(path)])
    (report,) = json.loads(capfd.readouterr().out)["files"]
    assert len(report["errors"]) == 400 and len(json.dumps(report)) < 400 * LONGEST_MESSAGE
