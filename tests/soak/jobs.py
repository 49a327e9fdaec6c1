"""All jobs of a soak run, and how the time is shared among them."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from soak.slices import Slice

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Job:
    """A job: `share` of the time in parts of the sum of all, `run` does it until its slice is over.

    `minutes` is the longest slice; one that `is_test` runs once, for all its time.
    """

    share: float
    run: Callable[[Slice], object]
    minutes: float = 4
    is_test: bool = False


def _later(module: str, name: str, *arguments: object) -> Callable[[Slice], object]:
    """A job of another file, which is imported in the slice that runs it."""

    def run(work: Slice) -> object:
        from importlib import import_module

        found = getattr(import_module(f"soak.{module}"), name)
        return found(*arguments)(work) if arguments else found(work)

    return run


def _tests(name: str, tests: int) -> Callable[[Slice], None]:
    """The job that is a file of so many tests beside this one: each has its part of the time."""

    def run(work: Slice) -> None:
        minutes = max(work.seconds_left - 20, 5) / 60 / tests  # what is under way at the end is finished
        words = [sys.executable, "-m", "pytest", "-q", "-rP", "-p", "no:cacheprovider", "--minutes", str(minutes)]
        words += [f"--basetemp={work.scratch / 'tests'}", str(HERE / name)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        for line in done.stdout.splitlines():
            number, _, what = line.partition(";")[0].partition(" of ")
            if number.isdigit():
                work.count(f"{name}: of {what}", int(number))
        if done.returncode:
            work.fail(name, done.stdout[-15000:] + done.stderr[-3000:], work.seed, {"README": done.stdout.encode()})
        shutil.rmtree(work.scratch / "tests", ignore_errors=True)

    return run


JOBS: Mapping[str, Job] = {
    "passes": Job(21, _later("graphs", "passes")),
    "programs": Job(10, _later("texts", "written_programs")),
    "relations": Job(8, _later("graphs", "relations")),
    "texts": Job(4, _later("texts", "levels")),
    "loops": Job(4, _later("graphs", "loops")),
    "kernels": Job(6, _later("graphs", "written_kernels")),
    "emitted-c": Job(12, _later("emitted", "emitted", "c")),
    "emitted-host": Job(10, _later("emitted", "emitted", "host")),
    "emitted-neon": Job(9, _later("emitted", "emitted", "neon")),
    "fuzz-lr": Job(3, _later("fuzzing", "fuzzing", "lr")),
    "fuzz-mlir": Job(3, _later("fuzzing", "fuzzing", "mlir")),
    "fuzz-safetensors": Job(2, _later("fuzzing", "fuzzing", "safetensors")),
    "fuzz-npz": Job(1, _later("fuzzing", "fuzzing", "npz")),
    "fuzz-json": Job(1, _later("fuzzing", "fuzzing", "json")),
    "fuzz-loader": Job(2, _later("loading", "loading")),
    "ways": Job(3, _later("ways", "ways"), minutes=15),
    "names": Job(1.5, _tests("test_all_names.py", 2), is_test=True),
    "kills": Job(1.5, _tests("test_kills.py", 1), is_test=True),
    "training": Job(1.5, _tests("test_training.py", 1), is_test=True),
}
"""Name -> job. The shares make a run of 50 minutes on two cores do what `report.WANTED` has."""
