"""The meaning of the loop level, for small shapes: every load, product and store, one by one, in float64.

It is also the strictest machine that the loops will ever run on: a load or store outside its buffer, or an aligned
one that is not, is an error; buffers start full of NaN, so that nobody's leftovers are taken for zeros; and the points
of a grid are visited last to first, because their order must not matter.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from xdsl.dialects import memref, vector
from xdsl.dialects.builtin import IntegerAttr, ModuleOp, StringAttr
from xdsl.dialects.func import FuncOp
from xdsl.interpreter import Interpreter, InterpreterFunctions, PythonValues, impl, register_impls
from xdsl.interpreters.func import FuncFunctions
from xdsl.interpreters.scf import ScfFunctions
from xdsl.traits import SymbolTable
from xdsl.utils.exceptions import InterpretationError

from lrc.dialects import kernel
from lrc.dialects.kernel.layout import Layout
from lrc.dialects.lr.weights import WeightStore
from lrc.interpreters.errors import located
from lrc.interpreters.reference import Array, float64
from lrc.interpreters.vectors import MathFunctions, NeonFunctions, NumberFunctions, VectorFunctions

Buffer = NDArray[Any]

FLOAT32_BYTES = 4


@dataclass(frozen=True)
class Window:
    """A place in a buffer, from which rows and columns count."""

    buffer: Buffer
    offset: int
    row_stride: int

    def moved(self, row: int, column: int) -> "Window":
        """The window whose own place is [row, column] of this one."""
        return Window(self.buffer, self.offset + row * self.row_stride + column, self.row_stride)

    def places(self, count: int, stride: int = 1) -> slice:
        """Where `count` elements from here on lie. Raises InterpretationError outside the buffer."""
        last = self.offset + max(0, count - 1) * stride
        if self.offset < 0 or last >= len(self.buffer):
            raise InterpretationError(
                f"elements {self.offset} to {last} are not within a buffer of {len(self.buffer)} elements"
            )
        return slice(self.offset, last + 1, stride)


@register_impls
@dataclass(eq=False)
class KernelFunctions(InterpreterFunctions):
    """The operations of dialect kernel; `store` holds the arrays of `kernel.weights`."""

    store: WeightStore

    @impl(kernel.WeightsOp)
    def weights(self, interpreter: Interpreter, op: kernel.WeightsOp, args: PythonValues) -> PythonValues:
        with located(op):
            array = self.store[op.weight.data].reshape(-1)
        return (array if array.dtype.kind == "u" else float64(array),)

    @impl(kernel.LaunchOp)
    def launch(self, interpreter: Interpreter, op: kernel.LaunchOp, args: PythonValues) -> PythonValues:
        callee = SymbolTable.lookup_symbol(op, op.callee)
        if not isinstance(callee, FuncOp):
            raise InterpretationError(f"there is no kernel {op.callee}")
        interpreter.call_op(callee, args[: len(op.arguments)])
        return ()

    @impl(kernel.GridOp)
    def grid(self, interpreter: Interpreter, op: kernel.GridOp, args: PythonValues) -> PythonValues:
        points = product(*(range(size) for size in args))
        for point in reversed(list(points)):
            interpreter.run_ssacfg_region(op.body, point, "point")
        return ()

    @impl(kernel.WindowOp)
    def window(self, interpreter: Interpreter, op: kernel.WindowOp, args: PythonValues) -> PythonValues:
        return (Window(args[0], args[1], op.result.type.row_stride.data),)

    @impl(kernel.RowOp)
    def row(self, interpreter: Interpreter, op: kernel.RowOp, args: PythonValues) -> PythonValues:
        return (args[0].moved(op.row.value.data, op.column.value.data),)

    @impl(kernel.LoadOp)
    def load(self, interpreter: Interpreter, op: kernel.LoadOp, args: PythonValues) -> PythonValues:
        place = cast(Window, args[0]).moved(*op.place)
        if op.aligned is not None and place.offset % op.width:
            raise InterpretationError(f"element {place.offset} is no aligned place for {op.width} lanes")
        inside = op.width if op.lanes is None else min(max(args[1], 0), op.width)
        result = np.zeros(op.width)
        if inside:
            result[:inside] = place.buffer[place.places(inside, op.lane_stride)]
        return (result,)

    @impl(kernel.StoreOp)
    def store_vector(self, interpreter: Interpreter, op: kernel.StoreOp, args: PythonValues) -> PythonValues:
        value, place = cast(Array, args[0]), cast(Window, args[1]).moved(*op.place)
        inside = len(value) if op.lanes is None else min(max(args[2], 0), len(value))
        if inside:
            place.buffer[place.places(len(value))] = np.where(np.arange(len(value)) < inside, value, 0)
        return ()

    @impl(kernel.LoadIndexOp)
    def load_index(self, interpreter: Interpreter, op: kernel.LoadIndexOp, args: PythonValues) -> PythonValues:
        return (int(_element(args[0], args[1])),)


@register_impls
@dataclass(eq=False)
class MemoryFunctions(InterpreterFunctions):
    """Flat buffers as arrays. `layers` collects the buffers that a lowered graph allocates for its layers, until
    plan-memory makes them places of one `arena`."""

    arena: Array | None = None
    layers: dict[str, tuple[Array, Layout]] = field(default_factory=dict[str, tuple[Array, Layout]])

    @impl(memref.AllocOp)
    def alloc(self, interpreter: Interpreter, op: memref.AllocOp, args: PythonValues) -> PythonValues:
        sizes = iter(args)
        shape = [size if size >= 0 else next(sizes) for size in op.memref.type.get_shape()]
        buffer = np.full(shape, np.nan)
        layer, layout = op.attributes.get("layer"), op.attributes.get("layout")
        if isinstance(layer, StringAttr) and isinstance(layout, kernel.LayoutAttr):
            self.layers[layer.data] = buffer, layout.data
        return (buffer,)

    @impl(kernel.ArenaOp)
    def arena_place(self, interpreter: Interpreter, op: kernel.ArenaOp, args: PythonValues) -> PythonValues:
        function = op.parent_op()
        size = function.attributes.get("arena_bytes") if function is not None else None
        if not isinstance(size, IntegerAttr):
            raise InterpretationError("a place in an arena, but no function that says how large it is")
        if self.arena is None:
            self.arena = np.full(size.value.data // FLOAT32_BYTES, np.nan)
        return (self.arena[op.offset.value.data // FLOAT32_BYTES :],)

    @impl(memref.DeallocOp)
    def dealloc(self, interpreter: Interpreter, op: memref.DeallocOp, args: PythonValues) -> PythonValues:
        return ()

    @impl(memref.LoadOp)
    def load(self, interpreter: Interpreter, op: memref.LoadOp, args: PythonValues) -> PythonValues:
        return (_element(args[0], *args[1:]),)

    @impl(vector.LoadOp)
    def load_vector(self, interpreter: Interpreter, op: vector.LoadOp, args: PythonValues) -> PythonValues:
        (lanes,) = op.result.type.get_shape()
        return (args[0][Window(args[0], args[1], 0).places(lanes)].copy(),)

    @impl(memref.StoreOp)
    def store(self, interpreter: Interpreter, op: memref.StoreOp, args: PythonValues) -> PythonValues:
        value, buffer, *position = args
        _element(buffer, *position)
        buffer[tuple(position)] = value
        return ()


def call(module: ModuleOp, function: str, arguments: Sequence[Any], store: WeightStore) -> dict[str, Array]:
    """Call a function of the module on flat buffers (float64, or unsigned for indices) and integers; what it stores
    is in the buffers afterwards.

    Returns the picture [C, H, W] of every layer whose buffer the function allocated. Raises InterpretationError if it
    leaves a buffer, or uses an operation that this level does not have, and UserError if an array is missing.
    """
    memory = MemoryFunctions()
    interpreter = Interpreter(module)
    for functions in (
        FuncFunctions(),
        ScfFunctions(),
        NumberFunctions(),
        MathFunctions(),
        VectorFunctions(),
        NeonFunctions(),
        KernelFunctions(store),
        memory,
    ):
        interpreter.register_implementations(functions)
    interpreter.call_op(function, tuple(arguments))
    return {layer: picture(buffer, layout) for layer, (buffer, layout) in memory.layers.items()}


def run(
    module: ModuleOp, function: str, inputs: Iterable[ArrayLike], sizes: Iterable[int], store: WeightStore
) -> tuple[Array, ...]:
    """The outputs, flat and of the given sizes, of the function that runs a network. Raises as `call` does."""
    outputs = tuple(np.full(size, np.nan) for size in sizes)
    call(module, function, [*(float64(x).reshape(-1) for x in inputs), *outputs], store)
    return outputs


def picture(buffer: Array, layout: Layout) -> Array:
    """The tensor [C, H, W] that lies in a buffer."""
    places = (
        layout.origin
        + layout.channel_stride * np.arange(layout.channels)[:, None, None]
        + layout.row_stride * np.arange(layout.height)[:, None]
        + np.arange(layout.width)
    )
    return buffer[places]


def _element(buffer: Buffer, *position: int) -> Any:
    if any(not 0 <= i < size for i, size in zip(position, buffer.shape, strict=True)):
        raise InterpretationError(f"element {list(position)} is not within a buffer of {list(buffer.shape)}")
    return buffer[position]
