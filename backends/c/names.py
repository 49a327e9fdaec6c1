"""Names of C variables: close to the names that values have in the IR, and none twice."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager

from lrc.backends.emitted import C_WORDS

RESERVED = frozenset(
    {
        # vectors: what the preludes of backends/c/isa.py define
        *("vec", "vec_anywhere", "vec_aligned", "vec_mask", "load", "load_aligned", "load_lanes", "first_lanes"),
        *("store", "store_lanes", "broadcast", "choose", "maximum", "minimum", "add_across"),
        *("exponential", "hyperbolic_tangent", "exp", "expf", "tanh", "tanhf"),
        # what a kernel and the graph function name themselves, and the functions that the graph's macros call
        *("a", "m", "point", "begin", "end", "arguments", "end_layer"),
        # macros of C's headers that are not in capitals
        *("bool", "true", "false", "errno", "stdin", "stdout", "stderr"),
    }
)
"""Names that a variable must not have."""


class Names:
    """The names in use where code is being printed."""

    def __init__(self) -> None:
        self.used: set[str] = set()

    def fresh(self, hint: str | None) -> str:
        """A name close to `hint` that is not in use: `x`, `x_1`, and so on."""
        base = re.sub(r"\W", "_", hint or "t", flags=re.ASCII)
        if not base[0].isalpha():
            base = f"n{base}"
        if C_WORDS.fullmatch(base) or base in RESERVED or base.isupper():  # macros are in capitals
            base = f"{base}_"
        name, n = base, 0
        while name in self.used:
            n += 1
            name = f"{base}_{n}"
        self.used.add(name)
        return name

    @contextmanager
    def scope(self) -> Generator[None]:
        """A block of C: the names given inside are free again behind it."""
        outside = set(self.used)
        yield
        self.used = outside
