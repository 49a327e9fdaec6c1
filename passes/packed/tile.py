"""tile: a schedule for every convolution."""

from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from lrc.dialects.elements import element_of
from lrc.dialects.lr.base import shape_of
from lrc.dialects.lr.model import ModelOp
from lrc.dialects.pattern import ops as pattern
from lrc.dialects.pattern.attrs import ScheduleAttr
from lrc.dialects.values.elements import F32
from lrc.dialects.values.machines import Machine, machine_named
from lrc.dialects.values.packing import shared_jam
from lrc.dialects.values.schedules import Tuning
from lrc.dialects.values.shapes import picture
from lrc.passes.arrays import load, load_optional
from lrc.passes.diagnose import fail, machine_of
from lrc.passes.packed.heuristic import Problem, choose_schedule

JAMS = (8, 6, 4, 3, 2, 1)


@dataclass(frozen=True)
class TilePass(ModulePass):
    """pattern.conv2d -> the same with a schedule: what its tuning asks for, the heuristic's choice for the rest.

    A tuning is for one machine, if it or the network names one, and for another lrc chooses; else for all that can do
    it. `threads`: how many will run it.
    """

    name = "tile"

    threads: int = 1

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        machine = machine_of(op)
        for layer in op.walk():
            if isinstance(layer, pattern.Conv2dOp) and layer.schedule is None:
                tuning = tuning_of(layer) if unsuited(layer, machine) is None else Tuning()
                try:
                    schedule = choose_schedule(problem_of(layer), machine, self.threads, tuning)
                except ValueError as error:
                    fail(layer, f"layer '{layer.layer.data}': {error}")
                layer.schedule = ScheduleAttr(schedule)


def tuning_of(layer: pattern.Conv2dOp) -> Tuning:
    """What the author of a layer wishes."""
    return layer.tuning.data if layer.tuning else Tuning()


def unsuited(layer: pattern.Conv2dOp, machine: Machine) -> str | None:
    """Why a layer's tuning is not one for a machine; None if it is, or there is none.

    One that was written for this very machine is never unsuited: what is wrong with it is the author's to mend.
    """
    tuning = tuning_of(layer)
    if tuning == Tuning():
        return None
    device, element = device_of(layer), element_of(layer.output)
    if device is not None and (name := machine_named(device).name) != machine.name:
        return f"it is for {name}"
    # who wrote it for a machine had float32 in mind
    return tuning.misfit(machine.lanes_of(element)) if device is None or element is not F32 else None


def device_of(layer: pattern.Conv2dOp) -> str | None:
    """The machine that a layer's tuning is for, as it or the network names it."""
    if (device := tuning_of(layer).device) is not None:
        return device
    model = layer.parent_op()
    return model.device.data if isinstance(model, ModelOp) and model.device is not None else None


def problem_of(layer: pattern.Conv2dOp) -> Problem:
    """What the schedule of a convolution depends on."""
    assignment = load(layer, layer.assignment)
    order = load_optional(layer, layer.order, np.arange(len(assignment)))
    filters, height, width = picture(shape_of(layer.output))
    return Problem(
        window=layer.window,
        patterns=layer.patterns.data,
        channels=assignment.shape[1],
        filters=filters,
        height=height,
        width=width,
        kernels=float(np.count_nonzero(assignment)) / filters,
        element=element_of(layer.output),
        jams=tuple(j for j in JAMS if shared_jam(assignment, order, (j,), layer.group_count) == j),
    )
