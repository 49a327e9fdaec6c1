"""split-strides: what strided convolutions read is written down in the order in which they read it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.passes import ModulePass

from lrc.dialects.lr.attrs import ints
from lrc.dialects.lr.base import shape_of
from lrc.dialects.lr.model import find_model
from lrc.dialects.lr.ops import MaxPoolOp
from lrc.dialects.pattern import ops as pattern
from lrc.dialects.values.shapes import Window
from lrc.passes.arrays import load
from lrc.passes.diagnose import machine_of
from lrc.passes.rewriting import NewLayers

LEAST_READ = 4
"""How often each number of a picture must be read for its copy to pay."""


@dataclass(frozen=True)
class SplitStridesPass(ModulePass):
    """conv2d 1x1 strides [a, b] (x) -> conv2d 1x1 strides [1, 1] (max_pool 1x1 strides [a, b] (x)), where b > 1

    A strided load is as many loads as the stride, and shuffles. Here they are made once for all filters and all layers
    that read a picture in these steps. A pooling of windows of one number picks every b-th of every a-th row.

    Left alone are layers that read so little that the copy costs more than it saves (`pays`), that have padding or a
    schedule already, and all layers of a machine without vectors.
    """

    name = "split-strides"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if machine_of(op).lanes.f32 == 1:
            return
        model = find_model(op)
        readers: dict[tuple[SSAValue, tuple[int, int]], list[pattern.Conv2dOp]] = {}
        for layer in model.block.ops:
            if isinstance(layer, pattern.Conv2dOp) and is_strided_pointwise(layer):
                readers.setdefault((layer.input, layer.window.strides), []).append(layer)
        layers = NewLayers(model)
        for (picture, strides), sharing in readers.items():
            if pays(kernels_for_each_channel(sharing)):
                rows, columns = strides
                name = layers.name(picture, f"every{rows}x{columns}")
                picked = MaxPoolOp(name, picture, Window((1, 1), strides))
                layers.insert_behind(picture, picked)
                for layer in sharing:
                    layer.operands[0] = picked.output
                    layer.properties["strides"] = ints((1, 1))


def is_strided_pointwise(layer: pattern.Conv2dOp) -> bool:
    """Whether a layer reads every other column of its picture, or fewer, and nothing else."""
    window = layer.window
    return layer.schedule is None and window.kernel == (1, 1) and window.strides[1] > 1 and not any(window.pads)


def kernels_for_each_channel(layers: Sequence[pattern.Conv2dOp]) -> float:
    """How many kernels of some layers read a channel of the picture that all of them read, in the mean."""
    kernels = sum(np.count_nonzero(load(layer, layer.assignment)) for layer in layers)
    return float(kernels) / shape_of(layers[0].input)[1]


def pays(kernels: float) -> bool:
    """Whether a picture of which so many kernels read each channel is to be copied for them.

    For each vector that a kernel reads, a copy saves it a load and a shuffle; it costs two loads, a shuffle and a
    store, once, and the memory that it goes through.
    """
    return kernels >= LEAST_READ
