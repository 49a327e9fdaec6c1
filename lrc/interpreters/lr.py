"""The meaning of the layer graph: each operation by its function in `reference`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from xdsl.interpreter import Interpreter, InterpreterFunctions, PythonValues, impl, register_impls

from lrc.dialects import lr
from lrc.dialects.lr.store import WeightStore, array_of
from lrc.interpreters import reference
from lrc.interpreters.reference import Array


def activate(x: Array, activation: lr.ActivationAttr | None) -> Array:
    """`x` after the activation of a layer, if it has one."""
    return x if activation is None else reference.activate(x, activation.data.kind, activation.data.slope)


def convolve(op: lr.ConvolutionOp, args: Sequence[Any], weight: Array, store: WeightStore) -> Array:
    """activation(conv(input) + bias + residual) with dense weights [Co, Ci / groups, …], at any level."""
    window = op.window
    bias = None if op.bias is None else array_of(op.bias, store)
    result = reference.convolution(args[0], weight, bias, window.strides, window.pads, window.dilations, op.group_count)
    if op.residual is not None:
        result = result + args[1]
    return activate(result, op.activation)


@register_impls
@dataclass(eq=False)
class LrFunctions(InterpreterFunctions):
    """The operations of dialect lr on float64 arrays; `store` holds the weights that they name."""

    store: WeightStore

    @impl(lr.Conv1dOp)
    def conv1d(self, interpreter: Interpreter, op: lr.Conv1dOp, args: PythonValues) -> PythonValues:
        """[1, Ci, L], and the residual if there is one -> [1, Co, OL], with weight [Co, Ci / groups, k]."""
        return (convolve(op, args, reference.float64(array_of(op.weight, self.store)), self.store),)

    @impl(lr.Conv2dOp)
    def conv2d(self, interpreter: Interpreter, op: lr.Conv2dOp, args: PythonValues) -> PythonValues:
        """[1, Ci, H, W], and the residual if there is one -> [1, Co, OH, OW], with weight [Co, Ci / groups, kh, kw]."""
        return (convolve(op, args, reference.float64(array_of(op.weight, self.store)), self.store),)

    @impl(lr.LinearOp)
    def linear(self, interpreter: Interpreter, op: lr.LinearOp, args: PythonValues) -> PythonValues:
        """[1, I] -> [1, O]: activation(weight [O, I] · input + bias [O])."""
        bias = None if op.bias is None else array_of(op.bias, self.store)
        return (activate(reference.linear(args[0], array_of(op.weight, self.store), bias), op.activation),)

    @impl(lr.BatchNormOp)
    def batch_norm(self, interpreter: Interpreter, op: lr.BatchNormOp, args: PythonValues) -> PythonValues:
        """[1, C, …], normalized with the layer's own statistics, each [C]."""
        weight, bias, mean, variance = (array_of(n, self.store) for n in (op.weight, op.bias, op.mean, op.variance))
        result = reference.batch_norm(args[0], weight, bias, mean, variance, op.epsilon.value.data)
        return (result,)

    @impl(lr.ActivationOp)
    def activation(self, interpreter: Interpreter, op: lr.ActivationOp, args: PythonValues) -> PythonValues:
        """A function of each element of any shape."""
        return (activate(args[0], op.activation),)

    @impl(lr.CastOp)
    def cast(self, interpreter: Interpreter, op: lr.CastOp, args: PythonValues) -> PythonValues:
        """The same numbers: what rounds them is not part of the meaning."""
        return args

    @impl(lr.AddOp)
    def add(self, interpreter: Interpreter, op: lr.AddOp, args: PythonValues) -> PythonValues:
        """activation(lhs + rhs); one of them may have one number for each channel."""
        return (activate(args[0] + args[1], op.activation),)

    @impl(lr.MulOp)
    def mul(self, interpreter: Interpreter, op: lr.MulOp, args: PythonValues) -> PythonValues:
        """activation(lhs * rhs); one of them may have one number for each channel."""
        return (activate(args[0] * args[1], op.activation),)

    @impl(lr.ConcatOp)
    def concat(self, interpreter: Interpreter, op: lr.ConcatOp, args: PythonValues) -> PythonValues:
        """[1, C1, H, W], [1, C2, H, W], … -> [1, C1 + C2 + …, H, W]; other ranks alike."""
        return (reference.concat(args),)

    @impl(lr.MaxPoolOp)
    def max_pool(self, interpreter: Interpreter, op: lr.MaxPoolOp, args: PythonValues) -> PythonValues:
        """[1, C, H, W] -> [1, C, OH, OW]: padding counts as minus infinity."""
        window = op.window
        return (reference.max_pool(args[0], window.kernel, window.strides, window.pads),)

    @impl(lr.AvgPoolOp)
    def avg_pool(self, interpreter: Interpreter, op: lr.AvgPoolOp, args: PythonValues) -> PythonValues:
        """[1, C, H, W] -> [1, C, OH, OW]: padding counts as zeros."""
        window = op.window
        return (reference.avg_pool(args[0], window.kernel, window.strides, window.pads),)

    @impl(lr.GlobalAvgPoolOp)
    def global_avg_pool(self, interpreter: Interpreter, op: lr.GlobalAvgPoolOp, args: PythonValues) -> PythonValues:
        """[1, C, H, W] -> [1, C, 1, 1]."""
        return (reference.global_avg_pool(args[0]),)

    @impl(lr.UpsampleOp)
    def upsample(self, interpreter: Interpreter, op: lr.UpsampleOp, args: PythonValues) -> PythonValues:
        """[1, C, H, W] -> [1, C, H * rows, W * columns], by `scale` = (rows, columns)."""
        return (reference.upsample(args[0], op.scales()),)

    @impl(lr.FlattenOp)
    def flatten(self, interpreter: Interpreter, op: lr.FlattenOp, args: PythonValues) -> PythonValues:
        """[1, C, H, W] -> [1, C * H * W]."""
        return (reference.flatten(args[0]),)

    @impl(lr.SoftmaxOp)
    def softmax(self, interpreter: Interpreter, op: lr.SoftmaxOp, args: PythonValues) -> PythonValues:
        """[1, C, …] -> the same shape, with sums of 1 along the channels."""
        return (reference.softmax(args[0]),)

    @impl(lr.PadOp)
    def pad(self, interpreter: Interpreter, op: lr.PadOp, args: PythonValues) -> PythonValues:
        """[1, C, H, W] -> [1, C, top + H + bottom, left + W + right], the frame full of `value`."""
        return (reference.pad(args[0], op.sides(), op.value.value.data),)
