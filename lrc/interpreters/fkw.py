"""The meaning of the fkw dialect, from the packed arrays alone: it knows nothing of how they were packed."""

from dataclasses import dataclass

import numpy as np
from xdsl.interpreter import Interpreter, InterpreterFunctions, PythonValues, impl, register_impls

from lrc.dialects.fkw.ops import Conv2dOp
from lrc.dialects.lr.store import WeightStore, array_of
from lrc.interpreters.lr import convolve
from lrc.interpreters.reference import Array


def unpacked_weights(op: Conv2dOp, store: WeightStore) -> Array:
    """The weights [Co, Ci / groups, kh, kw] that the arrays add up to.

    Kernel k lies in the row r with offset[r] <= k < offset[r + 1], and has the pattern p with
    stride[r, p] <= k - offset[r] < stride[r, p + 1]; that is how the emitted code finds it.
    """
    offset, stride, index, reorder = (
        array_of(array, store).astype(np.int64) for array in (op.offset, op.stride, op.index, op.reorder)
    )
    patterns, schedule = op.patterns.data, op.schedule.data
    dense = np.zeros(op.weight_shape())
    filters, channels = dense.shape[:2]
    taps = array_of(op.weight, store).reshape(-1, patterns.most_taps, schedule.jam)

    kernel = np.arange(len(index))
    row = np.searchsorted(offset, kernel, side="right") - 1
    block, position = np.divmod(row, filters // schedule.jam)
    within = (kernel - offset[row])[:, None]
    uses = (stride[row, :-1] <= within) & (within < stride[row, 1:])
    for lane in range(schedule.jam):
        stored = reorder[position * schedule.jam + lane]
        # Without groups `index` counts from the block's first channel, with groups from the input's.
        first = -(stored // (filters // op.group_count)) * channels if op.group_count > 1 else block * schedule.block
        for p, mask in enumerate(patterns.masks):
            of_pattern = np.flatnonzero(uses[:, p])
            for t, (r, c) in enumerate(mask.taps):
                place = stored[of_pattern], (first + index)[of_pattern], r, c
                np.add.at(dense, place, taps[of_pattern, t, lane])  # pyright: ignore[reportArgumentType]
    return dense


@register_impls
@dataclass(eq=False)
class FkwFunctions(InterpreterFunctions):
    """The operations of dialect fkw on float64 arrays; `store` holds the arrays that they name."""

    store: WeightStore

    @impl(Conv2dOp)
    def conv2d(self, interpreter: Interpreter, op: Conv2dOp, args: PythonValues) -> PythonValues:
        """[1, Ci, H, W], and the residual if any -> [1, Co, OH, OW]. Raises WeightError if an array is missing."""
        return (convolve(op, args, unpacked_weights(op, self.store), self.store),)
