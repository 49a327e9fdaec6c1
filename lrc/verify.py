"""What `lrc verify` does: emitted code against the float64 reference, layer by layer.

Each layer is judged by itself: the reference computes it from the tensors that the emitted code read, and what the
emitted code made of them may differ by the bound of that operation (`lrc.bounds`) at every single place. Beside it
stands one end-to-end figure, against the network as it was written, before any pass. `bisect` finds the pass that
is to blame for a wrong result.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from lrc import bounds
from lrc.dialects import lr
from lrc.dialects.lr.base import shape_of
from lrc.interpreters import Evaluation, run, trace, walk
from lrc.interpreters.reference import Array, float64
from lrc.pipelines import OPTIONAL

Tensors = Mapping[str, NDArray[np.float32]]


class Program(Protocol):
    """Emitted code that keeps every tensor, such as `lrc.program.Program`."""

    def dump(self, inputs: Tensors) -> tuple[Tensors, Tensors]:
        """The outputs by name, and the output of each layer by its name."""
        ...


@dataclass(frozen=True)
class LayerReport:
    """How far one layer of the emitted code is from the exact result, at the place where it is worst.

    `error` and `bound` are those of that `place` in the output, `ratio` is their quotient: a layer passes if it is at
    most 1. All are infinite where the emitted code gave NaN or a wrong infinity.
    """

    layer: str
    operation: str
    error: float
    bound: float
    ratio: float
    place: tuple[int, ...]

    @property
    def passed(self) -> bool:
        """Whether every element is within its bound."""
        return self.ratio <= 1


@dataclass(frozen=True)
class OutputReport:
    """One output of the whole network, against the network as it was written.

    `relative` is the largest error over the largest exact value. `same_class` says whether both have their largest
    element at the same place; None where the output is no vector.
    """

    name: str
    error: float
    relative: float
    same_class: bool | None


@dataclass(frozen=True)
class Report:
    """What a verification found. `unseen` are layers that the emitted code has no tensor of its own for."""

    layers: tuple[LayerReport, ...]
    outputs: tuple[OutputReport, ...]
    unseen: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every layer is within its bound, and every output is finite."""
        return all(layer.passed for layer in self.layers) and all(math.isfinite(out.error) for out in self.outputs)

    @property
    def worst(self) -> LayerReport | None:
        """The layer closest to its bound, or furthest beyond it."""
        return max(self.layers, key=lambda layer: layer.ratio, default=None)

    def to_json(self) -> dict[str, Any]:
        """The report as what `json.dumps` takes; infinite figures become None."""
        layers = [asdict(layer) | {"passed": layer.passed} for layer in self.layers]
        outputs = [asdict(output) for output in self.outputs]
        for entry in (*layers, *outputs):
            for name, value in entry.items():
                if isinstance(value, float) and not math.isfinite(value):
                    entry[name] = None
        return {"passed": self.passed, "layers": layers, "outputs": outputs, "unseen": list(self.unseen)}


@dataclass(frozen=True)
class Blame:
    """The first pass that changed what a layer computes, and that layer."""

    pass_name: str
    layer: LayerReport


def random_inputs(module: ModuleOp, seed: int = 0) -> Tensors:
    """Normally distributed inputs for the model of a module, by name, the same for the same seed."""
    numbers = np.random.default_rng(seed)
    model = lr.find_model(module)
    return {
        name: numbers.standard_normal(shape_of(argument), np.float32)
        for name, argument in zip(model.inputs, model.block.args, strict=True)
    }


def verify(original: ModuleOp, compiled: ModuleOp, program: Program, inputs: Tensors) -> Report:
    """Run `program` on `inputs` and compare each of its layers with `compiled`, the graph that it was made from, and
    its outputs with `original`, the network as it was written.

    Raises ValueError if the inputs do not fit the model.
    """
    ordered = _in_order(original, inputs)
    exact = run(original, ordered)
    outputs, dumped = program.dump(inputs)
    store = lr.find_model(compiled).store
    layers: list[LayerReport] = []
    unseen: list[str] = []
    for evaluation in walk(compiled, ordered, dumped.get):
        if (found := dumped.get(evaluation.layer)) is None:
            unseen.append(evaluation.layer)
        else:
            layers.append(compare(evaluation, found, bounds.of_layer(evaluation, store)))
    names = (name.data for op in lr.find_model(original).block.ops if isinstance(op, lr.OutputOp) for name in op.names)
    reports = (compare_output(name, outputs[name], value) for name, value in zip(names, exact, strict=True))
    return Report(tuple(layers), tuple(reports), tuple(unseen))


def compare(evaluation: Evaluation, found: NDArray[Any], bound: Array) -> LayerReport:
    """Judge `found`, what float32 code made of the operands of `evaluation`, by a bound for every place."""
    error = _distance(found, evaluation.result)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(error == 0, 0, error / bound)
    worst = np.unravel_index(int(ratio.argmax()), ratio.shape)
    return LayerReport(
        layer=evaluation.layer,
        operation=evaluation.op.name,
        error=float(error[worst]),
        bound=float(bound[worst]),
        ratio=float(ratio[worst]),
        place=tuple(int(i) for i in worst),
    )


def compare_output(name: str, found: NDArray[Any], exact: Array) -> OutputReport:
    """Measure one output of the network against its exact value."""
    error, size = float(_distance(found, exact).max()), float(np.abs(exact).max())
    is_vector = math.prod(exact.shape) == exact.shape[1]
    return OutputReport(
        name=name,
        error=error,
        relative=error / size if size else error,
        same_class=bool(np.argmax(found) == np.argmax(exact)) if is_vector else None,
    )


def bisect(original: ModuleOp, passes: Sequence[ModulePass], context: Context, inputs: Tensors) -> Blame | None:
    """The first of the graph passes that changes what a layer computes by more than the layer's bound; None if all
    of them keep the meaning, so that the fault lies with the loops or the C.

    `original` stays as it is.
    """
    before = original
    ordered = _in_order(original, inputs)
    values = trace(before, ordered)
    for each in passes:
        after = before.clone()
        each.apply(context, after)
        if each.name in OPTIONAL:
            # Asked for because it changes the meaning: what comes after it is measured against what it made.
            before, values = after, trace(after, ordered)
            continue
        if (layer := first_difference(after, values, ordered)) is not None:
            return Blame(each.name, layer)
        before, values = after, trace(after, ordered)
    return None


def first_difference(after: ModuleOp, before: Mapping[str, Array], inputs: Sequence[ArrayLike]) -> LayerReport | None:
    """The first layer of `after` whose result is none of the values that the network had `before` a pass.

    A pass may fuse layers, and the name of a fused layer may be that of any of its parts: a layer is right if
    what it makes of the right operands is, within its bound, what some layer of that shape gave before.
    """
    store = lr.find_model(after).store
    right: dict[str, Array] = {}
    for evaluation in walk(after, inputs, right.get):
        name, result = evaluation.layer, evaluation.result
        candidates = [value for other, value in before.items() if value.shape == result.shape and other != name]
        if name in before and before[name].shape == result.shape:
            candidates.insert(0, before[name])
        bound = bounds.of_layer(evaluation, store)
        closest: LayerReport | None = None
        right[name] = result
        for value in candidates:
            report = compare(evaluation, value, bound)
            if closest is None or report.ratio < closest.ratio:
                closest, right[name] = report, value
            if report.passed:
                break
        if closest is not None and not closest.passed:
            return closest
    return None


def _in_order(module: ModuleOp, inputs: Tensors) -> list[NDArray[np.float32]]:
    names = lr.find_model(module).inputs
    if set(inputs) != set(names):
        raise ValueError(f"the model takes {', '.join(names)}; given: {', '.join(inputs) or 'nothing'}")
    return [inputs[name] for name in names]


def _distance(found: NDArray[Any], exact: Array) -> Array:
    """|found - exact|, infinite where either is NaN or they are different infinities."""
    found = float64(found).reshape(exact.shape)
    with np.errstate(invalid="ignore"):
        error = np.where(found == exact, 0.0, np.abs(found - exact))
    return np.where(np.isnan(error), np.inf, error)
