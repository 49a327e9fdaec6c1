"""The `neon` dialect: what arm64's vector unit does in one instruction and no other dialect says."""

from abc import ABC

from xdsl.dialects.builtin import I64, IntegerAttr
from xdsl.ir import Dialect, Operation, SSAValue
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

from lrc.dialects.kernel.ops import integer, vector_type

FOUR_FLOATS = vector_type(4)


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
        # Kernels have thousands of these, and the builder of IRDL takes three times as long to sort out the operands.
        Operation.__init__(
            self,
            operands=[vector, weights, acc],
            properties={"lane": integer(lane)},
            result_types=[FOUR_FLOATS],
        )

    def verify_(self) -> None:
        if not 0 <= self.lane.value.data < 4:
            raise VerifyException(f"a vector of 4 lanes has no lane {self.lane.value.data}")


class UnzipOp(IRDLOperation, ABC):
    """Every other lane of two vectors side by side, in one instruction that stays one.

    C compilers merge two loads and the shuffles of them into LD2, which takes pairs of registers and an
    address without an offset: in a body full of sums that means spills. So these are not left to them.
    """

    left = operand_def(FOUR_FLOATS)
    right = operand_def(FOUR_FLOATS)
    res = result_def(FOUR_FLOATS)
    traits = traits_def(Pure())
    assembly_format = "$left `,` $right attr-dict"

    def __init__(self, left: SSAValue, right: SSAValue) -> None:
        super().__init__(operands=[left, right], result_types=[FOUR_FLOATS])


@irdl_op_definition
class EvenLanesOp(UnzipOp):
    """Lanes 0 and 2 of the left vector, then of the right one: UZP1.

    %v = neon.even_lanes %a, %b
    """

    name = "neon.even_lanes"


@irdl_op_definition
class OddLanesOp(UnzipOp):
    """Lanes 1 and 3 of the left vector, then of the right one: UZP2.

    %v = neon.odd_lanes %a, %b
    """

    name = "neon.odd_lanes"


Neon = Dialect("neon", [EvenLanesOp, FmaLaneOp, OddLanesOp], [])
