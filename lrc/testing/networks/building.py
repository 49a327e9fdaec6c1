"""A network under construction, whose layers have numbers that Hypothesis draws."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, OpResult, Region, SSAValue

from lrc import frontend
from lrc.diagnostics import UserError
from lrc.dialects import lr
from lrc.dialects.lr.base import shape_of, tensor
from lrc.dialects.values.activations import Activation
from lrc.dialects.values.schedules import Tuning
from lrc.dialects.values.shapes import Window, of_axes, picture
from lrc.testing.arrays import statistics, weights
from lrc.testing.plain import ACTIVATIONS, KERNELS, Choices, sparsities, tunings, up_to, windows

MOST_NUMBERS = 4096
"""Of a value: what would be larger is not drawn."""

MOST_FILTERS = 8

MOST_UNITS = 9

POINTWISE, SAME, HALVING = Window((1, 1)), Window((3, 3), pads=(1, 1, 1, 1)), Window((3, 3), (2, 2), (1, 1, 1, 1))

POOLS = ((2, 2), (3, 3), (1, 2), (4, 3))


def over(value: SSAValue, window: Window) -> Window:
    """A window as it moves over a picture, or what of it moves over a sequence."""
    if len(shape_of(value)) == 4:
        return window
    return Window.along(window.kernel[1:], window.strides[1:], of_axes(window.pads, 1), window.dilations[1:])


class DrawnModule(ModuleOp):
    """A module that Hypothesis shows as the text that makes it when it reports a counterexample."""

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(shown(self))


def shown(module: ModuleOp) -> str:
    """A network as a `.lr` text, with the arrays that the text does not draw in comments; what the language cannot say
    as a module's text."""
    try:
        model = lr.find_model(module)
        store = model.store
        if any(argument.type != tensor(shape_of(argument)) for argument in model.block.args):
            return str(module)  # the language has no layouts either
        text = frontend.write(module, weights="module.safetensors" if store.made else None)
    except (UserError, ValueError):  # what passes made has no text of the language
        return str(module)
    arrays = [f"# {name}: {_numbers(store[name])}\n" for name in sorted(store.made)]
    return "".join([text, *arrays]) if arrays else f'lrc.parse("""\n{text}""")'


def _numbers(array: NDArray[Any]) -> str:
    first, *others = np.unique(array)
    if not others:
        return f"{first:g} everywhere in {list(array.shape)}"
    return " ".join(np.array2string(array, precision=4, threshold=30, edgeitems=2, separator=", ").split())


class Builder(Choices):
    """Adds layers one by one; `room` is how many more there may be.

    A method that adds a layer returns its value. Of layers with weights some leave them to the model's store, which
    draws them at random: a network of such layers is all in its text.
    """

    def __init__(self, draw: st.DrawFn, room: int) -> None:
        super().__init__(draw)
        self.room = room
        self.block = Block()
        self.store = lr.WeightStore.random(draw(up_to(9)))
        self.values: list[SSAValue] = []
        self.counts = Counter[str]()

    def input(self, shape: Sequence[int]) -> SSAValue:
        """Add an input."""
        argument = self.block.insert_arg(tensor(shape), len(self.block.args))
        argument.name_hint = self.name("x")
        self.values.append(argument)
        return argument

    def name(self, kind: str) -> str:
        """The next name of its kind: x, x2, x3, …"""
        self.counts[kind] += 1
        return kind if self.counts[kind] == 1 else f"{kind}{self.counts[kind]}"

    def add(self, op: lr.LayerOp) -> SSAValue:
        """Add a layer."""
        self.room -= 1
        op.output.name_hint = op.layer.data
        self.block.add_op(op)
        self.values.append(op.output)
        for _, _, spec in op.weight_specs():
            self.store.expect(spec)
        return op.output

    def put(self, layer: str, **arrays: NDArray[Any]) -> None:
        """Give a layer arrays, under the names that the language has for them."""
        for field, array in arrays.items():
            self.store.put(f"{layer}.{field}", array.astype(np.float32))

    def convolution(
        self,
        value: SSAValue,
        filters: int | None = None,
        window: Window | None = None,
        groups: int = 1,
        bias: bool | None = None,
    ) -> SSAValue:
        """A convolution of a picture or a sequence; whatever is not given is drawn."""
        name, (channels, height, width) = self.name("conv"), picture(shape_of(value))
        window = over(value, window or self.window((height, width)))
        filters = filters or groups * (1 + self.draw(up_to(max(MOST_FILTERS // groups, 2) - 1)))
        if filters * prod(window.output(height, width)) > MOST_NUMBERS:
            window = Window((1, 1))
        bias = self.maybe() if bias is None else bias
        operation = lr.Conv1dOp if len(shape_of(value)) == 3 else lr.Conv2dOp
        shape = (filters, channels // groups, *window.kernel[-operation.AXES :])
        sparsity = self.draw(sparsities(window.kernel, filters // groups)) if self.maybe() else None
        if self.maybe():
            array = self.draw(weights(shape, sparsity))
            self.put(name, weight=array)
            if sparsity is not None and self.one_in(5):
                sparsity = None  # the zeros are there, and nobody says so
        tuning = self.draw(tunings(shape, groups=groups, sparsity=sparsity)) if self.one_in(4) else Tuning()
        return self.add(
            operation(
                name,
                value,
                filters=filters,
                weight=f"{name}.weight",
                bias=f"{name}.bias" if bias else None,
                window=window,
                groups=groups,
                sparsity=sparsity,
                tuning=None if tuning == Tuning() else tuning,
            )
        )

    def window(self, size: tuple[int, int]) -> Window:
        """A window for a convolution: half of them are those of most networks."""
        common = self.pick([POINTWISE, SAME, SAME, HALVING, None, None, None, None])
        return common or self.draw(windows(self.pick(KERNELS), size))

    def normalization(self, value: SSAValue, kind: str | None = None) -> SSAValue:
        """A batch norm, whose numbers may be of a kind that `lrc.testing.arrays.STATISTICS` names."""
        name = self.name("norm")
        names = {field: f"{name}.{field}" for field in ("weight", "bias", "running_mean", "running_var")}
        if kind is not None or self.maybe():
            arrays = self.draw(statistics(shape_of(value)[1], kind))
            self.put(name, **dict(zip(names, arrays, strict=True)))
        weight, bias, mean, variance = names.values()
        epsilon = self.pick([1e-5, 1e-5, 1e-3])
        return self.add(
            lr.BatchNormOp(name, value, weight=weight, bias=bias, mean=mean, variance=variance, epsilon=epsilon)
        )

    def activation(self, value: SSAValue, function: Activation | str | None = None) -> SSAValue:
        """An activation, any if none is given."""
        function = self.draw(ACTIVATIONS) if function is None else function
        return self.add(lr.ActivationOp(self.name("act"), value, function))

    def sum(self, lhs: SSAValue, rhs: SSAValue) -> SSAValue:
        """A sum."""
        return self.add(lr.AddOp(self.name("sum"), lhs, rhs))

    def product(self, lhs: SSAValue, rhs: SSAValue) -> SSAValue:
        """A product."""
        return self.add(lr.MulOp(self.name("product"), lhs, rhs))

    def concat(self, parts: Sequence[SSAValue]) -> SSAValue:
        """Values joined along their channels."""
        return self.add(lr.ConcatOp(self.name("joined"), parts))

    def pool(self, value: SSAValue, window: Window | None = None) -> SSAValue:
        """A pooling for the largest number, or for the mean; any window if none is given."""
        kind = self.pick([lr.MaxPoolOp, lr.MaxPoolOp, lr.AvgPoolOp])
        if window is None:
            _, height, width = picture(shape_of(value))
            window = self.draw(windows(self.pick(POOLS), (height, width), pooling=True))
        return self.add(kind(self.name("pool"), value, over(value, window)))

    def mean(self, value: SSAValue) -> SSAValue:
        """One number for each channel."""
        return self.add(lr.GlobalAvgPoolOp(self.name("mean"), value))

    def upsampled(self, value: SSAValue, scale: tuple[int, int]) -> SSAValue:
        """Rows and columns repeated; of a sequence, whose row stays one, the columns."""
        rows, columns = scale
        return self.add(lr.UpsampleOp(self.name("up"), value, (1 if len(shape_of(value)) == 3 else rows, columns)))

    def flat(self, value: SSAValue) -> SSAValue:
        """A value of any rank as a vector."""
        return self.add(lr.FlattenOp(self.name("flat"), value))

    def softmax(self, value: SSAValue) -> SSAValue:
        """Probabilities."""
        return self.add(lr.SoftmaxOp(self.name("probabilities"), value))

    def linear(self, value: SSAValue) -> SSAValue:
        """A fully connected layer."""
        name, units, bias = self.name("fc"), 1 + self.draw(up_to(MOST_UNITS - 1)), self.maybe()
        if self.maybe():
            self.put(name, weight=self.draw(weights((units, shape_of(value)[1]))))
        op = lr.LinearOp(name, value, units=units, weight=f"{name}.weight", bias=f"{name}.bias" if bias else None)
        return self.add(op)

    def finish(self) -> ModuleOp:
        """The network. Its outputs are the values that no layer reads, and sometimes one that is read as well."""
        ends = [value for value in self.values if not value.uses and isinstance(value, OpResult)]
        inner = [value for value in self.values if value.uses and isinstance(value, OpResult)]
        if inner and self.one_in(4):
            ends.append(self.pick(inner[::-1]))
        self.block.add_op(lr.OutputOp(ends, [self.name("y") for _ in ends]))
        names = [argument.name_hint or "" for argument in self.block.args]
        return DrawnModule([lr.ModelOp("drawn", Region(self.block), input_names=names, weights=self.store)])
