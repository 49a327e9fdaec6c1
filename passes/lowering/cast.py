"""Casts: the numbers of a tensor in another element type."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.dialects import arith, memref
from xdsl.ir import Attribute, SSAValue

from lrc.dialects import kernel
from lrc.dialects.elements import element_of, type_of
from lrc.dialects.lr.ops import CastOp
from lrc.dialects.values.elements import Element
from lrc.passes.lowering.builder import Loops
from lrc.passes.lowering.graph import Graph
from lrc.passes.lowering.halo import allocate
from lrc.passes.lowering.rows import each, numbers, row_place, tensor_arguments, tensor_values


@dataclass(frozen=True)
class CastFamily:
    """From one element type to another one."""

    source: Element
    target: Element

    @property
    def name(self) -> str:
        """`cast_f32_to_f16`"""
        return f"cast_{self.source}_to_{self.target}"

    @property
    def arguments(self) -> list[tuple[str, Attribute]]:
        """Names and types of the kernel's arguments, in order."""
        tensors = [*tensor_arguments("source", element=self.source), *tensor_arguments("target", element=self.target)]
        return [*tensors, *numbers("channels", "rows", "width")]


def cast_kernel(name: str, family: CastFamily) -> kernel.KernelFuncOp:
    """The kernel that casts one row at each point, number by number: C compilers make vectors of that."""
    loops = Loops(name, family.arguments)
    operation = arith.TruncFOp if family.target.bytes < family.source.bytes else arith.ExtFOp
    with loops.grid(c="channels", y="rows") as (c, y):
        source, target = row_place(loops, "source", c, y), row_place(loops, "target", c, y)

        def number(x: SSAValue) -> None:
            value = loops.load_float(loops["source"], loops.add(source, x), "number")
            cast = loops.insert(operation(value, type_of(family.target)), "cast")
            loops.builder.insert(memref.StoreOp.get(cast, loops["target"], [loops.value(loops.add(target, x))]))

        each(loops, "x", 0, loops["width"], number)
    return loops.finish()


def lower_cast(op: CastOp, graph: Graph) -> None:
    """One launch over the rows; a cast to the type that is there already is a copy of numbers, and no operation."""
    family = CastFamily(element_of(op.input), element_of(op.output))
    source = graph.picture(op.input)
    buffer = allocate(graph, op.output, op.layer.data, whole_vectors=False)
    arguments = {
        **tensor_values("source", graph.buffer(op.input), source),
        **tensor_values("target", buffer, graph.picture(op.output)),
        "channels": source.channels,
        "rows": source.height,
        "width": source.width,
    }
    graph.launch(family, lambda name: cast_kernel(name, family), arguments, op)
