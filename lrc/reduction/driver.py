"""The loop of a reduction: what a step gives is kept if it is smaller and fails in the same way, until nothing is."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lrc.reduction.case import Case, InvalidCaseError
from lrc.reduction.failures import Failure, Test
from lrc.reduction.steps import STEPS, Step

Tell = Callable[["Reduction"], object]


@dataclass
class Reduction:
    """How far a reduction is: the smallest case so far, its failure, how many were tried, and kept.

    `finished` says that no step makes it any smaller; else the time was over.
    """

    case: Case
    failure: Failure
    tried: int = 0
    kept: int = 0
    seconds: float = 0.0
    finished: bool = False
    step: str = ""
    seen: set[bytes] = field(default_factory=set[bytes], repr=False)


def reduce(
    reduction: Reduction,
    test: Test,
    steps: Sequence[Step] = STEPS,
    seconds: float = math.inf,
    tell: Tell = lambda reduction: None,
) -> None:
    """Make a case smaller, in place, for so many seconds at most; what interrupts it leaves the smallest so far.

    Greedy, to a fixed point: the same case and test lead to the same result, whatever the time, if it is enough.
    `tell` is told before each try.
    """
    began = time.monotonic()

    def goes_on() -> bool:
        reduction.seconds = time.monotonic() - began
        return reduction.seconds < seconds

    reduction.seen.add(reduction.case.key())
    shrank = True
    while shrank:
        shrank = False
        for step in steps:
            while goes_on() and _advance(reduction, test, step, goes_on, tell):
                shrank = True
    reduction.finished = goes_on()


def _advance(reduction: Reduction, test: Test, step: Step, goes_on: Callable[[], bool], tell: Tell) -> bool:
    """Keep the first candidate of a step that is smaller and fails; whether there was one."""
    size = reduction.case.size()
    reduction.step = step.__name__.replace("_", " ")
    for candidate in step(reduction.case):
        if not goes_on():
            return False
        if (key := candidate.key()) in reduction.seen:
            continue
        reduction.seen.add(key)
        try:
            if not candidate.inputs or not candidate.outputs or candidate.size() >= size:
                continue
            tell(reduction)
            reduction.tried += 1
            failure = test(candidate)
        except InvalidCaseError:
            continue
        if failure is not None and reduction.failure.is_like(failure):
            reduction.case, reduction.failure = candidate.settled(), failure
            reduction.kept += 1
            return True
    return False
