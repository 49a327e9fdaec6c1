"""The meaning of the fkw dialect, from the packed arrays alone: it knows nothing of how they were packed."""

from dataclasses import dataclass

import numpy as np
from xdsl.interpreter import Interpreter, InterpreterFunctions, PythonValues, impl, register_impls

from lrc.dialects.fkw.ops import Conv2dOp
from lrc.dialects.lr.weights import WeightStore, array_of
from lrc.interpreters.lr import convolve
from lrc.interpreters.reference import Array


def unpacked_weights(op: Conv2dOp, store: WeightStore) -> Array:
    """The weights [Co, Ci / groups, kh, kw] that the arrays add up to, read as a kernel of the emitted code reads them:
    row by row, one run of kernels for each pattern."""
    offset, stride, index, reorder = (
        array_of(array, store).astype(np.int64) for array in (op.offset, op.stride, op.index, op.reorder)
    )
    weight, patterns, schedule = array_of(op.weight, store), op.patterns.data, op.schedule.data
    dense = np.zeros(op.weight_shape())
    filters, channels = dense.shape[:2]
    rows_of_block = filters // schedule.jam
    for row in range(len(offset) - 1):
        block, position = divmod(row, rows_of_block)
        jammed = reorder[position * schedule.jam : (position + 1) * schedule.jam]
        for p, mask in enumerate(patterns.masks):
            run = slice(offset[row] + stride[row, p], offset[row] + stride[row, p + 1])
            taps = weight[run].reshape(-1, patterns.most_taps, schedule.jam).swapaxes(1, 2)
            rows, columns = np.transpose(mask.taps)
            for lane, stored in enumerate(jammed):
                # Without groups `index` counts from the block's first channel, with groups from the input's.
                group = stored // (filters // op.group_count)
                first = -group * channels if op.group_count > 1 else block * schedule.block
                channel = first + index[run, None]
                dense[stored, channel, rows, columns] += taps[:, lane, : len(rows)]
    return dense


@register_impls
@dataclass(eq=False)
class FkwFunctions(InterpreterFunctions):
    """The operations of dialect fkw on float64 arrays; `store` holds the arrays that they name."""

    store: WeightStore

    @impl(Conv2dOp)
    def conv2d(self, interpreter: Interpreter, op: Conv2dOp, args: PythonValues) -> PythonValues:
        return (convolve(op, args, unpacked_weights(op, self.store), self.store),)
