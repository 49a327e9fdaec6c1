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


def padded(x: torch.Tensor, pads: Sequence[int], value: float) -> torch.Tensor:
    top, left, bottom, right = pads
    return F.pad(x, (left, right, top, bottom), value=value)


def layer(op: lr.LayerOp, operands: list[torch.Tensor], store: WeightStore) -> torch.Tensor:
    """What a layer computes before its activation."""

    def weight(source: lr.WeightLike | None) -> torch.Tensor | None:
        return None if source is None else tensor(array_of(source, store))

    x = operands[0]
    match op:
        case lr.Conv2dOp():
            window = op.window
            numbers = tensor(array_of(op.weight, store)), weight(op.bias)
            x = padded(x, window.pads, 0)
            y = F.conv2d(x, *numbers, window.strides, 0, window.dilations, op.group_count)
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
            return F.max_pool2d(padded(x, op.window.pads, -torch.inf), op.window.kernel, op.window.strides)
        case lr.AvgPoolOp():
            return F.avg_pool2d(padded(x, op.window.pads, 0), op.window.kernel, op.window.strides)
        case lr.GlobalAvgPoolOp():
            return F.adaptive_avg_pool2d(x, 1)
        case lr.UpsampleOp():
            rows, columns = op.scale.get_values()
            return F.interpolate(x, scale_factor=(float(rows), float(columns)), mode="nearest")
        case lr.FlattenOp():
            return torch.flatten(x, 1)
        case lr.SoftmaxOp():
            return torch.softmax(x, 1)
        case lr.ActivationOp():
            return x
        case _:
            raise AssertionError(f"no torch for {op.name}")
