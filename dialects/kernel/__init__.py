"""The `kernel` dialect: what the loop level needs and scf, memref, vector and arith lack."""

from xdsl.ir import Dialect

from lrc.dialects.kernel.attrs import LayerAttr, LayoutAttr, LoadsAttr, OrderAttr, PortAttr, WindowType
from lrc.dialects.kernel.buffers import ArenaOp, WeightsOp
from lrc.dialects.kernel.functions import GridOp, KernelFuncOp, kernels_of
from lrc.dialects.kernel.launch import LaunchOp
from lrc.dialects.kernel.network import NetworkOp, find_network, input_shapes, output_shapes
from lrc.dialects.kernel.ops import LoadIndexOp, LoadOp, RowOp, StoreOp, WindowOp

Kernel = Dialect(
    "kernel",
    [
        *(KernelFuncOp, GridOp, NetworkOp, LaunchOp),
        *(ArenaOp, WeightsOp, WindowOp, RowOp, LoadOp, StoreOp, LoadIndexOp),
    ],
    [LayerAttr, LayoutAttr, LoadsAttr, OrderAttr, PortAttr, WindowType],
)

__all__ = [
    "ArenaOp",
    "GridOp",
    "Kernel",
    "KernelFuncOp",
    "LaunchOp",
    "LayerAttr",
    "LayoutAttr",
    "LoadIndexOp",
    "LoadOp",
    "LoadsAttr",
    "NetworkOp",
    "OrderAttr",
    "PortAttr",
    "RowOp",
    "StoreOp",
    "WeightsOp",
    "WindowOp",
    "WindowType",
    "find_network",
    "input_shapes",
    "kernels_of",
    "output_shapes",
]
