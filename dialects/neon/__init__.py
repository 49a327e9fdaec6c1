"""The `neon` dialect: what arm64's vector unit does in one instruction and no other dialect says."""

from abc import ABC
from collections.abc import Mapping
from typing import ClassVar, Final

from xdsl.dialects.builtin import I64, IntegerAttr, VectorType
from xdsl.ir import Attribute, Dialect, Operation, SSAValue
from xdsl.irdl import (
    EqAttrConstraint,
    IRDLOperation,
    ParsePropInAttrDict,
    VarConstraint,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa

from lrc.dialects.elements import FloatType, element_of
from lrc.dialects.kernel.ops import integer, vector_type
from lrc.dialects.values.elements import F16, F32, Element

FOUR_FLOATS, EIGHT_HALVES, FOUR_HALVES = vector_type(4), vector_type(8, F16), vector_type(4, F16)

REGISTERS: Final[Mapping[Element, VectorType[FloatType]]] = {F32: FOUR_FLOATS, F16: EIGHT_HALVES}
"""Element type -> the vector that fills a register."""

REGISTER = EqAttrConstraint(FOUR_FLOATS) | EqAttrConstraint(EIGHT_HALVES)
"""The constraint of a vector that fills a register."""


def lanes_of(vector: SSAValue) -> int:
    """How many numbers a vector has."""
    assert isa(vector.type, VectorType[Attribute])
    return vector.type.get_shape()[0]


@irdl_op_definition
class FmaLaneOp(IRDLOperation):
    """acc + vector * weights[lane]: a multiply-add by one lane of another vector.

    Four weights, or eight of float16, take one register and one load, and no instruction to spread them:
    [FMLA (by element)](https://developer.arm.com/documentation/ddi0602/latest/SIMD-FP-Instructions/). Four of float16
    take half a register.

        %a = neon.fma_lane %x, %w[2], %acc : vector<4xf32>, vector<4xf32>
        %b = neon.fma_lane %y, %v[3], %sum : vector<8xf16>, vector<4xf16>
    """

    T: ClassVar = VarConstraint("T", REGISTER)

    name = "neon.fma_lane"
    vector = operand_def(T)
    weights = operand_def(REGISTER | EqAttrConstraint(FOUR_HALVES))
    acc = operand_def(T)
    lane = prop_def(IntegerAttr[I64])
    res = result_def(T)
    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(Pure())
    assembly_format = "$vector `,` $weights `[` $lane `]` `,` $acc attr-dict `:` type($vector) `,` type($weights)"

    def __init__(self, vector: SSAValue, weights: SSAValue, lane: int, acc: SSAValue) -> None:
        # Kernels have thousands of these, and the builder of IRDL takes three times as long to sort out the operands.
        Operation.__init__(
            self,
            operands=[vector, weights, acc],
            properties={"lane": integer(lane)},
            result_types=[vector.type],
        )

    def verify_(self) -> None:
        if (expected := element_of(self.vector)) != (found := element_of(self.weights)):
            raise VerifyException(f"weights of {found} do not multiply a vector of {expected}")
        count = lanes_of(self.weights)
        if not 0 <= self.lane.value.data < count:
            raise VerifyException(f"a vector of {count} lanes has no lane {self.lane.value.data}")


class UnzipOp(IRDLOperation, ABC):
    """Every other lane of two vectors side by side, in one instruction that stays one.

    C compilers merge two loads and the shuffles of them into LD2, which takes pairs of registers and an
    address without an offset: in a body full of sums that means spills. So these are not left to them.
    """

    T: ClassVar = VarConstraint("T", REGISTER)

    left = operand_def(T)
    right = operand_def(T)
    res = result_def(T)
    traits = traits_def(Pure())
    assembly_format = "$left `,` $right attr-dict `:` type($left)"

    def __init__(self, left: SSAValue, right: SSAValue) -> None:
        super().__init__(operands=[left, right], result_types=[left.type])


@irdl_op_definition
class EvenLanesOp(UnzipOp):
    """Lanes 0, 2, … of the left vector, then of the right one: UZP1.

    %v = neon.even_lanes %a, %b : vector<4xf32>
    """

    name = "neon.even_lanes"


@irdl_op_definition
class OddLanesOp(UnzipOp):
    """Lanes 1, 3, … of the left vector, then of the right one: UZP2.

    %v = neon.odd_lanes %a, %b : vector<4xf32>
    """

    name = "neon.odd_lanes"


@irdl_op_definition
class KeepOp(IRDLOperation):
    """The same vector, and a mark that C compilers move no load over.

    A weight by lane of float16 has to be in one of the lower 16 registers. Over that constraint compilers bring the
    body of a kernel into an order in which they spill a third of its sums.

        %v = neon.keep %a : vector<8xf16>
    """

    T: ClassVar = VarConstraint("T", REGISTER)

    name = "neon.keep"
    vector = operand_def(T)
    res = result_def(T)
    traits = traits_def(Pure())
    assembly_format = "$vector attr-dict `:` type($vector)"

    def __init__(self, vector: SSAValue) -> None:
        super().__init__(operands=[vector], result_types=[vector.type])


Neon = Dialect("neon", [EvenLanesOp, FmaLaneOp, KeepOp, OddLanesOp], [])
