"""Hypothesis in rounds: a counterexample is shrunk and kept, and the next round begins with another seed."""

import os
import shutil
import time
import traceback
from collections.abc import Callable, Mapping
from typing import TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

from lrc.testing.checks.reproducers import WHERE
from soak.slices import Slice, signature_of

Example = TypeVar("Example")

ROUND = 100
"""Examples of one round."""

SHRINKING = 60
"""Seconds that a counterexample may be shrunk for."""

CHECKS = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much, HealthCheck.large_base_example)

QUIET = settings(database=None, deadline=None, suppress_health_check=CHECKS, phases=(Phase.generate, Phase.shrink))


def draw(
    work: Slice,
    strategy: SearchStrategy[Example],
    check: Callable[[Example], object],
    examples: int = ROUND,
    files: Callable[[Example], Mapping[str, bytes]] = lambda example: {"example.txt": repr(example).encode()},
) -> None:
    """Draw examples until the time is over, and check each; `files` say what a failing one was, beside the reproducer
    that a check of `lrc.testing` leaves."""
    number = work.seed * 1_000_000
    while work.time_left():
        _round(work, number, settings(QUIET, max_examples=examples), strategy, check, files)
        number += 1


def _round(
    work: Slice,
    number: int,
    profile: settings,
    strategy: SearchStrategy[Example],
    check: Callable[[Example], object],
    files: Callable[[Example], Mapping[str, bytes]],
) -> None:
    os.environ[WHERE] = str(work.place(number))
    failing: list[tuple[Example, str, str]] = []
    began = 0.0

    def try_one(example: Example) -> None:
        nonlocal began
        if not work.time_left() or (failing and time.monotonic() - began > SHRINKING):
            return
        try:
            check(example)
        except Exception as error:
            signature = signature_of(error)
            if work.is_known(signature) and not (failing and failing[0][1] == signature):
                work.fail(signature, "", number)
                return
            began = began or time.monotonic()
            failing.append((example, signature, traceback.format_exc()))
            raise

    try:
        seed(number)(profile(given(strategy)(try_one)))()
    except Exception as error:  # Hypothesis', of a shrunk example or of one that stopped failing when its time was over
        if not failing:
            work.fail(signature_of(error), traceback.format_exc(), number)
    if failing:
        example, signature, message = failing[-1]
        work.fail(signature, message, number, files(example))
    else:
        shutil.rmtree(work.place(number), ignore_errors=True)
