"""What the kernels of a module have, counted: which orders of loads and stores, which loads, windows and sums.

It looks at the module, whoever made it. A test of drawn kernels asks it what was drawn
(`tests/semantics/test_kernels.py`), and a report of a long run counts it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator

from xdsl.dialects import memref, scf, vector
from xdsl.dialects.builtin import ArrayAttr, IntegerAttr, MemRefType, ModuleOp, i64
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.utils.exceptions import InterpretationError
from xdsl.utils.hints import isa

from lrc.dialects import kernel
from lrc.dialects.effects import blocks, may_write
from lrc.testing.kernels.evaluating import ARGUMENTS, results

Found = Iterator[str]


def features(module: ModuleOp) -> Counter[str]:
    """How often functions of the loop level have what passes over them get wrong."""
    found = Counter[str]()
    for function in module.ops:
        if isinstance(function, kernel.KernelFuncOp):
            found.update(_of_kernel(function))
        for op in function.walk():
            found.update(_of_operation(op))
        for block in blocks(function):
            found.update(_again(block))
            found.update(_sums(block))
    found.update(_edges(module))
    return found


def _of_kernel(function: kernel.KernelFuncOp) -> Found:
    yield from [f"loads {function.loads.data}"] if function.loads is not None else []
    yield from [f"order of {function.order.data}"] if function.order is not None else []
    yield from (f"{lanes} lanes" for lanes in {op.width for op in function.walk() if isinstance(op, kernel.LoadOp)})
    windows = [op.buffer for op in function.walk() if isinstance(op, kernel.WindowOp)]
    yield from ["two windows on one buffer"] * (len(set(windows)) < len(windows))
    stores = [op for op in function.walk() if isinstance(op, kernel.StoreOp | memref.StoreOp)]
    yield from ["several stores"] * (len(stores) > 1)


def _of_operation(op: Operation) -> Found:
    match op:
        case kernel.LoadOp():
            strided, some = op.lane_stride > 1 and op.width > 1, op.lanes is not None
            yield from ["strided load"] * strided + ["load of some lanes"] * some
            yield from ["strided load of some lanes"] * (strided and some)
            yield from ["load from a moved window"] * isinstance(op.window.owner, kernel.RowOp)
            yield from ["load from before a window"] * (min(op.place) < 0)
            yield from ["rows of no whole vectors"] * (op.place[0] != 0 and op.row_stride % op.width > 0)
        case kernel.StoreOp():
            yield from ["store of some lanes"] * (op.lanes is not None)
        case memref.LoadOp() | vector.LoadOp():
            yield op.name
            array = op.memref if isinstance(op, memref.LoadOp) else op.base
            windows = [use.operation for use in array.uses if isinstance(use.operation, kernel.WindowOp)]
            yield from [f"{op.name} of what has windows"] * bool(windows)
        case scf.ForOp() | scf.IfOp():
            outer = op.parent_op()
            while outer is not None and not isinstance(outer, scf.ForOp | scf.IfOp):
                outer = outer.parent_op()
            name, stores = _name(op), may_write(op)
            yield name if outer is None else f"{name} in a {_name(outer)}"
            yield from [f"{name} that stores"] * stores
        case kernel.LaunchOp():
            buffers = [each for each in op.arguments if isa(each.type, MemRefType[Attribute])]
            yield from ["one buffer under two names"] * (len(set(buffers)) < len(buffers))
        case _:
            pass


def _name(op: Operation) -> str:
    return "loop" if isinstance(op, scf.ForOp) else "branch"


def _again(block: Block) -> Found:
    """What is loaded twice in a block, and what stands between."""
    since: dict[Hashable, list[Operation]] = {}
    for op in block.ops:
        if isinstance(op, kernel.LoadOp):
            place = op.window, op.place, op.lane_stride, op.lanes
            if place in since:
                yield "loaded again behind a store" if since[place] else "loaded again"
                yield from (f"loaded again behind {_store(writer, op)}" for writer in since[place])
            since[place] = []
        elif may_write(op):
            for writers in since.values():
                writers.append(op)


def _store(writer: Operation, load: kernel.LoadOp) -> str:
    """How a store changes what was loaded, if it does."""
    match writer:
        case scf.ForOp() | scf.IfOp():
            return f"a {_name(writer)} that stores"
        case memref.StoreOp():
            return "a number"
        case kernel.StoreOp() if writer.window is load.window:
            return "a vector"
        case kernel.StoreOp() if _buffer(writer.window) is _buffer(load.window):
            return "a vector through another window"
        case _:
            return "a vector through another argument"


def _buffer(window: SSAValue) -> SSAValue:
    """What a window is a place in."""
    while isinstance(op := window.owner, kernel.RowOp):
        window = op.window
    return op.buffer if isinstance(op, kernel.WindowOp) else window


def _sums(block: Block) -> Found:
    """The sums of a block of which terms are added to others."""
    written = 0
    stores_before: dict[SSAValue, int] = {}
    for op in block.ops:
        written += may_write(op)
        if isinstance(op, vector.FMAOp):
            if op.acc in stores_before:
                yield "sum of terms"
                yield from ["sum with a store on the way"] * (stores_before[op.acc] < written)
                yield from ["sum that is read on the way"] * (not op.acc.has_one_use())
            stores_before[op.res] = written


def _edges(module: ModuleOp) -> Found:
    """Whether the last element of some buffer is read or written: one that is shorter will not do."""
    shorter = module.clone()
    for function in shorter.ops:
        if isa(entries := function.attributes.get(ARGUMENTS), ArrayAttr[Attribute]):
            lengths = [
                IntegerAttr(each.value.data - 1, i64) if isinstance(each, IntegerAttr) else each for each in entries
            ]
            function.attributes[ARGUMENTS] = ArrayAttr[Attribute](lengths)
    try:
        results(shorter)
    except InterpretationError:
        yield "last element of a buffer"
