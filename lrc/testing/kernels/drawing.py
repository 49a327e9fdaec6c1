"""`kernels()`: small modules of the loop level, as a person might edit or write them.

They are valid by construction, and take more freedom than lrc's own lowering does: loads and stores of one buffer in
any order, through several windows and under several names, at the very edges of it; values used twice and inside of
other regions, sums that branch. What they keep is what every kernel has to: no access outside a buffer, no point of a
grid that touches what another one writes, what a kernel's `loads` promises. Their numbers are integers small enough for
float32, so that the order of a sum makes no difference; with `smooth`, exp, tanh and quotients come in, which round.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from math import prod
from typing import Final

from hypothesis import strategies as st
from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    IndexType,
    IntegerAttr,
    ModuleOp,
    TensorType,
    f32,
    i64,
)
from xdsl.ir import Attribute, Operation, SSAValue

from lrc.dialects import kernel
from lrc.dialects.values.machines import Load
from lrc.passes.lowering.builder import FLOATS, Loops, array_of_unsigned
from lrc.passes.lowering.indices import Indices
from lrc.testing.kernels.evaluating import ARGUMENTS
from lrc.testing.kernels.memory import EXACT, PLACES, STORED, Buffer, Index, Loaded, Number
from lrc.testing.kernels.statements import Statements
from lrc.testing.networks.building import DrawnModule

ROUNDS: Final = 3
"""No loop has more rounds."""

GROWTH: Final = 2**20
"""By how much what an inner loop carries may grow in a round, what an outer one does by three times as much."""

GRIDS: Final = ((1,), (1, 1), (2,), (2, 1), (1, 2), (2, 2), (1, 3, 1))
"""The sizes that grids have."""

LANES: Final = (4, 4, 8, 1, 16)
"""Vectors of the machines that there are, more often those of the least."""


@st.composite
def kernels(draw: st.DrawFn, lanes: int | None = None, smooth: bool = False) -> ModuleOp:
    """A module of one or two kernels for vectors of so many lanes, and the network `run` that launches them.

    The attribute `arguments` of `run` says what to call it with (`lrc.testing.kernels.evaluating`).
    """
    width = lanes or draw(st.sampled_from(LANES))
    written = [Kernel(draw, f"kernel{i}", width, smooth) for i in range(draw(st.sampled_from([1, 1, 1, 2])))]
    functions = [each.write() for each in written]
    module = DrawnModule([*functions, *network(draw, written)])
    module.verify()
    return module


def network(draw: st.DrawFn, written: Sequence[Kernel]) -> list[Operation]:
    """The network that launches the kernels, each of them or one of them several times, on buffers that it is given
    and on one that it allocates. One of them may be two arguments."""
    count, places = max(each.elements for each in written), 2 * PLACES
    given: dict[str, Attribute] = dict.fromkeys("abc", TensorType(f32, [count]))
    given["indices"] = TensorType(array_of_unsigned(8).element_type, [places])
    result = kernel.NetworkOp("run", [kernel.PortAttr.of(*port) for port in given.items()], [])
    values: list[SSAValue] = list(result.body.block.args)
    *buffers, indices = values
    for name, argument in zip(given, values, strict=True):
        argument.name_hint = name
    code = Indices(result.body.block)
    others: list[Operation] = []
    if draw(st.sampled_from([False, False, True])):
        others.append(copy())
        size = code.value(count)
        buffers.append(code.insert(memref.AllocOp([size], [], FLOATS), "d"))
        code.builder.insert(kernel.LaunchOp("copy", {"source": buffers[0], "target": buffers[-1]}, {"count": size}))
    for n in range(draw(st.sampled_from([len(written), len(written), 3]))):
        each = written[n] if n < len(written) else draw(st.sampled_from(written))
        x = draw(st.sampled_from(buffers))
        y, z = (draw(st.sampled_from([buffer for buffer in buffers if each.alone or buffer is not x])) for _ in "yz")
        sizes = {f"size{i}": code.value(size) for i, size in enumerate(each.sizes)}
        code.builder.insert(kernel.LaunchOp(each.name, {"x": x, "y": y, "z": z, "indices": indices}, sizes))
    numbers = DenseArrayBase.from_list(i64, [draw(st.integers(0, PLACES - 1)) for _ in range(places)])
    result.attributes[ARGUMENTS] = ArrayAttr([*(IntegerAttr(count, i64) for _ in "abc"), numbers])
    return [*others, result]


def copy() -> kernel.KernelFuncOp:
    """The kernel target[i] = source[i]."""
    loops = Loops("copy", [("source", FLOATS), ("target", FLOATS), ("count", IndexType())])
    with loops.grid(i="count") as (i,):
        loops.builder.insert(memref.StoreOp.get(loops.load_float(loops["source"], i), loops["target"], [i]))
    return loops.finish()


class Kernel(Statements):
    """A kernel that is being written: its grid, loops and branches."""

    def __init__(self, draw: st.DrawFn, name: str, lanes: int, smooth: bool) -> None:
        self.name, self.smooth, self.depth = name, smooth, 0
        self.load_mode: Load = draw(st.sampled_from(["direct", "aligned", "rows"]))
        self.sizes = draw(st.sampled_from(GRIDS))
        axes = [f"size{i}" for i in range(len(self.sizes))]
        arguments = [("x", FLOATS), ("y", FLOATS), ("z", FLOATS), ("indices", array_of_unsigned(8))]
        loops = Loops(name, [*arguments, *((axis, IndexType()) for axis in axes)])
        super().__init__(draw, loops, lanes, lanes if self.load_mode == "aligned" else 1)
        self.part = (6 + 8 // lanes) * lanes

    @property
    def alone(self) -> bool:
        """Whether its grid is one point, which may write what it reads."""
        return prod(self.sizes) == 1

    @property
    def elements(self) -> int:
        """How many elements its buffers have to have."""
        return prod(self.sizes) * self.part

    def write(self) -> kernel.KernelFuncOp:
        """The whole kernel, which stores something in each point."""
        loops = self.loops
        axes = range(len(self.sizes))
        with loops.grid(**{f"p{i}": f"size{i}" for i in axes}) as points:
            linear: SSAValue | int = 0
            for i, point in enumerate(points):
                linear = loops.add(loops.multiply(linear, loops[f"size{i}"]), point)
            first = loops.multiply(linear, self.part, "first")
            self.indices += [Index(n, n, n) for n in range(3)]
            self.indices += [Index(point, 0, size - 1) for point, size in zip(points, self.sizes, strict=True)]
            self.buffers.append(Buffer(loops["x"], 0, self.elements, self.alone))
            self.buffers += [Buffer(loops[name], first, self.part, True) for name in "yz"]
            self.numbers.append(Number(loops.number(2.0), 2))
            self.vectors.append(Number(loops.splat(1.0, self.lanes), 1))
            for buffer in self.buffers:
                self.window_into(buffer)
            self.window()
            self.load_vector()
            self.statements(self.draw(st.integers(1, 6)))
        return loops.finish(self.load_mode, self.draw(st.sampled_from(["places", "taps"])))

    def statements(self, count: int) -> None:
        """Some statements, one after the other."""
        loads = [self.load_vector, self.load_again, self.reload, self.reload, self.load_number, self.load_whole]
        stores = [self.store_vector, self.store_vector, self.store_number]
        sums = [self.multiply_add, self.multiply_add, self.taps, self.weights]
        others = [self.window, self.load_index, self.arithmetic, self.splat, self.reduce, self.choose]
        picks = [self.shuffle] if self.lanes > 1 else []
        rounds = [self.rounded] if self.smooth else []
        nested = [self.loop, self.branch] * 3 if self.depth < 2 else []
        known = len(self.vectors)
        for _ in range(count):
            self.draw(st.sampled_from([*loads, *stores, *sums, *others, *picks, *rounds, *nested]))()
        self.store_unused(known)

    @contextmanager
    def region(self) -> Generator[None]:
        """What is made inside is not known outside."""
        pools = self.indices, self.numbers, self.vectors, self.places, self.loaded
        known = [len(pool) for pool in pools]
        self.depth += 1
        yield
        self.depth -= 1
        for pool, length in zip(pools, known, strict=True):
            del pool[length:]

    def loop(self) -> None:
        """A loop of up to three rounds, which carries up to two vectors."""
        draw, growth = self.draw, GROWTH * ROUNDS ** (1 - self.depth)
        first, rounds, step = draw(st.integers(0, 1)), draw(st.integers(0, ROUNDS)), draw(st.integers(1, 2))
        starts = [self.a_vector(EXACT - ROUNDS * growth) for _ in range(draw(st.integers(0, 2)))]
        most = max((start.size for start in starts), default=0) + ROUNDS * growth
        outside: Number | None = None
        if draw(st.booleans()):
            self.multiply_add()
            outside = self.vectors[-1]

        def body(index: SSAValue, carried: Sequence[SSAValue]) -> Sequence[SSAValue]:
            with self.region():
                self.indices.append(Index(index, first, first + max(0, rounds - 1) * step))
                if outside is not None:
                    self.multiply_add(outside)  # each round begins with the same sum
                self.vectors += [Number(value, most) for value in carried]
                self.statements(draw(st.integers(1, 3)))
                return [self.a_vector(most + growth).value for _ in carried]

        values = [start.value for start in starts]
        results = self.loops.loop("i", first, first + rounds * step, values, body, step)
        self.vectors += [Number(result, most) for result in results]

    def reload(self) -> None:
        """What was loaded, written over by whatever may write, and loaded again: a number that is less than before."""
        self.load_vector()
        if not self.loaded:
            return
        load = self.loaded[-1]
        first, write = self.vectors[-1], self.draw(st.sampled_from([self.write_over, self.write_over, self.in_region]))
        write(load)
        self.load(load)
        difference = self.loops.insert(arith.SubfOp(first.value, self.vectors[-1].value))
        self.vectors.append(Number(difference, 2 * STORED))

    def in_region(self, load: Loaded) -> None:
        """A loop or a branch that writes over where something was loaded."""

        def body(index: SSAValue, carried: Sequence[SSAValue]) -> Sequence[SSAValue]:
            return arm()

        def arm() -> Sequence[SSAValue]:
            with self.region():
                self.write_over(load)
            return []

        if self.draw(st.booleans()):
            self.loops.loop("i", 0, self.draw(st.integers(0, 2)), [], body)
        else:
            index = self.draw(st.sampled_from(self.indices))
            self.loops.choose(self.loops.less(index.value, self.draw(st.integers(0, 2))), arm)

    def branch(self) -> None:
        """One of two branches, each of which gives a vector; or a branch for what it stores."""
        draw, loops = self.draw, self.loops
        index = draw(st.sampled_from(self.indices))
        condition = loops.less(index.value, draw(st.integers(0, 2)))
        sizes: list[float] = []

        def arm() -> Sequence[SSAValue]:
            with self.region():
                self.statements(draw(st.integers(0, 2)))
                result = self.a_vector()
            sizes.append(result.size)
            return [result.value]

        def alone() -> Sequence[SSAValue]:
            with self.region():
                self.statements(draw(st.integers(0, 2)))
            return []

        if draw(st.booleans()):
            (result,) = loops.choose(condition, arm, arm)
            self.vectors.append(Number(result, max(sizes)))
        else:
            loops.choose(condition, alone)
