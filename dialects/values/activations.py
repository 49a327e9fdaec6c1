"""Plain values of the layer graph, free of xDSL."""

import math
from dataclasses import dataclass
from typing import Final

ACTIVATION_KINDS: Final = ("relu", "relu6", "leaky_relu", "sigmoid", "tanh", "hard_sigmoid", "hard_swish", "swish")
"""What an activation may be; each means what torch's function of that name means (swish is torch's silu)."""

DEFAULT_SLOPE: Final = 0.01


@dataclass(frozen=True)
class Activation:
    """A function applied to each element: `relu`, `leaky_relu 0.1`, …

    `slope` belongs to `leaky_relu` (the factor of negative elements) and is 0 for every other kind.
    Raises ValueError if the kind is unknown, a slope is given where there is none, or is no finite number.
    """

    kind: str
    slope: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in ACTIVATION_KINDS:
            raise ValueError(f"unknown activation '{self.kind}'; there are {', '.join(ACTIVATION_KINDS)}")
        if self.slope and self.kind != "leaky_relu":
            raise ValueError(f"'{self.kind}' has no slope")
        if not math.isfinite(self.slope):
            raise ValueError(f"a slope is a number, unlike {self.slope}")

    def __str__(self) -> str:
        if self.kind != "leaky_relu":
            return self.kind
        digits, e, exponent = repr(float(self.slope)).partition("e")
        return f"{self.kind} {digits if '.' in digits else digits + '.0'}{e}{exponent}"
