"""A thin hand for writing kernels: numbers, vectors, and regions as `with` blocks."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager

from xdsl.builder import Builder
from xdsl.dialects import arith, memref, scf, vector
from xdsl.dialects.builtin import (
    FloatAttr,
    IndexType,
    IntegerType,
    MemRefType,
    Signedness,
    f32,
)
from xdsl.ir import Attribute, Block, SSAValue
from xdsl.rewriter import InsertPoint
from xdsl.utils.hints import isa

from lrc.dialects import kernel
from lrc.dialects.elements import FloatType, element_of, type_of
from lrc.dialects.kernel.attrs import Order
from lrc.dialects.kernel.buffers import buffer_type
from lrc.dialects.kernel.ops import vector_type
from lrc.dialects.values.elements import F32, Element
from lrc.dialects.values.machines import Load
from lrc.passes.lowering.indices import Index, Indices

FLOATS = buffer_type(f32)
"""A flat array of float32."""

SPLAT_NAMES = {0.0: "zeros", 1.0: "ones"}
"""How vectors of a common number are called."""


def suffixed(name: str, element: Element) -> str:
    """The name of a kernel that computes with numbers of a type, which those of float32 do not say."""
    return name if element is F32 else f"{name}_{element}"


def array_of_floats(element: Element) -> MemRefType:
    """A flat array of numbers of a type."""
    return buffer_type(type_of(element))


def array_of_unsigned(bits: int) -> MemRefType:
    """A flat array of unsigned numbers."""
    return buffer_type(IntegerType(bits, Signedness.UNSIGNED))


def is_array_of_floats(type: Attribute) -> bool:
    """Whether a type is that of a flat array of float32 or float16."""
    return isa(type, MemRefType[Attribute]) and isinstance(type.element_type, FloatType)


class Loops(Indices):
    """Writes a kernel called `name`, operation by operation; its arguments are given by their names and types.

    A kernel computes with numbers of one type, that of its first array of floats; only a cast has arrays of two.
    """

    def __init__(self, name: str, arguments: Sequence[tuple[str, Attribute]]) -> None:
        self.kernel = kernel.KernelFuncOp(name, arguments)
        super().__init__(self.kernel.body.block)
        self._splats: dict[tuple[Block, float, int], SSAValue] = {}
        self.element = next((element_of(a) for _, a in arguments if is_array_of_floats(a)), F32)
        self.arguments = self.kernel.arguments
        for argument_name, value in self.arguments.items():
            value.name_hint = argument_name

    def __getitem__(self, name: str) -> SSAValue:
        return self.arguments[name]

    def finish(self, loads: Load = "direct", order: Order = "places") -> kernel.KernelFuncOp:
        """The kernel, and how its loads are to be written and its sums to be ordered."""
        self.kernel.loads, self.kernel.order = kernel.LoadsAttr(loads), kernel.OrderAttr(order)
        return self.kernel

    def number(self, value: float) -> SSAValue:
        """A constant of the type that the kernel computes with."""
        return self.insert(arith.ConstantOp(FloatAttr(value, type_of(self.element))))

    def splat(self, value: float | SSAValue, lanes: int, name: str | None = None) -> SSAValue:
        """A vector of one number; a constant one is made once in each block."""
        if isinstance(value, SSAValue):
            return self.insert(vector.BroadcastOp(value, vector_type(lanes, element_of(value))), name)
        key = self.builder.insertion_point.block, value, lanes
        if key not in self._splats:
            constant = vector.BroadcastOp(self.number(value), vector_type(lanes, self.element))
            self._splats[key] = self.insert(constant, name or SPLAT_NAMES.get(value, "constant"))
        return self._splats[key]

    def load_float(self, array: SSAValue, position: Index, name: str | None = None) -> SSAValue:
        """One number of an array."""
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
    def grid(self, **sizes: str) -> Generator[tuple[SSAValue, ...]]:
        """The points of the grid: how each index is called, and the argument that says how many there are of it.

        Yields the index of each dimension.
        """
        grid = kernel.GridOp([self[size] for size in sizes.values()])
        self.builder.insert(grid)
        for name, argument in zip(sizes, grid.body.block.args, strict=True):
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
