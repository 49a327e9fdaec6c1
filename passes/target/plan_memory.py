"""plan-memory: one arena for all buffers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from xdsl.context import Context
from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import IntegerAttr, MemRefType, ModuleOp, i64
from xdsl.ir import Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from lrc.dialects import kernel
from lrc.dialects.elements import element_of
from lrc.dialects.kernel.attrs import LayoutAttr, WindowType
from lrc.passes.diagnose import fail
from lrc.passes.target.memory import Lifetime, largest_sum, plan


@dataclass(frozen=True)
class PlanMemoryPass(ModulePass):
    """memref.alloc -> kernel.arena at an offset: buffers that do not live at the same time share memory.

    The network says how large the arena is, and `live`: the largest sum of tensors, without their halos, that are alive
    at the same time. One that says so, and has no buffers without a place, is left as it is.
    """

    name = "plan-memory"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for network in op.ops:
            if isinstance(network, kernel.NetworkOp):
                plan_network(network)


def plan_network(network: kernel.NetworkOp) -> None:
    """Give every buffer of a network its place. Raises PassFailedException if some have one, and others have not."""
    step = {op: n for n, op in enumerate(network.body.block.ops)}
    allocations = [op for op in network.walk() if isinstance(op, memref.AllocOp)]
    if network.arena_bytes is not None and not allocations:
        return
    planned = any(isinstance(op, kernel.ArenaOp) for op in step)
    for allocation in allocations:
        if allocation not in step:
            fail(allocation, "this buffer is made inside of another operation: only a network's own can be planned")
        if planned:
            fail(allocation, "this buffer has no place in the arena, others have: give it one, or take theirs")
    buffers = [lifetime(op, step, elements(op)) for op in allocations]
    offsets, total = plan(buffers)
    tensors = [
        lifetime(op, step, prod(layout.data.shape))
        for op in allocations
        if isinstance(layout := op.attributes.get("layout"), LayoutAttr)
    ]
    for allocation, offset in zip(allocations, offsets, strict=True):
        type = allocation.memref.type
        assert isinstance(type, MemRefType)
        place = kernel.ArenaOp(offset, type)
        place.location, place.result.name_hint = allocation.location, allocation.memref.name_hint
        place.attributes |= allocation.attributes
        Rewriter.replace_op(allocation, place)
    network.arena_bytes = IntegerAttr(total, i64)
    network.live_bytes = IntegerAttr(largest_sum(tensors), i64)


def lifetime(allocation: memref.AllocOp, step: dict[Operation, int], count: int) -> Lifetime:
    """From the first launch that uses a buffer of `count` numbers to the last."""
    uses = [step[op] for op in users(allocation.memref, step)] or [step[allocation]]
    return Lifetime(min(uses), max(uses), element_of(allocation.memref).bytes * count)


def users(buffer: SSAValue, step: dict[Operation, int]) -> Iterator[Operation]:
    """Which operations of a network use a buffer: by themselves, in their regions, or what they make of it."""
    for use in buffer.uses:
        op: Operation | None = use.operation
        while op is not None and op not in step:
            op = op.parent_op()
        if op is not None:
            yield op
            for result in op.results:
                if isinstance(result.type, MemRefType | WindowType):
                    yield from users(result, step)


def elements(allocation: memref.AllocOp) -> int:
    """How many numbers a buffer holds."""
    size = allocation.dynamic_sizes[0].owner if allocation.dynamic_sizes else None
    if not isinstance(size, arith.ConstantOp) or not isinstance(size.value, IntegerAttr):
        fail(allocation, "the size of a buffer is no constant: only those that lower-to-loops makes can be planned")
    return size.value.value.data
