"""Biases of integer networks, chosen when the sums are known that they are added to.

All are functions of the sums of each filter [C, places], multiples of `unit`.
"""

from __future__ import annotations

from math import ceil, log2
from typing import NamedTuple

import numpy as np

from lrc.interpreters import reference
from lrc.interpreters.reference import Array
from lrc.verification.integers.sums import LARGEST, Bools, integers_of

FAR = 24.0
"""From here on sigmoid, tanh and their kind are 1 in float32, and swish is its argument."""

STEP = 256.0
"""FAR + SPREAD less this is so far below zero that sigmoid is 0 in float32: the exponential overflows."""

SPREAD = 64
"""How many different small numbers the channels of a vector may have, so that no two are mistaken for each other."""


class Choice(NamedTuple):
    """A bias [C], and what the sums are multiplied with before [C]: one power of two with a sign for each channel."""

    shift: Array
    factor: Array


def is_sound(shift: Array, offset: Array) -> Bools:
    """Whether neither a bias nor what it makes together with `offset` is zero, or rounded because they cancel out: zero
    times 1.001 is zero."""
    return (shift != 0) & (shift + offset != 0) & (np.abs(shift + offset) >= np.abs(offset))


def sound(shift: Array, offset: Array, unit: float) -> Array:
    """The bias, a unit or two beside `shift` where that is not sound."""
    for step in (1, -1, 2, -2):
        shift = np.where(is_sound(shift, offset), shift, shift + unit * step)
    return shift


def choose(
    sums: Array,
    unit: float,
    kind: str,
    is_bare: bool,
    can_scale: bool,
    border: Bools,
    count: int,
    numbers: np.random.Generator,
) -> Choice:
    """The bias for sums in front of an activation.

    A bare one makes everything show, any other one makes few small numbers of it. `can_scale` says whether the sums can
    be multiplied, `border` where taps may have nothing to read, `count` over how many places an average will be taken.
    """
    channels, places = sums.shape
    least, most, factor = sums.min(1), sums.max(1), np.ones(channels)
    small = integers_of(numbers, 1, 8 if places > 1 else SPREAD, channels)
    match kind:
        case "relu" if not is_bare and can_scale:
            factor = _away_from(border, sums)
            shift = unit * small - (sums * factor[:, None]).max(1)
        case "relu" if not is_bare:
            shift = unit * small - most
        case "relu" | "leaky_relu":
            shift = unit * small - least
        case "relu6" if is_bare and can_scale:
            # Everything has to lie between 0 and 6, by a power of two.
            factor *= 2.0 ** -max(0, ceil(log2(max((most - least).max(), 1) / 4)))
            unit *= factor[0]
            shift = 1 - least * factor + unit * integers_of(numbers, 0, max(0, round(1 / unit) - 1), channels)
        case "relu6":
            factor /= unit if can_scale else 1
            chosen = sums[np.arange(channels), integers_of(numbers, 0, places - 1, channels)]
            shift = integers_of(numbers, 2, 4, channels) - chosen * factor
        case _ if not is_bare and can_scale:
            largest = FAR + small if count == 1 else ceil(FAR / count) * count * np.ones(channels)
            factor *= 2.0 ** ceil(log2(largest.max() + STEP - FAR - SPREAD)) / unit
            shift = largest - most * factor
        case _:
            shift = FAR + small - least
    return Choice(shift, factor)


def with_exact_means(sums: Array, shift: Array, offset: Array, kind: str) -> Array:
    """Biases with which the mean of each channel of sums, behind a relu or a relu6, is an integer.

    For a relu the next one from `shift` on, for a relu6 one with which some place is alive; where there is none soon,
    the channel is all 0 or all 6.
    """
    count, tried, left = sums.shape[1], shift.copy(), np.arange(len(shift))
    for turn in range(4 * count):
        means = reference.activate(sums[left] + tried[left, None], kind).mean(1)
        left = left[~(is_exact_mean(means, count, 1) & is_sound(tried[left], offset[left]))]
        if not left.size:
            break
        tried[left] = 1 + turn % 4 - sums[left, turn // 4] if kind == "relu6" else tried[left] + 1
    for step in range(3):
        tried[left] = 6 + step - sums[left].min(1) if kind == "relu6" else -step - sums[left].max(1)
        left = left[~is_sound(tried[left], offset[left])]
    return tried


def is_exact_mean(means: Array, count: int, unit: float) -> Bools:
    """Where the sum of `count` multiples of `unit`, over `count`, is the same by division and by multiplication."""
    sums = np.rint(means * count / unit) * unit
    rounded = sums.astype(np.float32)
    is_exact = (rounded * np.float32(1 / count) == means) & (rounded / np.float32(count) == means)
    return is_exact & (np.abs(sums) < LARGEST * unit)


def _away_from(border: Bools, sums: Array) -> Array:
    """The sign [C] with which the largest sum is not at the `border`; 1 if that is so with both or neither."""
    if border.all():
        return np.ones(len(sums))
    within = sums[:, ~border]
    is_turned = (within.max(1) < sums.max(1)) & (within.min(1) == sums.min(1))
    return np.where(is_turned, -1.0, 1.0)
