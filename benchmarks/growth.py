"""How the time of `lrc check`, `lrc fmt` and `lrc compile` grows with what a file has: `python -m benchmarks.growth`.

Times are those of the processor, so that other work on the machine matters little. The exponent between two sizes is
the logarithm of how much longer the larger one takes over the logarithm of how much larger it is: 1 is linear, 2 is
quadratic, and n log n from 1,000 to 10,000 is 1.12.
"""

from __future__ import annotations

import gc
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from math import log
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click

from benchmarks.networks import CASES, Case
from lrc import frontend
from lrc.cli.console import print_json, print_table, progress
from lrc.compilation import compiler
from lrc.diagnostics import LrcError
from lrc.execution import toolchain

SIZES: Final = (100, 1_000, 10_000)

STEEP: Final = 1.3
"""The exponent, beyond what n log n and noise come to, at which a row of the table is marked."""

LEAST_SECONDS: Final = 0.05
"""Below this, what is measured is mostly what any file takes."""


@dataclass(frozen=True)
class Row:
    """One way to grow: `seconds[i]` is what `phase` took at `sizes[i]`."""

    case: str
    what: str
    phase: str
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]

    @property
    def exponents(self) -> tuple[float, ...]:
        """Between each two sizes."""
        steps = zip(self.sizes, self.sizes[1:], self.seconds, self.seconds[1:], strict=False)
        return tuple(
            log(max(after, LEAST_SECONDS) / max(before, LEAST_SECONDS)) / log(large / small)
            for small, large, before, after in steps
        )

    @property
    def is_steep(self) -> bool:
        """Whether the last step takes more than n log n."""
        return bool(self.exponents) and self.exponents[-1] > STEEP


def check(text: str) -> None:
    """What `lrc check` does with a text, up to the message."""
    try:
        frontend.lift(frontend.parse(text))
    except LrcError as error:
        str(error)


def reformat(text: str) -> None:
    """What `lrc fmt` does with a text."""
    with suppress(LrcError):
        frontend.format(text)


def compile_network(text: str) -> None:
    """What `lrc compile` does with a text, behind the check: all passes, the C, and the folder."""
    module = frontend.lift(frontend.parse(text))
    with TemporaryDirectory() as folder:
        compiler.write(compiler.lower(module, "c"), Path(folder, "net"))


PHASES: Final[dict[str, Callable[[str], None]]] = {"check": check, "fmt": reformat, "compile": compile_network}


def seconds_of(work: Callable[[str], None], text: str, at_least: float = 0.2, most_runs: int = 5) -> float:
    """The least time of the processor that some runs take: more of them for short ones."""
    times: list[float] = []
    gc.freeze()  # what else the process holds is not looked through again for every so many new objects
    try:
        while not times or (sum(times) < at_least and len(times) < most_runs):
            began = time.process_time()
            work(text)
            times.append(time.process_time() - began)
    finally:
        gc.unfreeze()
    return min(times)


def measure(name: str, case: Case, phase: str, sizes: tuple[int, ...], step: Callable[[str], None]) -> Row:
    """One row of the table."""
    seconds: list[float] = []
    for size in sizes:
        step(f"{name}, {phase}, {size:,}")
        seconds.append(seconds_of(PHASES[phase], case.text(size)))
    return Row(name, case.what, phase, sizes, tuple(seconds))


def commands(size: int, step: Callable[[str], None]) -> Iterator[tuple[str, float]]:
    """Seconds on the clock of whole commands on a chain of so many layers, and of the C compiler on what it became."""
    with TemporaryDirectory() as place:
        path, folder = Path(place, "chain.lr"), Path(place, "out")
        path.write_text(CASES["chain"].text(size), encoding="utf-8")
        for arguments in (["check", str(path)], ["compile", str(path), "--target", "c", "-o", str(folder)]):
            step(f"lrc {arguments[0]}")
            began = time.perf_counter()
            subprocess.run([sys.executable, "-m", "lrc", *arguments], check=True, stdout=subprocess.DEVNULL)
            yield f"lrc {arguments[0]}", time.perf_counter() - began
        step("the C compiler")
        began = time.perf_counter()
        toolchain.build(folder)
        yield "the C compiler", time.perf_counter() - began


@click.command()
@click.option("--case", "names", multiple=True, type=click.Choice(list(CASES)), help="Only these ways to grow.")
@click.option("--size", "sizes", multiple=True, type=click.IntRange(2), help=f"Sizes [default: {SIZES}].")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def main(names: tuple[str, ...], sizes: tuple[int, ...], as_json: bool) -> None:
    """Time check, fmt and compile for files of 100 to 10,000 of something, and say how the time grows."""
    sizes = tuple(sorted(sizes)) or SIZES
    chosen = {name: CASES[name] for name in names or CASES}
    with progress("growth") as step:
        rows = [
            measure(name, case, phase, sizes, step)
            for name, case in chosen.items()
            for phase in PHASES
            if phase != "compile" or case.compiles
        ]
        whole = dict(commands(sizes[-1], step))
    if as_json:
        print_json({"rows": [asdict(row) | {"exponents": row.exponents} for row in rows], "commands": whole})
        return
    print_table(
        ("n", "", *(f">{size:,}" for size in sizes), ">exponents", ""),
        [
            (
                row.what,
                row.phase,
                *(f"{seconds:.2f} s" for seconds in row.seconds),
                "  ".join(f"{exponent:.2f}" for exponent in row.exponents),
                "more than n log n" if row.is_steep else "",
            )
            for row in rows
        ],
    )
    for command, seconds in whole.items():
        click.echo(f"{command}, {sizes[-1]:,} layers in a chain: {seconds:.1f} s on the clock")


if __name__ == "__main__":
    main()
