"""What bodies cost: how many vectors they load after the passes over loops, and when."""

from collections.abc import Collection
from itertools import permutations

import pytest
from xdsl.context import Context
from xdsl.dialects import vector
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue

from lrc.compilation import pipelines
from lrc.compilation.compiler import make_context
from lrc.dialects import kernel
from lrc.files.located import LocatedParser, verify

BODY = """
kernel.func @k(%x: memref<?xf32>, %y: memref<?xf32>, %points: index) loads {load} order places {{
  %place = arith.constant 64 : index
  kernel.grid (%point) in (%points) {{
    %w = kernel.window %x[%place] : memref<?xf32> -> WINDOW
    %to = kernel.window %y[%place] : memref<?xf32> -> WINDOW
    %zero = arith.constant 0.0 : f32
    %s0 = vector.broadcast %zero : f32 to VECTOR
    {terms}
    kernel.store %s{last}, %to[0, 0] : VECTOR, WINDOW
  }}
}}
"""
TERM = """
    %x{n} = kernel.load %w[{row}, {column}] stride {stride} : WINDOW -> VECTOR
    %s{next} = vector.fma %x{n}, %x{n}, %s{n} : VECTOR"""


def body(taps: list[tuple[int, int]], passes: str, stride: int = 1, load: str = "direct") -> ModuleOp:
    """A sum over some taps, (row, column) of a window, after the passes over it."""
    lines = [TERM.format(n=n, next=n + 1, row=r, column=c, stride=stride) for n, (r, c) in enumerate(taps)]
    text = BODY.format(load=load, terms="".join(lines), last=len(taps))
    text = text.replace("WINDOW", "!kernel.window<64>").replace("VECTOR", "vector<4xf32>")
    module = LocatedParser(make_context(), text, "body.mlir").parse_module()
    for each in pipelines.parse(passes).passes:
        each.apply(Context(), module)
        verify(module)
    return module


@pytest.mark.parametrize("stride", [2, 3, 4])
@pytest.mark.parametrize(("first", "taps"), [(0, 2), (-1, 3), (-4, 4), (1, 7)])
def test_taps_side_by_side_share_their_strided_loads(stride: int, first: int, taps: int) -> None:
    """Wherever they begin: among every s elements there are s loads for all taps."""
    columns = range(first, first + taps)
    module = body([(0, c) for c in columns], "legalize-loads,eliminate-redundant-loads", stride)
    loads = [op for op in module.walk() if isinstance(op, kernel.LoadOp)]
    assert len(loads) <= stride * len({c // stride for c in columns})


@pytest.mark.parametrize("load", ["direct", "aligned"])
@pytest.mark.parametrize("columns", list(permutations([-1, 0, 2, 4])))
def test_no_vector_is_loaded_before_others_are_done_with(load: str, columns: tuple[int, ...]) -> None:
    """What can be multiplied by then has been, so that it need not be kept; in whatever order the taps were."""
    taps = [(n % 2, c) for n, c in enumerate(columns)] + [(0, c) for c in columns]
    module = body(taps, "legalize-loads,eliminate-redundant-loads,order-body", load=load)
    (grid,) = (op for op in module.walk() if isinstance(op, kernel.GridOp))
    ops = list(grid.body.block.ops)
    for i, op in enumerate(ops):
        if isinstance(op, kernel.LoadOp):
            assert all(waits_for(fma.lhs, ops[i:]) for fma in ops[i:] if isinstance(fma, vector.FMAOp))


def waits_for(value: SSAValue, later: Collection[Operation]) -> bool:
    """Whether a vector is loaded, or comes out of one that is loaded, by one of these operations."""
    op = value.owner
    if isinstance(op, vector.ShuffleOp):
        return waits_for(op.v1, later) or waits_for(op.v2, later)
    return op in later
