"""The `neon` dialect: what arm64's vector unit does in one instruction and no other dialect says."""

from xdsl.dialects.builtin import I64, Float32Type, IntegerAttr, VectorType, i64
from xdsl.ir import Dialect, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

FOUR_FLOATS = VectorType(Float32Type(), [4])


@irdl_op_definition
class FmaLaneOp(IRDLOperation):
    """acc + vector * weights[lane]: a multiply-add by one lane of another vector.

    Four weights take one register and one load, and no instruction to spread them:
    [FMLA (by element)](https://developer.arm.com/documentation/ddi0602/latest/SIMD-FP-Instructions/).

        %a = neon.fma_lane %x, %w[2], %acc
    """

    name = "neon.fma_lane"
    vector = operand_def(FOUR_FLOATS)
    weights = operand_def(FOUR_FLOATS)
    acc = operand_def(FOUR_FLOATS)
    lane = prop_def(IntegerAttr[I64])
    res = result_def(FOUR_FLOATS)
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())
    assembly_format = "$vector `,` $weights `[` $lane `]` `,` $acc attr-dict"

    def __init__(self, vector: SSAValue, weights: SSAValue, lane: int, acc: SSAValue) -> None:
        super().__init__(
            operands=[vector, weights, acc],
            properties={"lane": IntegerAttr(lane, i64)},
            result_types=[FOUR_FLOATS],
        )

    def verify_(self) -> None:
        if not 0 <= self.lane.value.data < 4:
            raise VerifyException(f"a vector of 4 lanes has no lane {self.lane.value.data}")


Neon = Dialect("neon", [FmaLaneOp], [])
