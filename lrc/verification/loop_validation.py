"""Loops mean what the packed layers mean that they were made of: both are run in float64, where a sum has next to no
room for error."""

from __future__ import annotations

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import VerifyException

from lrc.dialects import lr
from lrc.interpreters import loops, walk
from lrc.interpreters.reference import float64
from lrc.verification import bounds
from lrc.verification.comparison import compare, distance
from lrc.verification.validation import Traced, Validation

RELATIVE, ABSOLUTE = 1e-4, 1e-5
"""How far an output may be from the exact one, for which errors add up along the network."""


def is_graph(module: ModuleOp) -> bool:
    """Whether a module is one of layers, of whatever level, and not yet of loops."""
    return any(isinstance(op, lr.ModelOp) for op in module.ops)


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
