"""The way of a model through the compiler, as data: for each level, the passes that end there.

`specification("neon", "fkw")` is text that `lrc-opt -p` takes, so that every compilation can be replayed by hand.
"""

from collections.abc import Collection
from typing import Final

from xdsl.dialects.builtin import ModuleOp, NoneAttr, TensorType
from xdsl.ir import SSAValue
from xdsl.passes import PassPipeline, PassPipelineCallbackType
from xdsl.utils.hints import isa

from lrc.diagnostics import Diagnostic, UserError
from lrc.dialects import fkw, kernel, lr, pattern
from lrc.dialects.lr.weighted import ConvOp
from lrc.dialects.places import place_of
from lrc.dialects.values.elements import Element
from lrc.dialects.values.machines import HOST, Instructions, Machine
from lrc.execution.host import machine_of
from lrc.universe import multiverse

LEVELS: Final = ("lr", "pattern", "fkw", "loops", "target")

STAGES: Final[dict[str, tuple[str, ...]]] = {
    "lr": ("set-machine{{{machine}}}", "fuse-conv-bn", "fuse-activation", "fuse-residual", "materialize-padding"),
    "pattern": ("assign-patterns", "reorder-filters"),
    "fkw": ("split-strides", "tile{{threads={threads}}}", "assign-layout", "pack-fkw"),
    "loops": ("lower-to-loops", "legalize-loads", "eliminate-redundant-loads", "order-body"),
    "target": ("plan-memory",),
}
"""Level -> the passes that lead to it from the level before. What stands in braces is filled in."""

LEGALIZATIONS: Final[dict[Instructions, tuple[str, ...]]] = {"neon": ("legalize-neon",), "vectors": (), "scalar": ()}
"""How a machine's vectors are written -> the passes with which the level `target` begins for it."""

OPTIONAL: Final[dict[str, str]] = {"replace-unfriendly": "lr"}
"""Passes that run only when asked for, and change what layers compute -> the level at whose end they run."""

PRECISION: Final = "set-precision"
"""The pass that runs last at the level lr, when asked for: it leaves what layers compute as it is, but for rounding."""


def target_of(module: ModuleOp, target: str | None = None) -> str:
    """The machine that a module is for; if it is for none yet the target that somebody asks for, or else its network's
    device, or the host.

    Raises UserError if somebody asks for another machine than the one that the module is for.
    """
    found = lr.find_machine(module)
    if found is not None:
        target = target or (HOST if found.is_native else found.name)
        if (wanted := machine_of(target)) != found:
            filename, line, column = place_of(module) or (None, None, None)
            hint = f"a machine is chosen once: compile what is for none yet, such as a .lr file, for {wanted}"
            raise UserError(Diagnostic(f"the module is for {found}, not for {wanted}", hint, filename, line, column))
    if target is not None:
        return target
    device = lr.find_model(module).device
    return HOST if device is None else device.data


def reached(module: ModuleOp) -> str | None:
    """The last of the passes that a module has behind it, by what it is: None if these may be none at all.

    Passes skip what has been done: only those are named here behind which the ones before must not run again.
    """
    if (network := kernel.find_network(module)) is not None:
        kernels = kernel.kernels_of(module.ops)
        if any(each.loads is not None for each in kernels):
            return "lower-to-loops"
        if any(each.order is not None for each in kernels):
            return "legalize-loads"
        return "order-body" if network.arena_bytes is None else "plan-memory"
    model = lr.find_model(module)
    kinds = {type(op) for op in model.block.ops}
    is_written = any(isinstance(op, ConvOp) for op in model.block.ops)
    values: list[SSAValue] = [*model.block.args, *(result for op in model.block.ops for result in op.results)]
    has_layouts = any(isa(value.type, TensorType) and value.type.encoding != NoneAttr() for value in values)
    if fkw.Conv2dOp in kinds or (has_layouts and pattern.Conv2dOp not in kinds):
        return "pack-fkw"
    if pattern.Conv2dOp in kinds and not is_written:
        return "assign-layout" if has_layouts else "assign-patterns"
    return None


def level_reached(module: ModuleOp) -> str:
    """The level of which a module is: the one that `reached` belongs to, `lr` at least."""
    last = reached(module)
    return next((level for level, passes in STAGES.items() if last in [*map(name_of_pass, passes)]), LEVELS[0])


def check_reach(module: ModuleOp, level: str, optional: Collection[str] = ()) -> None:
    """Raises UserError if a module is past a level, or past the level at whose end an optional pass that is asked for
    runs."""
    found = level_reached(module)
    place = place_of(module)
    filename = None if place is None else place.filename
    if LEVELS.index(level) < LEVELS.index(found):
        raise UserError.because(f"the module is of the level {found}, which is past {level}", filename=filename)
    for name in optional:
        at = OPTIONAL.get(name, LEVELS[0])
        if LEVELS.index(at) < LEVELS.index(found):
            message = f"{name} rewrites layers of the level {at}: the module is of the level {found}"
            raise UserError.because(message, filename=filename)


def name_of_pass(specification: str) -> str:
    """`tile` of `tile{threads=2}`."""
    return specification.split("{", maxsplit=1)[0]


def legalizations(target: str) -> tuple[str, ...]:
    """The passes that rewrite loops for the instructions of a target's machine."""
    return LEGALIZATIONS[machine_of(target).instructions]


def precision_pass(element: Element, keep: Collection[str] = ()) -> str:
    """The pass that has layers compute with numbers of a type, all but those to keep, in the syntax of `lrc-opt -p`."""
    kept = ",".join(f'"{name}"' for name in keep)
    return f"{PRECISION}{{precision={element}{' keep=' if keep else ''}{kept}}}"


def stage(level: str, target: str, threads: int = 1, optional: Collection[str] = (), precision: str = "") -> str:
    """The passes from the level before `level` to `level`, in the syntax of `lrc-opt -p`; `precision` is what
    `precision_pass` gives, or nothing."""
    return ",".join(_stage(level, target, threads, optional, precision))


def _stage(level: str, target: str, threads: int, optional: Collection[str], precision: str) -> list[str]:
    machine = machine_of(target)
    first = legalizations(target) if level == "target" else ()
    last = tuple(name for name, at in OPTIONAL.items() if at == level and name in optional)
    filled = {"machine": _option(machine), "threads": threads}
    passes = [each.format(**filled) for each in (*first, *STAGES[level], *last)]
    return [*passes, precision] if precision and level == "lr" else passes


def _option(machine: Machine) -> str:
    return f"machine={machine.name}{' native=true' if machine.is_native else ''}"


def specification(
    target: str,
    level: str = "target",
    threads: int = 1,
    optional: Collection[str] = (),
    after: str | None = None,
    precision: str = "",
) -> str:
    """The passes from the lifted `.lr` file to `level`, or those behind `after`, in the syntax of `lrc-opt -p`;
    `precision` as `stage` takes it."""
    levels = LEVELS[: LEVELS.index(level) + 1]
    passes = [each for name in levels for each in _stage(name, target, threads, optional, precision)]
    names = [name_of_pass(each) for each in passes]
    first = 0
    if after is not None:
        first = names.index(after) + 1 if after in names else len(passes)
    return ",".join(passes[first:])


def parse(passes: str, callback: PassPipelineCallbackType | None = None) -> PassPipeline:
    """The pipeline that `passes` spells out, from the passes of xDSL and of lrc.

    Raises ValueError for a pass that does not exist.
    """
    return PassPipeline.parse_spec(multiverse().all_passes, passes, callback)
