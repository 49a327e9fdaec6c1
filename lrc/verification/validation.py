"""Translation validation: a network after some passes still means what it meant before them.

Layers are matched by name. One that is still there stands for what it was, or for the end of a chain of layers that
passes fused into it: conv -> batch norm -> relu becomes one layer called conv. One that is new stands for nothing that
was there, and is looked through; a cast stands for what it casts. Then three things have to hold:

- a layer reads, through the layers that are new, what it and the layers fused into it read before;
- computed from the right operands it gives, within the bound of a fusion (`lrc.verification.bounds`), the value that it
  stands for;
- inputs and outputs have the same names, in the same order, and each output is the value that it was.

Every layer is fed with the values of the network before, so that errors do not add up along a network.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.utils.exceptions import VerifyException

from lrc.compilation.compiler import check_ports
from lrc.dialects import lr
from lrc.dialects.elements import element_of
from lrc.dialects.values.shapes import show
from lrc.interpreters import Evaluation, walk
from lrc.interpreters.reference import Array, float64
from lrc.verification import bounds
from lrc.verification.comparison import LayerComparison, compare

FUSABLE = (lr.BatchNormOp, lr.ActivationOp, lr.AddOp)
"""What may become part of the layer before it."""


@dataclass(frozen=True)
class Validation:
    """What became of the layers, as far as they are still there, and what is wrong with how they hang together."""

    layers: tuple[LayerComparison, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the meaning is the same."""
        return not self.problems and all(layer.passed for layer in self.layers)

    @property
    def structure(self) -> Validation:
        """The same for passes that may change what layers compute, and nothing else."""
        return Validation(problems=self.problems)

    def __add__(self, other: Validation) -> Validation:
        """Both, one after the other."""
        return Validation(self.layers + other.layers, self.problems + other.problems)


@dataclass(frozen=True)
class Traced:
    """A network with its inputs and the evaluation of each of its layers, by name."""

    module: ModuleOp
    inputs: Sequence[ArrayLike]
    evaluations: Mapping[str, Evaluation]

    @staticmethod
    def of(module: ModuleOp, inputs: Sequence[ArrayLike]) -> Traced:
        """Evaluate every layer. Raises as `interpreters.run` does."""
        return Traced(module, inputs, {each.layer: each for each in walk(module, inputs)})

    def outputs(self) -> dict[str, Array]:
        """The exact outputs by name."""
        model = lr.find_model(self.module)
        values: dict[SSAValue, Array] = dict(zip(model.block.args, map(float64, self.inputs), strict=True))
        values |= {each.op.output: each.result for each in self.evaluations.values()}
        return {name: values[value] for name, value in named_outputs(model)}


class Stand(NamedTuple):
    """A value of the network before that a layer may stand for, the layers that make it, and what those read."""

    value: SSAValue
    layers: tuple[lr.LayerOp, ...]
    reads: tuple[SSAValue, ...]


def validate(before: Traced, after: ModuleOp) -> Validation:
    """Hold the network `after` some passes against what it was `before` them.

    Raises as `interpreters.run` does, if an array that `after` names is missing.
    """
    try:
        after.verify()
        check_ports(before.module, after)
    except VerifyException as error:
        return Validation(problems=(str(error),))
    old, new = lr.find_model(before.module), lr.find_model(after)
    names = {op.layer.data for op in new.block.ops if isinstance(op, lr.LayerOp)}
    problems: list[str] = []
    made_of: dict[SSAValue, tuple[SSAValue, ...]] = {
        value: (source,) for value, source in zip(new.block.args, old.block.args, strict=True)
    }
    stands: dict[SSAValue, SSAValue] = dict(zip(new.block.args, old.block.args, strict=True))
    right: dict[str, Array] = {}
    reports: list[LayerComparison] = []
    for evaluation in walk(after, before.inputs, right.get):
        name, op = evaluation.layer, evaluation.op
        reads = tuple(source for operand in op.operands for source in made_of[operand])
        if (source := before.evaluations.get(name)) is None:
            made_of[op.output] = reads
            if isinstance(op, lr.CastOp) and op.input in stands:
                stands[op.output] = stands[op.input]
            continue
        candidates = list(stands_of(source.op, names))
        stand = next((each for each in reversed(candidates) if each.reads == reads), None)
        if stand is None:
            stand = candidates[-1]
            problems.append(f"layer '{name}' reads {_names(reads)} instead of {_names(stand.reads)}")
        made_of[op.output], stands[op.output] = (stand.value,), stand.value
        fused = [before.evaluations[each.layer.data] for each in stand.layers]
        value = fused[-1].result
        if value.shape != evaluation.result.shape:
            problems.append(f"layer '{name}' gives {show(evaluation.result.shape)} instead of {show(value.shape)}")
            continue
        right[name] = value
        # Most layers are the same to the last bit, and then nobody needs their bound.
        if np.array_equal(evaluation.result, value):
            bound = np.zeros_like(value)
        else:
            bound = bounds.of_fusion(fused, old.store, element_of(op.output))
        reports.append(compare(evaluation, value, bound))
    problems += _different_outputs(old, new, stands)
    return Validation(tuple(reports), tuple(problems))


def stands_of(op: lr.LayerOp, survivors: Collection[str]) -> Iterator[Stand]:
    """What a layer may stand for: itself, then with each layer more that vanished into it.

    A layer can vanish only into one whose result nothing else reads.
    """
    stand = Stand(op.output, (op,), tuple(op.operands))
    yield stand
    while stand.value.has_one_use():
        (use,) = stand.value.uses
        reader = use.operation
        if not isinstance(reader, FUSABLE) or reader.layer.data in survivors:
            return
        others = tuple(operand for operand in reader.operands if operand is not stand.value)
        stand = Stand(reader.output, (*stand.layers, reader), (*stand.reads, *others))
        yield stand


def named_outputs(model: lr.ModelOp) -> list[tuple[str, SSAValue]]:
    """The outputs of a model: their names, in order, and values. Raises ValueError if it has none."""
    end = model.block.last_op
    if not isinstance(end, lr.OutputOp):
        raise ValueError("the network has no outputs")
    return [(name.data, value) for name, value in zip(end.names, end.values, strict=True)]


def _different_outputs(old: lr.ModelOp, new: lr.ModelOp, stands: Mapping[SSAValue, SSAValue]) -> Iterator[str]:
    """The outputs that are another value than they were."""
    for (name, value), (_, source) in zip(named_outputs(new), named_outputs(old), strict=True):
        if stands.get(value) is not source:
            yield f"output '{name}' is {_names([value])} instead of {_names([source])}"


def _names(values: Iterable[SSAValue]) -> str:
    """Values as their layers, or as the names they have in the text."""
    owners = [(value, value.owner) for value in values]
    names = [owner.layer.data if isinstance(owner, lr.LayerOp) else str(value.name_hint) for value, owner in owners]
    return ", ".join(f"'{name}'" for name in names) or "nothing"
