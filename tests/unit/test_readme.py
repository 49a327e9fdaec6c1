"""The README tells the truth: its network compiles to what it shows."""

import re
from pathlib import Path

import lrc
from lrc import frontend
from lrc.compilation import compiler

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def block(start: str) -> str:
    """The block of code that begins with `start`."""
    found = re.search(rf"^```\w*\n({re.escape(start)}.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def unnumbered(line: str) -> str:
    """A line of C, without the numbers that tell variables of one name apart."""
    return re.sub(r"_\d+\b", "", line.strip())


def test_network_is_as_fmt_writes_it() -> None:
    assert frontend.format(block("model tiny")) == block("model tiny")
    lrc.parse(block("model tiny"), strict=True)


def test_c_is_what_lrc_writes() -> None:
    compilation = compiler.lower(lrc.parse(block("model tiny")), "neon")
    written = [unnumbered(line) for line in compiler.show_c(compilation).splitlines()]
    shown = [line for line in block("for (").splitlines() if line.strip() != "…"]
    assert not [line for line in shown if unnumbered(line) not in written]


def test_ir_is_what_lrc_writes() -> None:
    written = compiler.show(compiler.lower(lrc.parse(block("model tiny")), "neon", "fkw"))
    for part in re.split(r"…|\n", block("%a = fkw.conv2d")):
        assert part.strip(" {}:,>") in written
