"""`make faults`: plant each fault in turn, run the tests that should find it, and say how many do.

    python tests/faults [PATTERN ...] [--jobs 2] [--all FOLDER]

FOLDER holds patches of somebody else, which need not name their tests: they are held against those that find the faults
planted here in the same files, and then in the same room. The report goes to build/faults.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from fnmatch import fnmatch
from pathlib import Path
from queue import SimpleQueue

sys.path.insert(1, str(Path(__file__).parents[1]))  # for `installed`, as pytest has it

from planted import ROOMS, ROOT, Fault, planted
from trying import LIMIT, VERDICTS, Result, Tree

REPORT = ROOT / "build/faults"


def main() -> int:
    """The exit code: 0 if every fault was found."""
    parser = argparse.ArgumentParser(description="Plant faults, and see whether tests of meaning find them.")
    parser.add_argument("patterns", nargs="*", default=["*"], help="which faults, by name: fuse_* 'memory__*'")
    parser.add_argument("--jobs", type=int, default=2, help="how many at a time")
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="the patches of another folder")
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds for a test, on a machine that is busy")
    options = parser.parse_args()
    own = planted()
    faults = own if options.all is None else planted(options.all)
    faults = [fault for fault in faults if any(fnmatch(fault.name, pattern) for pattern in options.patterns)]
    if not faults:
        parser.error(f"no fault is called {' or '.join(options.patterns)}")
    tests = {fault.name: list(tests_of(fault, own)) for fault in faults}
    results: list[Result] = []
    for result in run(faults, tests, options.jobs, options.limit):
        results.append(result)
        print(line(result), flush=True)
    print(summary := "\n".join(summarize(results)))
    write(results, summary)
    return 0 if all(result.is_found for result in results) else 1


def tests_of(fault: Fault, own: Sequence[Fault]) -> Iterator[str]:
    """The tests that should find a fault: those that it names, or those of the faults in the same files and then in the
    same room."""
    beside = [test for other in own if set(other.files) & set(fault.files) for test in other.tests]
    room = [test for other in own if other.room == fault.room for test in other.tests]
    yield from dict.fromkeys(fault.tests or [*beside, *room])


def run(faults: Sequence[Fault], tests: dict[str, list[str]], jobs: int, limit: float) -> Iterator[Result]:
    """Try all faults, so many at a time, each in a copy of the tree that it has for itself."""
    trees: SimpleQueue[Tree] = SimpleQueue()
    every = sorted({test for each in tests.values() for test in each})
    made = [Tree(limit) for _ in range(max(1, min(jobs, len(faults))))]
    try:
        with ThreadPoolExecutor(len(made)) as pool:
            print(f"{len(every)} tests without faults", flush=True)
            parts = [every[i :: len(made)] for i in range(len(made))]
            broken = {test for found in pool.map(Tree.broken, made, parts) for test in found}
            for tree in made:
                trees.put(tree)

            def judge(fault: Fault) -> Result:
                if wrong := broken.intersection(tests[fault.name]):
                    return Result(fault, "fails without it", test=min(wrong))
                tree = trees.get()
                try:
                    return tree.judge(fault, tests[fault.name])
                finally:
                    trees.put(tree)

            for future in as_completed([pool.submit(judge, fault) for fault in faults]):
                yield future.result()
    finally:
        for tree in made:
            tree.close()


def line(result: Result) -> str:
    """One row of the table."""
    said = result.said.splitlines()[0][:60] if result.said and result.verdict != "found" else result.test
    return f"{result.fault.name:50} {result.verdict:16} {result.seconds:5.1f} s  {said}"


def summarize(results: Sequence[Result]) -> Iterator[str]:
    """The rate of faults found, for each room and in all."""
    yield ""
    for room in (*ROOMS, "all"):
        counts = Counter(each.verdict for each in results if room in ("all", each.fault.room))
        if total := counts.total():
            found = sum(each.is_found for each in results if room in ("all", each.fault.room))
            rest = ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS[1:] if counts[verdict])
            yield f"{room:14} {found:3} of {total:3} found, {found / total:4.0%}{f' ({rest})' if rest else ''}"
    slowest = max(results, key=lambda each: each.seconds)
    yield f"slowest: {slowest.fault.name}, {slowest.seconds:.1f} s"


def write(results: Sequence[Result], summary: str) -> None:
    """The report as text and as JSON."""
    ordered = sorted(results, key=lambda each: (list(ROOMS).index(each.fault.room), each.fault.name))
    REPORT.mkdir(parents=True, exist_ok=True)
    rows = [f"{line(each)}\n    {each.fault.what}" for each in ordered]
    (REPORT / "report.txt").write_text("\n".join([*rows, summary, ""]), encoding="utf-8")
    entries = [
        {
            "name": each.fault.name,
            "room": each.fault.room,
            "what": each.fault.what,
            "verdict": each.verdict,
            "seconds": round(each.seconds, 2),
            "test": each.test,
            "said": each.said,
        }
        for each in ordered
    ]
    (REPORT / "report.json").write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
