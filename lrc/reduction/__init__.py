"""Delta debugging: a failing network, its weights, inputs and passes become as small as they can be and still fail.

`case.py` has the failing network as a plain value, `steps.py` the ways to make one smaller, with `graph.py` for layers
that go and `fields.py` for what layers say, `failures.py` what counts as the same failure, and `driver.py` the loop.
"""

from lrc.reduction.case import Case, InvalidCaseError
from lrc.reduction.driver import Reduction, reduce
from lrc.reduction.failures import Failure, Test, command_fails, passes_fail, target_fails
from lrc.reduction.steps import STEPS

__all__ = [
    "STEPS",
    "Case",
    "Failure",
    "InvalidCaseError",
    "Reduction",
    "Test",
    "command_fails",
    "passes_fail",
    "reduce",
    "target_fails",
]
