"""Passes that go wrong, each in a way in which a real one could, and the networks whose meaning they change.

Each is a function that changes a module of the lr level; `plant` makes the compiler run it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, FloatAttr, ModuleOp, f64

from lrc.dialects import lr
from lrc.dialects.lr.store import array_of
from lrc.passes.graph.materialize_padding import MaterializePaddingPass

Wrong = Callable[[ModuleOp], None]

NETWORK = """\
model wronged {
  weights random(seed: 0)
  input x: f32[1, 4, 6, 7]
  conv: conv2d(x) { filters: 6, kernel: 3, pad: 1 }
  norm: batch_norm(conv)
  a: relu(norm)
  b: conv2d(a) { filters: 6, kernel: 1 }
  sum: add(a, b)
  ta: tanh(a)
  tb: tanh(sum)
  pooled: max_pool(tb) { kernel: 2, stride: 2, pad: 1 }
  both: concat(ta, tb, sum)
  flat: flatten(both)
  fc: linear(flat) { units: 5 }
  output y = ta
  output z = tb
  output low = pooled
  output classes = fc
}
"""
"""Layers that are fused, and one that is added; two values of one shape that are read by the same operator."""


def find(module: ModuleOp, name: str) -> lr.LayerOp:
    """The layer of that name."""
    return next(op for op in module.walk() if isinstance(op, lr.LayerOp) and op.layer.data == name)


def outputs(module: ModuleOp) -> lr.OutputOp:
    """The operation that ends the network."""
    return next(op for op in module.walk() if isinstance(op, lr.OutputOp))


def change(module: ModuleOp, layer: str, field: str, by: Callable[[np.ndarray], np.ndarray]) -> None:
    """Give a layer other numbers."""
    op, store = find(module, layer), lr.find_model(module).store
    array = np.asarray(by(array_of(getattr(op, field), store).copy()), np.float32)
    setattr(op, field, lr.WeightAttr(store.put(f"{layer}.{field}.wrong", array)))


def wrong_sign(module: ModuleOp) -> None:
    """beta + mean * scale for beta - mean * scale."""
    store = lr.find_model(module).store
    change(module, "conv", "bias", lambda bias: bias + 2 * store["norm.running_mean"])


def swapped_outputs(module: ModuleOp) -> None:
    end = outputs(module)
    end.operands = (end.operands[1], end.operands[0], *end.operands[2:])


def swapped_names(module: ModuleOp) -> None:
    end = outputs(module)
    first, second, *others = end.names
    end.names = ArrayAttr([second, first, *others])


def dropped_output(module: ModuleOp) -> None:
    end = outputs(module)
    end.operands, end.names = end.operands[:-1], ArrayAttr(list(end.names)[:-1])


def another_operand(module: ModuleOp) -> None:
    """tanh(a) for tanh(b), which has the same shape."""
    find(module, "tb").operands = find(module, "ta").operands


def output_of_another(module: ModuleOp) -> None:
    """An output is another value of its shape."""
    end = outputs(module)
    end.operands = (find(module, "tb").output, *end.operands[1:])


def invalid(module: ModuleOp) -> None:
    """A convolution that adds what does not fit."""
    conv = find(module, "conv")
    conv.operands = (conv.operands[0], conv.operands[0])


def swapped_parts(module: ModuleOp) -> None:
    both = find(module, "both")
    both.operands = tuple(reversed(both.operands))


def lost_activation(module: ModuleOp) -> None:
    find(module, "conv").properties.pop("activation", None)


def lost_bias(module: ModuleOp) -> None:
    find(module, "fc").properties.pop("bias")


def lost_residual(module: ModuleOp) -> None:
    """The sum was fused into a convolution, and forgotten."""
    layer = find(module, "b")
    layer.operands = layer.operands[:1]


def half_precision(module: ModuleOp) -> None:
    change(module, "conv", "weight", lambda weight: weight.astype(np.float16))


def one_place_off(module: ModuleOp) -> None:
    """A bias that errs by five units in the last place."""
    change(module, "fc", "bias", lambda bias: bias * np.float32(1 + 5 * 2.0**-23))


def renamed(module: ModuleOp) -> None:
    """Two layers exchange their names."""
    ta, tb = find(module, "ta"), find(module, "tb")
    ta.layer, tb.layer = tb.layer, ta.layer


def zeros_around(module: ModuleOp) -> None:
    """A pooling that takes the zeros around a picture for its numbers, where tanh gives less."""
    find(module, "pooled.pad").properties["value"] = FloatAttr(0.0, f64)


def another_pooling(module: ModuleOp) -> None:
    """The layer that was added is fed with another value of its shape."""
    find(module, "pooled.pad").operands = (find(module, "ta").output,)


def two_of_a_name(module: ModuleOp) -> None:
    find(module, "pooled.pad").layer = find(module, "pooled").layer


SAID: dict[Wrong, str] = {
    wrong_sign: "layer 'conv'",
    swapped_outputs: "output 'y' is 'tb' instead of 'ta'; output 'z' is 'ta' instead of 'tb'",
    dropped_output: "the outputs are y [1, 6, 6, 7], z [1, 6, 6, 7], low [1, 6, 4, 4] instead of y",
    swapped_names: "the outputs are z [1, 6, 6, 7], y [1, 6, 6, 7], low [1, 6, 4, 4], classes [1, 5] instead of y",
    another_operand: "layer 'tb' reads 'conv' instead of 'b'",
    invalid: "layer 'conv': adds [1, 4, 6, 7] to [1, 6, 6, 7]",
    output_of_another: "output 'y' is 'tb' instead of 'ta'",
    swapped_parts: "layer 'both' reads 'b', 'tb', 'ta' instead of 'ta', 'tb', 'b'",
    lost_activation: "layer 'conv'",
    lost_bias: "layer 'fc'",
    lost_residual: "layer 'b' reads 'conv' instead of 'conv', 'conv'",
    half_precision: "layer 'conv'",
    one_place_off: "layer 'fc'",
    renamed: "layer 'tb' reads 'conv' instead of 'b'",
    zeros_around: "layer 'pooled'",
    another_pooling: "layer 'pooled' reads 'ta' instead of 'tb'",
    two_of_a_name: "2 layers are called 'pooled'",
}
"""What is said of each wrong pass, the module before it at hand."""

BUILT: dict[Wrong, tuple[int, str]] = {
    wrong_sign: (3, "layer 'conv'"),
    swapped_outputs: (3, "output 'y' is 'tb' instead of 'ta'"),
    dropped_output: (4, SAID[dropped_output]),
    another_operand: (3, "layer 'tb' reads 'a' instead of 'sum'"),
    invalid: (4, SAID[invalid]),
}
"""Some of them all the way to a program: the exit code of `lrc verify`, and what is said, the source at hand."""


def plant(wrong: Wrong, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the last pass over the layers as they were written do `wrong` too."""
    right = MaterializePaddingPass.apply

    def apply(self: MaterializePaddingPass, ctx: Context, op: ModuleOp) -> None:
        right(self, ctx, op)
        wrong(op)

    monkeypatch.setattr(MaterializePaddingPass, "apply", apply)
