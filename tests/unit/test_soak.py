"""What long runs rest on: a failure is shrunk, kept and told from others; and what a slice did is added up."""

import json
from pathlib import Path

import pytest
from hypothesis import strategies as st
from soak.drawing import draw
from soak.report import Run
from soak.slices import Outcome, Slice, signature_of

from lrc.testing.checks.reproducers import WHERE


class Counted(Slice):
    """A slice that is over when it has been asked often enough, on a machine of any speed."""

    asked = 0

    def time_left(self) -> bool:
        self.asked += 1
        return self.asked < 600


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Slice:
    monkeypatch.setenv(WHERE, "off")
    return Counted("numbers", 3, 60, tmp_path, tmp_path / "failures")


def check(number: int) -> None:
    """Two mistakes."""
    if number > 1000:
        raise AssertionError(f"{number} is too large")
    if number == 7:
        raise ValueError("seven")


def test_failures_are_shrunk_and_kept_and_the_rounds_go_on(work: Slice) -> None:
    seen = list[int]()

    def watch(number: int) -> None:
        seen.append(number)
        check(number)

    draw(work, st.integers(0, 10**6), watch, 20, lambda number: {"number": str(number).encode()})
    found = next(each for each in work.outcome.failures.values() if "too large" in each.message)
    assert found.count > 3 and "1001 is too large" in found.message
    assert (work.keep / found.folder / "number").read_bytes() == b"1001"
    assert len(seen) > 100
    assert len(list(work.keep.iterdir())) == len(work.outcome.failures)


def test_a_known_failure_is_counted_and_not_shrunk(work: Slice) -> None:
    try:
        check(2000)
    except AssertionError as error:
        work.known = frozenset({signature_of(error)})
    draw(work, st.integers(10, 10**6), check, 20)
    (found,) = work.outcome.failures.values()
    assert found.count > 10 and not found.message and not found.folder


def test_what_slices_did_is_added_up(work: Slice) -> None:
    work.count("modules through passes", 3)
    work.draws({"sum": 2})
    work.fail("sums are wrong", "why", 3, {"README": b"why"})
    one = Outcome.of_json(json.loads(json.dumps(work.finish().to_json())))
    run = Run(1, 1, "commit", outcomes={"numbers": Outcome()})
    for _ in range(2):
        run.outcomes["numbers"].add(Outcome.of_json(one.to_json()))
    assert run.totals()["modules and programs drawn"] == 6
    assert run.failures == 1 and run.outcomes["numbers"].failures["sums are wrong"].count == 2
    assert "numbers, 2 times, seed 3: sums are wrong" in run.to_text()
    assert run.to_json()["jobs"]["numbers"]["drawn"] == {"sum": 2}
