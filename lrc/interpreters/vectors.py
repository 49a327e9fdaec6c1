"""Arithmetic of the loop level, on numbers and on vectors, which are one-dimensional float64 arrays."""

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from xdsl.dialects import arith, math, vector
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, FloatAttr, IntegerAttr
from xdsl.ir import Operation
from xdsl.utils.exceptions import InterpretationError

from lrc.dialects import neon

Function = Callable[..., Any]
"""What an operation computes: its result out of its operands."""


def multiply_add(a: Any, b: Any, c: Any) -> Any:
    """a * b + c"""
    return a * b + c


def quotient(a: int, b: int) -> int:
    """a / b without what is behind the point, as C divides."""
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


ARITHMETIC: Final[Mapping[type[Operation], Function]] = {
    arith.AddiOp: operator.add,
    arith.SubiOp: operator.sub,
    arith.MuliOp: operator.mul,
    arith.DivSIOp: quotient,
    arith.MinSIOp: min,
    arith.MaxSIOp: max,
    arith.IndexCastOp: int,
    arith.SIToFPOp: float,
    arith.SelectOp: lambda condition, a, b: a if condition else b,
    arith.AddfOp: operator.add,
    arith.SubfOp: operator.sub,
    arith.MulfOp: operator.mul,
    arith.DivfOp: np.divide,
    arith.NegfOp: operator.neg,
    arith.MaximumfOp: np.maximum,
    arith.MinimumfOp: np.minimum,
    math.ExpOp: np.exp,
    math.TanhOp: np.tanh,
    math.FmaOp: multiply_add,
    vector.FMAOp: multiply_add,
    neon.EvenLanesOp: lambda a, b: np.concatenate((a, b))[::2],
    neon.OddLanesOp: lambda a, b: np.concatenate((a, b))[1::2],
}
"""Operations whose operands are all that there is to them."""

COMPARISONS: Final[Mapping[str, Function]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "slt": operator.lt,
    "sle": operator.le,
    "sgt": operator.gt,
    "sge": operator.ge,
}

REDUCTIONS: Final[Mapping[str, Function]] = {"add": np.sum, "maximumf": np.max, "minimumf": np.min}


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
            shape = op.vector.type.get_shape()
            return lambda number: np.full(shape, number, float)
        case vector.ShuffleOp():
            mask = list(op.mask.get_values())
            return lambda a, b: np.concatenate((a, b))[mask]
        case vector.ReductionOp():
            reduce = _one_of(REDUCTIONS, op.kind.data, "reduction")
            return lambda a, *first: reduce(np.append(a, first))
        case neon.FmaLaneOp():
            lane = op.lane.value.data
            return lambda a, weights, c: a * weights[lane] + c
        case _:
            return ARITHMETIC.get(type(op))


def constant_of(op: arith.ConstantOp) -> Any:
    """The number, or the array of numbers, that a constant is."""
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
