"""Drives a network through the passes, and what comes out of them into a folder of C."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException, VerifyException

from lrc.backends.c import emit
from lrc.compilation import pipelines
from lrc.compilation.report import Observer, Report
from lrc.dialects import kernel, lr
from lrc.dialects.values.elements import F32, Element
from lrc.dialects.verifying import verify
from lrc.execution.host import machine_of
from lrc.files import levels
from lrc.garbage import collecting_nothing
from lrc.universe import multiverse

OVER_LOOPS = frozenset({"legalize-loads", "eliminate-redundant-loads", "order-body", "legalize-neon", "plan-memory"})
"""Passes whose input is not verified: the loops are large, and are verified once, when they are finished."""

Progress = Callable[[str], None]

LAST_OF_GRAPH = "pack-fkw"
"""The pass after which a network is still one operation a layer, for the last time."""

FIRST_OF_LOOPS = "lower-to-loops"


class WrongPassError(Exception):
    """A pass made a module that is not valid, or other inputs or outputs: a bug in lrc, and in which pass it may be."""


@dataclass(frozen=True)
class Compilation:
    """A network on its way to a target.

    `source` is the network as it was given, of whatever level, `graph` the same as packed layers, or as the loops that
    it was given as: what the emitted code is verified against. `module` is the level that was asked for. `passes` led
    there, `graph_passes` from layers to layers. `stretches` are the modules before and after passes that keep the
    meaning: from source to graph, or, if a pass was asked for that changes it, up to that and on from what it made.
    """

    source: ModuleOp
    graph: ModuleOp
    module: ModuleOp
    target: str
    passes: tuple[ModulePass, ...]
    report: Report
    stretches: tuple[tuple[ModuleOp, ModuleOp], ...] = ()

    @property
    def graph_passes(self) -> tuple[ModulePass, ...]:
        """The passes from the source to the graph."""
        names = [each.name for each in self.passes]
        if FIRST_OF_LOOPS in names:
            return self.passes[: names.index(FIRST_OF_LOOPS)]
        return self.passes if is_graph(self.module) else ()


def make_context() -> Context:
    """A context that knows all dialects of xDSL and of lrc."""
    context = Context()
    for name, dialect in multiverse().all_dialects.items():
        context.register_dialect(name, dialect)
    return context


def lower(
    module: ModuleOp,
    target: str,
    level: str = "target",
    *,
    threads: int = 1,
    optional: Collection[str] = (),
    precision: Element = F32,
    progress: Progress = lambda step: None,
) -> Compilation:
    """Run the passes that lead from a network, of whatever level, to `level`, verifying what they make.

    `module` stays as it is. Layers compute with numbers of the type `precision`, all but those that have to be float32.

    Raises PassFailedException, with the place in the user's file, for what a pass cannot compile, WrongPassError, and
    UserError if the module is past `level`, or past the optional passes.
    """
    began = time.perf_counter()
    context, result, graph = make_context(), lr.apart(module), module
    stretches: list[tuple[ModuleOp, ModuleOp]] = []
    first, after = module, pipelines.reached(module)
    asked_for = [*optional, *([pipelines.PRECISION] if precision is not F32 else [])]
    pipelines.check_reach(module, level, asked_for)
    report = Report(name_of(module), target)
    observe = Observer(report)
    unverified: list[str] = []

    def between(previous: ModulePass | None, current: ModuleOp, following: ModulePass | None) -> None:
        nonlocal graph, first
        unverified.extend([previous.name] if previous is not None else [])
        try:
            if following is None or following.name not in OVER_LOOPS:
                verify(current)
                check_ports(module, current)
                unverified.clear()
        except VerifyException as error:
            if previous is None:
                raise
            raise WrongPassError(f"{' or '.join(unverified)}: {error}") from error
        observe(previous, current, following)
        if previous is not None and previous.name in pipelines.OPTIONAL:
            first = current.clone()
        if following is not None and following.name in pipelines.OPTIONAL:
            stretches.append((first, current.clone()))
        if previous is not None and previous.name == LAST_OF_GRAPH:
            graph = current.clone()
            stretches.append((first, graph))
        if following is not None:
            progress(following.name)

    narrow = ""
    if precision is not F32:
        progress("looking for large numbers")
        report.kept_float32 = too_large_for(precision, module, target, optional)
        narrow = pipelines.precision_pass(precision, report.kept_float32)
    pipeline = pipelines.parse(pipelines.specification(target, level, threads, optional, after, narrow), between)
    with collecting_nothing():
        pipeline.apply(context, result)
    if not pipeline.passes:
        between(None, result, None)
    report.seconds = time.perf_counter() - began
    return Compilation(module, graph, result, target, pipeline.passes, report, tuple(stretches))


def is_graph(module: ModuleOp) -> bool:
    """Whether a module is one of layers, of whatever level, and not yet of loops."""
    return any(isinstance(op, lr.ModelOp) for op in module.ops)


def too_large_for(element: Element, module: ModuleOp, target: str, optional: Collection[str]) -> dict[str, float]:
    """The layers, once fused, whose numbers may reach the end of an element type, and how large they may become.

    Raises PassFailedException if the machine does not compute with that type.
    """
    from lrc.verification import magnitudes
    from lrc.verification.verify import random_inputs

    try:
        machine_of(target).lanes_of(element)
    except ValueError as error:
        raise PassFailedException(str(error)) from None
    fused = lr.apart(module)
    pipelines.parse(pipelines.stage("lr", target, optional=optional)).apply(make_context(), fused)
    return magnitudes.too_large(fused, list(random_inputs(fused).values()), element)


def check_ports(before: ModuleOp, after: ModuleOp) -> None:
    """Raises VerifyException if a network has other inputs or outputs than before: no pass may touch them."""
    for what, ports in (("inputs", kernel.input_shapes), ("outputs", kernel.output_shapes)):
        if (found := list(ports(after).items())) != (expected := list(ports(before).items())):
            raise VerifyException(f"the {what} are {_show(found)} instead of {_show(expected)}")


def _show(ports: Sequence[tuple[str, tuple[int, ...]]]) -> str:
    return ", ".join(f"{name} {list(shape)}" for name, shape in ports) or "none"


def write(compilation: Compilation, folder: Path, *, embed_weights: bool = False) -> dict[str, Any]:
    """Print a compilation that went all the way as C, and write the folder, all of it or nothing: its metadata.

    Raises OSError if the folder cannot be written.
    """
    with collecting_nothing():
        written = emit.write(compilation.module, folder, embed_weights=embed_weights)
    compilation.report.weights_bytes = written["weights_bytes"]
    return written


def show(compilation: Compilation) -> str:
    """The module that a compilation reached, as text. `levels.save` also keeps the arrays that it names."""
    return levels.show(compilation.module)


def show_c(compilation: Compilation) -> str:
    """All C of a compilation that went all the way as one file, the kernels first. It compiles as it is."""
    return emit.one_file(compilation.module)


def name_of(module: ModuleOp) -> str:
    """The name of the network in a module of whatever level."""
    network = kernel.find_network(module) or lr.find_model(module)
    return network.sym_name.data
