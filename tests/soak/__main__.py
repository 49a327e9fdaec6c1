"""Runs all jobs for so many minutes on all cores: `python -m soak --minutes 60`.

Each slice is a process of its own, in a session of its own; one that does not end is killed. The report is written anew
after each. Ends with status 1 if anything was found.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from installed import tool

from soak.jobs import JOBS
from soak.report import Run
from soak.slices import Failure, Outcome

ROOT = Path(__file__).parents[2]

GRACE = 180
"""Seconds that a slice may take longer than it was told to, for what is under way."""

FIRST = 60
"""Seconds of a job's first slice at most: so every job has run before any takes long; its coverage is measured."""


@dataclass
class Running:
    """A slice that runs."""

    job: str
    seed: int
    process: subprocess.Popen[bytes]
    out: Path
    log: Path
    deadline: float


@dataclass
class Plan:
    """Which slice is next: that of the job that has had least of its share."""

    minutes: float
    cores: int
    names: list[str]
    given: dict[str, float] = field(default_factory=dict[str, float])
    slices: dict[str, int] = field(default_factory=dict[str, int])

    def budget(self, name: str) -> float:
        """The seconds that a job has in all."""
        return 60 * self.minutes * self.cores * JOBS[name].share / sum(JOBS[each].share for each in self.names)

    def next(self, seconds_left: float) -> tuple[str, float] | None:
        """The next job and the seconds of its slice; None if there is no time for one."""
        open_names = [n for n in self.names if not (JOBS[n].is_test and self.slices.get(n))]
        if seconds_left < 5 or not open_names:
            return None
        name = min(open_names, key=lambda n: (self.given.get(n, 0) / self.budget(n), self.names.index(n)))
        job, count = JOBS[name], self.slices.get(name, 0)
        longest = self.budget(name) if job.is_test else min(60 * job.minutes, FIRST if count == 0 else 60 * job.minutes)
        seconds = min(max(longest, 5), max(self.budget(name) - self.given.get(name, 0), 10), seconds_left)
        self.given[name] = self.given.get(name, 0) + seconds
        self.slices[name] = count + 1
        return name, seconds


class Soak:
    """A run: its slices, one after the other on each core, and what they found."""

    def __init__(self, minutes: float, cores: int, names: list[str], folder: Path, seed: int) -> None:
        self.folder, self.seed, self.number = folder, seed, 0
        self.plan, self.run_report = Plan(minutes, cores, names), Run(minutes, cores, _commit())
        self.began = time.monotonic()
        self.end = self.began + 60 * minutes
        self.running: list[Running] = []

    def run(self) -> Run:
        """Run until the time is over, and what is under way has ended."""
        try:
            while True:
                self._collect()
                while len(self.running) < self.plan.cores and self._start():
                    pass
                if not self.running:
                    break
                time.sleep(0.3)
        finally:
            for each in self.running:
                _kill(each.process)
            self.run_report.coverage = self._coverage()
            self._write()
        return self.run_report

    def _start(self) -> bool:
        chosen = self.plan.next(self.end - time.monotonic())
        if chosen is None:
            return False
        name, seconds = chosen
        is_first = self.plan.slices[name] == 1
        number, self.number = self.seed + self.number, self.number + 1
        slices = self.folder / "slices"
        out, log, known = (slices / f"{name}-{number}.{suffix}" for suffix in ("json", "log", "known"))
        known.write_text(json.dumps([*self.run_report.outcomes.get(name, Outcome()).failures]))
        words = [sys.executable, "-m", "soak.slices", name, "--seed", str(number), "--seconds", f"{seconds:.0f}"]
        words += ["--out", str(out), "--keep", str(self.folder / "failures"), "--known", str(known)]
        if is_first and not JOBS[name].is_test:
            words += ["--coverage", str(self.folder / "coverage" / f"{name}-{number}")]
        with log.open("wb") as file:
            process = subprocess.Popen(
                words, cwd=ROOT, stdout=file, stderr=file, stdin=subprocess.DEVNULL, start_new_session=True
            )
        deadline = time.monotonic() + seconds + GRACE
        self.running.append(Running(name, number, process, out, log, deadline))
        return True

    def _collect(self) -> None:
        for each in list(self.running):
            late = time.monotonic() > each.deadline
            if each.process.poll() is None and not late:
                continue
            if late:
                _kill(each.process)
            self.running.remove(each)
            outcome = self._outcome_of(each, late)
            self.run_report.outcomes.setdefault(each.job, Outcome()).add(outcome)
            self._write()
            found = f", {len(outcome.failures)} failures" if outcome.failures else ""
            done = ", ".join(f"{n:,} {what}" for what, n in outcome.counts.most_common(2))
            print(f"{time.monotonic() - self.began:6.0f} s  {each.job} {each.seed}: {done}{found}", flush=True)

    def _outcome_of(self, each: Running, late: bool) -> Outcome:
        """What a slice handed over; if it died, that is what it found."""
        try:
            return Outcome.of_json(json.loads(each.out.read_text()))
        except (OSError, ValueError):
            how = "did not end" if late else f"ended with {each.process.returncode}"
            said = each.log.read_text(errors="replace")[-5000:]
            folder = self.folder / "failures" / f"{each.job}-{each.seed}"
            name = folder.name if folder.is_dir() else ""
            failure = Failure(f"a slice {how}", f"{each.job} {how}\n{said}", each.seed, name)
            return Outcome(seeds=[each.seed], failures={failure.signature: failure})

    def _write(self) -> None:
        self.run_report.seconds = time.monotonic() - self.began
        self.run_report.write(self.folder)

    def _coverage(self) -> dict[str, Any]:
        """How much of each file was run in the slices in which that was measured."""
        from coverage import Coverage
        from coverage.exceptions import CoverageException

        parts = [str(path) for path in sorted((self.folder / "coverage").iterdir())]
        whole = Coverage(data_file=str(self.folder / "coverage.all"), branch=True, source_pkgs=["lrc"])
        text = self.folder / "coverage.json"
        try:
            whole.combine(parts, keep=True)
            percent = whole.json_report(outfile=str(text), omit=["*/lrc/cli/*", "*/lrc/testing/*"])
        except CoverageException as error:
            self.run_report.lost.append(f"coverage: {error}")
            return {}
        files = json.loads(text.read_text())["files"]
        shares = {
            str(Path(name).relative_to(ROOT) if Path(name).is_absolute() else name): each["summary"]["percent_covered"]
            for name, each in files.items()
        }
        return {"percent": percent, "files": dict(sorted(shares.items(), key=lambda each: each[1]))}


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a slice and what it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _commit() -> str:
    done = subprocess.run(
        [tool("git"), "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="soak", description="Run all jobs of tests/soak for so many minutes.")
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=0, help="of the first slice; each next one has the next number")
    parser.add_argument("--out", type=Path, default=ROOT / "build/soak")
    parser.add_argument("jobs", nargs="*", metavar="JOB", help=f"{', '.join(JOBS)}; all if none is named")
    options = parser.parse_args()
    if unknown := set(options.jobs) - set(JOBS):
        parser.error(f"there are no jobs {', '.join(sorted(unknown))}")
    folder: Path = options.out
    for each in ("slices", "failures", "coverage"):
        (folder / each).mkdir(parents=True, exist_ok=True)
        for old in (folder / each).iterdir():
            old.unlink() if old.is_file() else _remove(old)
    os.environ["PYTHONPATH"] = os.pathsep.join(str(ROOT / each) for each in ("", "tests", "tests/execution"))
    run = Soak(options.minutes, options.cores, options.jobs or list(JOBS), folder, options.seed).run()
    print(f"\n{run.to_text().split(chr(10) * 2)[1]}\n\n{folder / 'report.txt'}")
    sys.exit(1 if run.failures else 0)


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
