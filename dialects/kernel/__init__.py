"""The `kernel` dialect: what the loop level needs and func, scf, memref, vector and arith lack."""

from xdsl.ir import Dialect

from lrc.dialects.kernel.attrs import LayoutAttr, WindowType
from lrc.dialects.kernel.ops import (
    ArenaOp,
    GridOp,
    LaunchOp,
    LoadIndexOp,
    LoadOp,
    RowOp,
    StoreOp,
    WeightsOp,
    WindowOp,
)

Kernel = Dialect(
    "kernel",
    [ArenaOp, GridOp, LaunchOp, LoadIndexOp, LoadOp, RowOp, StoreOp, WeightsOp, WindowOp],
    [LayoutAttr, WindowType],
)
