"""Element types in the IR: to their plain values and back."""

from typing import cast

from xdsl.dialects.builtin import ContainerType, Float16Type, Float32Type, f16, f32
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
    if isinstance(kind, ContainerType):  # `isa` would make a constraint of the type at each call
        kind = cast(ContainerType[Attribute], kind).get_element_type()
    if kind == f32:
        return F32
    if kind == f16:
        return F16
    raise VerifyException(f"there is no layout for numbers of type {kind}: f32 and f16 are known")
