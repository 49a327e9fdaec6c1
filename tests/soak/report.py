"""What a soak run did and found, for people (`report.txt`) and programs (`report.json`)."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from soak.slices import Outcome

WANTED = {
    "modules and programs drawn": 100_000,
    "networks compiled and run": 5_000,
    "inputs fuzzed": 1_000_000,
}
"""What a run of 50 minutes on two cores is to do."""


@dataclass
class Run:
    """A whole run: its outcome by job, the coverage of lrc's files, and how it went."""

    minutes: float
    cores: int
    commit: str
    seconds: float = 0
    outcomes: dict[str, Outcome] = field(default_factory=dict[str, Outcome])
    coverage: dict[str, Any] = field(default_factory=dict[str, Any])
    lost: list[str] = field(default_factory=list[str])

    @property
    def counts(self) -> Counter[str]:
        """Everything that was counted, in all jobs."""
        return sum((each.counts for each in self.outcomes.values()), Counter[str]())

    @property
    def failures(self) -> int:
        """How many different failures there are."""
        return sum(len(each.failures) for each in self.outcomes.values())

    def totals(self) -> dict[str, int]:
        """The figures of `WANTED` as they were reached."""
        counts = self.counts
        return {
            "modules and programs drawn": sum(n for what, n in counts.items() if " through " in what),
            "networks compiled and run": sum(n for what, n in counts.items() if what.startswith("networks compiled")),
            "inputs fuzzed": sum(n for what, n in counts.items() if what.startswith("inputs: ")),
        }

    def write(self, folder: Path) -> None:
        """Write both reports, each in one step."""
        for name, text in (("report.json", json.dumps(self.to_json(), indent=1)), ("report.txt", self.to_text())):
            new = folder / f"{name}.new"
            new.write_text(text + "\n", encoding="utf-8")
            new.replace(folder / name)

    def to_json(self) -> dict[str, Any]:
        """Everything there is to know of the run, as what `json.dumps` takes."""
        return {
            "minutes": self.minutes,
            "cores": self.cores,
            "commit": self.commit,
            "seconds": round(self.seconds, 1),
            "totals": self.totals(),
            "wanted": WANTED,
            "failures": self.failures,
            "jobs": {name: each.to_json() for name, each in self.outcomes.items()},
            "coverage": self.coverage,
            "lost": self.lost,
        }

    def to_text(self) -> str:
        """The report that is read."""
        lines = [
            f"soak: {self.seconds / 60:.1f} of {self.minutes:g} minutes on {self.cores} cores, commit {self.commit}",
            "",
            *(f"{number:>12,}  {what}  ({WANTED[what]:,} wanted)" for what, number in self.totals().items()),
            f"{self.failures:>12,}  different failures",
        ]
        for name, outcome in self.outcomes.items():
            seeds = outcome.seeds
            time = f"{outcome.seconds:,.0f} s, {outcome.busy:,.0f} s of them busy"
            lines += ["", f"{name}: {time}, {len(seeds)} slices, seeds {min(seeds)} to {max(seeds)}"]
            lines += _table(outcome.counts)
        drawn = sum((each.drawn for each in self.outcomes.values()), Counter[str]())
        lines += ["", "drawn:", *(_table(drawn) or ["    not counted"])]
        lines += ["", "coverage of lrc, in a sample:", *_coverage(self.coverage)]
        lines += ["", "failures:" if self.failures or self.lost else "failures: none"]
        for name, outcome in self.outcomes.items():
            for each in outcome.failures.values():
                lines += [f"  {name}, {each.count} times, seed {each.seed}: {each.signature}"]
                lines += [f"    reproduced by failures/{each.folder}"] if each.folder else []
                lines += [f"      {line}" for line in each.message.strip().splitlines()[-12:]]
        lines += [f"  {each}" for each in self.lost]
        return "\n".join(lines)


def _table(counts: Mapping[str, int]) -> list[str]:
    return [f"{number:>12,}  {what}" for what, number in sorted(counts.items(), key=lambda each: -each[1])]


def _coverage(found: Mapping[str, Any]) -> Sequence[str]:
    if not found:
        return ["    not measured"]
    lines = [f"    {found['percent']:.1f} % of all lines and branches"]
    return lines + [f"    {share:5.1f} %  {name}" for name, share in found["files"].items()]
