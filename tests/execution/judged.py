"""Networks that ran as part of a batch, held against what they mean."""

from dataclasses import dataclass

import numpy as np
from batches import Ran
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp

from lrc.compilation.compiler import Compilation
from lrc.dialects import lr
from lrc.verification import exact, verify
from lrc.verification.integers import IntegerNetwork
from lrc.verification.validation import named_outputs


@dataclass(frozen=True)
class Case:
    """A network on its way: as it is compiled, what it is run on, and the exact values if it is one of integers."""

    compilation: Compilation
    inputs: dict[str, NDArray[np.float32]]
    integers: IntegerNetwork | None


def problems(case: Case, ran: Ran | str) -> list[str]:
    """What is wrong with what a network's code did."""
    if isinstance(ran, str):
        return [ran]
    source, graph = case.compilation.source, case.compilation.graph
    report = verify.verify(source, graph, ran, case.inputs, case.compilation.stretches)
    found = [f"the graph: {each}" for each in report.graph.problems]
    for what, layers in (("graph", report.graph.layers), ("code", report.layers)):
        found += [f"the {what}: {each.operation} '{each.layer}': {each.problem}" for each in layers if not each.passed]
    found += [f"output '{each.name}' is wrong" for each in report.outputs if not each.passed]
    return found + (_differences(case.integers, graph, ran) if case.integers else [])


def changes(first: Ran | str, again: Ran | str) -> list[str]:
    """What another run made otherwise, in which buffers began where they ended before."""
    if isinstance(first, str) or isinstance(again, str):
        return [again] if isinstance(again, str) else []
    pairs = [(name, array, again.outputs[name]) for name, array in first.outputs.items()]
    pairs += [(name, array, again.layers[name]) for name, array in first.layers.items()]
    return [f"'{name}' changes from run to run" for name, one, other in pairs if one.tobytes() != other.tobytes()]


def _differences(network: IntegerNetwork, graph: ModuleOp, ran: Ran) -> list[str]:
    """Where a network of integers got other numbers than it has to."""
    held = exact.layers_held(network.module, graph)
    pairs = [(name, ran.layers[name], layer) for name, (_, layer) in held.items() if name in ran.layers]
    for name, value in named_outputs(lr.find_model(network.module)):
        if isinstance(op := value.owner, lr.LayerOp):
            pairs.append((name, ran.outputs[name], op.layer.data))
    wrong = (
        (name, exact.difference(0, array, network.values[layer]))
        for name, array, layer in pairs
        if layer in network.values
    )
    return [f"of integers '{name}': {difference}" for name, difference in wrong if difference is not None]
