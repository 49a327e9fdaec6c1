"""The way of a model through the compiler, as data: for each level, the passes that end there.

`specification("neon", "fkw")` is text that `lrc-opt -p` takes, so that every compilation can be replayed by hand.
"""

from collections.abc import Collection
from typing import Final

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import PassPipeline, PassPipelineCallbackType

from lrc.dialects import lr
from lrc.dialects.values.machines import HOST, Instructions, Machine
from lrc.execution.host import machine_of
from lrc.universe import multiverse

LEVELS: Final = ("lr", "pattern", "fkw", "loops", "target")

STAGES: Final[dict[str, tuple[str, ...]]] = {
    "lr": ("set-machine{{{machine}}}", "fuse-conv-bn", "fuse-activation", "fuse-residual", "materialize-padding"),
    "pattern": ("assign-patterns", "reorder-filters"),
    "fkw": ("tile{{threads={threads}}}", "assign-layout", "pack-fkw"),
    "loops": ("lower-to-loops", "legalize-loads", "eliminate-redundant-loads", "order-body"),
    "target": ("plan-memory",),
}
"""Level -> the passes that lead to it from the level before. What stands in braces is filled in."""

LEGALIZATIONS: Final[dict[Instructions, tuple[str, ...]]] = {"neon": ("legalize-neon",), "vectors": (), "scalar": ()}
"""How a machine's vectors are written -> the passes with which the level `target` begins for it."""

OPTIONAL: Final[dict[str, str]] = {"replace-unfriendly": "lr"}
"""Passes that run only when asked for -> the level at whose end they run."""


def target_of(module: ModuleOp, target: str | None = None) -> str:
    """The target that somebody asks for, or else the machine that a module is for, its network's device, the host."""
    if target is not None:
        return target
    if (machine := lr.find_machine(module)) is not None:
        return HOST if machine.is_native else machine.name
    device = lr.find_model(module).device
    return HOST if device is None else device.data


def legalizations(target: str) -> tuple[str, ...]:
    """The passes that rewrite loops for the instructions of a target's machine."""
    return LEGALIZATIONS[machine_of(target).instructions]


def stage(level: str, target: str, threads: int = 1, optional: Collection[str] = ()) -> str:
    """The passes from the level before `level` to `level`, in the syntax of `lrc-opt -p`."""
    machine = machine_of(target)
    first = legalizations(target) if level == "target" else ()
    last = tuple(name for name, at in OPTIONAL.items() if at == level and name in optional)
    return ",".join((*first, *STAGES[level], *last)).format(machine=_option(machine), threads=threads)


def _option(machine: Machine) -> str:
    return f"machine={machine.name}{' native=true' if machine.is_native else ''}"


def specification(target: str, level: str = "target", threads: int = 1, optional: Collection[str] = ()) -> str:
    """The passes from the lifted `.lr` file to `level`, in the syntax of `lrc-opt -p`."""
    levels = LEVELS[: LEVELS.index(level) + 1]
    return ",".join(stage(name, target, threads, optional) for name in levels)


def parse(passes: str, callback: PassPipelineCallbackType | None = None) -> PassPipeline:
    """The pipeline that `passes` spells out, from the passes of xDSL and of lrc.

    Raises ValueError for a pass that does not exist.
    """
    return PassPipeline.parse_spec(multiverse().all_passes, passes, callback)
