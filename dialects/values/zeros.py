"""Why zeros of a layer's weights are multiplied all the same, and what would help."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lrc.dialects.values.patterns import Sparsity
from lrc.dialects.values.pruning import MOST_PATTERNS, WORTHWHILE, find_scheme


@dataclass(frozen=True)
class UnusedZeros:
    """In words: `why` the emitted code multiplies by zeros, and what would `help`."""

    why: str
    help: str


def matter(nonzero: int, executed: int) -> bool:
    """Whether a layer that executes so many weights, or none, would be faster with those alone that are not zero."""
    return executed > 0 and nonzero <= WORTHWHILE * executed


def explain(weights: NDArray[np.floating], declared: Sparsity) -> UnusedZeros:
    """Why the scheme that was declared for a convolution [filters, channels, rows, columns], or that `auto` found in
    its weights, leaves zeros to be multiplied."""
    if declared.kind == "pattern":
        return UnusedZeros("the declared patterns keep taps that are zero", "declare patterns without them, or auto")
    found = find_scheme(weights)
    if (declared.kind == "dense" and found.kind != "dense") or (declared.kind == "connectivity" and found.patterns):
        why = "no sparsity is declared" if declared.kind == "dense" else "only removed kernels are declared"
        return UnusedZeros(why, "with `sparsity: auto` the zeros are made use of")
    return _explain_auto(weights, found)


def _explain_auto(weights: NDArray[np.floating], found: Sparsity) -> UnusedZeros:
    kernels = (weights != 0).reshape(-1, weights[0, 0].size)
    kernels = kernels[kernels.any(1)]
    masks = len(set(map(bytes, np.packbits(kernels, axis=1))))
    least, most = (int(bound(kernels.sum(1))) for bound in (np.min, np.max))
    patterns = f"{masks} different patterns of {least}{f' to {most}' if least < most else ''} taps"
    if found.patterns:
        patterns += f" are executed as {len(found.patterns)} larger ones"
    if masks > MOST_PATTERNS:
        return UnusedZeros(
            f"{patterns}, and at most {MOST_PATTERNS} fit a layer",
            f"prune each kernel to one of at most {MOST_PATTERNS} patterns, and declare `pattern(…)`",
        )
    return UnusedZeros(f"{patterns}, some within others, which auto does not tell apart", "declare them: `pattern(…)`")
