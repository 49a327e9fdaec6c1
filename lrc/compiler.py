"""Drives a network through the passes, and what comes out of them into a folder of C."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.universe import Universe

from lrc import levels, pipelines
from lrc.backends.c.emit import Emitted
from lrc.backends.c.emit import emit as emit_c
from lrc.backends.folder import write_folder
from lrc.dialects import lr
from lrc.dialects.lr.base import shape_of
from lrc.report import Observer, Report

BETWEEN_LOOPS = frozenset({"eliminate-redundant-loads", "order-body", "legalize-neon", "plan-memory"})
"""Passes whose input is not verified: the loops are large, and are verified once whole and once finished."""

Progress = Callable[[str], None]

LAST_OF_GRAPH = "pack-fkw"
"""The pass after which a network is still one operation a layer, for the last time."""


@dataclass(frozen=True)
class Compilation:
    """A network on its way to a target.

    `source` is the network as it was written, `graph` the same as packed layers (what the emitted code is verified
    against), `module` the level that was asked for. `passes` led there, those before `graph_passes` over the graph.
    """

    source: ModuleOp
    graph: ModuleOp
    module: ModuleOp
    target: str
    passes: tuple[ModulePass, ...]
    report: Report

    @property
    def graph_passes(self) -> tuple[ModulePass, ...]:
        """The passes from the source to the graph."""
        names = [each.name for each in self.passes]
        return self.passes[: names.index(LAST_OF_GRAPH) + 1] if LAST_OF_GRAPH in names else self.passes


def make_context() -> Context:
    """A context that knows all dialects of xDSL and of lrc."""
    context = Context()
    for name, dialect in Universe.get_multiverse().all_dialects.items():
        context.register_dialect(name, dialect)
    return context


def lower(
    module: ModuleOp,
    target: str,
    level: str = "target",
    *,
    threads: int = 1,
    optional: Collection[str] = (),
    progress: Progress = lambda step: None,
) -> Compilation:
    """Run the passes that lead from a lifted network to `level`, verifying after each; `module` stays as it is.

    Raises PassFailedException, with the place in the user's file, for what a pass cannot compile.
    """
    began = time.perf_counter()
    context, result, graph = make_context(), module.clone(), module
    report = Report(lr.find_model(module).sym_name.data, target)
    observe = Observer(report)

    def between(previous: ModulePass | None, current: ModuleOp, following: ModulePass | None) -> None:
        nonlocal graph
        if following is None or following.name not in BETWEEN_LOOPS:
            current.verify()
        observe(previous, current, following)
        if previous is not None and previous.name == LAST_OF_GRAPH:
            graph = current.clone()
        if following is not None:
            progress(following.name)

    pipeline = pipelines.parse(pipelines.specification(target, level, threads, optional), between)
    pipeline.apply(context, result)
    report.seconds = time.perf_counter() - began
    return Compilation(module, graph, result, target, pipeline.passes, report)


def write(compilation: Compilation, folder: Path, *, embed_weights: bool = False) -> None:
    """Print a compilation that went all the way as C, and write the folder, all of it or nothing.

    Raises OSError if the folder cannot be written.
    """
    emitted = emit(compilation)
    report = compilation.report
    metadata = {
        "passes": ",".join(str(each) for each in compilation.passes),
        "schedules": {layer.name: layer.schedule for layer in report.layers if layer.schedule},
        "weights": {
            layer.name: {"weights": layer.weights, "executed": layer.executed, "nonzero": layer.nonzero}
            for layer in report.layers
            if layer.weights
        },
    }
    paths = write_folder(folder, emitted.model, emitted.arrays, metadata, embed_weights)
    report.weights_bytes = next(path.stat().st_size for path in paths if path.suffix == ".lrw")


def show(compilation: Compilation) -> str:
    """The module that a compilation reached, as text. `levels.save` also keeps the arrays that it names."""
    return levels.show(compilation.module)


def show_c(compilation: Compilation) -> str:
    """All C of a compilation that went all the way, the kernels first, one text."""
    model = emit(compilation).model
    return "\n".join([model.declarations, *(unit.text for unit in model.kernels), model.graph, ""])


def emit(compilation: Compilation) -> Emitted:
    """The texts and arrays of the folder of a compilation that went all the way."""
    return emit_c(
        compilation.module,
        pipelines.machine_of(compilation.target),
        compilation.target,
        list(input_shapes(compilation.source).values()),
        list(output_shapes(compilation.source).values()),
        {layer.name: layer.kind for layer in compilation.report.layers},
    )


def name_of(module: ModuleOp) -> str:
    """The name of the network in a module."""
    return lr.find_model(module).sym_name.data


def input_shapes(module: ModuleOp) -> dict[str, tuple[int, ...]]:
    """The shapes of a network's inputs by name, in order."""
    model = lr.find_model(module)
    return {name: shape_of(value) for name, value in zip(model.inputs, model.block.args, strict=True)}


def output_shapes(module: ModuleOp) -> dict[str, tuple[int, ...]]:
    """The shapes of a network's outputs by name, in order."""
    end = lr.find_model(module).block.last_op
    if not isinstance(end, lr.OutputOp):
        raise ValueError("the network has no outputs")
    return {name.data: shape_of(value) for name, value in zip(end.names, end.values, strict=True)}
