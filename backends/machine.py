"""What each target asks of a C compiler: the one place for CMakeLists.txt and for lrc's own builds."""

import platform
from dataclasses import dataclass


@dataclass(frozen=True)
class Machine:
    """The machine that a target's code runs on.

    Args:
        architecture: as ``platform.machine()`` says it; None for the machine at hand.
        flags: for gcc and clang.
        zig_flags: for zig cc, which names machines in its own way.
    """

    architecture: str | None
    flags: tuple[str, ...]
    zig_flags: tuple[str, ...]


ON_ARM64 = platform.machine() in ("aarch64", "arm64")

MACHINES = {
    # Kryo 485 is a Cortex-A76, whose extensions are exactly these.
    "neon": Machine("aarch64", ("-march=armv8.2-a+fp16+dotprod",), ("-mcpu=cortex_a76",)),
    "host": Machine(None, ("-mcpu=native" if ON_ARM64 else "-march=native",), ("-mcpu=native",)),
    "c": Machine(None, (), ("-mcpu=baseline",)),
}

# gcc fuses no multiplication and addition under -std=c11 unless it is told to.
COMMON_FLAGS = ("-std=c11", "-O3", "-ffp-contract=fast")
