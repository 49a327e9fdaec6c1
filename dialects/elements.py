"""Element types in the IR: to their plain values and back."""

from xdsl.dialects.builtin import Float16Type, Float32Type, MemRefType, TensorType, VectorType, f16, f32
from xdsl.ir import Attribute, SSAValue
from xdsl.utils.exceptions import VerifyException

from lrc.dialects.values.elements import F16, F32, Element

FloatType = Float32Type | Float16Type
"""What a number of a tensor is in the IR."""


def type_of(element: Element) -> FloatType:
    """The IR's type of an element type."""
    return f16 if element is F16 else f32


def element_of(value: SSAValue | Attribute) -> Element:
    """What a number is, or one of a tensor, a buffer or a vector. Raises VerifyException for what is none of these."""
    kind = value.type if isinstance(value, SSAValue) else value
    if isinstance(kind, TensorType | MemRefType | VectorType):
        kind = kind.get_element_type()
    match kind:
        case Float32Type():
            return F32
        case Float16Type():
            return F16
        case _:
            raise VerifyException(f"there is no layout for numbers of type {kind}: f32 and f16 are known")
