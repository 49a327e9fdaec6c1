"""What must hold of every network: passes keep its meaning, targets agree. Each check raises AssertionError."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from lrc import api, bounds, pipelines, verify
from lrc.comparison import LayerReport, compare
from lrc.compiler import WrongPassError
from lrc.dialects import lr
from lrc.interpreters import loops, run, walk
from lrc.interpreters.reference import float64
from lrc.testing.reproducers import reproducible, verify_passes
from lrc.validation import Validation


@reproducible(lambda given: verify_passes(given["passes"]))
def passes_preserve_meaning(
    module: ModuleOp, passes: Sequence[ModulePass], context: Context | None = None, seed: int = 0
) -> None:
    """Check that each of the passes over the graph, run one after the other, leaves a valid module that means the same.

    Layers may be fused, their weights rounded to float32, and layers may be added; any other layer, input or output
    keeps its name and its value (`lrc.validation`). `module` stays as it is. Raises AssertionError that names the pass
    and what it changed.
    """
    blame = verify.bisect(module, passes, context or Context(), verify.random_inputs(module, seed))
    if blame is not None:
        _same_meaning(blame.pass_name, blame.found)


@reproducible()
def loops_preserve_meaning(module: ModuleOp, machine: str = "neon", seed: int = 0) -> None:
    """Check that the loops, as they are for a machine of `lrc.passes.machine`, compute what the packed layers mean,
    after every pass from lower-to-loops to plan-memory.

    Both are computed in float64, where a sum has next to no room for error. The loops are interpreted one operation at
    a time: keep the network small. Raises AssertionError that names the pass and the layer.
    """
    context, order = Context(), list(verify.random_inputs(module, seed).values())
    graph = module.clone()
    for each in pipelines.parse(pipelines.specification(machine, "fkw")).passes:
        each.apply(context, graph)
    exact = run(graph, order)

    def judge(lowered: ModuleOp, after: str) -> None:
        """Whether loops compute every layer whose buffer can still be seen, and every output."""
        lowered.verify()
        model = lr.find_model(graph)
        outputs = [np.full(value.size, np.nan) for value in exact]
        arguments = [*(float64(x).reshape(-1) for x in order), *outputs]
        layers = loops.call(lowered, model.sym_name.data, arguments, model.store)
        for evaluation in walk(graph, order, layers.get):
            if (found := layers.get(evaluation.layer)) is not None:
                _within(after, compare(evaluation, found, bounds.of_loops(evaluation, model.store)))
        for found, value in zip(outputs, exact, strict=True):
            np.testing.assert_allclose(found.reshape(value.shape), value, 1e-4, 1e-5, err_msg=after)

    passes = pipelines.parse(f"{pipelines.stage('loops', machine)},{pipelines.stage('target', machine)}").passes

    def follow(judged: Sequence[ModulePass]) -> None:
        lowered = graph.clone()
        for each in passes:
            each.apply(context, lowered)
            if each in judged:
                judge(lowered, each.name)

    try:
        # all layers can be seen until the memory is planned, which is last
        follow(passes[-2:])
    except Exception:
        follow(passes)  # raises as well, at the first pass that is wrong
        raise


def targets_agree(
    module: ModuleOp, targets: Sequence[str] = ("host", "c"), seed: int = 0, *, exact: bool = False
) -> None:
    """Check that the emitted code of every target, built and run, is right: the graph that it was made from means what
    the module does, each layer is within its error bound, each output is the tensor that it names.

    With `exact` the code also runs integer networks (`lrc.exact`), in which no number may differ from the module's.
    Needs a C compiler, and for `neon` on another machine qemu. Raises AssertionError that names the target and the
    layer, and UserError if the network cannot be compiled.
    """
    for target in targets:
        target_is_right(module, target, seed, exact=exact)


@reproducible(lambda given: ["--target", given["target"], *(["--exact"] if given["exact"] else [])])
def target_is_right(module: ModuleOp, target: str, seed: int = 0, *, exact: bool = False) -> None:
    """The same for one target."""
    try:
        with api.compile(module, target) as net:
            report = net.verify(verify.random_inputs(module, seed))
            of_integers = net.verify_exactly(seed) if exact else None
    except WrongPassError as error:
        raise AssertionError(f"compiling for {target}: {error}") from error
    _same_meaning(f"compiling for {target}", report.graph)
    for layer in report.layers:
        _within(target, layer)
    if not report.passed:
        raise AssertionError(f"{target} gives outputs that are wrong or not finite: {report.outputs}")
    for each in (*of_integers.layers, *of_integers.outputs) if of_integers else ():
        if each.difference is not None:
            raise AssertionError(f"{target} gives wrong numbers for '{each.name}' of integers: {each.difference}")


def _same_meaning(what: str, found: Validation) -> None:
    if found.problems:
        raise AssertionError(f"{what}: {'; '.join(found.problems)}")
    for layer in found.layers:
        _within(what, layer)


def _within(what: str, layer: LayerReport) -> None:
    if not layer.passed:
        raise AssertionError(f"{what} changes layer '{layer.layer}' ({layer.operation}): {layer.problem}")
