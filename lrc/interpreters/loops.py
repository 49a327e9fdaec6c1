"""The meaning of the loop level, for small shapes: every load, product and store, one by one, in float64.

It is also the strictest machine that the loops will ever run on: a load or store outside its buffer, or an aligned
one that is not, is an error; buffers start full of NaN, so that nobody's leftovers are taken for zeros; and the points
of a grid are visited last to first, because their order must not matter.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from xdsl.dialects import memref, vector
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import ReturnOp
from xdsl.ir import Operation
from xdsl.traits import SymbolTable
from xdsl.utils.exceptions import InterpretationError

from lrc.dialects import kernel
from lrc.dialects.elements import element_of
from lrc.dialects.lr.store import WeightStore
from lrc.dialects.values.elements import ELEMENTS
from lrc.dialects.values.layouts import Layout
from lrc.interpreters.errors import located
from lrc.interpreters.graph import Given
from lrc.interpreters.reference import Array, float64
from lrc.interpreters.steps import Callee, Steps
from lrc.interpreters.vectors import Function, arithmetic

Buffer = NDArray[Any]

SLOT = min(element.bytes for element in ELEMENTS.values())
"""Bytes for which the arena has a number: those of the smallest element type; of a larger one every other is used."""


@dataclass(frozen=True, slots=True)
class View:
    """A place in a buffer, from which rows and columns count."""

    row_stride: int
    buffer: Buffer
    offset: int

    def moved(self, row: int, column: int) -> "View":
        """The window whose own place is [row, column] of this one."""
        return View(self.row_stride, self.buffer, self.offset + row * self.row_stride + column)

    def places(self, count: int, stride: int = 1) -> slice:
        """Where `count` elements from here on lie. Raises InterpretationError outside the buffer."""
        last = self.offset + max(0, count - 1) * stride
        if self.offset < 0 or last >= len(self.buffer):
            raise InterpretationError(
                f"elements {self.offset} to {last} are not within a buffer of {len(self.buffer)} elements"
            )
        return slice(self.offset, last + 1, stride)


class Interpreter:
    """What runs functions: the arrays of `store`, the buffers that they allocate, and the functions called so far.

    `layers` collects the picture [C, H, W] of each layer as it stands when it is complete: places of the `arena` may
    hold something else later. What `given` has for a layer takes its place then, for those that read it.
    """

    def __init__(self, store: WeightStore, given: Given) -> None:
        self.store, self.given = store, given
        self.arena: Array | None = None
        self.layers: dict[str, Array] = {}
        self.functions: dict[Callee, Steps] = {}

    def function(self, function: Callee) -> Steps:
        """A function, ready to be called."""
        if function not in self.functions:
            self.functions[function] = Steps(function, self.meaning)
        return self.functions[function]

    def meaning(self, op: Operation) -> Function | None:
        """What an operation without regions does; None if this level does not have it."""
        match op:
            case kernel.LoadOp():
                return vector_load(op)
            case kernel.StoreOp():
                return vector_store(op)
            case kernel.WindowOp():
                return partial(View, op.result.type.row_stride.data)
            case kernel.RowOp():
                return partial(moved, op.row.value.data, op.column.value.data)
            case kernel.LoadIndexOp():
                return load_index
            case memref.LoadOp():
                return load_number
            case memref.StoreOp():
                return store_number
            case vector.LoadOp():
                (lanes,) = op.result.type.get_shape()
                return partial(load_row, lanes)
            case memref.AllocOp():
                return partial(self.allocate, op)
            case kernel.ArenaOp():
                return partial(self.place, op)
            case kernel.WeightsOp():
                return partial(self.weights, op)
            case kernel.LaunchOp():
                return partial(self.launch, op)
            case memref.DeallocOp() | ReturnOp():
                return nothing
            case _:
                return arithmetic(op)

    def launch(self, op: kernel.LaunchOp, *operands: Any) -> None:
        """All points of a kernel. Raises InterpretationError if there is none of that name."""
        if (callee := op.kernel) is None:
            raise InterpretationError(f"there is no kernel {op.callee}")
        given = dict(zip(op.values, operands, strict=True))
        self.function(callee)(*(given[name] for name in callee.arguments))
        if op.layer is not None and op.result is not None and (layout := op.layout) is not None:
            name, buffer, places = op.layer.data, given[op.result.data], places_of(layout)
            self.layers[name] = buffer[places]
            if (tensor := self.given(name)) is not None:
                buffer[places] = float64(tensor).reshape(places.shape)

    def weights(self, op: kernel.WeightsOp) -> Buffer:
        """An array of the store: indices as they are, weights in float64."""
        with located(op):
            array = self.store[op.weight.data].reshape(-1)
        return array if array.dtype.kind == "u" else float64(array)

    def allocate(self, op: memref.AllocOp, *sizes: int) -> Array:
        """A new buffer, full of NaN."""
        given = iter(sizes)
        return np.full([size if size >= 0 else next(given) for size in op.memref.type.get_shape()], np.nan)

    def place(self, op: kernel.ArenaOp) -> Array:
        """The arena from a place on. Raises InterpretationError if there is no network that says its size."""
        network = op.parent_op()
        size = network.arena_bytes if isinstance(network, kernel.NetworkOp) else None
        if size is None:
            raise InterpretationError("a place in an arena, but no network that says how large it is")
        if self.arena is None:
            self.arena = np.full(size.value.data // SLOT, np.nan)
        return self.arena[op.offset.value.data // SLOT :: element_of(op.result).bytes // SLOT]


def vector_load(op: kernel.LoadOp) -> Function:
    """A load from a place of a window; lanes that do not lie inside are zero. All that it may read has to be there."""
    (row, column), width, stride, aligned = op.place, op.width, op.lane_stride, op.aligned is not None
    before, count = (column % stride, width * stride) if width > 1 else (0, 1)

    def load(window: View, lanes: int | None = None) -> Array:
        place = window.moved(row, column)
        if aligned and place.offset % width:
            raise InterpretationError(f"element {place.offset} is no aligned place for {width} lanes")
        inside = width if lanes is None else min(max(lanes, 0), width)
        result = np.zeros(width)
        if inside:
            place.moved(0, -before).places(count)
            result[:inside] = place.buffer[place.places(inside, stride)]
        return result

    return load


def vector_store(op: kernel.StoreOp) -> Function:
    """A store to a place of a window: zero in lanes that do not lie inside, nothing at all if none does."""
    row, column = op.place

    def store(value: Array, window: View, lanes: int | None = None) -> None:
        inside = len(value) if lanes is None else min(max(lanes, 0), len(value))
        if inside:
            place = window.moved(row, column)
            target = place.buffer[place.places(len(value))]
            target[:inside], target[inside:] = value[:inside], 0

    return store


def load_row(lanes: int, buffer: Buffer, first: int) -> Array:
    """A vector from a place of a buffer."""
    return buffer[View(0, buffer, first).places(lanes)].copy()


def load_number(buffer: Buffer, *position: int) -> Any:
    """One number of a buffer. Raises InterpretationError outside of it."""
    if any(not 0 <= i < size for i, size in zip(position, buffer.shape, strict=True)):
        raise InterpretationError(f"element {list(position)} is not within a buffer of {list(buffer.shape)}")
    return buffer[position]


def store_number(value: float, buffer: Buffer, *position: int) -> None:
    """One number to its place in a buffer. Raises InterpretationError outside of it."""
    load_number(buffer, *position)
    buffer[position] = value


def load_index(array: Buffer, position: int) -> int:
    """One unsigned number as an index."""
    return int(load_number(array, position))


def moved(row: int, column: int, window: View) -> View:
    """A window moved by rows and columns."""
    return window.moved(row, column)


def nothing(*operands: Any) -> None:
    """What it means to return, or to give memory back."""


def call(
    module: ModuleOp,
    function: str,
    arguments: Sequence[Any],
    store: WeightStore,
    given: Given = lambda layer: None,
) -> dict[str, Array]:
    """Call a function of the module on flat buffers (float64, or unsigned for indices) and integers; what it stores
    is in the buffers afterwards.

    Returns the picture [C, H, W] of every layer that a launch completed, which others read unless `given` has another
    for them. Raises InterpretationError if it leaves a buffer, or uses an operation that this level does not have, and
    UserError if an array is missing.
    """
    entry = SymbolTable.lookup_symbol(module, function)
    if not isinstance(entry, Callee):
        raise InterpretationError(f"there is no function @{function}")
    interpreter = Interpreter(store, given)
    with np.errstate(all="ignore"):
        interpreter.function(entry)(*arguments)
    return interpreter.layers


def run(
    module: ModuleOp, function: str, inputs: Iterable[ArrayLike], sizes: Iterable[int], store: WeightStore
) -> tuple[Array, ...]:
    """The outputs, flat and of the given sizes, of the function that runs a network. Raises as `call` does."""
    outputs = tuple(np.full(size, np.nan) for size in sizes)
    call(module, function, [*(float64(x).reshape(-1) for x in inputs), *outputs], store)
    return outputs


def picture(buffer: Array, layout: Layout) -> Array:
    """The tensor [C, H, W] that lies in a buffer."""
    return buffer[places_of(layout)]


def places_of(layout: Layout) -> NDArray[np.intp]:
    """Where each number of a tensor [C, H, W] lies in its buffer."""
    pictures = layout.picture()
    return (
        pictures.origin
        + pictures.channel_stride * np.arange(pictures.channels)[:, None, None]
        + pictures.row_stride * np.arange(pictures.height)[:, None]
        + np.arange(pictures.width)
    )
