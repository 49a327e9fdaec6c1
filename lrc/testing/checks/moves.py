"""Channels that change places and sizes, and what has to be done to the weights so that a network means the same.

The filters of a convolution may stand in any order, and each may be multiplied by what the layers that read it divide
by. `follow` begins at one layer or input and goes through a network in order: most layers hand the change on to their
result, those with weights take it up. What it did there is exact in float32 as long as the factors are powers of two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from lrc.dialects import lr
from lrc.dialects.lr.attrs import ActivationAttr
from lrc.dialects.lr.base import shape_of
from lrc.dialects.lr.store import array_of, derived
from lrc.interpreters.reference import Array, along_channels

HOMOGENEOUS = ("relu", "leaky_relu")
"""The activations f with f(s x) = s f(x) for every s > 0."""


class CannotMove(Exception):
    """A layer that neither hands a change of its channels on nor takes it up."""


@dataclass(frozen=True, eq=False)
class Move:
    """What becomes of the channels of a value: the new channel i is `factors[i]` times the old channel `order[i]`."""

    order: NDArray[np.intp]
    factors: Array

    @staticmethod
    def none(channels: int) -> Move:
        """Every channel stays what it is."""
        return Move(np.arange(channels), np.ones(channels))

    @property
    def permutes(self) -> bool:
        """Whether a channel changes its place."""
        return not np.array_equal(self.order, np.arange(len(self.order)))

    @property
    def scales(self) -> bool:
        """Whether a channel changes its size."""
        return bool((self.factors != 1).any())

    def __call__(self, x: Array) -> Array:
        """A value [1, C, ...] after the move."""
        return x[:, self.order] * along_channels(self.factors, x)

    def numbers(self, array: Array) -> Array:
        """What belongs to channels, [C, ...], such as a filter's weights: moved as they are."""
        return array[self.order] * self.factors.reshape(-1, *[1] * (array.ndim - 1))

    def repeated(self, count: int) -> Move:
        """The move of so many channels for each."""
        order = (self.order[:, None] * count + np.arange(count)).reshape(-1)
        return Move(order, self.factors.repeat(count))


@dataclass(frozen=True)
class Moved:
    """A network whose channels moved: `moves` has the layers and inputs of which some did, `rounded` the layers that
    add the same numbers up in another order, and those that read them."""

    module: ModuleOp
    moves: Mapping[str, Move]
    rounded: frozenset[str]


def follow(module: ModuleOp, start: str, move: Move) -> Moved:
    """Let the channels of what the layer or input `start` gives make a move; `module` stays as it is.

    Raises CannotMove if a layer stands in the way, or `start` is a layer without weights.
    """
    changed = module.clone()
    model = lr.find_model(changed)
    moves: dict[SSAValue, Move] = {
        argument: move for name, argument in zip(model.inputs, model.block.args, strict=True) if name == start
    }
    rounded: set[SSAValue] = set()
    for op in model.block.ops:
        if not isinstance(op, lr.LayerOp):
            continue
        if op.layer.data == start:
            begin(op, move, model.store)
            moves[op.output] = move
        elif any(operand in moves for operand in op.operands):
            reads = [moves.get(operand) or Move.none(shape_of(operand)[1]) for operand in op.operands]
            if (result := passed_on(op, reads, model.store)) is not None:
                moves[op.output] = result
            if any(each.permutes for each in reads) and (result is None or isinstance(op, lr.SoftmaxOp)):
                rounded.add(op.output)
        if any(operand in rounded for operand in op.operands):
            rounded.add(op.output)
    names: dict[SSAValue, str] = {op.output: op.layer.data for op in model.block.ops if isinstance(op, lr.LayerOp)}
    names |= dict(zip(model.block.args, model.inputs, strict=True))
    return Moved(
        changed, {names[value]: each for value, each in moves.items()}, frozenset(names[value] for value in rounded)
    )


def begin(op: lr.LayerOp, move: Move, store: lr.WeightStore) -> None:
    """Give the channels of a layer's result a move, by its weights. Raises CannotMove."""
    match op:
        case lr.ConvOp() | lr.LinearOp() if len(op.operands) == 1:
            check_activation(op, move)
            if isinstance(op, lr.ConvOp):
                check_groups(move, op.group_count)
                if move.permutes and op.sparsity is not None and op.sparsity.data.share > 1:
                    raise CannotMove  # who shares kernels stand side by side
            fields = ["weight", "bias"] if op.bias is not None else ["weight"]
        case lr.BatchNormOp() if not move.permutes:
            fields = ["weight", "bias"]
        case _:
            raise CannotMove
    for field in fields:
        put(op, field, move.numbers(numbers(op, field, store)), store)


def passed_on(op: lr.LayerOp, reads: Sequence[Move], store: lr.WeightStore) -> Move | None:
    """What becomes of a layer's result if its operands moved; None if its weights take that up. Raises CannotMove."""
    move = reads[0]
    match op:
        case lr.ConvOp() if len(reads) == 1:
            weight = numbers(op, "weight", store)
            if move.permutes and weight.shape[1] == 1 < op.group_count:
                return depthwise(op, move, store)
            check_groups(move, op.group_count)
            groups, channels = op.group_count, weight.shape[1]
            local = (move.order % channels).reshape(groups, channels)
            of_groups = weight.reshape(groups, -1, *weight.shape[1:])
            taken = np.stack([filters[:, order] for filters, order in zip(of_groups, local, strict=True)])
            taken /= move.factors.reshape(groups, 1, channels, *[1] * (weight.ndim - 2))
            put(op, "weight", taken.reshape(weight.shape), store)
            return None
        case lr.LinearOp():
            put(op, "weight", numbers(op, "weight", store)[:, move.order] / move.factors, store)
            return None
        case lr.BatchNormOp():
            order = Move(move.order, np.ones(len(move.order)))
            arrays = {
                field: order.numbers(numbers(op, field, store)) for field in ("weight", "bias", "mean", "variance")
            }
            arrays["weight"] /= move.factors
            arrays["mean"] *= move.factors
            for field, array in arrays.items():
                put(op, field, array, store)
            return order if order.permutes else None
        case lr.ActivationOp():
            check_activation(op, move)
            return move
        case lr.AddOp():
            other = reads[1]
            if not (np.array_equal(move.order, other.order) and np.array_equal(move.factors, other.factors)):
                raise CannotMove
            check_activation(op, move)
            return move
        case lr.MulOp():
            both = Move(move.order, move.factors * reads[1].factors)
            if not np.array_equal(move.order, reads[1].order):
                raise CannotMove
            check_activation(op, both)
            return both
        case lr.ConcatOp():
            starts = np.cumsum([0, *(len(each.order) for each in reads)])
            orders = [each.order + start for each, start in zip(reads, starts, strict=False)]
            return Move(np.concatenate(orders), np.concatenate([each.factors for each in reads]))
        case lr.MaxPoolOp() | lr.AvgPoolOp() | lr.GlobalAvgPoolOp() | lr.UpsampleOp():
            return move
        case lr.PadOp() if not (move.scales and op.value.value.data):
            return move
        case lr.FlattenOp():
            return move.repeated(shape_of(op.output)[1] // len(move.order))
        case lr.SoftmaxOp() if not move.scales:
            return move
        case _:
            raise CannotMove


def depthwise(op: lr.ConvOp, move: Move, store: lr.WeightStore) -> Move:
    """The filters of a layer that has some for each channel follow their channel."""
    filters = move.repeated(shape_of(op.output)[1] // op.group_count)
    order = Move(filters.order, np.ones(len(filters.order)))
    for field in ("weight", "bias") if op.bias is not None else ("weight",):
        put(op, field, order.numbers(numbers(op, field, store)), store)
    weight = numbers(op, "weight", store)
    put(op, "weight", weight / filters.factors.reshape(-1, *[1] * (weight.ndim - 1)), store)
    return order


def check_activation(op: lr.LayerOp, move: Move) -> None:
    """Raises CannotMove if the activation that a layer is, or ends with, stands in the way of factors."""
    function = getattr(op, "activation", None)
    if move.scales and isinstance(function, ActivationAttr) and function.data.kind not in HOMOGENEOUS:
        raise CannotMove


def check_groups(move: Move, groups: int) -> None:
    """Raises CannotMove if a channel leaves its group."""
    size = len(move.order) // groups
    if not np.array_equal(move.order // size, np.arange(len(move.order)) // size):
        raise CannotMove


def numbers(op: lr.LayerOp, field: str, store: lr.WeightStore) -> Array:
    """An array of a layer, as a copy in float64."""
    return array_of(getattr(op, field), store).astype(np.float64)


def put(op: lr.LayerOp, field: str, array: Array, store: lr.WeightStore) -> None:
    """Give a layer another array, as float32. Raises CannotMove if that rounds a number of it, too small a one."""
    rounded = array.astype(np.float32)
    if not np.array_equal(rounded, array):
        raise CannotMove
    weight = derived(getattr(op, field), f"{op.layer.data}.{field}.changed", rounded, store)
    setattr(op, field, weight)
