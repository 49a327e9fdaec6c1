"""What the passes know of a machine: plain numbers, looked up by name."""

from __future__ import annotations

from dataclasses import dataclass

from lrc.dialects.values.schedules import Load


@dataclass(frozen=True)
class Machine:
    """A vector unit and the caches behind it.

    `lanes`: float32 lanes of a vector; `registers`: vector registers; `load`: how vectors are loaded best;
    `multiplications`, `loads`: vector multiply-adds and loads that start in a cycle; `lane_weights`: whether
    one lane of a vector can be the factor of a multiply-add; `block_bytes`: how much of a layer's input
    should be in use at a time.
    """

    lanes: int
    registers: int
    load: Load
    multiplications: int = 2
    loads: int = 2
    lane_weights: bool = False
    block_bytes: int = 256 * 1024


MACHINES = {
    "neon": Machine(lanes=4, registers=32, load="rows", lane_weights=True),
    "avx512": Machine(lanes=16, registers=32, load="aligned"),
    "zen4": Machine(lanes=16, registers=32, load="direct", multiplications=1, loads=1),
    "avx2": Machine(lanes=8, registers=16, load="direct"),
    "c": Machine(lanes=1, registers=16, load="direct"),
}
"""The machines that code is made for, by the name that passes take as their option `machine`.

`zen4` is AVX-512 on units of 256 bits: an unaligned load costs what an aligned one does, a shuffle more.
"""


def machine_named(name: str) -> Machine:
    """The machine of this name. Raises ValueError if there is none."""
    if name not in MACHINES:
        raise ValueError(f"no machine '{name}': one of {', '.join(MACHINES)}")
    return MACHINES[name]
