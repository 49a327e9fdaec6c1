"""The function that runs the network: a buffer for each tensor, a launch or more for each layer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects import func, memref
from xdsl.dialects.builtin import StringAttr, TensorType
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.utils.hints import isa

from lrc.dialects import kernel
from lrc.dialects.kernel.attrs import LayoutAttr
from lrc.dialects.lr.attrs import WeightLike
from lrc.dialects.lr.base import value_name
from lrc.dialects.lr.store import WeightStore, array_of
from lrc.dialects.values.layouts import Layout, Picture
from lrc.dialects.values.machines import Machine
from lrc.passes.lowering.builder import FLOATS, Index, Loops


class Family(Protocol):
    """What the code of a kernel depends on: hashable, so that layers of one family share one function."""

    @property
    def name(self) -> str:
        """The kernel's name: its parameters, as few words as tell them apart."""
        ...


def layout_of(value: SSAValue) -> Layout | None:
    """The layout of a tensor, if one was assigned."""
    if isa(value.type, TensorType[Attribute]) and isinstance(value.type.encoding, LayoutAttr):
        return value.type.encoding.data
    return None


class Graph:
    """Writes the function that runs the network, and collects the kernels that it launches.

    Every tensor's type carries its layout; `buffers` holds where a tensor is, `non_negative` which have no number
    below zero, as far as that was asked.
    """

    def __init__(
        self, name: str, inputs: Sequence[str], outputs: Sequence[str], store: WeightStore, machine: Machine
    ) -> None:
        self.store, self.machine = store, machine
        self.loops = Loops(name, [(n, FLOATS) for n in shown((*inputs, *outputs))])
        self.kernels: dict[Family, func.FuncOp] = {}
        self.buffers: dict[SSAValue, SSAValue] = {}
        self.non_negative: dict[SSAValue, bool] = {}
        self._constants: dict[str, SSAValue] = {}
        self._names: set[str] = {name}

    @staticmethod
    def layout(value: SSAValue) -> Layout:
        """The layout of a tensor, which `lower-to-loops` has checked."""
        layout = layout_of(value)
        assert layout is not None
        return layout

    @staticmethod
    def picture(value: SSAValue) -> Picture:
        """A tensor as kernels see it: channels x rows x columns."""
        return Graph.layout(value).picture()

    def buffer(self, value: SSAValue) -> SSAValue:
        """Where a tensor lies."""
        return self.buffers[value]

    def allocate(self, value: SSAValue, layer: str) -> SSAValue:
        """A buffer for the result of a layer, as it comes: `halo.allocate` also clears what is around its pictures."""
        layout = self.layout(value)
        size = self.loops.value(layout.size)
        allocation = memref.AllocOp([size], [], FLOATS)
        allocation.attributes |= {"layer": StringAttr(layer), "layout": LayoutAttr(layout)}
        self.buffers[value] = self.loops.insert(allocation, *shown([layer]))
        return self.buffers[value]

    def temporary(self, elements: int, name: str) -> SSAValue:
        """A buffer that only one layer uses."""
        return self.loops.insert(memref.AllocOp([self.loops.value(elements)], [], FLOATS), name)

    def array(self, weight: WeightLike) -> NDArray[np.generic]:
        """The numbers of a weight."""
        return array_of(weight, self.store)

    def constant(self, name: str, array: NDArray[np.generic]) -> SSAValue:
        """An array that goes into the weights file under `name`: float32 or unsigned numbers, flat."""
        if name not in self._constants:
            self._constants[name] = self.loops.insert(kernel.WeightsOp(self.store.put(name, array), array), None)
        return self._constants[name]

    def launch(
        self,
        family: Family,
        write: Callable[[str], func.FuncOp],
        arguments: Mapping[str, SSAValue | Index],
        sizes: Sequence[int],
        layer: str | None = None,
    ) -> None:
        """Launch the kernel of a family, written by `write(name)` if it is not there yet.

        `arguments` are given by the names that the kernel has for them; `layer` is set on the launch that
        completes a layer. Raises ValueError if a name is missing, or is none of the kernel's.
        """
        function = self.kernels.get(family)
        if function is None:
            name, n = family.name, 1
            while name in self._names:
                n += 1
                name = f"{family.name}_v{n}"
            self._names.add(name)
            function = self.kernels[family] = write(name)
        names = [a.name_hint for a in function.body.block.args]
        if missing := set(names) ^ set(arguments):
            raise ValueError(f"the arguments of {function.sym_name.data} differ in {sorted(str(m) for m in missing)}")
        values = [self.loops.value(arguments[n]) for n in names if n is not None]
        self.loops.builder.insert(
            kernel.LaunchOp(function.sym_name.data, values, [self.loops.value(s) for s in sizes], layer)
        )

    def finish(self) -> list[Operation]:
        """The kernels, then the function that launches them."""
        return [*self.kernels.values(), self.loops.finish()]


def shown(names: Iterable[str]) -> list[str]:
    """Names as the IR can show them, none twice, in letters, digits and underscores."""
    result = dict[str, None]()
    for name in names:
        text = value_name(re.sub(r"\W", "_", name, flags=re.ASCII))
        while text in result:
            text += "_"
        result[text] = None
    return list(result)
