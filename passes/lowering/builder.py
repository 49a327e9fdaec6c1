"""A thin hand for writing loops: index arithmetic that folds constants, regions as `with` blocks."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager

from xdsl.builder import Builder
from xdsl.dialects import arith, func, memref, scf, vector
from xdsl.dialects.builtin import (
    Float32Type,
    FloatAttr,
    IndexType,
    IntegerAttr,
    IntegerType,
    MemRefType,
    Signedness,
    f32,
)
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.rewriter import InsertPoint

from lrc.dialects import kernel
from lrc.dialects.kernel.ops import buffer_type, vector_type

Index = SSAValue | int
"""An index that is known only when the kernel runs, or already now."""

FLOATS = buffer_type(f32)

SPLAT_NAMES = {0.0: "zeros", 1.0: "ones"}
"""How vectors of a common number are called."""


def array_of_unsigned(bits: int) -> MemRefType:
    """A flat array of unsigned numbers."""
    return buffer_type(IntegerType(bits, Signedness.UNSIGNED))


class Loops:
    """Writes the body of one function, operation by operation.

    Numbers given as `int` become `arith.constant`s at the top of the function, one for each value.
    """

    def __init__(self, name: str, arguments: Sequence[tuple[str, Attribute]]) -> None:
        self.function = func.FuncOp(name, ([a for _, a in arguments], []))
        entry = self.function.body.block
        self._constants: dict[int, SSAValue] = {}
        self._splats: dict[tuple[Block, float, int], SSAValue] = {}
        self._end = entry
        self._last_constant: Operation | None = None
        self.arguments = dict(zip((n for n, _ in arguments), entry.args, strict=True))
        for argument_name, value in self.arguments.items():
            value.name_hint = argument_name
        self.builder = Builder(InsertPoint.at_end(entry))

    def __getitem__(self, name: str) -> SSAValue:
        return self.arguments[name]

    def finish(self) -> func.FuncOp:
        """The function, with its return."""
        self._end.add_op(func.ReturnOp())
        return self.function

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
            block = self.function.body.block
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

    def number(self, value: float) -> SSAValue:
        """A float32 constant."""
        return self.insert(arith.ConstantOp(FloatAttr(value, Float32Type())))

    def splat(self, value: float | SSAValue, lanes: int, name: str | None = None) -> SSAValue:
        """A vector of one number; a constant one is made once in each block."""
        if isinstance(value, SSAValue):
            return self.insert(vector.BroadcastOp(value, vector_type(lanes)), name)
        key = self.builder.insertion_point.block, value, lanes
        if key not in self._splats:
            constant = vector.BroadcastOp(self.number(value), vector_type(lanes))
            self._splats[key] = self.insert(constant, name or SPLAT_NAMES.get(value, "constant"))
        return self._splats[key]

    def load_float(self, array: SSAValue, position: Index, name: str | None = None) -> SSAValue:
        """One float32 of an array."""
        return self.insert(memref.LoadOp.get(array, [self.value(position)]), name)

    def load_index(self, array: SSAValue, position: Index, name: str | None = None) -> SSAValue:
        """One unsigned number of an array, as an index."""
        return self.insert(kernel.LoadIndexOp(array, self.value(position)), name)

    def window(self, buffer: SSAValue, offset: Index, row_stride: int, name: str | None = None) -> SSAValue:
        """A place in a buffer."""
        return self.insert(kernel.WindowOp(buffer, self.value(offset), row_stride), name)

    @contextmanager
    def inside(self, block: Block) -> Generator[None]:
        """Write into `block` for a while."""
        outside, self.builder = self.builder, Builder(InsertPoint.at_end(block))
        try:
            yield
        finally:
            self.builder = outside

    @contextmanager
    def grid(self, names: Sequence[str], sizes: Sequence[Index]) -> Generator[tuple[SSAValue, ...]]:
        """The points of a grid; yields the index of each dimension."""
        grid = kernel.GridOp([self.value(size) for size in sizes])
        self.builder.insert(grid)
        for name, argument in zip(names, grid.body.block.args, strict=True):
            argument.name_hint = name
        with self.inside(grid.body.block):
            yield tuple(grid.body.block.args)

    def loop(
        self,
        name: str,
        first: Index,
        last: Index,
        carried: Sequence[SSAValue],
        body: Callable[[SSAValue, Sequence[SSAValue]], Sequence[SSAValue]],
        step: int = 1,
        attributes: Mapping[str, Attribute] | None = None,
    ) -> Sequence[SSAValue]:
        """`body(index, carried) -> carried` for index in first..last; the values carried out of the last round."""
        block = Block(arg_types=[IndexType(), *(c.type for c in carried)])
        index, *inner = block.args
        index.name_hint = name
        for outer, argument in zip(carried, inner, strict=True):
            argument.name_hint = outer.name_hint
        loop = scf.ForOp(self.value(first), self.value(last), self.value(step), carried, block)
        loop.attributes |= attributes or {}
        with self.inside(block):
            self.builder.insert(scf.YieldOp(*body(index, inner)))
        self.builder.insert(loop)  # whole: xDSL asks of all blocks around an operation whether it may go there
        for outer, result in zip(carried, loop.results, strict=True):
            result.name_hint = outer.name_hint
        return loop.results

    def choose(
        self,
        condition: SSAValue,
        then: Callable[[], Sequence[SSAValue]],
        otherwise: Callable[[], Sequence[SSAValue]] | None = None,
        names: Sequence[str] = (),
    ) -> Sequence[SSAValue]:
        """The values of one of two branches; without `otherwise`, a branch for its effects alone."""
        blocks = [Block(), Block()] if otherwise else [Block()]
        yielded: Sequence[SSAValue] = ()
        for block, branch in zip(blocks, (then, otherwise), strict=False):
            with self.inside(block):
                yielded = branch() if branch else ()
                self.builder.insert(scf.YieldOp(*yielded))
        types = [value.type for value in yielded] if otherwise else []
        conditional = scf.IfOp(condition, types, blocks[:1], blocks[1:] or None)
        self.builder.insert(conditional)
        for result, name in zip(conditional.results, names, strict=False):
            result.name_hint = name
        return conditional.results
