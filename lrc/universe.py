"""What lrc adds to xDSL: its dialects, passes and targets, by name.

This is the one place of registration, exported as the package's `xdsl.universe` entry point, so that `lrc`, `lrc-opt`
and plain `xdsl-opt` all know them. Names are bound to getters, not to classes: nothing is imported until it is used.

A name is enough, since a file is named after what it defines: dialect `fkw` is the `Dialect` in `lrc/dialects/fkw/`,
pass `fuse-activation` of stage `graph` the pass in `lrc/passes/graph/fuse_activation.py`, target `c` the one in
`lrc/backends/c/target.py`.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Final, TypeVar

from xdsl.ir import Dialect
from xdsl.passes import ModulePass
from xdsl.universe import Universe
from xdsl.utils.target import Target

DIALECTS = ("lr", "pattern", "fkw", "kernel", "neon")

PASSES: Final = {
    name: folder
    for folder, names in {
        "graph": (
            *("set-machine", "fuse-conv-bn", "fuse-activation", "fuse-residual"),
            *("materialize-padding", "replace-unfriendly", "set-precision"),
        ),
        "pattern": ("assign-patterns", "reorder-filters"),
        "packed": ("split-strides", "tile", "assign-layout", "pack-fkw"),
        "lowering": ("lower-to-loops",),
        "loops": ("legalize-loads", "eliminate-redundant-loads", "order-body"),
        "target": ("legalize-neon", "plan-memory"),
    }.items()
    for name in names
}
"""Pass -> the folder of `passes/` that has it: the stages of the pipeline, in their order."""

TARGETS = ("c",)

Named = TypeVar("Named", ModulePass, Target)


def _dialect(name: str) -> Callable[[], Dialect]:
    def get() -> Dialect:
        members = vars(import_module(f"lrc.dialects.{name}")).values()
        return next(m for m in members if isinstance(m, Dialect) and m.name == name)

    return get


def _class(module: str, name: str, base: type[Named]) -> Callable[[], type[Named]]:
    def get() -> type[Named]:
        members = vars(import_module(module)).values()
        classes = (member for member in members if isinstance(member, type) and issubclass(member, base))
        return next(member for member in classes if getattr(member, "name", None) == name)

    return get


def module_of(name: str) -> str:
    """The module that has a pass."""
    return f"lrc.passes.{PASSES[name]}.{name.replace('-', '_')}"


UNIVERSE = Universe(
    all_dialects={name: _dialect(name) for name in DIALECTS},
    all_passes={name: _class(module_of(name), name, ModulePass) for name in PASSES},
    all_targets={name: _class(f"lrc.backends.{name}.target", name, Target) for name in TARGETS},
)


@cache
def multiverse() -> Universe:
    """What there is of xDSL, of lrc and of their plug-ins, whose entry points are read once."""
    return Universe.get_multiverse()
