"""What kernels do that scf, memref, vector and arith have no operations for: windows into buffers, and indices.

A buffer is a flat `memref<?xf32>`; a `kernel.window` is a place in it with a row stride, and vectors are loaded from
and stored to constant rows and columns of a window, so that two loads are the same exactly if window, row and column
are.
"""

from __future__ import annotations

from functools import cache

from xdsl.dialects.builtin import (
    I64,
    Float16Type,
    Float32Type,
    IndexType,
    IntegerAttr,
    MemRefType,
    UnitAttr,
    VectorType,
    i64,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    BaseAttr,
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import (
    MemoryReadEffect,
    MemoryWriteEffect,
    Pure,
)
from xdsl.utils.exceptions import VerifyException

from lrc.dialects.elements import FloatType, element_of, type_of
from lrc.dialects.kernel.attrs import WindowType
from lrc.dialects.values.elements import F32, Element

VECTOR = VectorType.constr(BaseAttr(Float32Type) | BaseAttr(Float16Type))
"""The constraint of every vector."""


@irdl_op_definition
class WindowOp(IRDLOperation):
    """The place `offset` elements into a buffer, with a row stride.

    %w = kernel.window %buffer[%offset] : memref<?xf32> -> !kernel.window<240>
    """

    name = "kernel.window"
    buffer = operand_def(MemRefType)
    offset = operand_def(IndexType)
    result = result_def(WindowType)
    traits = traits_def(Pure())
    assembly_format = "$buffer `[` $offset `]` attr-dict `:` type($buffer) `->` type($result)"

    def __init__(self, buffer: SSAValue, offset: SSAValue, row_stride: int) -> None:
        window = WindowType(row_stride, type_of(element_of(buffer)))
        super().__init__(operands=[buffer, offset], result_types=[window])

    def verify_(self) -> None:
        if (found := self.result.type.element) != (expected := type_of(element_of(self.buffer))):
            raise VerifyException(f"a window into a buffer of {expected} is none of {found}")


@irdl_op_definition
class RowOp(IRDLOperation):
    """The same place moved by constant rows and columns, as a pointer that the C compiler cannot see through.

    On arm64 a far row costs an addition for every load unless a register holds it; compilers fold such
    pointers back into one base and an offset that no load instruction reaches.

        %r = kernel.row %w[3, 16] : !kernel.window<240>
    """

    name = "kernel.row"
    window = operand_def(WindowType)
    row = prop_def(IntegerAttr[I64])
    column = prop_def(IntegerAttr[I64])
    result = result_def(WindowType)
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())
    assembly_format = "$window `[` $row `,` $column `]` attr-dict `:` type($window) `->` type($result)"

    def __init__(self, window: SSAValue, row: int, column: int) -> None:
        super().__init__(
            operands=[window],
            properties={"row": integer(row), "column": integer(column)},
            result_types=[window.type],
        )


@irdl_op_definition
class LoadOp(IRDLOperation):
    """A vector from a constant place of a window.

    `stride`: distance of the lanes in memory (1 if left out); `aligned`: the place is a multiple of the
    vector's size; `lanes`: how many lanes lie inside the picture: the others are zero, and if there are
    none nothing is read.

    Unless no lane lies inside, the whole vector is read, and what lies between the lanes of a stride s as well, since
    plain loads do that: `width` times s elements from the last column on that is a multiple of s. A buffer has them.

        %v = kernel.load %w[0, 15] : !kernel.window<240> -> vector<16xf32>
        %v = kernel.load %w[0, 16] aligned : !kernel.window<240> -> vector<16xf32>
        %v = kernel.load %w[0, 1] stride 2 : !kernel.window<240> -> vector<16xf32>
        %v = kernel.load %w[0, 16] lanes %n : !kernel.window<240> -> vector<16xf32>
    """

    name = "kernel.load"
    window = operand_def(WindowType)
    lanes = opt_operand_def(IndexType)
    row = prop_def(IntegerAttr[I64])
    column = prop_def(IntegerAttr[I64])
    stride = opt_prop_def(IntegerAttr[I64])
    aligned = opt_prop_def(UnitAttr)
    result = result_def(VECTOR)
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(MemoryReadEffect())
    assembly_format = (
        "$window `[` $row `,` $column `]` (`aligned` $aligned^)? (`stride` $stride^)? (`lanes` $lanes^)? "
        "attr-dict `:` type($window) `->` type($result)"
    )

    def __init__(
        self,
        window: SSAValue,
        row: int,
        column: int,
        width: int,
        *,
        stride: int = 1,
        aligned: bool = False,
        lanes: SSAValue | None = None,
    ) -> None:
        properties: dict[str, Attribute] = {"row": integer(row), "column": integer(column)}
        if stride != 1:
            properties["stride"] = integer(stride)
        if aligned:
            properties["aligned"] = UnitAttr()
        # Kernels have thousands of these, and the builder of IRDL takes three times as long to sort out the operands.
        Operation.__init__(
            self,
            operands=[window] if lanes is None else [window, lanes],
            properties=properties,
            result_types=[vector_type(width, element_in(window))],
        )

    @property
    def place(self) -> tuple[int, int]:
        """Row and column within the window."""
        return self.row.value.data, self.column.value.data

    @property
    def width(self) -> int:
        """Lanes of the vector."""
        return self.result.type.get_shape()[0]

    @property
    def lane_stride(self) -> int:
        """Distance of the lanes in memory."""
        return 1 if self.stride is None else self.stride.value.data

    @property
    def row_stride(self) -> int:
        """Distance of the window's rows in memory."""
        window = self.window.type
        assert isinstance(window, WindowType)
        return window.row_stride.data

    def verify_(self) -> None:
        check_element(self.result, self.window)
        if self.lane_stride < 1:
            raise VerifyException(f"the lanes of a vector are 1 element apart or more, not {self.lane_stride}")
        verify_lanes(self.result.type)


@irdl_op_definition
class StoreOp(IRDLOperation):
    """A vector to a constant place of a window.

    `lanes`: how many lanes lie inside the picture: zero is stored in the others, and if there are none
    nothing is written.

        kernel.store %v, %w[0, 16] lanes %n : vector<16xf32>, !kernel.window<240>
    """

    name = "kernel.store"
    value = operand_def(VECTOR)
    window = operand_def(WindowType)
    lanes = opt_operand_def(IndexType)
    row = prop_def(IntegerAttr[I64])
    column = prop_def(IntegerAttr[I64])
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(MemoryWriteEffect())
    assembly_format = (
        "$value `,` $window `[` $row `,` $column `]` (`lanes` $lanes^)? attr-dict `:` type($value) `,` type($window)"
    )

    def __init__(
        self, value: SSAValue, window: SSAValue, row: int, column: int, *, lanes: SSAValue | None = None
    ) -> None:
        super().__init__(
            operands=[value, window, lanes],
            properties={"row": integer(row), "column": integer(column)},
        )

    @property
    def place(self) -> tuple[int, int]:
        """Row and column within the window."""
        return self.row.value.data, self.column.value.data

    def verify_(self) -> None:
        verify_lanes(self.value.type)
        check_element(self.value, self.window)


@irdl_op_definition
class LoadIndexOp(IRDLOperation):
    """An unsigned number of any width from an array, as an index.

    %c = kernel.load_index %index[%k] : memref<?xui8>
    """

    name = "kernel.load_index"
    array = operand_def(MemRefType)
    position = operand_def(IndexType)
    result = result_def(IndexType)
    traits = traits_def(MemoryReadEffect())
    assembly_format = "$array `[` $position `]` attr-dict `:` type($array)"

    def __init__(self, array: SSAValue, position: SSAValue) -> None:
        super().__init__(operands=[array, position], result_types=[IndexType()])


def verify_lanes(vector: Attribute) -> None:
    """Raises VerifyException unless the lanes of a vector lie side by side."""
    if not isinstance(vector, VectorType) or len(vector.get_shape()) != 1:
        raise VerifyException(f"the lanes of a vector lie in a row, not as in {vector}")


def element_in(window: SSAValue) -> Element:
    """What lies in a window. Raises VerifyException if it is none."""
    if not isinstance(window.type, WindowType):
        raise VerifyException(f"expected a window, not {window.type}")
    return element_of(window.type.element)


def check_element(vector: SSAValue, window: SSAValue) -> None:
    """Raises VerifyException unless a vector holds what lies in a window."""
    if (found := element_of(vector)) != (expected := element_in(window)):
        raise VerifyException(f"a vector of {found} does not lie in a window of {expected}")


@cache
def vector_type(lanes: int, element: Element = F32) -> VectorType[FloatType]:
    """A vector of `lanes` numbers."""
    return VectorType(type_of(element), [lanes])


@cache
def integer(value: int) -> IntegerAttr[I64]:
    """A constant of an operation; made once for each value, since large bodies name the same places often."""
    return IntegerAttr(value, i64)
