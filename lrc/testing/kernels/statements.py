"""What drawn kernels (`drawing.py`) compute: statements that are drawn one by one, out of what is there already."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st
from xdsl.dialects import arith, math, vector
from xdsl.dialects.builtin import DenseArrayBase, f32, i64

from lrc.dialects.kernel.ops import vector_type
from lrc.testing.kernels.memory import STORED, Memory, Number


class Statements(Memory):
    """The body of a kernel that is being written."""

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
        """Several vectors out of one window, each multiplied into one of two sums, which may be stored on the way."""
        place = self.draw(st.sampled_from(self.places))
        stride = self.draw(st.sampled_from([1, 1, 2]))
        sums = [self.a_vector(2 * STORED * STORED) for _ in range(2)]
        at_store = self.draw(st.integers(1, 6))
        for tap in range(self.draw(st.integers(2, 4))):
            if tap == at_store:
                self.store_vector(self.draw(st.sampled_from([*sums, None])))
            if not self.load_from(place, stride):
                return
            x, weight, n = self.vectors[-1], self.a_vector(STORED), self.draw(st.integers(0, 1))
            self.keep(vector.FMAOp(x.value, weight.value, sums[n].value), x.size * weight.size + sums[n].size)
            sums[n] = self.vectors[-1]

    def weights(self) -> None:
        """Numbers side by side, each multiplied with a vector; stores may stand between them."""
        buffer, count = self.draw(st.sampled_from(self.buffers)), self.draw(st.integers(2, 6))
        base = self.an_element(buffer, count)
        x, total = self.a_vector(STORED), self.a_vector(STORED)
        together, at_store = self.draw(st.booleans()), self.draw(st.integers(0, 2 * count))
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
                self.store_to(buffer, self.draw(st.sampled_from(numbers)))
            total = self.use(numbers, x, total)

    def use(self, numbers: Sequence[Number], x: Number, total: Number) -> Number:
        """total + numbers[0] * x + numbers[1] * x + ..., or a sum that begins with a number, or its square."""
        for number in numbers:
            spread = Number(self.loops.splat(number.value, self.lanes), number.size)
            a, b, c = self.draw(st.sampled_from([(x, spread, total)] * 4 + [(spread, x, total), (x, x, spread)]))
            self.keep(vector.FMAOp(a.value, b.value, c.value), a.size * b.size + c.size)
            total = self.vectors[-1]
        return total
