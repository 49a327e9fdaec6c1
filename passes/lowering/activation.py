"""Activations on vectors, as arithmetic."""

from __future__ import annotations

from xdsl.dialects import arith, math
from xdsl.ir import SSAValue

from lrc.dialects.values.activations import Activation
from lrc.passes.lowering.builder import Loops


def activate(loops: Loops, activation: Activation | None, x: SSAValue, lanes: int) -> SSAValue:
    """activation(x), lane by lane. Raises ValueError if its kind has no meaning in loops."""

    def maximum(a: SSAValue, b: float | SSAValue) -> SSAValue:
        return loops.insert(arith.MaximumfOp(a, b if isinstance(b, SSAValue) else loops.splat(b, lanes)))

    def minimum(a: SSAValue, b: float) -> SSAValue:
        return loops.insert(arith.MinimumfOp(a, loops.splat(b, lanes)))

    def times(a: SSAValue, b: float | SSAValue) -> SSAValue:
        return loops.insert(arith.MulfOp(a, b if isinstance(b, SSAValue) else loops.splat(b, lanes)))

    def plus(a: SSAValue, b: float) -> SSAValue:
        return loops.insert(arith.AddfOp(a, loops.splat(b, lanes)))

    def sigmoid() -> SSAValue:
        decay = loops.insert(math.ExpOp(times(x, -1.0)))
        return loops.insert(arith.DivfOp(loops.splat(1.0, lanes), plus(decay, 1.0)))

    def hard_sigmoid() -> SSAValue:
        return times(minimum(maximum(plus(x, 3.0), 0.0), 6.0), 1 / 6)

    if activation is None:
        return x
    match activation.kind:
        case "relu":
            return maximum(x, 0.0)
        case "relu6":
            return minimum(maximum(x, 0.0), 6.0)
        case "leaky_relu":
            # x where it is positive, slope * x where it is not, for any slope
            kept, scaled = maximum(x, 0.0), times(minimum(x, 0.0), activation.slope)
            return loops.insert(arith.AddfOp(kept, scaled))
        case "sigmoid":
            return sigmoid()
        case "tanh":
            return loops.insert(math.TanhOp(x))
        case "hard_sigmoid":
            return hard_sigmoid()
        case "hard_swish":
            return times(x, hard_sigmoid())
        case "swish":
            return times(x, sigmoid())
        case unknown:
            raise ValueError(f"no loops for the activation '{unknown}'")
