"""legalize-neon: weights by lane and lanes by two, as arm64 has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from xdsl.context import Context
from xdsl.dialects import arith, memref, vector
from xdsl.dialects.builtin import IntegerAttr, ModuleOp
from xdsl.ir import Block, Operation, SSAValue, Use
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter
from xdsl.utils.exceptions import PassFailedException

from lrc.dialects import kernel, neon
from lrc.dialects.effects import blocks, stretches
from lrc.dialects.elements import element_of
from lrc.dialects.kernel.ops import vector_type
from lrc.dialects.lr.model import find_machine

FEWEST = 4
"""Weights that are loaded together, at the least: a register of float32, half of one of float16."""


@dataclass(frozen=True)
class LegalizeNeonPass(ModulePass):
    """fma x, broadcast(weight[i + n]) -> fma_lane x, (load weight[i + n / 4 * 4])[n % 4]

    Four weights that lie side by side come with one load and need no instruction to spread them; of float16 eight do,
    or four if there are fewer. A run of weights that is no multiple of that ends with a load that overlaps the one
    before; runs of fewer than four stay as they are, and so do those that something is written between.

    load of float16, every second one in a block that multiplies them -> the same, kept by neon.keep

    shuffle a, b [0, 2, 4, 6] -> even_lanes a, b, and [1, 3, 5, 7] -> odd_lanes a, b; of float16 up to 14 and 15
    """

    name = "legalize-neon"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if (machine := find_machine(op)) is not None and machine.instructions != "neon":
            raise PassFailedException(f"the module is for {machine}, which has no NEON")
        for function in kernel.kernels_of(op.ops):
            for block in blocks(function):
                use_lanes(block)
                unzip(block)
                keep_order(block)


UNZIPS: Final[tuple[type[neon.UnzipOp], ...]] = (neon.EvenLanesOp, neon.OddLanesOp)
"""Shuffles that are one instruction: of every other lane of two registers, from the first on or from the second."""


def unzip(block: Block) -> None:
    """Say which shuffles of a block are one instruction."""
    for op in block.ops:
        if not isinstance(op, vector.ShuffleOp) or not fills_register(op.v1) or op.v1.type != op.v2.type:
            continue
        mask = list(op.mask.get_values())
        if mask and mask[0] in (0, 1) and mask == list(range(mask[0], 2 * register_of(op.v1), 2)):
            unzipped = UNZIPS[mask[0]](op.v1, op.v2)
            unzipped.location, unzipped.res.name_hint = op.location, op.result.name_hint
            Rewriter.replace_op(op, unzipped)


def keep_order(block: Block) -> None:
    """Keep every second vector of float16 where it is loaded, in a block that multiplies them."""
    if not any(isinstance(op, vector.FMAOp | neon.FmaLaneOp) and op.res.type == neon.EIGHT_HALVES for op in block.ops):
        return
    loads = [op for op in block.ops if isinstance(op, kernel.LoadOp) and op.result.type == neon.EIGHT_HALVES]
    for load in loads[1::2]:
        uses, kept = list(load.result.uses), neon.KeepOp(load.result)
        kept.location, kept.res.name_hint = load.location, load.result.name_hint
        Rewriter.insert_op(kept, InsertPoint.after(load))
        for use in uses:
            use.operation.operands[use.index] = kept.res


def fills_register(value: SSAValue) -> bool:
    """Whether a value is a vector that fills a register."""
    return value.type in neon.REGISTERS.values()


def register_of(value: SSAValue) -> int:
    """How many numbers of a buffer's or a vector's type a register has."""
    return neon.REGISTERS[element_of(value)].get_shape()[0]


def use_lanes(block: Block) -> None:
    """Multiply by lanes in one block, as far as the weights are loaded and spread while no memory changes."""
    for ops in stretches(block):
        for (array, base), weights in runs_of_weights(ops).items():
            use_lanes_of(array, base, weights, {op: n for n, op in enumerate(ops)})


def runs_of_weights(ops: Sequence[Operation]) -> dict[tuple[SSAValue, SSAValue], dict[int, vector.BroadcastOp]]:
    """The weights that are loaded and spread among `ops`, and used for nothing but products of registers: for an array
    and an index into it, how far behind that each of them lies."""
    runs: dict[tuple[SSAValue, SSAValue], dict[int, vector.BroadcastOp]] = {}
    loaded: set[Operation] = set()
    for op in ops:
        if isinstance(op, memref.LoadOp) and len(op.indices) == 1:
            loaded.add(op)
            continue
        if not isinstance(op, vector.BroadcastOp) or not isinstance(load := op.source.owner, memref.LoadOp):
            continue
        if load in loaded and fills_register(op.vector) and all(map(is_factor, op.vector.uses)):
            base, offset = split(load.indices[0])
            runs.setdefault((load.memref, base), {})[offset] = op
    return runs


def is_factor(use: Use) -> bool:
    """Whether a value is multiplied with another one, and is not what the product is added to."""
    op = use.operation
    return isinstance(op, vector.FMAOp) and use.index < 2 and op.operands[0] is not op.operands[1]


def use_lanes_of(
    array: SSAValue, base: SSAValue, weights: dict[int, vector.BroadcastOp], position: dict[Operation, int]
) -> None:
    """Multiply by lanes with one run of weights, if they lie side by side; `position` is the order of operations."""
    count = max(weights) + 1
    if sorted(weights) != list(range(count)) or count < FEWEST:
        return
    width = register_of(array) if count >= register_of(array) else FEWEST
    vectors: dict[int, SSAValue] = {}
    for offset, broadcast in sorted(weights.items()):
        first = min(offset - offset % width, count - width)
        if first not in vectors:
            at = min((weights[i] for i in range(first, first + width)), key=position.__getitem__)
            vectors[first] = load_several(array, base, first, width, at)
        for use in list(broadcast.vector.uses):
            fma = use.operation
            assert isinstance(fma, vector.FMAOp)
            left, right, acc = fma.operands
            by_lane = neon.FmaLaneOp(left if use.index else right, vectors[first], offset - first, acc)
            by_lane.location, by_lane.results[0].name_hint = fma.location, fma.results[0].name_hint
            Rewriter.replace_op(fma, by_lane)
    for broadcast in weights.values():
        erase_unused(broadcast)


def split(index: SSAValue) -> tuple[SSAValue, int]:
    """An index as a value plus a constant."""
    op = index.owner
    if isinstance(op, arith.AddiOp) and isinstance(op.rhs.owner, arith.ConstantOp):
        constant = op.rhs.owner.value
        if isinstance(constant, IntegerAttr):
            return op.lhs, constant.value.data
    return index, 0


def load_several(array: SSAValue, base: SSAValue, offset: int, width: int, before: Operation) -> SSAValue:
    """So many numbers of an array as a vector, loaded just before an operation."""
    index = base
    ops: list[Operation] = []
    if offset:
        constant = arith.ConstantOp.from_int_and_width(offset, base.type)  # pyright: ignore[reportArgumentType]
        add = arith.AddiOp(base, constant.result)
        ops += [constant, add]
        index = add.result
    load = vector.LoadOp(array, [index], vector_type(width, element_of(array)))
    load.result.name_hint = "w"
    for op in [*ops, load]:
        op.location = before.location
        Rewriter.insert_op(op, InsertPoint.before(before))
    return load.result


def erase_unused(op: Operation) -> None:
    """Erase an operation and those that computed its operands, as far as nobody else uses them."""
    operands = [o.owner for o in op.operands if isinstance(o.owner, Operation)]
    if any(result.first_use is not None for result in op.results):
        return
    op.detach()
    op.erase()
    for operand in operands:
        if isinstance(operand, memref.LoadOp | arith.AddiOp):
            erase_unused(operand)
