"""What drawn kernels know, and how they read and write: windows, loads and stores at places that meet each other.

A statement that finds nothing to work on, or whose numbers would become too large, does nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from hypothesis import strategies as st
from xdsl.dialects import arith, memref, vector
from xdsl.dialects.builtin import VectorType
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
    """The part of a buffer that belongs to a point of the grid: `count` elements from `first` on."""

    value: SSAValue
    first: SSAValue | int
    count: int
    written: bool


@dataclass(frozen=True)
class Place:
    """A window that begins `moved` elements behind a place in a point's part of a buffer."""

    value: SSAValue
    buffer: Buffer
    row_stride: int
    base: Index
    moved: int = 0

    @property
    def least(self) -> int:
        """The least element, of the part's, at which the window may begin."""
        return self.base.least + self.moved

    @property
    def most(self) -> int:
        """The largest one."""
        return self.base.most + self.moved


@dataclass(frozen=True)
class Loaded:
    """Where a vector was loaded from, and which of its lanes."""

    place: Place
    row: int
    column: int
    stride: int
    inside: Index | None

    @property
    def moved(self) -> int:
        """How far from the place that the window was made of it begins."""
        return self.place.moved + self.row * self.place.row_stride + self.column


class Memory:
    """A kernel that is being written, and what there is in it so far; values of a region are forgotten at its end.

    `unit`: what windows begin at multiples of. `touched`: the elements of a part at which something was read or
    written, whichever buffer it was: two of them may be the same.
    """

    def __init__(self, draw: st.DrawFn, loops: Loops, lanes: int, unit: int) -> None:
        self.draw, self.loops, self.lanes, self.unit = draw, loops, lanes, unit
        self.indices: list[Index] = []
        self.numbers: list[Number] = []
        self.vectors: list[Number] = []
        self.buffers: list[Buffer] = []
        self.places: list[Place] = []
        self.loaded: list[Loaded] = []
        self.touched: list[int] = []

    # values to work on

    def a_vector(self, most: float = EXACT) -> Number:
        """A vector of numbers of at most that size, more often a late one."""
        fitting = [each for each in self.vectors if each.size <= most]
        return self.draw(st.sampled_from([*fitting, *fitting[-3:]]))

    def a_number(self) -> Number:
        """A number, more often a late one."""
        return self.draw(st.sampled_from([*self.numbers, *self.numbers[-2:]]))

    def an_offset(self, buffer: Buffer, unit: int = 1) -> Index:
        """A place in a point's part of a buffer, counted from its beginning, that may depend on an index."""
        index, factor = self.draw(st.sampled_from(self.indices)), unit * self.draw(st.sampled_from([1, 1, 2, 3]))
        if index.most * factor >= buffer.count // 2:
            index, factor = self.indices[0], unit
        last = buffer.count - index.most * factor - unit
        more = self.draw(st.sampled_from([0, 0, unit, 2 * unit, last - last % unit]))
        value = self.loops.add(self.loops.multiply(index.value, factor), more)
        return Index(value, index.least * factor + more, index.most * factor + more)

    def a_position(self, fitting: Sequence[int]) -> int:
        """One of some positions: more often one where something was read or written, or the first or last of them."""
        known = set(fitting).intersection(self.touched[-8:])
        choices = {"any": fitting, "edge": (fitting[0], fitting[-1]), "known": sorted(known) or fitting}
        position = self.draw(st.sampled_from(choices[self.draw(st.sampled_from(["known", "known", "any", "edge"]))]))
        self.touched.append(position)
        return position

    def an_element(self, buffer: Buffer, count: int = 1) -> SSAValue:
        """Where `count` elements of a point's part of a buffer begin."""
        offset = self.an_offset(buffer)
        position = self.a_position(range(buffer.count - count + 1 - offset.most + offset.least))
        moved = self.loops.add(offset.value, position - offset.least)
        return self.loops.value(self.loops.add(buffer.first, moved))

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

    def inside(self) -> Index | None:
        """How many lanes of a vector count, for one of three that are loaded or stored."""
        if self.draw(st.sampled_from([True, True, False])):
            return None
        index, more = self.draw(st.sampled_from(self.indices)), self.draw(st.integers(-2, self.lanes))
        return Index(self.loops.add(index.value, more), index.least + more, index.most + more)

    # windows, loads and stores

    def window(self) -> None:
        """A place in a buffer, or in the row of another one."""
        if self.places and self.draw(st.sampled_from([True, True, False])):
            place = self.draw(st.sampled_from(self.places))
            row, column = self.draw(st.integers(-1, 1)), self.draw(st.integers(-1, 3))
            moved = row * place.row_stride + column
            if place.least + moved >= 0 and place.most + moved < place.buffer.count:
                value = self.loops.insert(kernel.RowOp(place.value, row, column))
                self.places.append(replace(place, value=value, moved=place.moved + moved))
        else:
            self.window_into(self.draw(st.sampled_from(self.buffers)))

    def window_into(self, buffer: Buffer, base: Index | None = None) -> None:
        """A place in a buffer."""
        base, row_stride = base or self.an_offset(buffer, self.unit), self.draw(st.integers(1, self.lanes + 3))
        value = self.loops.window(buffer.value, self.loops.add(buffer.first, base.value), row_stride)
        self.places.append(Place(value, buffer, row_stride, base))

    def reach(self, position: int, column: int, stride: int, inside: Index | None) -> range:
        """What is read for a vector from some position on: what lies between its lanes, and where loads are to be
        aligned, the vectors that it lies across; nothing if no lane is inside."""
        if inside is not None and inside.most <= 0:
            return range(0)
        first = position - (column % stride if self.lanes > 1 else 0)
        last = first + (self.lanes * stride if self.lanes > 1 else 1)
        beside = first % self.unit if inside is None else 0
        return range(first - beside, last + (self.unit - beside if beside else 0))

    def fits(self, place: Place, read: range) -> bool:
        """Whether elements that are counted from the least place of a window lie in the point's part, or are none."""
        return not read or (read.start >= 0 and read.stop + place.most - place.least <= place.buffer.count)

    def load_vector(self) -> None:
        """A vector from a window: at any column, of every second or third element, of some lanes."""
        place, stride = self.draw(st.sampled_from(self.places)), self.draw(st.sampled_from([1, 1, 1, 2, 3]))
        self.load_from(place, stride, self.inside())

    def load_from(self, place: Place, stride: int = 1, inside: Index | None = None) -> bool:
        """A vector from somewhere in a window; whether there was a place for it."""
        row = self.draw(st.sampled_from([0, 0, 1, 2, -1]))
        home = place.least + row * place.row_stride
        fitting = [
            position
            for position in range(-self.lanes, place.buffer.count + self.lanes)
            if self.fits(place, self.reach(position, position - home, stride, inside))
        ]
        if fitting:
            self.load(Loaded(place, row, self.a_position(fitting) - home, stride, inside))
        return bool(fitting)

    def load(self, load: Loaded) -> None:
        """A vector from there."""
        lanes = None if load.inside is None else self.loops.value(load.inside.value)
        op = kernel.LoadOp(load.place.value, load.row, load.column, self.lanes, stride=load.stride, lanes=lanes)
        self.keep(op, STORED)
        self.loaded.append(load)

    def load_again(self) -> None:
        """What was loaded before, or as many lanes of it, or all of them."""
        if not self.loaded:
            return
        load = self.draw(st.sampled_from(self.loaded[-4:]))
        other = replace(load, stride=self.draw(st.sampled_from([1, 2])), inside=self.inside())
        reach = self.reach(load.place.base.least + load.moved, load.column, other.stride, other.inside)
        self.load(other if self.draw(st.booleans()) and self.fits(load.place, reach) else load)

    def store_vector(self, value: Number | None = None) -> None:
        """A vector to a window; where what is there is of less interest, if it is said which."""
        place = self.draw(st.sampled_from([place for place in self.places if place.buffer.written]))
        inside = self.inside()
        nothing = inside is not None and inside.most <= 0
        fitting = [
            position
            for position in range(-self.lanes, place.buffer.count + self.lanes)
            if nothing or self.fits(place, range(position, position + self.lanes))
        ]
        if fitting:
            stored, row = self.small(value or self.a_vector()), self.draw(st.sampled_from([0, 0, 1, 2, -1]))
            position = self.a_position(fitting) if value is None else self.draw(st.sampled_from(fitting))
            column = position - place.least - row * place.row_stride
            lanes = None if inside is None else self.loops.value(inside.value)
            self.loops.builder.insert(kernel.StoreOp(stored, place.value, row, column, lanes=lanes))

    def write_over(self, load: Loaded) -> None:
        """A number or a vector to where something was loaded: through the same window or another one, of the same
        buffer or of one that may be the same."""
        home, base = load.place.buffer, load.place.base
        buffer = self.draw(
            st.sampled_from([*[home] * 2 * home.written, *(each for each in self.buffers if each.written)])
        )
        first = load.moved + self.draw(st.sampled_from([0, 0, 0, 1, -1, self.lanes - 1]))
        least, most = base.least + first, base.most + first
        if buffer is home and self.draw(st.booleans()):
            place = load.place
        elif self.draw(st.booleans()):
            self.window_into(buffer, base)
            place = self.places[-1]
        else:
            place = None
        if place is not None and least >= 0 and most + self.lanes <= buffer.count:
            stored, inside = self.small(self.a_vector()), self.inside()
            lanes = None if inside is None else self.loops.value(inside.value)
            self.loops.builder.insert(kernel.StoreOp(stored, place.value, 0, first - place.moved, lanes=lanes))
        elif least >= 0 and most < buffer.count and (number := self.a_number()).size <= STORED:
            position = self.loops.value(self.loops.add(buffer.first, self.loops.add(base.value, first)))
            self.loops.builder.insert(memref.StoreOp.get(number.value, buffer.value, [position]))

    def store_unused(self, known: int) -> None:
        """The sum of some of the vectors behind the first `known` that nothing uses yet, so that it shows what they
        are."""
        unused = [each for each in self.vectors[known:] if each.value.first_use is None]
        total, *others = unused[-4:] or [self.a_vector()]
        for each in others:
            if total.size + each.size <= EXACT:
                sum = self.loops.insert(arith.AddfOp(total.value, each.value))
                total = Number(sum, total.size + each.size)
        self.store_vector(total)

    def load_number(self) -> None:
        """One number of a buffer."""
        buffer = self.draw(st.sampled_from(self.buffers))
        self.numbers.append(Number(self.loops.load_float(buffer.value, self.an_element(buffer)), STORED))

    def store_number(self) -> None:
        """One number to a buffer."""
        self.store_to(self.draw(st.sampled_from(self.buffers)), self.a_number())

    def store_to(self, buffer: Buffer, number: Number) -> None:
        """A number to a buffer, or to one that may be written."""
        target = buffer if buffer.written else self.draw(st.sampled_from([b for b in self.buffers if b.written]))
        if number.size <= STORED:
            self.loops.builder.insert(memref.StoreOp.get(number.value, target.value, [self.an_element(target)]))

    def load_whole(self) -> None:
        """A vector from a place of a buffer, without a window."""
        buffer = self.draw(st.sampled_from(self.buffers))
        position = self.an_element(buffer, self.lanes)
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
