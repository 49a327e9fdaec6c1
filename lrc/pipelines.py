"""The way of a model through the compiler, as data: for each level, the passes that end there.

`specification("neon", "fkw")` is text that `lrc-opt -p` takes, so that every compilation can be replayed by hand.
"""

from typing import Final

from xdsl.passes import PassPipeline, PassPipelineCallbackType

TARGETS: Final = ("neon", "host", "c")

LEVELS: Final = ("lr", "pattern", "fkw", "loops", "target")

STAGES: Final[dict[str, tuple[str, ...]]] = {
    "lr": ("fuse-conv-bn", "fuse-activation", "fuse-residual"),
    "pattern": ("assign-patterns", "reorder-filters"),
    "fkw": ("tile{{target={target} threads={threads}}}", "assign-layout{{target={target}}}", "pack-fkw"),
    "loops": ("lower-to-loops", "legalize-loads", "eliminate-redundant-loads", "order-body"),
    "target": ("legalize-{target}", "plan-memory"),
}
"""Level -> the passes that lead to it from the level before. {target} and {threads} are filled in."""

OPTIONAL: Final[dict[str, str]] = {"replace-unfriendly": "lr"}
"""Passes that run only when asked for -> the level at whose end they run."""


def stage(level: str, target: str, threads: int = 1, optional: frozenset[str] = frozenset()) -> str:
    """The passes from the level before `level` to `level`, in the syntax of `lrc-opt -p`."""
    passes = STAGES[level] + tuple(name for name, at in OPTIONAL.items() if at == level and name in optional)
    return ",".join(passes).format(target=target, threads=threads)


def specification(target: str, level: str = "target", threads: int = 1, optional: frozenset[str] = frozenset()) -> str:
    """The passes from the lifted `.lr` file to `level`, in the syntax of `lrc-opt -p`."""
    levels = LEVELS[: LEVELS.index(level) + 1]
    return ",".join(stage(name, target, threads, optional) for name in levels)


def parse(passes: str, callback: PassPipelineCallbackType | None = None) -> PassPipeline:
    """The pipeline that `passes` spells out, from the passes of xDSL and of lrc.

    Raises ValueError for a pass that does not exist.
    """
    from xdsl.universe import Universe

    return PassPipeline.parse_spec(Universe.get_multiverse().all_passes, passes, callback)
