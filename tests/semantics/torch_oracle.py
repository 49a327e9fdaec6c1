"""The meaning of a module of the lr level by torch: an oracle that shares no code with lrc's own reference."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from lrc.dialects import lr
from lrc.dialects.lr.store import WeightStore, array_of

ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "relu": torch.relu,
    "relu6": F.relu6,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "hard_sigmoid": F.hardsigmoid,
    "hard_swish": F.hardswish,
    "swish": F.silu,
}


def tensor(array: NDArray[Any]) -> torch.Tensor:
    """A float64 tensor of the array's numbers."""
    return torch.tensor(np.asarray(array, np.float64))


def run(module: ModuleOp, inputs: Sequence[NDArray[Any]]) -> list[NDArray[np.float64]]:
    """The outputs of the model in a module of the lr level."""
    model = lr.find_model(module)
    values: dict[SSAValue, torch.Tensor] = dict(zip(model.block.args, map(tensor, inputs), strict=True))
    for op in model.block.ops:
        operands = [values[operand] for operand in op.operands]
        if isinstance(op, lr.OutputOp):
            return [value.numpy() for value in operands]
        assert isinstance(op, lr.LayerOp)
        values[op.output] = activate(layer(op, operands, model.store), getattr(op, "activation", None))
    raise AssertionError("no outputs")


def activate(x: torch.Tensor, activation: lr.ActivationAttr | None) -> torch.Tensor:
    if activation is None:
        return x
    if activation.data.kind == "leaky_relu":
        return F.leaky_relu(x, activation.data.slope)
    return ACTIVATIONS[activation.data.kind](x)


CONVOLUTIONS = {3: F.conv1d, 4: F.conv2d}

MAX_POOLS = {3: F.max_pool1d, 4: F.max_pool2d}

AVG_POOLS = {3: F.avg_pool1d, 4: F.avg_pool2d}
"""By the rank of what they read."""


def padded(x: torch.Tensor, pads: Sequence[int], value: float) -> torch.Tensor:
    """What is padded by numbers before each axis and then after each; torch takes the last axis first."""
    axes = len(pads) // 2
    return F.pad(x, [n for axis in reversed(range(axes)) for n in (pads[axis], pads[axes + axis])], value=value)


def layer(op: lr.LayerOp, operands: list[torch.Tensor], store: WeightStore) -> torch.Tensor:
    """What a layer computes before its activation."""

    def weight(source: lr.WeightLike | None) -> torch.Tensor | None:
        return None if source is None else tensor(array_of(source, store))

    x = operands[0]
    match op:
        case lr.ConvOp():
            numbers = tensor(array_of(op.weight, store)), weight(op.bias)
            x, strides, dilations = (
                padded(x, op.pads.get_values(), 0),
                op.strides.get_values(),
                op.dilations.get_values(),
            )
            y = CONVOLUTIONS[x.ndim](x, *numbers, strides, 0, dilations, op.group_count)
            return y if op.residual is None else y + operands[1]
        case lr.LinearOp():
            parts = np.array_split(array_of(op.weight, store), 16)  # all at once would take a gigabyte
            y = torch.cat([F.linear(x, tensor(part)) for part in parts], 1)
            return y if op.bias is None else y + tensor(array_of(op.bias, store))
        case lr.BatchNormOp():
            statistics = tensor(array_of(op.mean, store)), tensor(array_of(op.variance, store))
            return F.batch_norm(x, *statistics, weight(op.weight), weight(op.bias), eps=op.epsilon.value.data)
        case lr.AddOp():
            return operands[0] + operands[1]
        case lr.MulOp():
            return operands[0] * operands[1]
        case lr.ConcatOp():
            return torch.cat(operands, 1)
        case lr.MaxPoolOp():
            x = padded(x, op.pads.get_values(), -torch.inf)
            return MAX_POOLS[x.ndim](x, op.kernel.get_values(), op.strides.get_values())
        case lr.AvgPoolOp():
            x = padded(x, op.pads.get_values(), 0)
            return AVG_POOLS[x.ndim](x, op.kernel.get_values(), op.strides.get_values())
        case lr.GlobalAvgPoolOp():
            return x.mean(tuple(range(2, x.ndim)), keepdim=True)
        case lr.UpsampleOp():
            return F.interpolate(x, scale_factor=tuple(map(float, op.scale.get_values())), mode="nearest")
        case lr.FlattenOp():
            return torch.flatten(x, 1)
        case lr.SoftmaxOp():
            return torch.softmax(x, 1)
        case lr.ActivationOp():
            return x
        case _:
            raise AssertionError(f"no torch for {op.name}")
