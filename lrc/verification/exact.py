"""What `lrc verify --exact` does: emitted code against integer networks, where every bit has to agree.

An error bound grows with the length of a sum, until a dropped tap of a long one hides in it. In the integer networks
that `lrc.verification.integers` draws into the shape and masks of the user's own, float32 makes no error, so emitted
code is right only if it gives the very numbers that the network *as it was written* gives: folded, fused, packed and in
any order. The code is the user's own, which the drawn weights must leave as it is; only the file of weights is another
one.

Networks are drawn until each weight that was not pruned has taken part in a number that any change of it would have
changed, or no further one is seen. What is not exact in such a network, as nothing behind a sigmoid's curve is, is
listed with its reason: that is what the error bounds are for.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from lrc.backends import c_api, lrw
from lrc.backends.c.emit import emit
from lrc.backends.folder import METADATA
from lrc.compilation import compiler
from lrc.compilation.compiler import LAST_OF_GRAPH, Compilation, Progress
from lrc.dialects import lr
from lrc.execution.program import Program
from lrc.verification.integers import IntegerNetwork, draw
from lrc.verification.validation import named_outputs, stands_of

Tensors = Mapping[str, NDArray[np.float32]]

LEAST_TURNS, MOST_TURNS = 2, 6
"""How many integer networks are drawn: each layer has two parts to play, and chance a few more."""


class Ran(NamedTuple):
    """What code made of an integer network: the graph that it was made from, its outputs by name, and each layer's
    result by its name in the graph."""

    graph: ModuleOp
    outputs: Tensors
    layers: Tensors


Code = Callable[[IntegerNetwork], Ran]
"""Code for the shape and the masks of a network: runs it with the weights and inputs of an integer network."""


@dataclass(frozen=True)
class Difference:
    """A wrong result: how many of its numbers are wrong, the first of them, and in which network (`turn`)."""

    turn: int
    count: int
    place: tuple[int, ...]
    found: float
    expected: float


@dataclass(frozen=True)
class Exactness:
    """One layer of the emitted code, or an output of the network.

    `turns` counts the networks in which it was exact; `reason` says why it was not in others. Of its `weights` that
    were not pruned, `seen` take part in an exact number that any change of them would change.
    """

    name: str
    operation: str
    turns: int
    weights: int
    seen: int
    reason: str
    difference: Difference | None

    @property
    def passed(self) -> bool:
        """Whether no number was wrong."""
        return self.difference is None


@dataclass(frozen=True)
class ExactVerification:
    """What an exact verification found in so many networks. `unseen` are layers without a tensor of their own."""

    turns: int
    layers: tuple[Exactness, ...]
    outputs: tuple[Exactness, ...]
    unseen: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every number that is known exactly was right."""
        return all(each.passed for each in (*self.layers, *self.outputs))

    @property
    def inexact(self) -> tuple[Exactness, ...]:
        """Layers that were exact in no network: only their error bounds speak for them."""
        return tuple(layer for layer in self.layers if not layer.turns)

    def to_json(self) -> dict[str, Any]:
        """The report as what `json.dumps` takes; numbers that are not finite become None."""
        return {
            "passed": self.passed,
            "turns": self.turns,
            "layers": [_to_json(layer) for layer in self.layers],
            "outputs": [_to_json(output) for output in self.outputs],
            "unseen": list(self.unseen),
        }


def _to_json(report: Exactness) -> dict[str, Any]:
    entries = asdict(report) | {"passed": report.passed}
    if report.difference is not None:
        numbers = asdict(report.difference)
        entries["difference"] = {k: n if isinstance(n, tuple) or isfinite(n) else None for k, n in numbers.items()}
    return entries


def verify(source: ModuleOp, code: Code, seed: int = 0, progress: Progress = lambda step: None) -> ExactVerification:
    """Hold `code` against integer networks in the shape and the masks of `source`, until something is wrong, all
    weights were seen, or another two networks show no more of them."""
    layers, outputs = dict[str, _Record](), dict[str, _Record]()
    unseen, gains = tuple[str, ...](), list[int]()
    while len(gains) < MOST_TURNS and (len(gains) < LEAST_TURNS or any(gains[-2:])):
        turn = len(gains)
        progress(f"drawing integers, {turn + 1}")
        network = draw(source, turn, seed)
        progress(f"running on integers, {turn + 1}")
        ran = code(network)
        held = layers_held(network.module, ran.graph)
        unseen = tuple(name for name in held if name not in ran.layers)
        before = sum(record.count for record in layers.values())
        for name, (op, layer) in held.items():
            if name in ran.layers:
                record = layers.setdefault(name, _Record(op.name, network.weights.get(name, 0)))
                record.judge(turn, ran.layers[name], network, layer)
                record.see(network.seen.get(name))
        for name, value in named_outputs(lr.find_model(network.module)):
            if isinstance(op := value.owner, lr.LayerOp):
                outputs.setdefault(name, _Record(op.name)).judge(turn, ran.outputs[name], network, op.layer.data)
        gains.append(sum(record.count for record in layers.values()) - before)
        if any(record.difference for record in (*layers.values(), *outputs.values())):
            break
        if all(record.count == record.weights for record in layers.values()) and len(gains) >= LEAST_TURNS:
            break
    return ExactVerification(
        len(gains),
        tuple(record.report(name) for name, record in layers.items()),
        tuple(record.report(name) for name, record in outputs.items()),
        unseen,
    )


@dataclass
class _Record:
    """What is known of a layer or an output so far."""

    operation: str
    weights: int = 0
    count: int = 0
    turns: int = 0
    reason: str = ""
    difference: Difference | None = None
    seen: NDArray[np.bool_] | None = None

    def judge(self, turn: int, found: NDArray[np.float32], network: IntegerNetwork, layer: str) -> None:
        """Compare a result with that of a layer of the network, if that is exact."""
        if (expected := network.values.get(layer)) is None:
            self.reason = network.inexact[layer]
            return
        self.turns += 1
        self.difference = self.difference or difference(turn, found, expected)

    def see(self, seen: NDArray[np.bool_] | None) -> None:
        """Note which weights this network shows."""
        if seen is not None:
            self.seen = seen if self.seen is None else self.seen | seen
            self.count = int(np.count_nonzero(self.seen))

    def report(self, name: str) -> Exactness:
        """What there is to say in the end."""
        return Exactness(name, self.operation, self.turns, self.weights, self.count, self.reason, self.difference)


def difference(turn: int, found: NDArray[np.float32], expected: NDArray[np.float32]) -> Difference | None:
    """Where `found` has other numbers than `expected`; zeros of either sign are the same."""
    found = found.reshape(expected.shape)
    if not (wrong := found != expected).any():
        return None
    place = tuple(int(i) for i in np.unravel_index(int(wrong.argmax()), wrong.shape))
    return Difference(turn, int(np.count_nonzero(wrong)), place, float(found[place]), float(expected[place]))


class Held(NamedTuple):
    """A layer of a graph, and the name of the layer of the source whose result it gives."""

    op: lr.LayerOp
    layer: str


def layers_held(source: ModuleOp, graph: ModuleOp) -> dict[str, Held]:
    """What the layers of a graph that passes made of the source stand for, by their names: the layer of the same name,
    or the last of those that were fused into it. Layers that are new stand for none."""
    old, new = lr.find_model(source), lr.find_model(graph)
    written = {op.layer.data: op for op in old.block.ops if isinstance(op, lr.LayerOp)}
    layers = [op for op in new.block.ops if isinstance(op, lr.LayerOp)]
    names = {op.layer.data for op in layers}
    values: dict[SSAValue, tuple[SSAValue, ...]] = {
        value: (argument,) for value, argument in zip(new.block.args, old.block.args, strict=True)
    }
    held: dict[str, Held] = {}
    for op in layers:
        reads = tuple(value for operand in op.operands for value in values[operand])
        values[op.output] = reads
        if (name := op.layer.data) in written:
            candidates = list(stands_of(written[name], names))
            stand = next((each for each in reversed(candidates) if each.reads == reads), candidates[-1])
            values[op.output], held[name] = (stand.value,), Held(op, stand.layers[-1].layer.data)
    return held


class EmittedCode:
    """The program of a compilation, run with other weights in place of its own."""

    def __init__(self, compilation: Compilation, folder: Path, threads: int = 1) -> None:
        """`folder` is what was written and built of the compilation."""
        self.compilation, self.folder, self.threads = compilation, folder, threads
        self.emitted = emit(compilation.module)
        self.layout = lrw.layout(self.emitted.arrays)

    def __call__(self, network: IntegerNetwork) -> Ran:
        """Run the network's weights, packed for this code, on its inputs."""
        graph, arrays = self.pack(network.module)
        with tempfile.TemporaryDirectory(prefix="lrc-") as scratch:
            place, model = Path(scratch), self.emitted.model
            for file in (METADATA, f"{model.c_name}_bench"):
                shutil.copy2(self.folder / file, place)
            lrw.write(place / f"{model.c_name}.lrw", arrays, c_api.model_hash(model, self.layout))
            return Ran(graph, *Program(place, self.threads).dump(network.inputs))

    def pack(self, source: ModuleOp) -> tuple[ModuleOp, Mapping[str, NDArray[Any]]]:
        """The graph that the passes make of a network, and the arrays that the code reads.

        Raises ValueError if the code for it would be another one: that must not depend on the weights' values.
        """
        context, module = compiler.make_context(), lr.apart(source)
        graph = module
        for each in self.compilation.passes:
            each.apply(context, module)
            if each.name == LAST_OF_GRAPH:
                graph = module.clone()
        emitted = emit(module)
        places, ours = ([*x.offsets.values(), x.integer_hash] for x in (lrw.layout(emitted.arrays), self.layout))
        if emitted.model != self.emitted.model or places != ours:
            raise ValueError("the code for integer weights is not the code for the network's own")
        return graph, emitted.arrays
