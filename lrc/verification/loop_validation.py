"""Loops mean what the packed layers mean that they were made of: both are run in float64, where a sum has next to no
room for error. Where these layers are gone, code means what the loops mean that it was printed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import ArrayLike, NDArray
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import VerifyException

from lrc.diagnostics import UserError
from lrc.dialects import lr
from lrc.dialects.kernel import LaunchOp, LayerAttr, find_network
from lrc.dialects.values.elements import F16, F32, Element
from lrc.dialects.values.machines import Machine
from lrc.files.levels import find_store
from lrc.interpreters import loops, walk
from lrc.interpreters.graph import Given
from lrc.interpreters.reference import Array, float64
from lrc.passes.diagnose import machine_of
from lrc.verification import bounds
from lrc.verification.comparison import LayerComparison, compare, distance, judge
from lrc.verification.validation import Traced, Validation

RELATIVE, ABSOLUTE = 1e-4, 1e-5
"""How far an output may be from the exact one, for which errors add up along the network."""

LARGEST_ERROR: Mapping[Element, float] = {F32: RELATIVE, F16: 2e-2}
"""How far a number that code computed may be from the exact one, as a part of the largest number of its layer: room
for the roundings of a few thousand products of float32, and for those of a hundred of float16."""

TINY = 1e-30
"""Numbers smaller than these are nothing to compare others with."""

MOST_ROUNDS = 20_000_000
"""Multiplications of vectors that are interpreted, at some microseconds each."""


def validate_loops(graph: Traced, lowered: ModuleOp) -> Validation:
    """Hold loops against the graph that they were made of, layer by layer as far as their buffers can still be told
    apart, each fed with what the loops read, and by the outputs.

    The loops are interpreted one operation at a time: keep the network small. Raises as the interpreters do, if the
    loops read or write beside their buffers.
    """
    try:
        lowered.verify()
    except VerifyException as error:
        return Validation(problems=(str(error),))
    model, exact = lr.find_model(graph.module), graph.outputs()
    outputs = {name: np.full(value.size, np.nan) for name, value in exact.items()}
    arguments = [*(float64(each).reshape(-1) for each in graph.inputs), *outputs.values()]
    layers = loops.call(lowered, model.sym_name.data, arguments, model.store)
    reports = tuple(
        compare(evaluation, found, bounds.of_loops(evaluation, model.store))
        for evaluation in walk(graph.module, graph.inputs, layers.get)
        if (found := layers.get(evaluation.layer)) is not None
    )
    problems = tuple(
        f"output '{name}' is {float(distance(found, exact[name]).max()):.3g} off"
        for name, found in outputs.items()
        if not np.allclose(found.reshape(exact[name].shape), exact[name], RELATIVE, ABSOLUTE, equal_nan=True)
    )
    return Validation(reports, problems)


@dataclass(frozen=True)
class Found:
    """What code made of loops: a report on each layer, and for each output what the loops, and what the code, gave;
    `relative` is how far that may be off, as a part of its largest number."""

    layers: tuple[LayerComparison, ...]
    relative: float
    outputs: Mapping[str, tuple[Array, NDArray[np.float32]]]


def hold_code_to_loops(
    module: ModuleOp, inputs: Sequence[ArrayLike], outputs: Mapping[str, NDArray[np.float32]], layers: Given
) -> Found:
    """Hold what emitted code gave, `outputs` and each of the `layers`, against what the loops of the module give, in
    float64: each layer is made of what the code itself read.

    Nobody knows the operations that the loops were made of, and so no bound: a number may be off by a part of the
    largest one of its layer, `LARGEST_ERROR`. Raises UserError if this would take too long, and as the interpreters do.
    """
    network = find_network(module)
    assert network is not None
    machine = machine_of(module)
    if (rounds := sum(_rounds(*each, machine) for each in network.completed)) > MOST_ROUNDS:
        raise UserError.because(
            f"to interpret these loops takes too long: {rounds / 1e6:.0f} million multiplications of vectors",
            hint="verify the level fkw, whose layers are computed as a whole",
        )
    exact = {port.port.data: np.full(prod(port.type.get_shape()), np.nan) for port in network.outputs}
    arguments = [*(float64(each).reshape(-1) for each in inputs), *exact.values()]
    tensors = loops.call(module, network.sym_name.data, arguments, find_store(module), layers)
    reports: list[LayerComparison] = []
    relative = RELATIVE
    for launch, layer in network.completed:
        result, found = tensors[layer.layer.data], layers(layer.layer.data)
        element = F32 if launch.layout is None else launch.layout.element
        relative = max(relative, LARGEST_ERROR[element])
        bound = np.full(result.shape, LARGEST_ERROR[element] * max(float(np.abs(result).max(initial=0)), TINY))
        if found is None:
            raise ValueError(f"the code has no layer '{layer.layer.data}'")
        kernel = launch.callee.root_reference.data
        reports.append(judge(layer.layer.data, kernel, result, np.asarray(found), bound, element))
    return Found(tuple(reports), relative, {name: (result, outputs[name]) for name, result in exact.items()})


def _rounds(launch: LaunchOp, layer: LayerAttr, machine: Machine) -> float:
    """How many vectors a layer multiplies, or at least makes."""
    if launch.layout is None:
        return 0
    picture = launch.layout.picture()
    lanes = machine.lanes_of(launch.layout.element)
    return picture.height * picture.width * max(layer.executed.data, picture.channels) / lanes
