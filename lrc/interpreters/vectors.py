"""Arithmetic of the loop level, on numbers and on vectors, which are one-dimensional float64 arrays."""

import numpy as np
from xdsl.dialects import arith, math, vector
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, FloatAttr, IntegerAttr
from xdsl.interpreter import Interpreter, InterpreterFunctions, PythonValues, impl, register_impls
from xdsl.interpreters.arith import ArithFunctions
from xdsl.utils.exceptions import InterpretationError

from lrc.dialects import neon


@register_impls
class VectorFunctions(InterpreterFunctions):
    """Vectors as one-dimensional arrays."""

    @impl(vector.BroadcastOp)
    def broadcast(self, interpreter: Interpreter, op: vector.BroadcastOp, args: PythonValues) -> PythonValues:
        return (np.full(op.vector.type.get_shape(), args[0]),)

    @impl(vector.FMAOp)
    def fma(self, interpreter: Interpreter, op: vector.FMAOp, args: PythonValues) -> PythonValues:
        return (args[0] * args[1] + args[2],)

    @impl(vector.ShuffleOp)
    def shuffle(self, interpreter: Interpreter, op: vector.ShuffleOp, args: PythonValues) -> PythonValues:
        return (np.concatenate(args)[list(op.mask.get_values())],)

    @impl(vector.ReductionOp)
    def reduction(self, interpreter: Interpreter, op: vector.ReductionOp, args: PythonValues) -> PythonValues:
        kind = op.properties["kind"]
        reduce = next((r for name, r in REDUCTIONS.items() if name in str(kind)), None)
        if reduce is None:
            raise InterpretationError(f"reduction {kind} is not used at this level")
        return (reduce(np.append(args[0], args[1:])),)


@register_impls
class NeonFunctions(InterpreterFunctions):
    """What arm64 does in one instruction."""

    @impl(neon.FmaLaneOp)
    def fma_lane(self, interpreter: Interpreter, op: neon.FmaLaneOp, args: PythonValues) -> PythonValues:
        return (args[0] * args[1][op.lane.value.data] + args[2],)

    @impl(neon.EvenLanesOp)
    def even_lanes(self, interpreter: Interpreter, op: neon.EvenLanesOp, args: PythonValues) -> PythonValues:
        return (np.concatenate(args)[::2],)

    @impl(neon.OddLanesOp)
    def odd_lanes(self, interpreter: Interpreter, op: neon.OddLanesOp, args: PythonValues) -> PythonValues:
        return (np.concatenate(args)[1::2],)


REDUCTIONS = {"add": np.sum, "maximumf": np.max, "minimumf": np.min}


@register_impls
class NumberFunctions(ArithFunctions):
    """arith as xDSL interprets it, on vectors too."""

    @impl(arith.ConstantOp)
    def run_constant(self, interpreter: Interpreter, op: arith.ConstantOp, args: PythonValues) -> PythonValues:
        if isinstance(op.value, DenseIntOrFPElementsAttr):
            return (np.array(op.value.get_values()).reshape(op.value.get_shape()),)
        if isinstance(op.value, IntegerAttr | FloatAttr):
            return (op.value.value.data,)
        raise InterpretationError(f"no constant of this level is {op.value}")

    @impl(arith.DivfOp)
    def divide(self, interpreter: Interpreter, op: arith.DivfOp, args: PythonValues) -> PythonValues:
        return (args[0] / args[1],)

    @impl(arith.NegfOp)
    def negate(self, interpreter: Interpreter, op: arith.NegfOp, args: PythonValues) -> PythonValues:
        return (-args[0],)

    @impl(arith.MaximumfOp)
    def run_maximumf(self, interpreter: Interpreter, op: arith.MaximumfOp, args: PythonValues) -> PythonValues:
        return (np.maximum(args[0], args[1]),)

    @impl(arith.MinimumfOp)
    def run_minimumf(self, interpreter: Interpreter, op: arith.MinimumfOp, args: PythonValues) -> PythonValues:
        return (np.minimum(args[0], args[1]),)

    @impl(arith.SIToFPOp)
    def float_of_integer(self, interpreter: Interpreter, op: arith.SIToFPOp, args: PythonValues) -> PythonValues:
        return (float(args[0]),)

    @impl(arith.MinSIOp)
    def smaller(self, interpreter: Interpreter, op: arith.MinSIOp, args: PythonValues) -> PythonValues:
        return (min(args),)

    @impl(arith.MaxSIOp)
    def greater(self, interpreter: Interpreter, op: arith.MaxSIOp, args: PythonValues) -> PythonValues:
        return (max(args),)


@register_impls
class MathFunctions(InterpreterFunctions):
    """Elementary functions."""

    @impl(math.ExpOp)
    def exp(self, interpreter: Interpreter, op: math.ExpOp, args: PythonValues) -> PythonValues:
        with np.errstate(over="ignore"):
            return (np.exp(args[0]),)

    @impl(math.TanhOp)
    def tanh(self, interpreter: Interpreter, op: math.TanhOp, args: PythonValues) -> PythonValues:
        return (np.tanh(args[0]),)

    @impl(math.FmaOp)
    def fma(self, interpreter: Interpreter, op: math.FmaOp, args: PythonValues) -> PythonValues:
        return (args[0] * args[1] + args[2],)
