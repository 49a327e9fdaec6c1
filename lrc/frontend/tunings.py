"""Whether the machine that a tuning is for can do what it asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lrc.dialects import lr
from lrc.dialects.values.elements import F32
from lrc.dialects.values.machines import MACHINES, machine_named
from lrc.dialects.values.schedules import Tuning

WIDTHS: Final = {name: machine.lanes_of(F32) for name, machine in MACHINES.items()}
LANES: Final = {lanes for lanes in WIDTHS.values() if lanes > 1}
HINT: Final = "; ".join(
    f"{' and '.join(name for name, width in WIDTHS.items() if width == lanes)}: vectors of {lanes} floats"
    for lanes in sorted(LANES)
)
"""What helps whoever asks for columns that are no whole vectors."""

Tuned = tuple[lr.ConvOp, Tuning]


def impossible(model: lr.ModelOp) -> Iterator[tuple[lr.ConvOp, str]]:
    """The layers whose tuning is for a machine that cannot do it, as the layer or the network names it; those that name
    none, if no machine can."""
    for op, tuning in _tuned(model):
        if (device := _device(model, tuning)) is None:
            reasons = [tuning.misfit(machine.lanes_of(F32)) for machine in MACHINES.values()]
            if all(reasons):
                yield op, f"{reasons[0]}, and no machine can do it"
        elif (reason := tuning.misfit(machine_named(device).lanes_of(F32))) is not None:
            yield op, f"{reason}, as {device} has them"


def without_vectors(model: lr.ModelOp) -> Iterator[tuple[lr.ConvOp, str]]:
    """The layers whose tuning is for any machine, and only one without vectors can do it."""
    for op, tuning in _tuned(model):
        reasons = [tuning.misfit(lanes) for lanes in sorted(LANES)]
        if _device(model, tuning) is None and tuning.misfit(1) is None and all(reasons):
            yield op, f"{reasons[0]}, and of no other machine: lrc will choose"


def _tuned(model: lr.ModelOp) -> Iterator[Tuned]:
    for op in model.block.ops:
        if isinstance(op, lr.ConvOp) and op.tuning is not None:
            yield op, op.tuning.data


def _device(model: lr.ModelOp, tuning: Tuning) -> str | None:
    """The machine that a tuning is for, as it or the network names it."""
    return tuning.device or (None if model.device is None else model.device.data)
