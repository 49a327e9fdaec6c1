"""The way of a model through the compiler, as data: for each level, the passes that end there.

`specification("neon", "fkw")` is text that `lrc-opt -p` takes, so that every compilation can be replayed by hand.
"""

from collections.abc import Collection
from typing import Final

from xdsl.passes import PassPipeline, PassPipelineCallbackType

from lrc.host import machine_at_hand
from lrc.universe import multiverse

TARGETS: Final = ("neon", "host", "c")

LEVELS: Final = ("lr", "pattern", "fkw", "loops", "target")

STAGES: Final[dict[str, tuple[str, ...]]] = {
    "lr": ("fuse-conv-bn", "fuse-activation", "fuse-residual", "materialize-padding"),
    "pattern": ("assign-patterns", "reorder-filters"),
    "fkw": ("tile{{machine={machine} threads={threads}}}", "assign-layout{{machine={machine}}}", "pack-fkw"),
    "loops": ("lower-to-loops{{machine={machine}}}", "legalize-loads", "eliminate-redundant-loads", "order-body"),
    "target": ("plan-memory",),
}
"""Level -> the passes that lead to it from the level before. What stands in braces is filled in."""

LEGALIZATIONS: Final[dict[str, tuple[str, ...]]] = {
    "neon": ("legalize-neon",),
    "avx512": (),
    "zen4": (),
    "avx2": (),
    "c": (),
}
"""Machine -> the passes with which the level `target` begins for it."""

OPTIONAL: Final[dict[str, str]] = {"replace-unfriendly": "lr"}
"""Passes that run only when asked for -> the level at whose end they run."""


def machine_of(target: str) -> str:
    """The machine that a target's code is for, as the passes' option `machine` names it."""
    return machine_at_hand() if target == "host" else target


def stage(level: str, target: str, threads: int = 1, optional: Collection[str] = ()) -> str:
    """The passes from the level before `level` to `level`, in the syntax of `lrc-opt -p`."""
    machine = machine_of(target)
    first = LEGALIZATIONS[machine] if level == "target" else ()
    last = tuple(name for name, at in OPTIONAL.items() if at == level and name in optional)
    return ",".join((*first, *STAGES[level], *last)).format(machine=machine, threads=threads)


def specification(target: str, level: str = "target", threads: int = 1, optional: Collection[str] = ()) -> str:
    """The passes from the lifted `.lr` file to `level`, in the syntax of `lrc-opt -p`."""
    levels = LEVELS[: LEVELS.index(level) + 1]
    return ",".join(stage(name, target, threads, optional) for name in levels)


def parse(passes: str, callback: PassPipelineCallbackType | None = None) -> PassPipeline:
    """The pipeline that `passes` spells out, from the passes of xDSL and of lrc.

    Raises ValueError for a pass that does not exist.
    """
    return PassPipeline.parse_spec(multiverse().all_passes, passes, callback)
