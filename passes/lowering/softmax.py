"""Softmax over the channels, number by number: it stands at the end of a network, over few numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import arith, math, memref
from xdsl.ir import Attribute, SSAValue

from lrc.dialects import kernel
from lrc.dialects.lr.base import shape_of
from lrc.dialects.lr.ops import SoftmaxOp
from lrc.passes.lowering.builder import FLOATS, Loops
from lrc.passes.lowering.graph import Graph
from lrc.passes.lowering.halo import allocate
from lrc.passes.lowering.indices import Index
from lrc.passes.lowering.rows import each, numbers


@dataclass(frozen=True)
class SoftmaxFamily:
    """There is one: all sizes are arguments."""

    name: str = "softmax"

    @property
    def arguments(self) -> list[tuple[str, Attribute]]:
        """Names and types of the kernel's arguments, in order; `step`: from one number of the sum to the next."""
        sizes = ["rows", "columns", "count", "input_first", "input_row", "input_step"]
        return [("input", FLOATS), ("output", FLOATS), *numbers(*sizes, "output_first", "output_row", "output_step")]


def softmax_kernel(name: str, family: SoftmaxFamily) -> kernel.KernelFuncOp:
    """The kernel that handles one place of the picture at each point.

    The largest number is taken off all of them first: no exponential overflows, and one of them is 1.
    """
    loops = Loops(name, family.arguments)

    def place(tensor: str, y: SSAValue, x: SSAValue) -> Index:
        return loops.place(loops[f"{tensor}_first"], (y, loops[f"{tensor}_row"]), (x, 1), name=f"{tensor}_place")

    with loops.grid(y="rows", x="columns") as (y, x):
        source, target = place("input", y, x), place("output", y, x)

        def load(i: SSAValue) -> SSAValue:
            return loops.load_float(loops["input"], loops.place(source, (i, loops["input_step"])), "value")

        def output(i: SSAValue) -> SSAValue:
            return loops.value(loops.place(target, (i, loops["output_step"]), name="place"))

        def larger(i: SSAValue, largest: Sequence[SSAValue]) -> Sequence[SSAValue]:
            return [loops.insert(arith.MaximumfOp(largest[0], load(i)), "larger")]

        def power(i: SSAValue, total: Sequence[SSAValue]) -> Sequence[SSAValue]:
            result = loops.insert(math.ExpOp(loops.insert(arith.SubfOp(load(i), largest), "difference")), "power")
            loops.builder.insert(memref.StoreOp.get(result, loops["output"], [output(i)]))
            return [loops.insert(arith.AddfOp(total[0], result), "more")]

        def divide(i: SSAValue) -> None:
            position = output(i)
            share = loops.insert(arith.DivfOp(loops.load_float(loops["output"], position), total), "share")
            loops.builder.insert(memref.StoreOp.get(share, loops["output"], [position]))

        first = loops.load_float(loops["input"], source, "largest")
        (largest,) = loops.loop("i", 1, loops["count"], [first], larger)
        zero = loops.number(0.0)
        zero.name_hint = "total"
        (total,) = loops.loop("i", 0, loops["count"], [zero], power)
        each(loops, "i", 0, loops["count"], divide)
    return loops.finish()


def lower_softmax(op: SoftmaxOp, graph: Graph) -> None:
    """One launch over the places of the picture; a vector is one place, its numbers side by side."""
    family = SoftmaxFamily()
    source, target = graph.picture(op.input), graph.picture(op.output)
    vector = len(shape_of(op.input)) == 2
    rows, columns = (1, 1) if vector else (source.height, source.width)
    output = allocate(graph, op.output, op.layer.data, whole_vectors=False)
    arguments: dict[str, SSAValue | Index] = {
        "input": graph.buffer(op.input),
        "output": output,
        "rows": rows,
        "columns": columns,
        "count": shape_of(op.input)[1],
        "input_first": source.origin,
        "input_row": source.row_stride,
        "input_step": 1 if vector else source.channel_stride,
        "output_first": target.origin,
        "output_row": target.row_stride,
        "output_step": 1 if vector else target.channel_stride,
    }
    graph.launch(family, lambda name: softmax_kernel(name, family), arguments, op)
