"""One slice of a job: a process of its own, which hands over what it did as a file of JSON.

python -m soak.slices JOB --seed 7 --seconds 60 [--out FILE] [--known FILE] [--coverage FILE]
"""

import argparse
import json
import os
import re
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

MEMORY_FILES = Path("/dev/shm")
"""Where files cost no disk."""

HELPERS = ("lrc/testing", "hypothesis", "tests/soak", "tests/execution")
"""Code that fails when what it checks is wrong: not the place of a failure."""


@dataclass
class Failure:
    """Something wrong: `signature` is the same for what most likely is the same mistake, `folder` has what reproduces
    it, beside the report."""

    signature: str
    message: str
    seed: int
    folder: str = ""
    count: int = 1


@dataclass
class Outcome:
    """What a slice, or all slices of a job, did and found: in so many seconds, of which it had a core for `busy`."""

    seconds: float = 0
    busy: float = 0
    seeds: list[int] = field(default_factory=list[int])
    counts: Counter[str] = field(default_factory=Counter[str])
    drawn: Counter[str] = field(default_factory=Counter[str])
    failures: dict[str, Failure] = field(default_factory=dict[str, Failure])

    def add(self, other: "Outcome") -> None:
        """Take in what another slice did."""
        self.seconds += other.seconds
        self.busy += other.busy
        self.seeds += other.seeds
        self.counts += other.counts
        self.drawn += other.drawn
        for signature, failure in other.failures.items():
            if known := self.failures.get(signature):
                known.count += failure.count
                if not known.message:
                    known.message, known.seed, known.folder = failure.message, failure.seed, failure.folder
            else:
                self.failures[signature] = failure

    def to_json(self) -> dict[str, Any]:
        """The outcome as what `json.dumps` takes."""
        return {
            "seconds": self.seconds,
            "busy": self.busy,
            "seeds": self.seeds,
            "counts": dict(self.counts),
            "drawn": dict(self.drawn),
            "failures": {signature: asdict(each) for signature, each in self.failures.items()},
        }

    @staticmethod
    def of_json(content: Mapping[str, Any]) -> "Outcome":
        """An outcome out of what `to_json` gave."""
        return Outcome(
            content["seconds"],
            content["busy"],
            content["seeds"],
            Counter(content["counts"]),
            Counter(content["drawn"]),
            {signature: Failure(**each) for signature, each in content["failures"].items()},
        )


class Slice:
    """A job's time, its seed, and what it does with them: `scratch` is a folder for its files, `keep` one for what
    reproduces failures, `known` the failures that were found before."""

    def __init__(
        self, job: str, seed: int, seconds: float, scratch: Path, keep: Path, known: frozenset[str] = frozenset()
    ) -> None:
        self.job, self.seed, self.scratch, self.keep, self.known = job, seed, scratch, keep, known
        self.outcome = Outcome(seeds=[seed])
        self._began = time.monotonic()
        self._end = self._began + seconds

    @property
    def seconds_left(self) -> float:
        return self._end - time.monotonic()

    def time_left(self) -> bool:
        """Whether the job may go on."""
        return self.seconds_left > 0

    def count(self, what: str, number: int = 1) -> None:
        """Note that so many of something were done."""
        self.outcome.counts[what] += number

    def draws(self, features: Mapping[str, int]) -> None:
        """Note what an example had, each feature once."""
        self.outcome.drawn.update(dict.fromkeys(features, 1))

    def is_known(self, signature: str) -> bool:
        """Whether this mistake has been found before: it is counted, and need not be shrunk again."""
        return signature in self.known or signature in self.outcome.failures

    def fail(self, signature: str, message: str, seed: int, files: Mapping[str, bytes] | None = None) -> None:
        """Note a failure, and keep the files that reproduce it by name; without a message, as another of its kind."""
        folder = self.place(seed)
        if files and message:
            folder.mkdir(parents=True, exist_ok=True)
            for name, content in files.items():
                (folder / name).write_bytes(content)
        found = Failure(signature, message[:20000], seed, folder.name if folder.is_dir() and message else "")
        self.outcome.add(Outcome(failures={signature: found}))

    def place(self, seed: int) -> Path:
        """The folder for what reproduces the failure of a seed."""
        return self.keep / f"{self.job}-{seed}"

    def finish(self) -> Outcome:
        """What was done by now."""
        times = os.times()
        self.outcome.seconds = time.monotonic() - self._began
        self.outcome.busy = times.user + times.system + times.children_user + times.children_system
        return self.outcome


def signature_of(error: BaseException) -> str:
    """What two failures of the same mistake most likely share: the kind of error, the innermost place in lrc, and the
    message without names and numbers."""
    inner: BaseException = error
    while inner.__cause__ is not None:
        inner = inner.__cause__
    frames = [
        f"{Path(frame.filename).name}:{frame.name}"
        for frame in traceback.extract_tb(inner.__traceback__)
        if not any(each in frame.filename for each in HELPERS)
    ]
    return f"{type(inner).__name__} at {frames[-1] if frames else 'a check'}: {kind_of(str(error))}"


def kind_of(message: str) -> str:
    """The first line of a message without names and numbers."""
    return re.sub(r"'[^']*'|\"[^\"]*\"|-?\d[\d.e+-]*|\[[^]]*\]", "_", message.split("\n", maxsplit=1)[0])[:120]


def run(job: str, seed: int, seconds: float, keep: Path, known: frozenset[str] = frozenset()) -> Outcome:
    """Run a job for so long in this process, and leave what reproduces its failures in a folder."""
    from soak.jobs import JOBS

    in_memory = os.access(MEMORY_FILES, os.W_OK) and not os.statvfs(MEMORY_FILES).f_flag & os.ST_NOEXEC
    place = MEMORY_FILES if in_memory else None
    with tempfile.TemporaryDirectory(prefix="lrc-soak-", dir=place) as scratch:
        tempfile.tempdir = scratch
        each = Slice(job, seed, seconds, Path(scratch), keep, known)
        try:
            JOBS[job].run(each)
        except Exception as error:
            each.fail(signature_of(error), traceback.format_exc(), seed)
    return each.finish()


def main() -> None:
    """The command line of one slice."""
    parser = argparse.ArgumentParser(description="Run one slice of a job of `make soak`.")
    parser.add_argument("job")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--out", type=Path, help="where the outcome goes, as JSON (else it is printed)")
    parser.add_argument("--keep", type=Path, default=Path("build/soak/failures"), help="where what reproduces it goes")
    parser.add_argument("--known", type=Path, help="a JSON list of the signatures of known failures")
    parser.add_argument("--coverage", type=Path, help="where the coverage of lrc goes")
    options = parser.parse_args()
    measure = None
    if options.coverage:
        from coverage import Coverage

        measure = Coverage(data_file=str(options.coverage), branch=True, source_pkgs=["lrc"])
        measure.start()
    known = frozenset(json.loads(options.known.read_text())) if options.known else frozenset[str]()
    outcome = run(options.job, options.seed, options.seconds, options.keep, known).to_json()
    if measure:
        measure.stop()
        measure.save()
    text = json.dumps(outcome, indent=1)
    if options.out:
        options.out.write_text(text)
    else:
        print(text)


if __name__ == "__main__":
    main()
