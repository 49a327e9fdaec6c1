"""Load vectors the way the machine likes best."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import arith, func, vector
from xdsl.dialects.builtin import DenseArrayBase, IndexType, IntegerAttr, ModuleOp, StringAttr, UnitAttr, i64
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from lrc.dialects import kernel
from lrc.dialects.kernel.ops import integer, is_kernel, vector_type


@dataclass(frozen=True)
class LegalizeLoadsPass(ModulePass):
    """Rewrite `kernel.load`s that no single instruction does, as the function's `load` attribute asks.

    The loop around each body that multiplies gets the attribute `loads_before`: the vectors that its multiplications
    load if each does so for itself, s for a load of stride s.

    load stride s        -> at most s plain loads, and shuffles that pick the lanes
    aligned, load [r, c] -> two aligned loads and a shuffle, unless c is a multiple of the vector
    rows, load [r, c]    -> kernel.row [r, 0], load [0, c]
    """

    name = "legalize-loads"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in op.ops:
            if isinstance(function, func.FuncOp) and is_kernel(function):
                mode = function.attributes.get("load")
                legalize(function, mode.data if isinstance(mode, StringAttr) else "direct")


def legalize(function: func.FuncOp, mode: str) -> None:
    """Make every load of a kernel one that the machine has."""
    for load in all_loads(function):
        if load.width > 1 and load.lane_stride > 1:
            split_strided(load)
    for loop, loads in loads_of_bodies(function).items():
        loop.attributes["loads_before"] = IntegerAttr(loads, i64)
    if mode == "aligned":
        for load in all_loads(function):
            align(load)
    elif mode == "rows":
        for block in {load.parent: None for load in all_loads(function) if load.parent is not None}:
            point_at_rows(block)


def all_loads(function: func.FuncOp) -> list[kernel.LoadOp]:
    """The vector loads of a kernel, as they are now."""
    return [op for op in function.walk() if isinstance(op, kernel.LoadOp)]


def loads_of_bodies(function: func.FuncOp) -> dict[Operation, int]:
    """How many vectors each body that multiplies loads, by the loop around it."""
    bodies = {op.parent for op in function.walk() if isinstance(op, vector.FMAOp)}
    counts = {body: sum(isinstance(op, kernel.LoadOp) for op in body.ops) for body in bodies if body is not None}
    return {loop: count for body, count in counts.items() if (loop := body.parent_op()) is not None}


def split_strided(load: kernel.LoadOp) -> None:
    """A load of every s-th element becomes s plain loads, and shuffles that keep every s-th lane.

    The first of them starts at a multiple of s, so that taps side by side come out of the same loads. Those of which
    no lane would be kept, where s is larger than the vector, are left out.
    """
    width, stride = load.width, load.lane_stride
    row, column = load.place
    first = column - column % stride
    places = [column - first + i * stride for i in range(width)]
    kept = sorted({place // width for place in places})
    ops: list[Operation] = []
    parts: list[kernel.LoadOp] = []
    for part in kept:
        inside = None if load.lanes is None else lanes_of_part(load, part * width - places[0], ops)
        parts.append(kernel.LoadOp(load.window, row, first + part * width, width, lanes=inside))
        ops.append(parts[-1])
    # position of lane i among the elements of all parts
    wanted = [kept.index(place // width) * width + place % width for place in places]
    picked: SSAValue = parts[0].result
    for n, part in enumerate(parts[1:], 1):
        mask = [
            i if n > 1 and at < n * width else (at if at < width else at - (n - 1) * width)
            for i, at in enumerate(wanted)
        ]
        # lanes that lie in a later part hold anything for now
        shuffle = shuffle_of(picked, part.result, [m if m < 2 * width else i for i, m in enumerate(mask)])
        ops.append(shuffle)
        picked = shuffle.result
    replace(load, ops, picked)


def lanes_of_part(load: kernel.LoadOp, distance: int, ops: list[Operation]) -> SSAValue:
    """How many lanes of a vector, `distance` elements behind the first lane of a strided load, lie inside.

    The last lane that lies inside is (lanes - 1) * stride elements behind the first one. What computes it is added to
    `ops`.
    """
    assert load.lanes is not None
    stride, less = (
        arith.ConstantOp.from_int_and_width(n, IndexType()) for n in (load.lane_stride, load.lane_stride - 1 + distance)
    )
    elements = arith.MuliOp(load.lanes, stride)
    inside = arith.SubiOp(elements, less)
    ops += [stride, less, elements, inside]
    return inside.result


def align(load: kernel.LoadOp) -> None:
    """A load between two aligned places becomes two aligned loads and a shuffle."""
    width = load.width
    row, column = load.place
    if load.lanes is not None or load.lane_stride > 1 or load.aligned is not None:
        return
    shift = column % width
    if not shift:
        load.aligned = UnitAttr()
        return
    left = kernel.LoadOp(load.window, row, column - shift, width, aligned=True)
    right = kernel.LoadOp(load.window, row, column - shift + width, width, aligned=True)
    shuffle = shuffle_of(left.result, right.result, list(range(shift, shift + width)))
    replace(load, [left, right, shuffle], shuffle.result)


def point_at_rows(block: Block) -> None:
    """Loads of a block go through one pointer for each row of each window."""
    rows: dict[tuple[SSAValue, int], SSAValue] = {}
    for load in [op for op in block.ops if isinstance(op, kernel.LoadOp)]:
        row, _ = load.place
        key = load.window, row
        if key not in rows:
            pointer = kernel.RowOp(load.window, row, 0)
            Rewriter.insert_op(pointer, InsertPoint.before(load))
            pointer.result.name_hint = f"row{row}" if row >= 0 else "row"
            rows[key] = pointer.result
        load.operands[0], load.row = rows[key], integer(0)


def shuffle_of(left: SSAValue, right: SSAValue, mask: list[int]) -> vector.ShuffleOp:
    """The lanes `mask` of two vectors side by side."""
    return vector.ShuffleOp(left, right, DenseArrayBase.from_list(i64, mask), result_type=vector_type(len(mask)))


def replace(load: kernel.LoadOp, ops: list[Operation], result: SSAValue) -> None:
    """Put `ops` in the place of `load`, with its name and location."""
    for op in ops:
        op.location = load.location
        for value in op.results:
            value.name_hint = load.result.name_hint
    Rewriter.replace_op(load, ops, [result])
