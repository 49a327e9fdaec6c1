"""Operations of the loop level that func, scf, memref, vector and arith lack.

A kernel is a `func.func` whose body is index arithmetic and one `kernel.grid`; the function that runs
the network is a list of `kernel.launch`. A buffer is a flat `memref<?xf32>`; a `kernel.window` is a
place in it with a row stride, and vectors are loaded from and stored to constant rows and columns of a
window, so that two loads are the same exactly if window, row and column are.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    I64,
    FlatSymbolRefAttrConstr,
    Float32Type,
    FunctionType,
    IndexType,
    IntegerAttr,
    MemRefType,
    StringAttr,
    SymbolRefAttr,
    UnitAttr,
    VectorType,
    i64,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import (
    MemoryReadEffect,
    MemoryWriteEffect,
    NoTerminator,
    Pure,
    RecursiveMemoryEffect,
    SymbolTable,
)
from xdsl.utils.exceptions import VerifyException

from lrc.dialects.kernel.attrs import WindowType


@irdl_op_definition
class GridOp(IRDLOperation):
    """Independent points, the last dimension running fastest: loops on a CPU, work-items on a GPU.

    A kernel holds at most one grid, at its top level; whoever launches the kernel may run any part of
    the points in any order, on any thread.

        kernel.grid (%y, %x, %g) in (%rows, %columns, %groups) { ... }
    """

    name = "kernel.grid"
    sizes = var_operand_def(IndexType)
    body = region_def("single_block")
    traits = traits_def(NoTerminator(), RecursiveMemoryEffect())

    def __init__(self, sizes: Sequence[SSAValue], body: Region | None = None) -> None:
        region = body or Region(Block(arg_types=[IndexType()] * len(sizes)))
        super().__init__(operands=[sizes], regions=[region])

    def verify_(self) -> None:
        if len(self.body.block.args) != len(self.sizes):
            raise VerifyException(f"a grid of {len(self.sizes)} sizes names {len(self.body.block.args)} points")

    @classmethod
    def parse(cls, parser: Parser) -> GridOp:
        points = parser.parse_comma_separated_list(
            parser.Delimiter.PAREN, lambda: parser.parse_argument(expect_type=False).resolve(IndexType())
        )
        parser.parse_keyword("in")
        sizes = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parser.parse_unresolved_operand)
        operands = [parser.resolve_operand(size, IndexType()) for size in sizes]
        return cls(operands, parser.parse_region(points))

    def print(self, printer: Printer) -> None:
        printer.print_string(" (")
        printer.print_list(self.body.block.args, printer.print_ssa_value)
        printer.print_string(") in (")
        printer.print_list(self.sizes, printer.print_ssa_value)
        printer.print_string(") ")
        printer.print_region(self.body, print_entry_block_args=False)


@irdl_op_definition
class LaunchOp(IRDLOperation):
    """Run a kernel over all points of a grid of the given sizes, by a pool of threads or a queue.

    `layer` names the layer whose result is complete once the launch has ended.

        kernel.launch @conv(%x, %y, %n) over (%rows, %columns) layer "conv1" : (memref<?xf32>, ...) -> ()
    """

    name = "kernel.launch"
    callee = prop_def(FlatSymbolRefAttrConstr)
    arguments = var_operand_def()
    sizes = var_operand_def(IndexType)
    layer = opt_prop_def(StringAttr)
    irdl_options = (AttrSizedOperandSegments(as_property=True), ParsePropInAttrDict())
    traits = traits_def(MemoryReadEffect(), MemoryWriteEffect())
    assembly_format = (
        "$callee `(` $arguments `)` `over` `(` $sizes `)` (`layer` $layer^)? attr-dict `:` type($arguments)"
    )

    def __init__(
        self, callee: str, arguments: Sequence[SSAValue], sizes: Sequence[SSAValue], layer: str | None = None
    ) -> None:
        super().__init__(
            operands=[arguments, sizes],
            properties={"callee": SymbolRefAttr(callee), "layer": None if layer is None else StringAttr(layer)},
        )

    def verify_(self) -> None:
        kernel = SymbolTable.lookup_symbol(self, self.callee)
        if kernel is None:
            return  # found out by whoever links the module
        if not isinstance(kernel, FuncOp):
            raise VerifyException(f"@{self.callee.root_reference.data} is no function")
        expected = tuple(kernel.function_type.inputs)
        given = tuple(a.type for a in self.arguments)
        if expected != given:
            wrong = next((i for i, (e, g) in enumerate(zip(expected, given, strict=False)) if e != g), len(given))
            raise VerifyException(
                f"argument {wrong} of @{self.callee.root_reference.data} does not fit: "
                f"{len(given)} given, {len(expected)} expected"
            )

    @property
    def function_type(self) -> FunctionType:
        """The type of the kernel that is launched."""
        return FunctionType.from_lists([a.type for a in self.arguments], [])


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
        super().__init__(operands=[buffer, offset], result_types=[WindowType(row_stride)])


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

    What lies around the lanes of a stride s is read as well, since plain loads do it: `width` times s elements from
    the last column on that is a multiple of s, or with `lanes` those up to the last lane inside. A buffer has them.

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
    result = result_def(VectorType[Float32Type])
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
            result_types=[vector_type(width)],
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
    value = operand_def(VectorType[Float32Type])
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


@cache
def vector_type(lanes: int) -> VectorType[Float32Type]:
    """A vector of `lanes` float32."""
    return VectorType(Float32Type(), [lanes])


@cache
def integer(value: int) -> IntegerAttr[I64]:
    """A constant of an operation; made once for each value, since large bodies name the same places often."""
    return IntegerAttr(value, i64)


def is_kernel(op: Operation) -> bool:
    """Whether `op` is a function that is launched over a grid."""
    return isinstance(op, FuncOp) and any(isinstance(inner, GridOp) for inner in op.body.walk())


def buffer_type(element: Attribute) -> MemRefType:
    """A flat array of unknown length."""
    return MemRefType(element, [DYNAMIC_INDEX])
