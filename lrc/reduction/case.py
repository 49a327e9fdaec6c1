"""A network that fails, with what it was fed with and the passes that it went through, as a plain value.

Layers read values by name and know no shapes: those follow from the inputs when a module is built. So a step changes a
number, and whether all still fits is asked afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from math import prod
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import DenseArrayBase, IntegerAttr, ModuleOp, StringAttr
from xdsl.ir import Attribute, Block, Region, SSAValue
from xdsl.utils.exceptions import VerifyException

from lrc.dialects import lr
from lrc.dialects.lr.attrs import Ints
from lrc.dialects.lr.base import shape_of, tensor, value_name
from lrc.dialects.lr.store import array_of
from lrc.dialects.values.shapes import Shape
from lrc.files import levels
from lrc.frontend.checking import check_weights
from lrc.verification.validation import named_outputs
from lrc.verification.verify import random_inputs

Array = NDArray[Any]


class InvalidCaseError(ValueError):
    """A case that is no network: shapes do not fit, or weights are not pruned as declared."""


@dataclass(frozen=True)
class CaseLayer:
    """A layer: its operation, the values that it reads, its other properties, and, where it chooses how many channels
    it gives, that number as `width`."""

    name: str
    kind: type[lr.LayerOp]
    reads: tuple[str, ...]
    width: int | None
    fields: Mapping[str, Attribute]

    def build(self, operands: Sequence[SSAValue]) -> lr.LayerOp:
        """The operation; its shape follows from its operands and, as far as it says so, its own channels."""
        properties = {"layer": StringAttr(self.name), **self.fields}
        probe = self.kind.create(
            operands=operands, result_types=[tensor((1, self.width or 1))], properties=dict(properties)
        )
        shape = probe.expected_shape()
        probe.erase()
        op = self.kind.create(operands=operands, result_types=[tensor(shape)], properties=dict(properties))
        op.output.name_hint = value_name(self.name)
        return op


@dataclass(frozen=True)
class Case:
    """A network, the seed of its weights or else their arrays by name, the inputs that are not random, and the passes.

    `inputs` are shapes by name, `outputs` the names of outputs and of the values that they are. No two of inputs and
    layers have the same name.
    """

    name: str
    inputs: Mapping[str, Shape]
    layers: tuple[CaseLayer, ...]
    outputs: tuple[tuple[str, str], ...]
    seed: int | None = 0
    arrays: Mapping[str, Array] = field(default_factory=dict[str, Array])
    tensors: Mapping[str, Array] = field(default_factory=dict[str, Array])
    passes: tuple[str, ...] = ()

    @staticmethod
    def of(module: ModuleOp, tensors: Mapping[str, Array] | None = None, passes: Iterable[str] = ()) -> Case:
        """The network in a module of the lr level, fed with these inputs; random ones if there are none."""
        model = lr.find_model(module)
        names: dict[SSAValue, str] = dict(zip(model.block.args, model.inputs, strict=True))
        taken = set(model.inputs)
        layers: list[CaseLayer] = []
        arrays: dict[str, Array] = {}
        is_random = model.store.is_random and not levels.needs_arrays(module)
        for op in model.block.ops:
            if isinstance(op, lr.LayerOp):
                name = op.layer.data
                while name in taken:
                    name += "_"
                taken.add(name)
                fields = {key: value for key, value in op.properties.items() if key != "layer"}
                for key, weight, _ in op.weight_specs():
                    known = weight.data if isinstance(weight, lr.WeightAttr) else f"{name}.{key}"
                    fields[key] = lr.WeightAttr(known)
                    if not is_random:
                        arrays[known] = array_of(weight, model.store)
                width = shape_of(op.output)[1] if isinstance(op, lr.ConvOp | lr.LinearOp) else None
                layers.append(CaseLayer(name, type(op), tuple(names[each] for each in op.operands), width, fields))
                names[op.output] = name
        return Case(
            model.sym_name.data,
            {name: shape_of(value) for name, value in zip(model.inputs, model.block.args, strict=True)},
            tuple(layers),
            tuple((name, names[value]) for name, value in named_outputs(model)),
            model.store.seed if is_random else None,
            arrays,
            dict(tensors or {}),
            tuple(passes),
        )

    def module(self) -> ModuleOp:
        """The network as a new module of the lr level. Raises InvalidCaseError."""
        try:
            module = self._built()
            module.verify()
        except (ValueError, VerifyException) as error:
            raise InvalidCaseError(str(error)) from error
        for _, message, _ in check_weights(lr.find_model(module)):
            raise InvalidCaseError(message)
        return module

    def fed(self, module: ModuleOp) -> dict[str, Array]:
        """The inputs of the network in `module`, by name."""
        given = {name: fitted(self.tensors[name], shape) for name, shape in self.inputs.items() if name in self.tensors}
        return {**random_inputs(module), **given}

    def settled(self) -> Case:
        """The same without arrays, or parts of them, that the network does not have any more."""
        module = self.module()
        fed = self.fed(module)
        return Case.of(module, {name: fed[name] for name in self.tensors if name in fed}, self.passes)

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """The shape of each input and of each layer's output. Raises InvalidCaseError."""
        layers = {op.layer.data: shape_of(op.output) for op in self.module().walk() if isinstance(op, lr.LayerOp)}
        return {**self.inputs, **layers}

    def size(self) -> tuple[int, ...]:
        """What a step makes less of, the most important first: layers, passes, inputs and outputs, what layers say,
        numbers, the letters of names, and how plain weights and inputs are."""
        says = sum(_much(each) for layer in self.layers for each in layer.fields.values())
        numbers = sum(map(prod, self.shapes.values()))
        weights = bool(self.seed) if self.seed is not None else 2 + sum(map(_rough, self.arrays.values()))
        given = sum(1 + _rough(each) for each in self.tensors.values())
        words = [self.name, *self.inputs, *(layer.name for layer in self.layers), *(name for name, _ in self.outputs)]
        for layer in self.layers:
            words += [each.data for each in layer.fields.values() if isinstance(each, lr.WeightAttr)]
        reads = sum(len(layer.reads) for layer in self.layers)
        ports = len(self.inputs) + len(self.outputs)
        return (
            len(self.layers),
            len(self.passes),
            ports,
            reads,
            says,
            numbers,
            sum(map(len, words)),
            int(weights),
            given,
        )

    def key(self) -> bytes:
        """A hash of all that is in the case."""
        content = blake2b(repr((self.name, self.inputs, self.outputs, self.seed, self.passes)).encode())
        for layer in self.layers:
            fields = sorted((name, str(value)) for name, value in layer.fields.items())
            content.update(repr((layer.name, layer.kind.name, layer.reads, layer.width, fields)).encode())
        for each in (self.arrays, self.tensors):
            for name, array in each.items():
                content.update(repr((name, array.shape)).encode() + array.tobytes())
        return content.digest()

    def _built(self) -> ModuleOp:
        block = Block(arg_types=[tensor(shape) for shape in self.inputs.values()])
        values: dict[str, SSAValue] = dict(zip(self.inputs, block.args, strict=True))
        for name, value in values.items():
            value.name_hint = value_name(name)
        store = lr.WeightStore.empty() if self.seed is None else lr.WeightStore.random(self.seed)
        for layer in self.layers:
            op = layer.build([values[name] for name in layer.reads])
            block.add_op(op)
            values[layer.name] = op.output
            for _, _, spec in op.weight_specs() if self.seed is None else ():
                array = fitted(self.arrays[spec.name], spec.shape)
                if store.put(spec.name, array) != spec.name:
                    raise InvalidCaseError(f"two arrays are called {spec.name}")
        names, ends = zip(*self.outputs, strict=True) if self.outputs else ((), ())
        block.add_op(lr.OutputOp([values[end] for end in ends], names))
        model = lr.ModelOp(self.name, Region(block), input_names=list(self.inputs), weights=store)
        model.announce_weights()
        return ModuleOp([model])


def fitted(array: Array, shape: Shape) -> Array:
    """As much of an array as a shape takes, from its beginning, and again where it has no more. Raises
    InvalidCaseError if it has not as many axes."""
    if array.ndim != len(shape):
        raise InvalidCaseError(f"an array of {array.ndim} axes does not become {list(shape)}")
    for axis, count in enumerate(shape):
        if array.shape[axis] != count:
            array = np.take(array, np.arange(count) % array.shape[axis], axis)
    return array


def numbers_of(attribute: Attribute) -> list[int]:
    """The numbers of a property that is a list of integers; none of any other."""
    return [int(n) for n in cast(Ints, attribute).get_values()] if isinstance(attribute, DenseArrayBase) else []


def _much(attribute: Attribute) -> int:
    """How much a property says."""
    match attribute:
        case DenseArrayBase():
            return sum(numbers_of(attribute))
        case IntegerAttr():
            return attribute.value.data
        case lr.WeightAttr():
            return 1
        case _:
            return len(str(attribute))


def _rough(array: Array) -> int:
    """How far an array is from zeros and ones: least for zeros, then ones, then integers."""
    whole = array == np.round(array)
    return int(np.count_nonzero(array) + np.count_nonzero(whole & (array != 0) & (array != 1)) + 2 * np.sum(~whole))
