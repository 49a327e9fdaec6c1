"""Load vectors the way the machine likes best."""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import arith, vector
from xdsl.dialects.builtin import DenseArrayBase, IndexType, IntegerAttr, ModuleOp, UnitAttr, i64
from xdsl.ir import Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import InsertPoint, Rewriter

from lrc.dialects import kernel
from lrc.dialects.effects import blocks
from lrc.dialects.elements import element_of
from lrc.dialects.kernel.ops import integer, vector_type
from lrc.dialects.values.machines import Load


@dataclass(frozen=True)
class LegalizeLoadsPass(ModulePass):
    """Rewrite `kernel.load`s that no single instruction does, as the kernel's `loads` asks, which is gone then.

    The loop around each body that multiplies gets the attribute `loads_before`: the vectors that its multiplications
    load if each does so for itself, s for a load of stride s.

    load stride s        -> at most s plain loads, and shuffles that pick the lanes
    aligned, load [r, c] -> two aligned loads and a shuffle, unless the place is a multiple of the vector
    rows, load [r, c]    -> kernel.row [r, 0], load [0, c]

    A kernel that asks for `aligned` promises that each `kernel.window` begins at a multiple of the vector, and that
    the two vectors around each place that is loaded can be read. Of any other window, one that a loop carries, nothing
    is known: loads from there stay as they are.
    """

    name = "legalize-loads"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for function in kernel.kernels_of(op.ops):
            if function.loads is not None:
                legalize(function, function.loads.data)
                function.loads = None


def legalize(function: kernel.KernelFuncOp, mode: Load) -> None:
    """Make every load of a kernel one that the machine has."""
    for load in all_loads(function):
        if load.width > 1 and load.lane_stride > 1:
            split_strided(load)
    for loop, body in bodies(function).items():
        loop.attributes["loads_before"] = IntegerAttr(sum(isinstance(op, kernel.LoadOp) for op in body), i64)
    if mode == "aligned":
        for load in all_loads(function):
            align(load)
    elif mode == "rows":
        for block in {load.parent: None for load in all_loads(function) if load.parent is not None}:
            point_at_rows(block)


def all_loads(function: kernel.KernelFuncOp) -> list[kernel.LoadOp]:
    """The vector loads of a kernel, as they are now."""
    return [op for block in blocks(function) for op in block.ops if isinstance(op, kernel.LoadOp)]


def bodies(function: kernel.KernelFuncOp) -> dict[Operation, list[Operation]]:
    """The body of each loop or branch that multiplies, its arms one after the other: what is right inside of it."""
    inside: dict[Operation, list[Operation]] = {}
    for block in blocks(function):
        if (around := block.parent_op()) is not None:
            inside.setdefault(around, []).extend(block.ops)
    return {op: body for op, body in inside.items() if any(isinstance(each, vector.FMAOp) for each in body)}


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


def distance(load: kernel.LoadOp) -> int | None:
    """How many elements behind the `kernel.window` that it goes through a load begins; None if there is none."""
    row, column = load.place
    elements, window = row * load.row_stride + column, load.window
    while isinstance(moved := window.owner, kernel.RowOp):
        elements += moved.row.value.data * load.row_stride + moved.column.value.data
        window = moved.window
    return elements if isinstance(window.owner, kernel.WindowOp) else None


def align(load: kernel.LoadOp) -> None:
    """A load between two aligned places becomes two aligned loads and a shuffle."""
    width, elements = load.width, distance(load)
    row, column = load.place
    if load.lanes is not None or load.lane_stride > 1 or load.aligned is not None or elements is None:
        return
    shift = elements % width
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
    return vector.ShuffleOp(
        left, right, DenseArrayBase.from_list(i64, mask), result_type=vector_type(len(mask), element_of(left))
    )


def replace(load: kernel.LoadOp, ops: list[Operation], result: SSAValue) -> None:
    """Put `ops` in the place of `load`, with its name and location."""
    for op in ops:
        op.location = load.location
        for value in op.results:
            value.name_hint = load.result.name_hint
    Rewriter.replace_op(load, ops, [result])
