"""Weights that are folded are rounded to float32: as much as the bound of a fusion allows, and no more."""

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.context import Context
from xdsl.dialects.builtin import FloatAttr, f64

import lrc
from lrc.dialects import lr
from lrc.interpreters import walk
from lrc.passes.graph.fuse_conv_bn import FuseConvBnPass
from lrc.verification import bounds


def normal(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


FOLDED = """model folded {{
  weights random(seed: 0)
  input x: f32[1, 4, 5, 6]
  conv: {layer}
  norm: batch_norm(conv)
  output norm
}}"""
LAYERS = {
    "conv2d(x) { filters: 3, kernel: 3 }": (3, 4, 3, 3),
    "conv2d(x) { filters: 2, kernel: 1, bias: false, groups: 2 }": (2, 2, 1, 1),
}
SUBNORMAL = 2.0**-149


@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize(
    ("scale", "by"), [(1.0, 1 + bounds.UNIT), (-1024.0, 1 + bounds.UNIT), (3 * SUBNORMAL, 3.5 / 3)]
)
def test_folded_weights_that_round_as_much_as_they_can(layer: str, scale: float, by: float) -> None:
    """Every weight times the scale lies right beside the middle between two float32, and all are rounded to the same
    side; a tiny scale makes them too small to be normal."""
    module = lrc.parse(FOLDED.format(layer=layer))
    model, shape = lr.find_model(module), LAYERS[layer]
    conv, norm = (op for op in model.block.ops if isinstance(op, lr.Conv2dOp | lr.BatchNormOp))
    arrays = {"weight": np.full(shape[0], scale), "bias": np.zeros(1), "mean": np.zeros(1), "variance": np.zeros(1)}
    for field, array in arrays.items():
        setattr(norm, field, lr.WeightAttr(model.store.put(field, np.resize(array, shape[0]).astype(np.float32))))
    norm.properties["epsilon"] = FloatAttr((by * (1 + 1e-9)) ** -2, f64)
    conv.properties["weight"] = lr.WeightAttr(model.store.put("ones", np.ones(shape, np.float32)))
    if "bias" in conv.properties:
        conv.properties["bias"] = lr.WeightAttr(model.store.put("one", np.ones(shape[0], np.float32)))
    before, after = walk(module, [np.abs(normal(1, 4, 5, 6))])
    found = before.result * np.float32(scale * by * (1 + 1e-9))
    bound = bounds.of_fusion([before, after], model.store)
    assert 0.7 < np.abs((found - after.result) / bound).max() <= 1


TWICE = """model twice {
  weights random(seed: 0)
  input x: f32[1, 1, 3, 3]
  conv: conv2d(x) { filters: 1, kernel: 1, bias: false }
  one: batch_norm(conv)
  two: batch_norm(one)
  output two
}"""


def test_what_is_folded_twice_rounds_twice() -> None:
    """A weight of 1 is scaled to right above the middle between two float32, and rounded up; then once more."""
    module = lrc.parse(TWICE)
    model = lr.find_model(module)
    one, zero = (lr.WeightAttr(model.store.put(str(n), np.full(1, n, np.float32))) for n in (1, 0))
    for op in model.block.ops:
        if isinstance(op, lr.BatchNormOp):
            op.weight, op.bias, op.mean, op.variance = one, zero, zero, zero
            op.properties["epsilon"] = FloatAttr(((1 + bounds.UNIT) * (1 + 1e-9)) ** -2, f64)
        elif isinstance(op, lr.Conv2dOp):
            op.weight = lr.WeightAttr(model.store.put("conv", np.ones((1, 1, 1, 1), np.float32)))
    x = normal(1, 1, 3, 3)
    evaluations = list(walk(module, [x]))
    bound = bounds.of_fusion(evaluations, model.store)
    FuseConvBnPass().apply(Context(), module)
    (folded,) = walk(module, [x])
    assert 0.9 < np.abs((folded.result - evaluations[-1].result) / bound).max() <= 1
