"""Whether the C that lrc writes has changed: `python tools/emitted.py` compares it with tools/emitted.txt.

For each network of the zoo on each machine the list has a hash of what is emitted, in parts: the kernels, the program
that calls them, the runtime, the weights, and what builds it all. `--write` writes the list anew, after a change that
was meant: the list then shows in a diff what that change has touched, and CHANGELOG.md says why. `digits:c` is one
of them; `--keep FOLDER` leaves the C there, to be compared with that of another commit.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click

from lrc import frontend, zoo
from lrc.cli.console import progress
from lrc.compilation import compiler
from lrc.dialects.values.machines import MACHINES

LIST: Final = Path(__file__).with_suffix(".txt")

PARTS: Final = {
    "build": "CMakeLists.txt",
    "weights": "NAME.lrw",
    "runtime": "lrc_*",
    "kernels": "NAME_*",
    "program": "NAME.[ch]",
}
"""Part -> the files of a folder that it is. Nobody compiles metadata.json."""


def hashes(network: str, machine: str, folder: Path) -> dict[str, str]:
    """Part -> the hash of what lrc emits of it. The code is left in `folder`."""
    name: str = compiler.write(compiler.lower(frontend.load(zoo.path(network)), machine), folder)["c_name"]
    found: dict[str, str] = {}
    for part, names in PARTS.items():
        whole = hashlib.sha256()
        for path in sorted(folder.glob(names.replace("NAME", name))):
            whole.update(f"{path.name}\n{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
        found[part] = whole.hexdigest()[:32]
    return found


def hashes_of(network: str, machine: str, keep: Path | None) -> dict[str, str]:
    """`NETWORK:MACHINE PART` -> its hash."""
    with TemporaryDirectory() as scratch:
        found = hashes(network, machine, (keep or Path(scratch)) / f"{network}-{machine}")
    return {f"{network}:{machine} {part}": digest for part, digest in found.items()}


def read_list() -> dict[str, str]:
    """What tools/emitted.txt has: lines of a hash and what it is of."""
    lines = LIST.read_text(encoding="utf-8").splitlines() if LIST.exists() else []
    return {what: digest for digest, _, what in (line.partition("  ") for line in lines)}


def chosen(names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The networks and machines that `names` name, all if there are none."""
    for network, machine in product(zoo.NETWORKS, MACHINES):
        if not names or {network, machine, f"{network}:{machine}"} & {*names}:
            yield network, machine


@click.command()
@click.argument("names", nargs=-1, metavar="[NETWORK | MACHINE | NETWORK:MACHINE]...")
@click.option("--write", is_flag=True, help="Write the list anew.")
@click.option("--keep", type=click.Path(path_type=Path), help="A folder to leave the emitted C in.")
@click.option("--jobs", default=2, show_default=True, help="Processes.")
def main(names: tuple[str, ...], write: bool, keep: Path | None, jobs: int) -> None:
    """Compare the C that is emitted with tools/emitted.txt."""
    known, found = read_list(), dict[str, str]()
    if not (pairs := list(chosen(names))):
        raise click.BadParameter(f"there are {', '.join(zoo.NETWORKS)} for {', '.join(MACHINES)}", param_hint="NETWORK")
    with ProcessPoolExecutor(jobs) as pool, progress("compiling") as step:
        for each in pool.map(hashes_of, *zip(*pairs, strict=True), [keep] * len(pairs)):
            found |= each
            step(f"{len(found) // len(PARTS)} of {len(pairs)}")
    changed = [each for each in found if known.get(each) != found[each]]
    for each in changed:
        print(f"{'differs' if each in known else 'is new'}: {each}")
    print(f"{len(found) - len(changed)} of {len(found)} parts are as {LIST.name} says")
    if write:
        both = (known if names else {}) | found
        LIST.write_text("".join(f"{both[each]}  {each}\n" for each in sorted(both)), encoding="utf-8")
    sys.exit(bool(changed) and not write)


if __name__ == "__main__":
    main()
