"""What `lrc verify` does: the network as it was written, the graph that the passes made of it, and the emitted code.

That the graph means what was written is shown in float64, layer by layer (`lrc.verification.validation`). Then each
layer of the emitted code is judged by itself: the reference computes the graph's layer from the tensors that the
emitted code read, and what that made of them may differ by the bound of the operation (`lrc.verification.bounds`) at
every single place. The outputs are copies of tensors, bit for bit. Beside it stands one end-to-end figure, of the
outputs against the network as it was written. `bisect` finds the pass that is to blame for a graph that means something
else.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from lrc.compilation.compiler import is_graph
from lrc.compilation.pipelines import OPTIONAL
from lrc.dialects import kernel, lr
from lrc.interpreters import walk
from lrc.interpreters.reference import Array, float64
from lrc.verification import bounds
from lrc.verification.comparison import LayerComparison, compare, distance
from lrc.verification.loop_validation import hold_code_to_loops, validate_loops
from lrc.verification.validation import Traced, Validation, named_outputs, validate

Tensors = Mapping[str, NDArray[np.float32]]


EXACTLY = np.zeros(1)
"""The bound of a copy."""


class Executable(Protocol):
    """Emitted code that keeps every tensor, such as `lrc.execution.program.Program`."""

    def dump(self, inputs: Tensors) -> tuple[Tensors, Tensors]:
        """The outputs by name, and the output of each layer by its name."""
        ...


@dataclass(frozen=True)
class OutputReport:
    """One output of the whole network, against the network as it was written.

    `relative` is the largest error over the largest exact value. `same_class` says whether both have their largest
    element at the same place; None where the output is no vector. `copied` says whether the output is the tensor that
    the graph says it is.
    """

    name: str
    error: float
    relative: float
    same_class: bool | None
    copied: bool

    @property
    def passed(self) -> bool:
        """Whether the output is the right tensor, and finite where the exact one is."""
        return self.copied and math.isfinite(self.error)


@dataclass(frozen=True)
class Verification:
    """What a verification found: what the passes made of the layers that were written (`graph`), and what the emitted
    code made of the layers of the graph. `unseen` are layers that the emitted code has no tensor of its own for.

    Of a module that was given as `loops` there is no graph: the code is held against what the loops mean."""

    graph: Validation
    layers: tuple[LayerComparison, ...]
    outputs: tuple[OutputReport, ...]
    unseen: tuple[str, ...] = ()
    loops: bool = False

    @property
    def passed(self) -> bool:
        """Whether the graph means what was written, every layer is within its bound, and every output is right."""
        return self.graph.passed and all(each.passed for each in (*self.layers, *self.outputs))

    @property
    def worst(self) -> LayerComparison | None:
        """The layer of the emitted code closest to its bound, or furthest beyond it."""
        return max(self.layers, key=lambda layer: layer.ratio, default=None)

    def to_json(self) -> dict[str, Any]:
        """The report as what `json.dumps` takes; infinite figures become None."""
        return {
            "passed": self.passed,
            "against": "loops" if self.loops else "layers",
            "graph": {
                "passed": self.graph.passed,
                "layers": [_to_json(layer) for layer in self.graph.layers],
                "problems": list(self.graph.problems),
            },
            "layers": [_to_json(layer) for layer in self.layers],
            "outputs": [_to_json(output) for output in self.outputs],
            "unseen": list(self.unseen),
        }


@dataclass(frozen=True)
class Blame:
    """The first pass that changed the meaning, and what of it."""

    pass_name: str
    found: Validation

    @property
    def layer(self) -> LayerComparison | None:
        """The first layer that gives something else; None if layers only hang together in another way."""
        return next((layer for layer in self.found.layers if not layer.passed), None)

    @property
    def what(self) -> str:
        """What the pass changed, in words."""
        changed = [] if self.layer is None else [f"layer '{self.layer.layer}' gives something else"]
        return "; ".join((*self.found.problems, *changed))


def random_inputs(module: ModuleOp, seed: int = 0) -> Tensors:
    """Normally distributed inputs for the network of a module, by name, the same for the same seed."""
    numbers = np.random.default_rng(seed)
    return {name: numbers.standard_normal(shape, np.float32) for name, shape in kernel.input_shapes(module).items()}


def verify(
    original: ModuleOp,
    compiled: ModuleOp,
    program: Executable,
    inputs: Tensors,
    stretches: Sequence[tuple[ModuleOp, ModuleOp]] = (),
) -> Verification:
    """Run `program` on `inputs` and compare it with `compiled`, the graph that it was made from, and that with
    `original`, the network as it was written.

    `stretches` are the modules before and after passes that keep the meaning, where others, that were asked for
    because they change it, stand between them; else it is one stretch from `original` to `compiled`. Raises ValueError
    if the inputs do not fit the model.
    """
    ordered = _in_order(original, inputs)
    source = Traced.of(original, ordered)
    graph = _validate(source, stretches or [(original, compiled)])
    outputs, dumped = program.dump(inputs)
    model = lr.find_model(compiled)
    layers: list[LayerComparison] = []
    unseen: list[str] = []
    tensors: dict[SSAValue, tuple[Array, Array]] = {
        value: (float64(array), EXACTLY) for value, array in zip(model.block.args, ordered, strict=True)
    }
    for evaluation in walk(compiled, ordered, dumped.get):
        bound = bounds.of_layer(evaluation, model.store)
        if (array := dumped.get(evaluation.layer)) is None:
            unseen.append(evaluation.layer)
            tensors[evaluation.op.output] = evaluation.result, bound
        else:
            layers.append(compare(evaluation, array, bound))
            tensors[evaluation.op.output] = float64(array).reshape(evaluation.result.shape), EXACTLY
    copies = {name: tensors[value] for name, value in named_outputs(model)}
    reports = (compare_output(name, outputs, copies, exact) for name, exact in source.outputs().items())
    return Verification(graph, tuple(layers), tuple(reports), tuple(unseen))


def verify_loops(module: ModuleOp, program: Executable, inputs: Tensors) -> Verification:
    """Run `program` on `inputs` and compare it with the loops that it was printed from, in float64. Raises as
    `hold_code_to_loops`."""
    ordered = _in_order(module, inputs)
    outputs, dumped = program.dump(inputs)
    found = hold_code_to_loops(module, ordered, outputs, dumped.get)
    reports: list[OutputReport] = []
    for name, (exact, ours) in found.outputs.items():
        error, size = float(distance(ours, exact).max()), float(np.abs(exact).max())
        copied = error <= found.relative * size
        reports.append(OutputReport(name, error, error / size if size else error, None, copied))
    return Verification(Validation(), found.layers, tuple(reports), loops=True)


def compare_output(
    name: str, outputs: Tensors, copies: Mapping[str, tuple[Array, Array]], exact: Array
) -> OutputReport:
    """Measure one output of the network against its exact value, and against the tensor that it is a copy of, which
    may err by a bound where only its exact value is known."""
    if name not in outputs or name not in copies or outputs[name].size != exact.size:
        return OutputReport(name, math.inf, math.inf, None, copied=False)
    found, (tensor, bound) = outputs[name], copies[name]
    error, size = float(distance(found, exact).max()), float(np.abs(exact).max())
    is_vector = math.prod(exact.shape) == exact.shape[1]
    return OutputReport(
        name=name,
        error=error,
        relative=error / size if size else error,
        same_class=bool(np.argmax(found) == np.argmax(exact)) if is_vector else None,
        copied=bool(found.size == tensor.size and (distance(found, tensor) <= bound).all()),
    )


def bisect(original: ModuleOp, passes: Sequence[ModulePass], context: Context, inputs: Tensors) -> Blame | None:
    """The first of the passes that makes an invalid module, or one that means something else; None if all of them keep
    the meaning, so that the fault lies with the passes after them, or with the C.

    A pass that was asked for because it changes what layers compute may change nothing else; what comes after it is
    measured against what it made. Loops are measured against the packed layers that became loops, and take long to
    run. `original` stays as it is.
    """
    graph, module = Traced.of(original, _in_order(original, inputs)), lr.apart(original)
    for each in passes:
        module = module.clone()
        each.apply(context, module)
        if not is_graph(module):
            found = validate_loops(graph, module)
        else:
            found = validate(graph, module)
            if each.name in OPTIONAL:
                found = found.structure
        if not found.passed:
            return Blame(each.name, found)
        if is_graph(module):
            graph = Traced.of(module, graph.inputs)
    return None


def _validate(before: Traced, stretches: Sequence[tuple[ModuleOp, ModuleOp]]) -> Validation:
    """Hold the end of each stretch against its beginning, and the beginning of the next one against its structure."""
    found = Validation()
    for first, last in stretches:
        if first is not before.module:
            found += validate(before, first).structure
            before = Traced.of(first, before.inputs)
        found += validate(before, last)
        if last is not stretches[-1][1]:
            before = Traced.of(last, before.inputs)
    return found


def _in_order(module: ModuleOp, inputs: Tensors) -> list[NDArray[np.float32]]:
    names = list(kernel.input_shapes(module))
    if set(inputs) != set(names):
        raise ValueError(f"the model takes {', '.join(names)}; given: {', '.join(inputs) or 'nothing'}")
    return [inputs[name] for name in names]


def _to_json(report: LayerComparison | OutputReport) -> dict[str, Any]:
    """A report and whether it passed; infinite figures become None."""
    entries = asdict(report) | {"passed": report.passed}
    return {name: None if isinstance(n, float) and not math.isfinite(n) else n for name, n in entries.items()}
