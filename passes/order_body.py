"""The order of a kernel's body: a vector is multiplied right after it is loaded, and dies.

C compilers keep the order of a straight body more or less. A body that loads everything first spills
its accumulators; one that finishes with a vector before it loads the next needs a register or two
beside the accumulators.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import vector
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass

from lrc.dialects import kernel
from lrc.dialects.kernel.ops import is_kernel


@dataclass(frozen=True)
class OrderBodyPass(ModulePass):
    """load x, load y, fma x, fma y -> load x, fma x, load y, fma y, in the order of the places loaded.

    Where a function's `order` attribute says `taps`, the order of the vectors stays what it was: jammed
    filters use each tap's weights once and for many vectors, so it is the weights that have to die young.

    The terms of a sum change places: the result may differ in its last bits, within the error bound.
    """

    name = "order-body"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in op.ops:
            if is_kernel(function):
                by_taps = function.attributes.get("order") == StringAttr("taps")
                for block in [b for inner in function.walk() for region in inner.regions for b in region.blocks]:
                    order(block, by_taps)


@dataclass
class Sum:
    """An accumulator of a body: the value that comes in, the one that goes out, and the terms between."""

    start: SSAValue
    end: SSAValue
    terms: list[vector.FMAOp]


def order(block: Block, by_taps: bool = False) -> None:
    """Bring the multiplications of a block into the order of the vectors they use."""
    sums = find_sums(block)
    if not sums:
        return
    terms: dict[SSAValue, list[tuple[int, vector.FMAOp]]] = {}
    for i, total in enumerate(sums):
        for fma in total.terms:
            terms.setdefault(fma.lhs, []).append((i, fma))
    terminator = block.last_op
    placed: set[Operation] = set()

    def place(value: SSAValue) -> None:
        """Move what computes a value to the end of the block, unless it is there or outside: its operands first."""
        waiting = missing(value)
        while waiting:
            op = waiting[-1]
            if first := [other for operand in op.operands for other in missing(operand)]:
                waiting += reversed(first)
                continue
            waiting.pop()
            if op not in placed:
                placed.add(op)
                op.detach()
                append(op)

    def missing(value: SSAValue) -> list[Operation]:
        """What computes a value, if it has to be placed still."""
        op = value.owner
        return [op] if isinstance(op, Operation) and op.parent is block and op not in placed else []

    def append(op: Operation) -> None:
        if terminator is None:
            block.add_op(op)
        else:
            block.insert_op_before(op, terminator)

    others = [op for op in block.ops if not isinstance(op, vector.FMAOp) and op is not terminator]
    late = {op for op in others if isinstance(op, kernel.LoadOp | vector.ShuffleOp | vector.BroadcastOp)}
    for op in others:
        if op not in late and not any(
            isinstance(use.operation, vector.BroadcastOp) for r in op.results for use in r.uses
        ):
            for result in op.results:
                place(result)
    current = [total.start for total in sums]
    places = places_of(block)
    used = {x: n for n, x in reversed(list(enumerate(op.lhs for op in block.ops if isinstance(op, vector.FMAOp))))}
    for x in sorted(terms, key=used.__getitem__ if by_taps else lambda x: places.get(x, (0, 0))):
        place(x)
        for i, fma in terms[x]:
            place(fma.rhs)
            fma.operands[2] = current[i]
            current[i] = fma.res
            placed.add(fma)
            fma.detach()
            append(fma)
    for total, last in zip(sums, current, strict=True):
        hint = total.end.name_hint
        uses = [use for use in total.end.uses if use.operation not in placed]
        for use in uses:
            use.operation.operands[use.index] = last
        last.name_hint = hint
    for op in others:
        if op not in placed:
            for result in op.results:
                place(result)


def find_sums(block: Block) -> list[Sum]:
    """The chains of multiply-adds of a block, each from its start to the value that others use."""
    sums: list[Sum] = []
    chain: dict[SSAValue, Sum] = {}
    for op in block.ops:
        if isinstance(op, vector.FMAOp):
            total = chain.pop(op.acc, None)
            if total is None:
                total = Sum(op.acc, op.acc, [])
                sums.append(total)
            total.terms.append(op)
            total.end = op.res
            chain[op.res] = total
    return sums


def places_of(block: Block) -> dict[SSAValue, tuple[int, int]]:
    """Row and column that the vectors of a block come from: for a shuffle the last of its loads, which it waits for."""
    places: dict[SSAValue, tuple[int, int]] = {}
    for op in block.ops:
        if isinstance(op, kernel.LoadOp):
            window = op.window.owner
            row = window.row.value.data if isinstance(window, kernel.RowOp) else 0
            places[op.result] = op.place[0] + row, op.place[1]
        elif isinstance(op, vector.ShuffleOp):
            places[op.result] = max(places.get(op.v1, (0, 0)), places.get(op.v2, (0, 0)))
    return places
