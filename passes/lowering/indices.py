"""Index arithmetic that folds constants, for kernels and for the network that launches them."""

from __future__ import annotations

from xdsl.builder import Builder
from xdsl.dialects import arith
from xdsl.dialects.builtin import IndexType, IntegerAttr
from xdsl.ir import Block, Operation, SSAValue
from xdsl.rewriter import InsertPoint

Index = SSAValue | int
"""An index that is known only when the code runs, or already now."""


class Indices:
    """Writes operations at the end of a block.

    Numbers given as `int` become `arith.constant`s at the top of it, one for each value.
    """

    def __init__(self, block: Block) -> None:
        self.block = block
        self.builder = Builder(InsertPoint.at_end(block))
        self._constants: dict[int, SSAValue] = {}
        self._last_constant: Operation | None = None

    def insert(self, op: Operation, name: str | None = None) -> SSAValue:
        """Put `op` at the current place; its (first) result, named."""
        self.builder.insert(op)
        if name is not None:
            op.results[0].name_hint = name
        return op.results[0]

    def value(self, index: Index) -> SSAValue:
        """An index as a value."""
        if isinstance(index, SSAValue):
            return index
        if index not in self._constants:
            constant = arith.ConstantOp(IntegerAttr(index, IndexType()))
            constant.result.name_hint = f"c{index}" if index >= 0 else f"m{-index}"
            block = self.block
            if self._last_constant is not None:
                block.insert_op_after(constant, self._last_constant)
            elif block.first_op is not None:
                block.insert_op_before(constant, block.first_op)
            else:
                block.add_op(constant)
            self._last_constant = constant
            self._constants[index] = constant.result
        return self._constants[index]

    def add(self, a: Index, b: Index, name: str | None = None) -> Index:
        """a + b"""
        if isinstance(a, int) and isinstance(b, int):
            return a + b
        if a == 0 or b == 0:
            return b if a == 0 else a
        return self.insert(arith.AddiOp(self.value(a), self.value(b)), name)

    def subtract(self, a: Index, b: Index, name: str | None = None) -> Index:
        """a - b"""
        if isinstance(a, int) and isinstance(b, int):
            return a - b
        return a if b == 0 else self.insert(arith.SubiOp(self.value(a), self.value(b)), name)

    def multiply(self, a: Index, b: Index, name: str | None = None) -> Index:
        """a * b"""
        if isinstance(a, int) and isinstance(b, int):
            return a * b
        if a == 0 or b == 0:
            return 0
        if a == 1 or b == 1:
            return b if a == 1 else a
        return self.insert(arith.MuliOp(self.value(a), self.value(b)), name)

    def smaller(self, a: Index, b: Index, name: str | None = None) -> Index:
        """min(a, b)"""
        if isinstance(a, int) and isinstance(b, int):
            return min(a, b)
        return self.insert(arith.MinSIOp(self.value(a), self.value(b)), name)

    def less(self, a: Index, b: Index) -> SSAValue:
        """a < b"""
        return self.insert(arith.CmpiOp(self.value(a), self.value(b), "slt"))

    def equal(self, a: Index, b: Index, name: str | None = None) -> SSAValue:
        """a == b"""
        return self.insert(arith.CmpiOp(self.value(a), self.value(b), "eq"), name)

    def place(self, first: Index, *steps: tuple[Index, Index], name: str | None = None) -> Index:
        """first + the sum of index * stride over `steps`"""
        offset = first
        for index, stride in steps:
            offset = self.add(offset, self.multiply(index, stride))
        if name is not None and isinstance(offset, SSAValue) and offset.name_hint is None:
            offset.name_hint = name
        return offset
