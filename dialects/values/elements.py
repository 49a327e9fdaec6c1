"""What a number of a tensor is: its type, as a plain value, and one table of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Element:
    """A binary floating-point type, as IEEE 754 has it.

    Args:
        name: how the IR and the language call it.
        about: how to call it in a sentence, and how numpy does.
        bytes: its size.
        digits: binary digits of its significand, the first one included.
        exponent: the largest finite number is below 2 to the power of this.
    """

    name: str
    about: str
    bytes: int
    digits: int
    exponent: int

    def __str__(self) -> str:
        return self.name

    @property
    def unit(self) -> float:
        """Half the distance from 1 to the next number: the relative error of one rounding."""
        return 2.0**-self.digits

    @property
    def largest(self) -> float:
        """The largest finite number."""
        return 2.0**self.exponent * (1 - self.unit)

    @property
    def smallest(self) -> float:
        """The smallest normal number."""
        return 2.0 ** (2 - self.exponent)

    @property
    def lost(self) -> float:
        """The error of a number that is rounded and too small to be normal: half of the smallest subnormal one."""
        return self.unit * self.smallest


F32: Final = Element("f32", "float32", 4, digits=24, exponent=128)
F16: Final = Element("f16", "float16", 2, digits=11, exponent=16)

ELEMENTS: Final[Mapping[str, Element]] = {element.name: element for element in (F32, F16)}
"""All element types by name."""


def element_named(name: str) -> Element:
    """The element type of a name. Raises ValueError if there is none."""
    if name not in ELEMENTS:
        raise ValueError(f"no element type '{name}': one of {', '.join(ELEMENTS)}")
    return ELEMENTS[name]
