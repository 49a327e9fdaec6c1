"""The order of a kernel's body: a vector is multiplied right after it is loaded, and dies.

C compilers keep the order of a straight body more or less. A body that loads everything first spills
its accumulators; one that finishes with a vector before it loads the next needs a register or two
beside the accumulators.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from xdsl.context import Context
from xdsl.dialects import vector
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from lrc.dialects import kernel
from lrc.dialects.effects import blocks, stretches


@dataclass(frozen=True)
class OrderBodyPass(ModulePass):
    """load x, load y, fma x, fma y -> load x, fma x, load y, fma y, in the order of the places loaded.

    That is for kernels whose `order` is `places`. Where it is `taps`, the order of the vectors stays what it was:
    jammed filters use each tap's weights once and for many vectors, so it is the weights that have to die young. A
    kernel that has been ordered has no `order`, and stays as it is.

    The terms of a sum change places: the result may differ in its last bits, within the error bound. What is written
    stays where it is, and so does what is read before and after it.
    """

    name = "order-body"
    reorders_sums: ClassVar[bool] = True

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in kernel.kernels_of(op.ops):
            if function.order is not None:
                for block in blocks(function):
                    order(block, function.order.data == "taps")
                function.order = None


ACC = 2
"""The operand of a multiply-add that the product is added to. Bodies have thousands of them, and by its name, as any
that IRDL defines, it takes several times as long to get as by its number."""


@dataclass
class Sum:
    """An accumulator of a body: the value that comes in, the one that goes out, and the terms between."""

    start: SSAValue
    end: SSAValue
    terms: list[vector.FMAOp]


def order(block: Block, by_taps: bool = False) -> None:
    """Bring the multiplications of a block into the order of the vectors they use."""
    for ops in bodies(block):
        if sums := find_sums(ops):
            order_body(block, ops, sums, by_taps)


def bodies(block: Block) -> list[list[Operation]]:
    """The stretches of a block in which operations may change places: nothing is written in them, and all that happens
    to a sum is that terms are added to it, each to the sum of those before."""
    found: list[list[Operation]] = []
    for ops in stretches(block):
        found.append([])
        sums: set[SSAValue] = set()
        for op in ops:
            if any(value in sums and not is_next_term(op, value) for value in op.operands):
                found.append([])
                sums.clear()
            found[-1].append(op)
            if isinstance(op, vector.FMAOp):
                sums.add(op.results[0])
    return found


def is_next_term(op: Operation, total: SSAValue) -> bool:
    """Whether all that a sum is used for is that `op` adds a term to it."""
    return isinstance(op, vector.FMAOp) and op.operands[ACC] is total and total.has_one_use()


def order_body(block: Block, ops: list[Operation], sums: list[Sum], by_taps: bool) -> None:
    """Bring the multiplications of one stretch of a block into the order of the vectors they use."""
    terms: dict[SSAValue, list[tuple[int, vector.FMAOp]]] = {}
    for i, total in enumerate(sums):
        for fma in total.terms:
            terms.setdefault(fma.operands[0], []).append((i, fma))
    end = ops[-1].next_op
    waiting = dict.fromkeys(ops)

    def place(value: SSAValue) -> None:
        """Move what computes a value to the end of the stretch, unless it is there or outside: its operands first."""
        stack = missing(value)
        while stack:
            if first := [other for operand in stack[-1].operands for other in missing(operand)]:
                stack += reversed(first)
                continue
            op = stack.pop()
            if op in waiting:
                append(op)

    def missing(value: SSAValue) -> list[Operation]:
        """What computes a value, if it has to be placed still."""
        op = value.owner
        return [op] if isinstance(op, Operation) and op in waiting else []

    def append(op: Operation) -> None:
        del waiting[op]
        op.detach()
        if end is None:
            block.add_op(op)
        else:
            block.insert_op_before(op, end)

    others = [op for op in ops if not isinstance(op, vector.FMAOp)]
    late = {op for op in others if isinstance(op, kernel.LoadOp | vector.ShuffleOp | vector.BroadcastOp)}
    for op in others:
        if op not in late and not any(
            isinstance(use.operation, vector.BroadcastOp) for r in op.results for use in r.uses
        ):
            for result in op.results:
                place(result)
    current = [total.start for total in sums]
    places = places_of(ops)
    used = {x: n for n, x in reversed(list(enumerate(op.operands[0] for op in ops if isinstance(op, vector.FMAOp))))}
    for x in sorted(terms, key=used.__getitem__ if by_taps else lambda x: places.get(x, (0, 0))):
        place(x)
        for i, fma in terms[x]:
            place(fma.operands[1])
            place(current[i])
            fma.operands[ACC] = current[i]
            current[i] = fma.results[0]
            append(fma)
    for total, last in zip(sums, current, strict=True):
        own = set(total.terms)
        for use in list(total.end.uses):
            if use.operation not in own:
                use.operation.operands[use.index] = last
        last.name_hint = total.end.name_hint
    for op in others:
        if op in waiting:
            place(op.results[0]) if op.results else append(op)


def find_sums(ops: Sequence[Operation]) -> list[Sum]:
    """The chains of multiply-adds of a stretch, each from its start to the value that others use."""
    sums: list[Sum] = []
    chain: dict[SSAValue, Sum] = {}
    for op in ops:
        if isinstance(op, vector.FMAOp):
            start, end = op.operands[ACC], op.results[0]
            total = chain.pop(start, None)
            if total is None:
                total = Sum(start, start, [])
                sums.append(total)
            total.terms.append(op)
            total.end = end
            chain[end] = total
    return sums


def places_of(ops: Sequence[Operation]) -> dict[SSAValue, tuple[int, int]]:
    """Row and column that vectors come from: for a shuffle the last of its loads, which it waits for."""
    places: dict[SSAValue, tuple[int, int]] = {}
    for op in ops:
        if isinstance(op, kernel.LoadOp):
            window = op.window.owner
            row = window.row.value.data if isinstance(window, kernel.RowOp) else 0
            places[op.result] = op.place[0] + row, op.place[1]
        elif isinstance(op, vector.ShuffleOp):
            places[op.result] = max(places.get(op.v1, (0, 0)), places.get(op.v2, (0, 0)))
    return places
