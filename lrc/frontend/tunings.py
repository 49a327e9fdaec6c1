"""Whether the machine that a tuning is for can do what it asks for."""

from __future__ import annotations

from collections.abc import Iterator

from lrc.dialects import lr
from lrc.dialects.values.machines import MACHINES, machine_named
from lrc.dialects.values.schedules import Tuning

HINT = "kryo485 and armv8 have vectors of 4 floats, avx2 of 8, avx512 and zen4 of 16"


def impossible(model: lr.ModelOp) -> Iterator[tuple[lr.Conv2dOp, str]]:
    """The layers whose tuning is for a machine that cannot do it, as the layer or the network names it; those that name
    none, if no machine can."""
    device = None if model.device is None else model.device.data
    for op in _tuned(model):
        wishes = op.tuning.data if op.tuning else Tuning()
        named = wishes.device or device
        machines = MACHINES.values() if named is None else [machine_named(named)]
        reasons = [wishes.misfit(machine.lanes) for machine in machines]
        if all(reasons):
            yield op, f"{reasons[0]}" if named is None else f"{reasons[0]}, as {named} has them"


def without_vectors(model: lr.ModelOp) -> Iterator[tuple[lr.Conv2dOp, str]]:
    """The layers whose tuning is for any machine, and only one without vectors can do it."""
    if model.device is not None:
        return
    for op in _tuned(model):
        wishes = op.tuning.data if op.tuning else Tuning()
        reasons = [wishes.misfit(machine.lanes) for machine in MACHINES.values() if machine.lanes > 1]
        if wishes.device is None and wishes.misfit(1) is None and all(reasons):
            yield op, f"{reasons[0]}, and of no other machine: lrc will choose"


def _tuned(model: lr.ModelOp) -> Iterator[lr.Conv2dOp]:
    yield from (op for op in model.block.ops if isinstance(op, lr.Conv2dOp) and op.tuning is not None)
