"""The network: a buffer for each tensor, a launch or more for each layer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects import memref
from xdsl.dialects.builtin import ArrayAttr, TensorType
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.utils.hints import isa

from lrc.dialects import kernel
from lrc.dialects.kernel.attrs import LayoutAttr
from lrc.dialects.lr.attrs import WeightLike
from lrc.dialects.lr.base import LayerOp, value_name
from lrc.dialects.lr.store import WeightStore, array_of
from lrc.dialects.values.layouts import Layout, Picture
from lrc.dialects.values.machines import Machine
from lrc.passes.lowering.builder import FLOATS, array_of_floats
from lrc.passes.lowering.indices import Index, Indices
from lrc.passes.lowering.layers import layer_of


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
    """Writes the network, and collects the kernels that it launches.

    Every tensor's type carries its layout; `buffers` holds where a tensor is, `non_negative` which have no number
    below zero, as far as that was asked.
    """

    def __init__(
        self,
        name: str,
        inputs: Mapping[str, Attribute],
        outputs: Mapping[str, Attribute],
        store: WeightStore,
        machine: Machine,
    ) -> None:
        self.store, self.machine = store, machine
        given, taken = ([kernel.PortAttr.of(*port) for port in side.items()] for side in (inputs, outputs))
        self.network = kernel.NetworkOp(name, given, taken)
        for argument, hint in zip(self.network.body.block.args, shown((*inputs, *outputs)), strict=True):
            argument.name_hint = hint
        self.code = Indices(self.network.body.block)
        self.kernels: dict[Family, kernel.KernelFuncOp] = {}
        self.layers: list[kernel.LayerAttr] = []
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

    def allocate(self, value: SSAValue, name: str) -> SSAValue:
        """A buffer for a tensor, the result of the layer `name`, as it comes: `halo.allocate` clears what is around its
        pictures as well."""
        layout = self.layout(value)
        allocation = memref.AllocOp([self.code.value(layout.size)], [], array_of_floats(layout.element))
        allocation.attributes["layout"] = LayoutAttr(layout)
        self.buffers[value] = self.code.insert(allocation, *shown([name]))
        return self.buffers[value]

    def temporary(self, elements: int, name: str) -> SSAValue:
        """A buffer that only one layer uses."""
        return self.code.insert(memref.AllocOp([self.code.value(elements)], [], FLOATS), name)

    def array(self, weight: WeightLike) -> NDArray[np.generic]:
        """The numbers of a weight."""
        return array_of(weight, self.store)

    def constant(self, name: str, array: NDArray[np.generic]) -> SSAValue:
        """An array that goes into the weights file under `name`: float32 or unsigned numbers, flat."""
        if name not in self._constants:
            self._constants[name] = self.code.insert(kernel.WeightsOp(self.store.put(name, array), array), None)
        return self._constants[name]

    def launch(
        self,
        family: Family,
        write: Callable[[str], kernel.KernelFuncOp],
        arguments: Mapping[str, SSAValue | Index],
        completed: LayerOp | None = None,
    ) -> None:
        """Launch the kernel of a family, written by `write(name)` if it is not there yet.

        `arguments` are given by the names that the kernel has for them, the sizes of its grid among them. `completed`
        is the layer whose result is whole after this launch. Raises ValueError if a name is missing, or is none of the
        kernel's.
        """
        function = self.kernels.get(family)
        if function is None:
            name, n = family.name, 1
            while name in self._names:
                n += 1
                name = f"{family.name}_v{n}"
            self._names.add(name)
            function = self.kernels[family] = write(name)
        if missing := {*function.arguments} ^ {*arguments}:
            raise ValueError(f"the arguments of {function.sym_name.data} differ in {sorted(missing)}")
        values = {name: self.code.value(arguments[name]) for name in function.arguments}
        sizes = {name: values.pop(name) for name in function.dimensions}
        layer: tuple[str, str] | None = None
        if completed is not None:
            tensor = self.buffers[completed.output]
            layer = completed.layer.data, next(name for name, value in values.items() if value is tensor)
            self.layers.append(layer_of(completed, self.store))
        self.code.builder.insert(kernel.LaunchOp(function.sym_name.data, values, sizes, layer))

    def finish(self) -> list[Operation]:
        """The kernels, then the network that launches them."""
        self.network.layers = ArrayAttr(self.layers)
        return [*self.kernels.values(), self.network]


def shown(names: Iterable[str]) -> list[str]:
    """Names as the IR can show them, none twice, in letters, digits and underscores."""
    result = dict[str, None]()
    for name in names:
        text = value_name(re.sub(r"\W", "_", name, flags=re.ASCII))
        while text in result:
            text += "_"
        result[text] = None
    return list(result)
