"""The mean of each channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from xdsl.dialects import arith, vector
from xdsl.dialects.builtin import f32, i64
from xdsl.ir import Attribute, SSAValue

from lrc.dialects import kernel
from lrc.dialects.lr.ops import GlobalAvgPoolOp
from lrc.dialects.values.elements import F32
from lrc.passes.lowering.builder import Loops
from lrc.passes.lowering.graph import Graph
from lrc.passes.lowering.halo import allocate
from lrc.passes.lowering.rows import load_row, numbers, row_place, store_row, tensor_arguments, tensor_values


@dataclass(frozen=True)
class GlobalPoolFamily:
    """`ragged`: the rows do not consist of whole vectors."""

    lanes: int
    ragged: bool

    @property
    def name(self) -> str:
        """`global_avg_pool` or `global_avg_pool_ragged`"""
        return "global_avg_pool_ragged" if self.ragged else "global_avg_pool"

    @property
    def arguments(self) -> list[tuple[str, Attribute]]:
        """Names and types of the kernel's arguments, in order.

        `whole`: columns that fill whole vectors; `rest`: those left over; `count`: height * width.
        """
        sizes = numbers("channels", "height", "whole", *(["rest"] if self.ragged else []), "count")
        return [*tensor_arguments("input", "output"), *sizes]


def global_pool_kernel(name: str, family: GlobalPoolFamily) -> kernel.KernelFuncOp:
    """The kernel that sums up one channel at each point; the result's other lanes are zero."""
    loops = Loops(name, family.arguments)
    lanes = family.lanes
    with loops.grid(c="channels") as (c,):

        def row(y: SSAValue, sums: Sequence[SSAValue]) -> Sequence[SSAValue]:
            place = row_place(loops, "input", c, y)

            def add(x: SSAValue, sums: Sequence[SSAValue]) -> Sequence[SSAValue]:
                return [loops.insert(arith.AddfOp(sums[0], load_row(loops, "input", place, x, lanes)), "sum")]

            sums = loops.loop("x", 0, loops["whole"], sums, add, lanes)
            if not family.ragged:
                return sums
            window = loops.window(loops["input"], loops.add(place, loops["whole"]), 0, "rest_window")
            rest = loops.insert(kernel.LoadOp(window, 0, 0, lanes, lanes=loops["rest"]), "v")
            return [loops.insert(arith.AddfOp(sums[0], rest), "sum")]

        (total,) = loops.loop("y", 0, loops["height"], [loops.splat(0.0, lanes, "sum")], row)
        mean = loops.insert(arith.DivfOp(add_across(loops, total), float_of(loops, loops["count"])), "mean")
        only_first = loops.value(1) if lanes > 1 else None
        store_row(loops, "output", row_place(loops, "output", c, 0), 0, loops.splat(mean, lanes), only_first)
    return loops.finish()


def add_across(loops: Loops, x: SSAValue) -> SSAValue:
    """The sum of a vector's lanes."""
    kind = vector.CombiningKindAttr(vector.CombiningKindFlag.ADD)
    # the operation's own constructor gives the result the vector's type
    op = vector.ReductionOp.build(operands=[x, []], result_types=[f32], properties={"kind": kind})
    return loops.insert(op, "total")


def float_of(loops: Loops, index: SSAValue) -> SSAValue:
    """An index as a float32."""
    return loops.insert(arith.SIToFPOp(loops.insert(arith.IndexCastOp(index, i64)), f32))


def lower_global_avg_pool(op: GlobalAvgPoolOp, graph: Graph) -> None:
    """One launch over the channels."""
    source, target = graph.picture(op.input), graph.picture(op.output)
    lanes = graph.machine.lanes_of(F32)
    family = GlobalPoolFamily(lanes, ragged=source.width % lanes != 0)
    output = allocate(graph, op.output, op.layer.data)
    arguments = {
        **tensor_values("input", graph.buffer(op.input), source),
        **tensor_values("output", output, target),
        "channels": source.channels,
        "height": source.height,
        "whole": source.width - source.width % lanes,
        "count": source.height * source.width,
    }
    if family.ragged:
        arguments["rest"] = source.width % lanes
    graph.launch(family, lambda name: global_pool_kernel(name, family), arguments, op)
