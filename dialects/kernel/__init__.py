"""The `kernel` dialect: what the loop level needs and func, scf, memref, vector and arith lack."""

from xdsl.ir import Dialect

from lrc.dialects.kernel.attrs import LayoutAttr, WindowType
from lrc.dialects.kernel.buffers import ArenaOp, WeightsOp
from lrc.dialects.kernel.ops import (
    GridOp,
    LaunchOp,
    LoadIndexOp,
    LoadOp,
    RowOp,
    StoreOp,
    WindowOp,
)

Kernel = Dialect(
    "kernel",
    [ArenaOp, GridOp, LaunchOp, LoadIndexOp, LoadOp, RowOp, StoreOp, WeightsOp, WindowOp],
    [LayoutAttr, WindowType],
)
