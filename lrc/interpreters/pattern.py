"""The meaning of the pattern dialect: a convolution with the weights that its patterns keep."""

from dataclasses import dataclass

import numpy as np
from xdsl.interpreter import Interpreter, InterpreterFunctions, PythonValues, impl, register_impls

from lrc.dialects.lr.store import WeightStore, array_of
from lrc.dialects.pattern.ops import Conv2dOp
from lrc.interpreters.lr import convolve
from lrc.interpreters.reference import Array


def kept_weights(op: Conv2dOp, store: WeightStore) -> Array:
    """The weights [Co, Ci / groups, kh, kw] that lie within the patterns of `assignment`; the others count as zero,
    whatever the store says. The storage order of the filters has no meaning at this level."""
    cells = op.patterns.data.cells
    removed = np.zeros((1, *cells.shape[1:]), np.bool_)
    kept = np.concatenate([removed, cells])[array_of(op.assignment, store)]
    return np.where(kept, array_of(op.weight, store), 0).astype(np.float64)


@register_impls
@dataclass(eq=False)
class PatternFunctions(InterpreterFunctions):
    """The operations of dialect pattern on float64 arrays; `store` holds the arrays that they name."""

    store: WeightStore

    @impl(Conv2dOp)
    def conv2d(self, interpreter: Interpreter, op: Conv2dOp, args: PythonValues) -> PythonValues:
        """[1, Ci, H, W], and the residual if any -> [1, Co, OH, OW]. Raises WeightError if an array is missing."""
        return (convolve(op, args, kept_weights(op, self.store), self.store),)
