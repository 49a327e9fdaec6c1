"""Hypothesis strategies: whole networks as modules.

The networks are small and awkward: ragged pictures of 1 to 17 rows, strides, dilations, uneven padding, groups,
values that several layers read, filters without any weight, filters that are all alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Region, SSAValue

from lrc.dialects import lr
from lrc.dialects.lr.base import shape_of, tensor
from lrc.dialects.lr.shapes import ShapeError
from lrc.testing.plain import ACTIVATIONS, CHANNELS, SEEDS, SIZES, sparsities, weights, windows


class DrawnModule(ModuleOp):
    """A module that Hypothesis shows as its text when it reports a counterexample."""

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))


class Builder:
    """A network under construction: layers are added one by one, their weights are drawn."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.block = Block()
        self.store = lr.WeightStore.empty()
        self.values: list[SSAValue] = []

    def input(self, shape: Sequence[int]) -> None:
        """Add an input."""
        argument = self.block.insert_arg(tensor(shape), len(self.block.args))
        argument.name_hint = f"x{'abcdef'[argument.index]}"
        self.values.append(argument)

    def layer(self, build: Callable[[str, SSAValue], lr.LayerOp | None]) -> None:
        """Add what `build` makes of a new name and a value, unless the shapes do not fit."""
        value = self.draw(st.sampled_from(self.values[-4:]))
        try:
            op = build(f"layer{len(self.values)}", value)
        except ShapeError:
            return
        if op is not None:
            op.output.name_hint = op.layer.data
            self.block.add_op(op)
            self.values.append(op.output)

    def put(self, name: str, array: NDArray[Any]) -> str:
        """The name under which the store has `array`."""
        return self.store.put(name, array.astype(np.float32))

    def vector(self, name: str, size: int, least: float = -1.0) -> str:
        """The name of `size` numbers between `least` and 1.5."""
        return self.put(name, np.random.default_rng(self.draw(SEEDS)).uniform(least, 1.5, size))

    def finish(self) -> ModuleOp:
        """The module, verified; its outputs are the values that nothing else reads."""
        ends = [value for value in self.values if not value.uses]
        self.block.add_op(lr.OutputOp(ends, [f"y{'abcdefgh'[i % 8] * (1 + i // 8)}" for i in range(len(ends))]))
        names = [argument.name_hint or "" for argument in self.block.args]
        module = DrawnModule([lr.ModelOp("drawn", Region(self.block), input_names=names, weights=self.store)])
        module.verify()
        return module


@st.composite
def modules(draw: st.DrawFn, layers: int = 6) -> ModuleOp:
    """A small network of the lr dialect, with weights, of up to `layers` layers of any kind."""
    builder = Builder(draw)
    for _ in range(draw(st.integers(1, 2))):
        builder.input((1, draw(CHANNELS), draw(SIZES), draw(SIZES)))
    for _ in range(draw(st.integers(1, layers))):
        kind = draw(st.sampled_from([_convolution] * 3 + [_batch_norm, _activation] * 2 + [_sum] * 2 + OTHERS))
        builder.layer(lambda name, value, kind=kind: kind(builder, name, value))
    return builder.finish()


def _convolution(builder: Builder, name: str, value: SSAValue) -> lr.LayerOp | None:
    if len(shape_of(value)) != 4:
        return None
    draw, channels = builder.draw, shape_of(value)[1]
    kernel = draw(st.sampled_from([(1, 1), (3, 3), (3, 3), (2, 3), (5, 1)]))
    groups = draw(st.sampled_from([g for g in range(1, channels + 1) if channels % g == 0]))
    filters = groups * draw(st.integers(1, max(1, 8 // groups)))
    sparsity = draw(sparsities(kernel))
    array = draw(weights((filters, channels // groups, *kernel), sparsity))
    return lr.Conv2dOp(
        name,
        value,
        filters=filters,
        weight=builder.put(f"{name}.weight", array),
        bias=builder.vector(f"{name}.bias", filters) if draw(st.booleans()) else None,
        window=draw(windows(kernel)),
        groups=groups,
        sparsity=sparsity if draw(st.booleans()) or sparsity.kind == "auto" else None,
    )


def _linear(builder: Builder, name: str, value: SSAValue) -> lr.LayerOp:
    if len(shape_of(value)) == 4:
        return lr.FlattenOp(name, value)
    units = builder.draw(st.integers(1, 9))
    array = builder.draw(weights((units, shape_of(value)[1])))
    bias = builder.vector(f"{name}.bias", units) if builder.draw(st.booleans()) else None
    return lr.LinearOp(name, value, units=units, weight=builder.put(f"{name}.weight", array), bias=bias)


def _batch_norm(builder: Builder, name: str, value: SSAValue) -> lr.LayerOp:
    size = shape_of(value)[1]
    return lr.BatchNormOp(
        name,
        value,
        weight=builder.vector(f"{name}.weight", size),
        bias=builder.vector(f"{name}.bias", size),
        mean=builder.vector(f"{name}.running_mean", size),
        variance=builder.vector(f"{name}.running_var", size, 0.01),
    )


def _activation(builder: Builder, name: str, value: SSAValue) -> lr.LayerOp:
    return lr.ActivationOp(name, value, builder.draw(ACTIVATIONS))


def _sum(builder: Builder, name: str, value: SSAValue) -> lr.LayerOp:
    kind = builder.draw(st.sampled_from([lr.AddOp, lr.AddOp, lr.MulOp]))
    return kind(name, value, builder.draw(st.sampled_from(builder.values)))


def _concat(builder: Builder, name: str, value: SSAValue) -> lr.LayerOp:
    fitting = [v for v in builder.values if shape_of(v)[2:] == shape_of(value)[2:]]
    return lr.ConcatOp(name, [value, *builder.draw(st.lists(st.sampled_from(fitting), min_size=1, max_size=2))])


def _pool(builder: Builder, name: str, value: SSAValue) -> lr.LayerOp:
    kind = builder.draw(st.sampled_from([lr.MaxPoolOp, lr.AvgPoolOp]))
    kernel = builder.draw(st.sampled_from([(2, 2), (3, 3), (1, 2)]))
    return kind(name, value, builder.draw(windows(kernel, dilated=False)))


def _global_avg_pool(builder: Builder, name: str, value: SSAValue) -> lr.LayerOp:
    return lr.GlobalAvgPoolOp(name, value)


def _upsample(builder: Builder, name: str, value: SSAValue) -> lr.LayerOp | None:
    small = max(shape_of(value)[1:]) <= 17
    return lr.UpsampleOp(name, value, builder.draw(st.sampled_from([(2, 2), (1, 3)]))) if small else None


def _softmax(builder: Builder, name: str, value: SSAValue) -> lr.LayerOp:
    return lr.SoftmaxOp(name, value)


OTHERS = [_linear, _concat, _pool, _global_avg_pool, _upsample, _softmax]
