"""tile: a schedule for every convolution."""

from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from lrc.dialects.lr.base import shape_of
from lrc.dialects.pattern import ops as pattern
from lrc.dialects.pattern.attrs import ScheduleAttr
from lrc.dialects.values.packing import shared_jam
from lrc.dialects.values.schedules import Tuning
from lrc.passes.diagnose import fail
from lrc.passes.machine import machine_named
from lrc.passes.tiling import Problem, choose_schedule
from lrc.passes.weights import load, load_optional

JAMS = (8, 6, 4, 3, 2, 1)


@dataclass(frozen=True)
class TilePass(ModulePass):
    """pattern.conv2d -> the same with a schedule: what its tuning asks for, the heuristic's choice for the rest.

    `machine` names the machine that the code is for (see `passes/machine.py`), `threads` how many run it.
    """

    name = "tile"

    machine: str = "neon"
    threads: int = 1

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for layer in op.walk():
            if isinstance(layer, pattern.Conv2dOp) and layer.schedule is None:
                tuning = layer.tuning.data if layer.tuning else Tuning()
                try:
                    schedule = choose_schedule(problem_of(layer), machine_named(self.machine), self.threads, tuning)
                except ValueError as error:
                    fail(layer, f"layer '{layer.layer.data}': {error}")
                layer.schedule = ScheduleAttr(schedule)


def problem_of(layer: pattern.Conv2dOp) -> Problem:
    """What the schedule of a convolution depends on."""
    assignment = load(layer, layer.assignment)
    order = load_optional(layer, layer.order, np.arange(len(assignment)))
    _, filters, height, width = shape_of(layer.output)
    return Problem(
        window=layer.window,
        patterns=layer.patterns.data,
        channels=assignment.shape[1],
        filters=filters,
        height=height,
        width=width,
        kernels=float(np.count_nonzero(assignment)) / filters,
        jams=tuple(j for j in JAMS if shared_jam(assignment, order, (j,), layer.group_count) == j),
    )
