"""What must hold of every network: passes keep its meaning, targets agree. Each check raises AssertionError."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from lrc.compilation import pipelines
from lrc.compilation.compiler import is_graph
from lrc.dialects import lr
from lrc.dialects.lr.base import shape_of
from lrc.interpreters import walk
from lrc.interpreters.reference import Array, float64
from lrc.testing.checks.code import built
from lrc.testing.checks.relations import RELATIONS, Related, Relation
from lrc.testing.checks.reproducers import reproducible, verify_passes
from lrc.testing.kernels.evaluating import functions_preserve_meaning
from lrc.verification import bounds, verify
from lrc.verification.comparison import LayerComparison, compare, distance
from lrc.verification.exact import layers_held
from lrc.verification.loop_validation import validate_loops
from lrc.verification.validation import Traced, Validation

# In each function `__tracebackhide__` makes pytest show the line of the test that called it, and none of these.

LARGE, NEGLIGIBLE = 2.0**120, 2.0**-100
"""Numbers that are scaled keep their bits between these."""


@reproducible(lambda given: verify_passes(given["passes"]))
def passes_preserve_meaning(
    module: ModuleOp, passes: Sequence[ModulePass], context: Context | None = None, seed: int = 0
) -> None:
    """Check that each of the passes, run one after the other, leaves a valid module that means the same.

    Of a network, layers may be fused, their weights rounded to float32, and layers may be added; any other layer, input
    or output keeps its name and its value (`lrc.verification.validation`). A module of functions, such as those of
    `kernels()`, is run: not one number that it writes may differ (`lrc.testing.kernels.evaluating`). `module` stays as
    it is. Raises AssertionError that names the pass and what it changed.
    """
    __tracebackhide__ = True
    if not is_graph(module):
        functions_preserve_meaning(module, passes, context, seed)
        return
    blame = verify.bisect(module, passes, context or Context(), verify.random_inputs(module, seed))
    if blame is not None:
        _same_meaning(blame.pass_name, blame.found)


@reproducible(lambda given: ["--passes", pipelines.specification(given["machine"])])
def loops_preserve_meaning(module: ModuleOp, machine: str = "neon", seed: int = 0) -> None:
    """Check that the loops, as they are for a target, compute what the packed layers mean, after every pass from
    lower-to-loops to plan-memory.

    Both are computed in float64, where a sum has next to no room for error. The loops are interpreted one operation at
    a time: keep the network small. Raises AssertionError that names the pass and the layer.
    """
    __tracebackhide__ = True
    context, graph = Context(), lr.apart(module)
    for each in pipelines.parse(pipelines.specification(machine, "fkw")).passes:
        each.apply(context, graph)
    packed = Traced.of(graph, list(verify.random_inputs(module, seed).values()))
    passes = pipelines.parse(f"{pipelines.stage('loops', machine)},{pipelines.stage('target', machine)}").passes

    def follow(judged: Sequence[ModulePass]) -> None:
        __tracebackhide__ = True
        lowered = graph.clone()
        for each in passes:
            each.apply(context, lowered)
            if each in judged:
                found = validate_loops(packed, lowered)
                for layer in found.layers:  # before the outputs: it says more
                    _within(each.name, layer)
                _same_meaning(each.name, found)

    try:
        # all layers can be seen until the memory is planned, which is last
        follow(passes[-2:])
    except Exception:
        follow(passes)  # raises as well, at the first pass that is wrong
        raise


def targets_agree(
    module: ModuleOp, targets: Sequence[str] = ("host", "c"), seed: int = 0, *, exact: bool = False, threads: int = 1
) -> None:
    """Check that the emitted code of every target, built and run, is right: the graph that it was made from means what
    the module does, each layer is within its error bound, each output is the tensor that it names.

    With `exact` the code also runs integer networks (`lrc.verification.exact`), in which no number may differ from the
    module's. `threads` share each layer. Needs a C compiler, and for `neon` on another machine qemu. Raises
    AssertionError that names the target and the layer, and UserError if the network cannot be compiled.
    """
    __tracebackhide__ = True
    for target in targets:
        target_is_right(module, target, seed, exact=exact, threads=threads)


def _verify_target(given: Mapping[str, Any]) -> list[str]:
    """The words with which `lrc verify` does the same."""
    return ["--target", given["target"], "--threads", str(given["threads"]), *(["--exact"] if given["exact"] else [])]


@reproducible(_verify_target)
def target_is_right(module: ModuleOp, target: str, seed: int = 0, *, exact: bool = False, threads: int = 1) -> None:
    """Check that the emitted code of one target is right, as `targets_agree` says it.

    Raises AssertionError.
    """
    __tracebackhide__ = True
    with built(module, target, threads) as code:
        report = code.verify(verify.random_inputs(module, seed))
        of_integers = code.verify_exactly(seed) if exact else None
    _right(target, report)
    for each in (*of_integers.layers, *of_integers.outputs) if of_integers else ():
        if each.difference is not None:
            raise AssertionError(f"{target} gives wrong numbers for '{each.name}' of integers: {each.difference}")


@reproducible()
def holds(
    module: ModuleOp, relation: Relation | str, target: str | None = None, seed: int = 0, *, level: str = "lr"
) -> bool:
    """Check that a network of the lr level gives the same after it was changed as a relation says
    (`lrc.testing.checks.relations`, where `seed` makes choices).

    In float64 each layer of the changed network, fed with what it has to read, gives what it has to give; so do those
    that the passes up to `level` make of it. With a `target` its code is right as `targets_agree` has it, and what has
    to be the same to the last bit is so in the code of both networks. Returns whether there was anything that the
    relation applies to. Raises AssertionError that names the relation, what it changed, and the layer, and UserError as
    `targets_agree` does.
    """
    __tracebackhide__ = True
    change = RELATIONS[relation] if isinstance(relation, str) else relation
    related = change(module, np.random.default_rng(seed))
    if related is None:
        return False
    what, inputs = f"{change.__name__} ({related.what})", verify.random_inputs(module, seed)
    _same_values(what, module, related, inputs)
    if level != "lr":
        last = min(level, "fkw", key=pipelines.LEVELS.index)
        passes_preserve_meaning(related.module, pipelines.parse(pipelines.specification("c", last)).passes, seed=seed)
    if level in ("loops", "target"):
        loops_preserve_meaning(related.module, "c", seed)
    if target is not None and related.rounded is None:
        target_is_right(related.module, target, seed, threads=related.threads)
    elif target is not None:
        _same_bits(what, module, related, target, inputs)
    return True


def _same_values(what: str, module: ModuleOp, related: Related, inputs: verify.Tensors) -> None:
    """Hold the changed network against the module in float64, layer by layer."""
    __tracebackhide__ = True
    model = lr.find_model(module)
    known = {related.called(each.layer): each for each in walk(module, list(inputs.values()))}
    right: dict[str, Array] = {}
    layers = {name: layer for layer, name in related.names.items()}
    moved = [related.moved(name, float64(x)) for name, x in inputs.items()]
    related.module.verify()
    for evaluation in walk(related.module, moved, right.get):
        if (before := known.get(evaluation.layer)) is None:
            continue
        name = layers.get(evaluation.layer, evaluation.layer)
        right[evaluation.layer] = related.moved(name, before.result)
        bound = related.moved(name, bounds.of_layer(before, model.store)) + bounds.of_layer(evaluation, model.store)
        _within(what, compare(evaluation, right[evaluation.layer], bounds.DOUBLE * bound))


def _same_bits(what: str, module: ModuleOp, related: Related, target: str, inputs: verify.Tensors) -> None:
    """Hold the code of the changed network against the code of the module, bit by bit."""
    __tracebackhide__ = True
    moved = {related.called(name): _float32(related.moved(name, float64(x))) for name, x in inputs.items()}
    with built(module, target) as code, built(related.module, target, related.threads) as changed:
        _right(f"{target}, {what}", changed.verify(moved))
        graph, expected, found = code.compilation.graph, code.layers(inputs), changed.layers(moved)
    rounded, scaled = related.rounded or (), any(move.scales for move in related.moves.values())
    if scaled and not all((np.abs(values) < LARGE).all() for values in expected.values()):
        return
    for name, (op, layer) in layers_held(module, graph).items():
        if name in expected and layer not in rounded:
            value = float64(expected[name]).reshape(shape_of(op.output))
            wanted = _float32(related.moved(layer, value))
            difference = distance(found[related.called(name)], float64(wanted))
            if (difference > (NEGLIGIBLE if scaled else 0)).any():
                place = [int(i) for i in np.unravel_index(int(difference.argmax()), difference.shape)]
                off = f"{difference.max():.3g} off at {place}, where every bit has to be the same"
                raise AssertionError(f"{target}, {what} changes layer '{name}' ({op.name}): {off}")


def _float32(x: Array) -> NDArray[np.float32]:
    return x.astype(np.float32)


def _right(target: str, report: verify.Verification) -> None:
    """Raises AssertionError unless emitted code is right."""
    __tracebackhide__ = True
    _same_meaning(f"compiling for {target}", report.graph)
    for layer in report.layers:
        _within(target, layer)
    if not report.passed:
        raise AssertionError(f"{target} gives outputs that are wrong or not finite: {report.outputs}")


def _same_meaning(what: str, found: Validation) -> None:
    __tracebackhide__ = True
    if found.problems:
        raise AssertionError(f"{what}: {'; '.join(found.problems)}")
    for layer in found.layers:
        _within(what, layer)


def _within(what: str, layer: LayerComparison) -> None:
    __tracebackhide__ = True
    if not layer.passed:
        raise AssertionError(f"{what} changes layer '{layer.layer}' ({layer.operation}): {layer.problem}")
