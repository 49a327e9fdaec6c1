"""The buffers of the function that runs the network: the arrays of the weights file, and places in the arena."""

from __future__ import annotations

from math import prod
from typing import Any

from numpy.typing import NDArray
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    I64,
    Float16Type,
    Float32Type,
    IntegerAttr,
    IntegerType,
    MemRefType,
    Signedness,
    StringAttr,
    i64,
)
from xdsl.ir import Attribute
from xdsl.irdl import (
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa

from lrc.dialects.elements import element_of, type_of
from lrc.dialects.lr.store import StoreAttr, WeightError, WeightStore, fingerprint
from lrc.dialects.values.elements import ELEMENTS


@irdl_op_definition
class WeightsOp(IRDLOperation):
    """A constant array of the weight store, by name, as it lies in the weights file.

    It has `length` numbers. Integers say which numbers kernels load and where they store; the loops are safe with those
    that they were made for and no others, and `hash` (`fingerprint`) tells them.

        %w = kernel.weights "conv1.fkw.weight"[288] : memref<?xf32>
        %i = kernel.weights "conv1.fkw.index"[96] hash "0d43…" : memref<?xui8>
    """

    name = "kernel.weights"
    weight = prop_def(StringAttr)
    length = prop_def(IntegerAttr[I64])
    hash = opt_prop_def(StringAttr)
    result = result_def(MemRefType)
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())
    assembly_format = "$weight `[` $length `]` (`hash` $hash^)? attr-dict `:` type($result)"

    def __init__(self, weight: str, array: NDArray[Any]) -> None:
        """The array that the store has under the name `weight`: float32, float16 or unsigned numbers."""
        element = next((each for each in ELEMENTS.values() if array.dtype == each.about), None)
        bits = IntegerType(8 * array.itemsize, Signedness.UNSIGNED)
        super().__init__(
            properties={
                "weight": StringAttr(weight),
                "length": IntegerAttr(array.size, i64),
                "hash": None if element is not None else StringAttr(fingerprint(array)),
            },
            result_types=[buffer_type(bits if element is None else type_of(element))],
        )

    def verify_(self) -> None:
        name, expected = self.weight.data, number_type(self.result.type)
        if expected is None:
            raise VerifyException(f"an array is memref<?xf32>, or of f16, ui8, ui16 or ui32, not {self.result.type}")
        if expected.startswith("float") != (self.hash is None):
            raise VerifyException("integers have a hash, floats have none")
        store = self._store()
        if store is None or name not in store:
            return  # found out by who needs it
        length, found = prod(store.shape(name)), store.number_type(name)
        if (length, found) != (self.length.value.data, expected):
            raise VerifyException(
                f"array '{name}' has {length} numbers of type {found}, not {self.length.value.data} of type {expected}"
            )
        if self.hash is not None:
            try:
                array = store[name]
            except WeightError as error:
                raise VerifyException(str(error)) from None
            if fingerprint(array) != self.hash.data:
                raise VerifyException(f"array '{name}' has other numbers than those that these loops were made for")

    def _store(self) -> WeightStore | None:
        """The store of the module around the function, if it says which."""
        parent = self.parent_op()
        while parent is not None and not isinstance(parent.attributes.get("weights"), StoreAttr):
            parent = parent.parent_op()
        store = None if parent is None else parent.attributes["weights"]
        return store.data if isinstance(store, StoreAttr) else None


def buffer_type(element: Attribute) -> MemRefType:
    """A flat array of unknown length."""
    return MemRefType(element, [DYNAMIC_INDEX])


def number_type(buffer: Attribute) -> str | None:
    """What numpy calls the numbers of a flat buffer: float32, float16, uint8, uint16 or uint32; None for any other
    type."""
    if not isa(buffer, MemRefType[Attribute]) or buffer.get_shape() != (DYNAMIC_INDEX,):
        return None
    match buffer.element_type:
        case Float32Type() | Float16Type() as element:
            return element_of(element).about
        case IntegerType(width=width, signedness=sign) if sign.data is Signedness.UNSIGNED and width.data in (
            8,
            16,
            32,
        ):
            return f"uint{width.data}"
        case _:
            return None


@irdl_op_definition
class ArenaOp(IRDLOperation):
    """A buffer at a fixed place of the arena, `offset` bytes behind its start.

    Buffers that do not live at the same time may share memory: plan-memory decided which.

        %conv1 = kernel.arena 4096 : memref<?xf32>
    """

    name = "kernel.arena"
    offset = prop_def(IntegerAttr[I64])
    result = result_def(MemRefType)
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())
    assembly_format = "$offset attr-dict `:` type($result)"

    def __init__(self, offset: int, result_type: MemRefType) -> None:
        super().__init__(properties={"offset": IntegerAttr(offset, i64)}, result_types=[result_type])

    def verify_(self) -> None:
        element = element_of(self.result)
        if (offset := self.offset.value.data) < 0 or offset % element.bytes:
            raise VerifyException(f"no {element.about} lies {offset} bytes behind the start of the arena")
