"""The machines that code is made for: one value, and one table of them.

Whatever asks how many lanes a vector has, what the compiler is told, or which processor this is, asks a `Machine`. The
module carries it (`#lr.machine<kryo485>`), from the first pass on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from lrc.dialects.values.elements import Element

Load = Literal["direct", "aligned", "rows"]
"""`direct`: a load at any place. `aligned`: aligned loads, and shuffles of neighbours for what lies between.
`rows`: direct, through one opaque pointer a row, so that short load offsets reach."""

Instructions = Literal["neon", "vectors", "scalar"]
"""How vectors are written in C: NEON intrinsics, the vectors of gcc and clang, or one number after the other."""

NATIVE = "native"


@dataclass(frozen=True)
class Lanes:
    """How many numbers of each element type a vector has; None if a machine does not compute with them."""

    f32: int
    f16: int | None = None


@dataclass(frozen=True)
class Machine:
    """A processor: its vector unit, the caches behind it, and what a C compiler calls it.

    Args:
        name: how `--target`, `device` and passes call it.
        about: what it is, in a few words.
        instructions: how its vectors are written in C.
        lanes: numbers of a vector, for each element type that it computes with; ask `lanes_of`.
        registers: vector registers.
        load: how vectors are loaded best.
        multiplications: vector multiply-adds that start in a cycle.
        loads: vector loads that start in a cycle.
        lane_weights: whether one lane of a vector can be the factor of a multiply-add.
        block_bytes: how much of a layer's input should be in use at a time.
        architecture: as ``platform.machine()`` says it; None for any.
        flags: for gcc and clang.
        zig_flags: for zig cc, which names machines in its own way.
        core: how qemu calls a processor that can do this and no more.
        features: what Linux says in /proc/cpuinfo of a processor that can run its code.
        is_native: whether its code is for the very machine that builds it, whatever else that can do.
    """

    name: str
    about: str
    instructions: Instructions
    lanes: Lanes
    registers: int
    load: Load
    multiplications: int = 2
    loads: int = 2
    lane_weights: bool = False
    block_bytes: int = 256 * 1024
    architecture: str | None = None
    flags: tuple[str, ...] = ()
    zig_flags: tuple[str, ...] = ()
    core: str = "max"
    features: frozenset[str] = frozenset()
    is_native: bool = False

    def __str__(self) -> str:
        return f"{self.name} {NATIVE}" if self.is_native else self.name

    def lanes_of(self, element: Element) -> int:
        """How many numbers of a type a vector has. Raises ValueError, with the machines that have such vectors, if this
        one does not compute with them."""
        lanes = getattr(self.lanes, element.name)
        if lanes is None:
            able = " and ".join(each.name for each in MACHINES.values() if each.computes(element))
            raise ValueError(f"{self.name} does not compute with {element.about}: {able} do")
        return lanes

    def computes(self, element: Element) -> bool:
        """Whether the machine computes with numbers of a type."""
        return getattr(self.lanes, element.name) is not None

    def native(self) -> Machine:
        """This machine, where it builds its own code."""
        arm = self.architecture == "aarch64"
        flags = ("-mcpu=native" if arm else "-march=native",)
        return replace(self, architecture=None, flags=flags, zig_flags=("-mcpu=native",), is_native=True)


_AVX512 = Machine(
    "avx512",
    "x86 with AVX-512",
    instructions="vectors",
    lanes=Lanes(16),
    registers=32,
    load="aligned",
    architecture="x86_64",
    flags=("-march=x86-64-v4",),
    zig_flags=("-mcpu=x86_64_v4",),
    features=frozenset({"avx512f", "avx512vl", "avx512bw", "avx512dq"}),
)

_KRYO485 = Machine(
    "kryo485",
    "phones with armv8.2-a: Snapdragon 855 and later",
    instructions="neon",
    lanes=Lanes(4, f16=8),
    registers=32,
    load="rows",
    lane_weights=True,
    architecture="aarch64",
    # Kryo 485 is a Cortex-A76, whose extensions are exactly these
    flags=("-march=armv8.2-a+fp16+dotprod",),
    zig_flags=("-mcpu=cortex_a76",),
    core="cortex-a76",
    features=frozenset({"asimd", "fphp", "asimdhp", "asimddp"}),
)

MACHINES: Final[Mapping[str, Machine]] = {
    machine.name: machine
    for machine in (
        _KRYO485,
        replace(
            _KRYO485,
            name="armv8",
            about="any phone of 64 bits",
            lanes=Lanes(4),
            flags=("-march=armv8-a",),
            zig_flags=("-mcpu=generic",),
            core="cortex-a53",
            features=frozenset({"asimd"}),
        ),
        # on units of 256 bits: an unaligned load costs what an aligned one does, a shuffle more
        replace(_AVX512, name="zen4", about="AMD Zen 4", load="direct", multiplications=1, loads=1),
        _AVX512,
        replace(
            _AVX512,
            name="avx2",
            about="x86 with AVX2 and FMA",
            lanes=Lanes(8),
            registers=16,
            load="direct",
            flags=("-march=x86-64-v3",),
            zig_flags=("-mcpu=x86_64_v3",),
            features=frozenset({"avx2", "fma"}),
        ),
        Machine(
            "c",
            "anything with a C11 compiler",
            instructions="scalar",
            lanes=Lanes(1, f16=1),
            registers=16,
            load="direct",
            zig_flags=("-mcpu=baseline",),
        ),
    )
}
"""All machines by name."""

FAMILIES: Final[Mapping[str, str]] = {"neon": "kryo485"}
"""Other names of machines -> the machine that each stands for."""

HOST: Final = "host"
"""The target that is the machine at hand (`lrc/execution/host.py`)."""

TARGETS: Final = (*FAMILIES, HOST, *MACHINES)
"""What code can be made for: families, the machine at hand, machines by name."""


def machine_named(name: str) -> Machine:
    """The machine of a name, of a family, or of what `str` prints. Raises ValueError if there is none."""
    plain, _, kind = name.partition(" ")
    found = MACHINES.get(FAMILIES.get(plain, plain))
    if found is None or kind not in ("", NATIVE):
        raise ValueError(f"no machine '{name}': one of {', '.join(MACHINES)}")
    return found.native() if kind else found
