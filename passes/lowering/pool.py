"""Max and average pooling over a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from xdsl.dialects import arith
from xdsl.ir import Attribute, SSAValue

from lrc.dialects import kernel
from lrc.dialects.elements import element_of
from lrc.dialects.lr.ops import AvgPoolOp, MaxPoolOp
from lrc.dialects.values.elements import F32, Element
from lrc.passes.diagnose import fail
from lrc.passes.graph.materialize_padding import is_non_negative
from lrc.passes.lowering.builder import Loops, suffixed
from lrc.passes.lowering.graph import Graph
from lrc.passes.lowering.halo import allocate
from lrc.passes.lowering.indices import Index
from lrc.passes.lowering.rows import each, each_vector, numbers, row_place, store_row, tensor_arguments, tensor_values

MOST_UNROLLED = 25
"""Windows of more places than this are gone through by loops."""


@dataclass(frozen=True)
class PoolFamily:
    """All that the code of a pooling depends on; `kind`: "max" or "avg", padding counting as zeros in both."""

    kind: str
    kernel: tuple[int, int]
    strides: tuple[int, int]
    input_row: int
    lanes: int
    ragged: bool
    element: Element = F32

    @property
    def name(self) -> str:
        """`max_pool_k2x2_s2x2_i240`: kernel, strides and the row stride of the input."""
        (kh, kw), (sh, sw) = self.kernel, self.strides
        name = f"{self.kind}_pool_k{kh}x{kw}_s{sh}x{sw}_i{self.input_row}{'_ragged' if self.ragged else ''}"
        return suffixed(name, self.element)

    @property
    def arguments(self) -> list[tuple[str, Attribute]]:
        """Names and types of the kernel's arguments, in order."""
        places = [a for a in tensor_arguments("input", "output", element=self.element) if a[0] != "input_row"]
        return [*places, *numbers("channels", "rows", "width")]


def pool_kernel(name: str, family: PoolFamily) -> kernel.KernelFuncOp:
    """The kernel that pools one channel at each point, a row after the other."""
    loops = Loops(name, family.arguments)
    sh, sw = family.strides
    with loops.grid(c="channels") as (c,):
        channel = loops.place(loops["input_first"], (c, loops["input_channel"]), name="input_place")

        def row(y: SSAValue) -> None:
            source = loops.place(channel, (y, sh * family.input_row), name="input_row_place")
            target = row_place(loops, "output", c, y)

            def vector(x: SSAValue, inside: SSAValue | None) -> None:
                value = pooled(loops, family, loops.place(source, (x, sw), name="corner"))
                store_row(loops, "output", target, x, value, inside)

            each_vector(loops, family.lanes, family.ragged, vector)

        each(loops, "y", 0, loops["rows"], row)
    return loops.finish()


def pooled(loops: Loops, family: PoolFamily, corner: Index) -> SSAValue:
    """A vector of results; `corner`: the place of the first one's window."""
    combine = arith.MaximumfOp if family.kind == "max" else arith.AddfOp
    kh, kw = family.kernel

    def place(window: SSAValue, row: int, column: int) -> SSAValue:
        return loops.insert(kernel.LoadOp(window, row, column, family.lanes, stride=family.strides[1]), "v")

    def several(rows: SSAValue, values: Sequence[SSAValue]) -> Sequence[SSAValue]:
        """One row of a large window."""
        first = loops.place(corner, (rows, family.input_row), name="window_row")

        def one(column: SSAValue, values: Sequence[SSAValue]) -> Sequence[SSAValue]:
            window = loops.window(loops["input"], loops.add(first, column), family.input_row, "window")
            return [loops.insert(combine(values[0], place(window, 0, 0)), family.kind)]

        return loops.loop("dx", 0, kw, values, one)

    window = loops.window(loops["input"], corner, family.input_row, "window")
    if prod(family.kernel) <= MOST_UNROLLED:
        value, *rest = [place(window, row, column) for row in range(kh) for column in range(kw)]
        for loaded in rest:
            value = loops.insert(combine(value, loaded), family.kind)
    else:
        start = place(window, 0, 0) if family.kind == "max" else loops.splat(0.0, family.lanes, family.kind)
        start.name_hint = family.kind
        (value,) = loops.loop("dy", 0, kh, [start], several)
    if family.kind == "max":
        return value
    return loops.insert(arith.MulfOp(value, loops.splat(1 / prod(family.kernel), family.lanes)), "mean")


def lower_pool(op: MaxPoolOp | AvgPoolOp, graph: Graph) -> None:
    """One launch over the channels.

    The input's layout has zeros wherever the window leaves the picture; `materialize-padding` sees to it that
    a max_pool which has padding reads no negative numbers.
    """
    source, target = graph.picture(op.input), graph.picture(op.output)
    window, element = op.window, element_of(op.output)
    lanes = graph.machine.lanes_of(element)
    if isinstance(op, MaxPoolOp) and any(window.pads) and not is_non_negative(op.input, graph.non_negative):
        fail(op, f"layer '{op.layer.data}' would mistake its padding for numbers: run materialize-padding first")
    family = PoolFamily(
        kind="max" if isinstance(op, MaxPoolOp) else "avg",
        kernel=window.kernel,
        strides=window.strides,
        input_row=source.row_stride,
        lanes=lanes,
        ragged=target.width % lanes != 0,
        element=element,
    )
    output = allocate(graph, op.output, op.layer.data)
    arguments = {
        **tensor_values("input", graph.buffer(op.input), source),
        **tensor_values("output", output, target),
        "input_first": source.origin - window.pads[0] * source.row_stride - window.pads[1],
        "channels": target.channels,
        "rows": target.height,
        "width": target.width,
    }
    del arguments["input_row"]
    graph.launch(family, lambda name: pool_kernel(name, family), arguments, op)
