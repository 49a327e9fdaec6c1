"""Arithmetic of the loop level, on numbers and on vectors, which are one-dimensional float64 arrays."""

import operator
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from xdsl.dialects import arith, math, vector
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, FloatAttr, IntegerAttr
from xdsl.ir import Operation
from xdsl.utils.exceptions import InterpretationError

from lrc.dialects import neon
from lrc.interpreters.reference import Array

Function = Callable[..., Any]
"""What an operation computes: its result out of its operands."""


def multiply_add(a: Any, b: Any, c: Any) -> Any:
    """a * b + c"""
    return a * b + c


def multiply_add_lane(lane: int, a: Array, weights: Array, c: Array) -> Array:
    """a * weights[lane] + c"""
    return a * weights[lane] + c


def reduction(reduce: Function, a: Array, *first: float) -> float:
    """All lanes, and the number to begin with if there is one, as one number."""
    return reduce(np.append(a, first))


def same(a: Any) -> Any:
    """a"""
    return a


def choose(condition: bool, a: Any, b: Any) -> Any:
    """a if the condition holds, else b"""
    return a if condition else b


def lanes_of(mask: list[int] | slice) -> Function:
    """The lanes `mask` of two vectors side by side."""

    def pick(a: Array, b: Array) -> Array:
        return np.concatenate((a, b))[mask]

    return pick


def quotient(a: int, b: int) -> int:
    """a / b without what is behind the point, as C divides."""
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


ARITHMETIC: Mapping[type[Operation], Function] = {
    arith.AddiOp: operator.add,
    arith.SubiOp: operator.sub,
    arith.MuliOp: operator.mul,
    arith.DivSIOp: quotient,
    arith.MinSIOp: min,
    arith.MaxSIOp: max,
    arith.IndexCastOp: int,
    arith.SIToFPOp: float,
    arith.SelectOp: choose,
    arith.AddfOp: operator.add,
    arith.SubfOp: operator.sub,
    arith.MulfOp: operator.mul,
    arith.DivfOp: np.divide,
    arith.NegfOp: operator.neg,
    arith.MaximumfOp: np.maximum,
    arith.MinimumfOp: np.minimum,
    math.ExpOp: np.exp,
    math.TanhOp: np.tanh,
    arith.ExtFOp: same,
    arith.TruncFOp: same,
    math.FmaOp: multiply_add,
    vector.FMAOp: multiply_add,
    neon.KeepOp: same,
    neon.EvenLanesOp: lanes_of(slice(0, None, 2)),
    neon.OddLanesOp: lanes_of(slice(1, None, 2)),
}
"""Operations whose operands are all that there is to them."""

COMPARISONS: Mapping[str, Function] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "slt": operator.lt,
    "sle": operator.le,
    "sgt": operator.gt,
    "sge": operator.ge,
}

REDUCTIONS: Mapping[str, Function] = {"add": np.sum, "maximumf": np.max, "minimumf": np.min}


def arithmetic(op: Operation) -> Function | None:
    """What an operation on numbers and vectors computes; None if `op` is none.

    Raises InterpretationError for a variant that this level does not have.
    """
    match op:
        case arith.ConstantOp():
            constant = constant_of(op)
            return lambda: constant
        case arith.CmpiOp():
            predicate = arith.CMPI_COMPARISON_OPERATIONS[op.predicate.value.data]
            return _one_of(COMPARISONS, predicate, "comparison")
        case vector.BroadcastOp():
            return partial(np.full, op.vector.type.get_shape(), dtype=np.float64)
        case vector.ShuffleOp():
            return lanes_of(list(op.mask.get_values()))
        case vector.ReductionOp():
            return partial(reduction, _one_of(REDUCTIONS, op.kind.data, "reduction"))
        case neon.FmaLaneOp():
            return partial(multiply_add_lane, op.lane.value.data)
        case _:
            return ARITHMETIC.get(type(op))


def constant_of(op: arith.ConstantOp) -> Any:
    """The number, or the array of numbers, that a constant is. Raises InterpretationError for another."""
    match op.value:
        case DenseIntOrFPElementsAttr():
            return np.array(op.value.get_values()).reshape(op.value.get_shape())
        case IntegerAttr() | FloatAttr():
            return op.value.value.data
        case _:
            raise InterpretationError(f"no constant of this level is {op.value}")


def _one_of(functions: Mapping[str, Function], name: str, what: str) -> Function:
    if name not in functions:
        raise InterpretationError(f"{what} {name} is not used at this level")
    return functions[name]
