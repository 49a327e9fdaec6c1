"""What lrc adds to xDSL: its dialects, passes and targets, by name.

This is the one place of registration, exported as the package's `xdsl.universe` entry point, so that `lrc`, `lrc-opt`
and plain `xdsl-opt` all know them. Names are bound to getters, not to classes: nothing is imported until it is used.

A name is enough, since a file is named after what it defines: dialect `fkw` is the `Dialect` in `lrc/dialects/fkw/`
(in `dialect.py` where the package itself must import nothing: lr needs pattern's plain values, pattern lr's layers),
pass `fuse-activation` is the pass in `lrc/passes/fuse_activation.py`, target `c` the one in `lrc/backends/c/target.py`.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TypeVar

from xdsl.ir import Dialect
from xdsl.passes import ModulePass
from xdsl.universe import Universe
from xdsl.utils.target import Target

DIALECTS = ("lr", "pattern", "fkw", "kernel", "neon")

PASSES = (
    "set-machine",
    "fuse-conv-bn",
    "fuse-activation",
    "fuse-residual",
    "materialize-padding",
    "replace-unfriendly",
    "assign-patterns",
    "reorder-filters",
    "tile",
    "assign-layout",
    "pack-fkw",
    "lower-to-loops",
    "legalize-loads",
    "eliminate-redundant-loads",
    "order-body",
    "legalize-neon",
    "plan-memory",
)

TARGETS = ("c",)

Named = TypeVar("Named", ModulePass, Target)


def _dialect(name: str) -> Callable[[], Dialect]:
    def get() -> Dialect:
        package = f"lrc.dialects.{name}"
        module = import_module(f"{package}.dialect" if find_spec(f"{package}.dialect") else package)
        return next(m for m in vars(module).values() if isinstance(m, Dialect) and m.name == name)

    return get


def _class(module: str, name: str, base: type[Named]) -> Callable[[], type[Named]]:
    def get() -> type[Named]:
        members = vars(import_module(module)).values()
        classes = (member for member in members if isinstance(member, type) and issubclass(member, base))
        return next(member for member in classes if getattr(member, "name", None) == name)

    return get


UNIVERSE = Universe(
    all_dialects={name: _dialect(name) for name in DIALECTS},
    all_passes={name: _class(f"lrc.passes.{name.replace('-', '_')}", name, ModulePass) for name in PASSES},
    all_targets={name: _class(f"lrc.backends.{name}.target", name, Target) for name in TARGETS},
)


@cache
def multiverse() -> Universe:
    """What there is of xDSL, of lrc and of their plug-ins, whose entry points are read once."""
    return Universe.get_multiverse()
