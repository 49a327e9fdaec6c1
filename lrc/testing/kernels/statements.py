"""What drawn kernels (`drawing.py`) do: statements that are drawn one by one, out of what is there already.

A statement that finds nothing to work on, or whose numbers would become too large, does nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hypothesis import strategies as st
from xdsl.dialects import arith, math, memref, vector
from xdsl.dialects.builtin import DenseArrayBase, VectorType, f32, i64
from xdsl.ir import Operation, SSAValue

from lrc.dialects import kernel
from lrc.dialects.kernel.ops import vector_type
from lrc.passes.lowering.builder import Loops

EXACT: Final = 2**24
"""No number that is computed is larger: float32 has all integers up to here."""

STORED: Final = 2**9
"""No number that is stored is larger."""

PLACES: Final = 8
"""The numbers of an index array are less than this."""


@dataclass(frozen=True)
class Index:
    """An index, and between which numbers it lies."""

    value: SSAValue | int
    least: int
    most: int


@dataclass(frozen=True)
class Number:
    """A number or a vector of numbers, and the largest size it may have."""

    value: SSAValue
    size: float


@dataclass(frozen=True)
class Buffer:
    """The part of a buffer that belongs to a point of the grid: `count` elements from `first` on.

    Vectors that are read beside the one that is asked for may reach `slack` elements further, and are not used.
    """

    value: SSAValue
    first: SSAValue | int
    count: int
    slack: int
    written: bool


@dataclass(frozen=True)
class Place:
    """A window that begins between `least` and `most` elements behind the beginning of a point's part of a buffer."""

    value: SSAValue
    buffer: Buffer
    row_stride: int
    least: int
    most: int

    def holds(self, first: int, last: int, slack: int = 0) -> bool:
        """Whether the elements first to last, counted from the window on, lie in the point's part."""
        return self.least + first >= 0 and self.most + last < self.buffer.count + slack


class Statements:
    """The body of a kernel that is being written; values of a region are forgotten at its end."""

    def __init__(self, draw: st.DrawFn, loops: Loops, lanes: int, unit: int) -> None:
        self.draw, self.loops, self.lanes, self.unit = draw, loops, lanes, unit
        self.indices: list[Index] = []
        self.numbers: list[Number] = []
        self.vectors: list[Number] = []
        self.buffers: list[Buffer] = []
        self.places: list[Place] = []

    # values to work on

    def a_vector(self, most: float = EXACT) -> Number:
        """A vector of numbers of at most that size, more often a late one."""
        fitting = [each for each in self.vectors if each.size <= most]
        return self.draw(st.sampled_from([*fitting, *fitting[-3:]]))

    def a_number(self) -> Number:
        """A number, more often a late one."""
        return self.draw(st.sampled_from([*self.numbers, *self.numbers[-2:]]))

    def an_offset(self, buffer: Buffer, unit: int = 1) -> tuple[SSAValue | int, int, int]:
        """A place in a point's part of a buffer, with the least and the most it may be from its beginning on."""
        index, factor = self.draw(st.sampled_from(self.indices)), unit * self.draw(st.sampled_from([1, 1, 2, 3]))
        if index.most * factor >= buffer.count // 2:
            index, factor = self.indices[0], unit
        value = self.loops.add(buffer.first, self.loops.multiply(index.value, factor))
        return value, index.least * factor, index.most * factor

    def keep(self, op: Operation, size: float) -> None:
        """Put an operation at the current place, and keep its result if its numbers stay small enough."""
        if size <= EXACT:
            kept = self.vectors if isinstance(op.results[0].type, VectorType) else self.numbers
            kept.append(Number(self.loops.insert(op), size))

    def small(self, value: Number) -> SSAValue:
        """A vector as it may be stored: clipped if it could be too large."""
        if value.size <= STORED:
            return value.value
        low, high = (self.loops.splat(float(limit), self.lanes) for limit in (-STORED, STORED))
        return self.loops.insert(arith.MinimumfOp(self.loops.insert(arith.MaximumfOp(value.value, low)), high))

    def inside(self) -> SSAValue | None:
        """How many lanes of a vector count, for half of those that are loaded or stored."""
        if self.draw(st.booleans()):
            return None
        index = self.draw(st.sampled_from(self.indices))
        return self.loops.value(self.loops.subtract(index.value, self.draw(st.integers(-3, 2))))

    # windows, loads and stores

    def window(self) -> None:
        """A place in a buffer, or in the row of another one."""
        if self.places and self.draw(st.booleans()):
            place = self.draw(st.sampled_from(self.places))
            row, column = self.draw(st.integers(0, 1)), self.unit * self.draw(st.integers(0, 2))
            moved = row * place.row_stride + column
            if place.holds(0, moved):
                value = self.loops.insert(kernel.RowOp(place.value, row, column))
                self.places.append(
                    Place(value, place.buffer, place.row_stride, place.least + moved, place.most + moved)
                )
        else:
            self.window_into(self.draw(st.sampled_from(self.buffers)))

    def window_into(self, buffer: Buffer) -> None:
        """A place in a buffer."""
        row_stride = self.unit * self.draw(st.integers(1, 7))
        offset, least, most = self.an_offset(buffer, self.unit)
        value = self.loops.window(buffer.value, offset, row_stride)
        self.places.append(Place(value, buffer, row_stride, least, most))

    def places_of(self, place: Place, stride: int, whole: bool) -> list[tuple[int, int]]:
        """Rows and columns of a window from which a vector can be loaded, or with stride 1 to which one can be stored.

        With `whole` other vectors are loaded in its place, between which it lies.
        """
        found: list[tuple[int, int]] = []
        for row in range(3):
            for column in range(-1, self.lanes + 3):
                first = row * place.row_stride + column
                last = first + (self.lanes - 1) * stride
                low = column - column % stride
                low += row * place.row_stride - (low % self.lanes if whole else 0)
                high = first + (stride + whole) * self.lanes if stride > 1 or whole else last
                if place.holds(first, last) and place.holds(low, high, place.buffer.slack):
                    found.append((row, column))
        return found

    def load_vector(self) -> None:
        """A vector from a window: at any column, of every second or third element, of some lanes."""
        place = self.draw(st.sampled_from(self.places))
        stride = self.draw(st.sampled_from([1, 1, 1, 2, 3]))
        self.load_from(place, stride, self.inside())

    def load_from(self, place: Place, stride: int = 1, inside: SSAValue | None = None) -> bool:
        """A vector from somewhere in a window; whether there was a place for it."""
        places = self.places_of(place, stride, self.unit > 1 and inside is None)
        if places:
            row, column = self.draw(st.sampled_from(places))
            load = kernel.LoadOp(place.value, row, column, self.lanes, stride=stride, lanes=inside)
            self.keep(load, STORED)
        return bool(places)

    def store_vector(self, value: Number | None = None) -> None:
        """A vector to a window."""
        place = self.draw(st.sampled_from([place for place in self.places if place.buffer.written]))
        if places := self.places_of(place, 1, False):
            stored, (row, column) = self.small(value or self.a_vector()), self.draw(st.sampled_from(places))
            self.loops.builder.insert(kernel.StoreOp(stored, place.value, row, column, lanes=self.inside()))

    def store_unused(self, known: int) -> None:
        """Some of the vectors behind the first `known` that nothing uses yet, so that it shows what they are."""
        for unused in [each for each in self.vectors[known:] if each.value.first_use is None][-3:]:
            self.store_vector(unused)

    def load_number(self) -> None:
        """One number of a buffer."""
        buffer = self.draw(st.sampled_from(self.buffers))
        self.numbers.append(Number(self.loops.load_float(buffer.value, self.an_offset(buffer)[0]), STORED))

    def store_number(self) -> None:
        """One number to a buffer."""
        buffer = self.draw(st.sampled_from([buffer for buffer in self.buffers if buffer.written]))
        if (number := self.a_number()).size <= STORED:
            position = self.loops.value(self.an_offset(buffer)[0])
            self.loops.builder.insert(memref.StoreOp.get(number.value, buffer.value, [position]))

    def load_whole(self) -> None:
        """A vector from a place of a buffer, without a window."""
        buffer = self.draw(st.sampled_from(self.buffers))
        offset, _, most = self.an_offset(buffer)
        if most + self.lanes <= buffer.count:
            position = self.loops.value(offset)
            self.keep(vector.LoadOp(buffer.value, [position], vector_type(self.lanes)), STORED)

    def load_index(self) -> None:
        """An index out of an array, or a sum of two."""
        if self.draw(st.booleans()):
            position = self.draw(st.sampled_from([i for i in self.indices if i.most < PLACES])).value
            self.indices.append(Index(self.loops.load_index(self.loops["indices"], position), 0, PLACES - 1))
        else:
            a, b = (self.draw(st.sampled_from(self.indices)) for _ in range(2))
            if a.most + b.most < 2 * PLACES:
                self.indices.append(Index(self.loops.add(a.value, b.value), a.least + b.least, a.most + b.most))

    # arithmetic

    def multiply_add(self, total: Number | None = None) -> None:
        """a * b + sum, the sum being more often the last vector that was made."""
        if total is None:
            total = self.vectors[-1] if self.draw(st.booleans()) else self.a_vector()
        a, b = self.a_vector(), self.a_vector()
        self.keep(vector.FMAOp(a.value, b.value, total.value), a.size * b.size + total.size)

    def arithmetic(self) -> None:
        """A sum, difference, product, largest or smallest of two vectors, or of two numbers."""
        a, b = (self.a_vector(), self.a_vector()) if self.draw(st.booleans()) else (self.a_number(), self.a_number())
        match self.draw(st.sampled_from(["sum", "difference", "product", "largest", "smallest"])):
            case "sum":
                self.keep(arith.AddfOp(a.value, b.value), a.size + b.size)
            case "difference":
                self.keep(arith.SubfOp(a.value, b.value), a.size + b.size)
            case "product":
                self.keep(arith.MulfOp(a.value, b.value), a.size * b.size)
            case "largest":
                self.keep(arith.MaximumfOp(a.value, b.value), max(a.size, b.size))
            case _:
                self.keep(arith.MinimumfOp(a.value, b.value), max(a.size, b.size))

    def shuffle(self) -> None:
        """Any lanes of two vectors, or every other one."""
        a, b, lanes = self.a_vector(), self.a_vector(), range(2 * self.lanes)
        mask = self.draw(
            st.sampled_from([list(lanes[::2]), list(lanes[1::2])])
            | st.lists(st.sampled_from(lanes), min_size=self.lanes, max_size=self.lanes)
        )
        masked = DenseArrayBase.from_list(i64, mask)
        op = vector.ShuffleOp(a.value, b.value, masked, result_type=vector_type(self.lanes))
        self.keep(op, max(a.size, b.size))

    def splat(self) -> None:
        """A vector of one number."""
        if self.draw(st.booleans()):
            constant = self.draw(st.integers(-3, 3))
            value = self.loops.number(float(constant))
            self.numbers.append(Number(value, abs(constant)))
        number = self.a_number()
        self.keep(vector.BroadcastOp(number.value, vector_type(self.lanes)), number.size)

    def reduce(self) -> None:
        """The sum of all lanes."""
        a = self.a_vector()
        kind = vector.CombiningKindAttr(vector.CombiningKindFlag.ADD)
        op = vector.ReductionOp.build(operands=[a.value, []], result_types=[f32], properties={"kind": kind})
        self.keep(op, a.size * self.lanes)

    def choose(self) -> None:
        """One of two vectors, by an index."""
        index, a, b = self.draw(st.sampled_from(self.indices)), self.a_vector(), self.a_vector()
        condition = self.loops.less(index.value, self.draw(st.integers(0, 2)))
        self.keep(arith.SelectOp(condition, a.value, b.value), max(a.size, b.size))

    def rounded(self) -> None:
        """exp or tanh, or 1 / (1 + x), of what is small enough."""
        small = self.loops.insert(arith.MinimumfOp(self.a_vector().value, self.loops.splat(3.0, self.lanes)))
        match self.draw(st.sampled_from(["exp", "tanh", "quotient"])):
            case "exp":
                self.keep(math.ExpOp(small), 21)
            case "tanh":
                self.keep(math.TanhOp(small), 1)
            case _:
                ones = self.loops.splat(1.0, self.lanes)
                below = self.loops.insert(arith.AddfOp(self.loops.insert(math.ExpOp(small)), ones))
                self.keep(arith.DivfOp(ones, below), 1)

    # what kernels of convolutions do

    def taps(self) -> None:
        """Several vectors out of one window, each multiplied into one of two sums."""
        place = self.draw(st.sampled_from(self.places))
        stride = self.draw(st.sampled_from([1, 1, 2]))
        sums = [self.a_vector(2 * STORED * STORED) for _ in range(2)]
        for _ in range(self.draw(st.integers(2, 6))):
            if not self.load_from(place, stride):
                return
            x, weight, n = self.vectors[-1], self.a_vector(STORED), self.draw(st.integers(0, 1))
            self.keep(vector.FMAOp(x.value, weight.value, sums[n].value), x.size * weight.size + sums[n].size)
            sums[n] = self.vectors[-1]

    def weights(self) -> None:
        """Numbers side by side, each multiplied with a vector; stores may stand between them."""
        buffer, count = self.draw(st.sampled_from(self.buffers)), self.draw(st.integers(2, 9))
        base, _, most = self.an_offset(buffer)
        x, total = self.a_vector(STORED), self.a_vector(STORED)
        if most + count > buffer.count:
            return
        together, at_store = self.draw(st.booleans()), self.draw(st.integers(0, 3 * count))
        order = self.draw(st.permutations(range(count))) if self.draw(st.booleans()) else range(count)
        numbers: list[Number] = []
        for n, offset in enumerate(order):
            if n == at_store:
                self.store_vector()
            numbers.append(Number(self.loops.load_float(buffer.value, self.loops.add(base, offset)), STORED))
            if not together:
                total = self.use(numbers[-1:], x, total)
        if together:
            if self.draw(st.booleans()):
                self.store_number_of(numbers, buffer)
            total = self.use(numbers, x, total)

    def store_number_of(self, numbers: Sequence[Number], buffer: Buffer) -> None:
        """One of some numbers, to a buffer that they may have been loaded from."""
        target = buffer if buffer.written else self.draw(st.sampled_from([b for b in self.buffers if b.written]))
        position = self.loops.value(self.an_offset(target)[0])
        number = self.draw(st.sampled_from(numbers))
        self.loops.builder.insert(memref.StoreOp.get(number.value, target.value, [position]))

    def use(self, numbers: Sequence[Number], x: Number, total: Number) -> Number:
        """total + numbers[0] * x + numbers[1] * x + ..., or a sum that begins with a number, or its square."""
        for number in numbers:
            spread = Number(self.loops.splat(number.value, self.lanes), number.size)
            a, b, c = self.draw(st.sampled_from([(x, spread, total)] * 4 + [(spread, x, total), (x, x, spread)]))
            self.keep(vector.FMAOp(a.value, b.value, c.value), a.size * b.size + c.size)
            total = self.vectors[-1]
        return total
