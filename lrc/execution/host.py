"""From the name of a target to the machine that its code is for, which may be the one at hand."""

import platform
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

from lrc.dialects.values.machines import HOST, MACHINES, Machine, machine_named

BEST_FIRST: Final = ("zen4", "avx512", "avx2", "kryo485", "armv8")

ZEN4 = {"vendor_id": "AuthenticAMD", "cpu family": "25"}
"""Of this family only Zen 4 has AVX-512, on units of 256 bits."""


def machine_of(target: str) -> Machine:
    """The machine that a target's code is for. Raises ValueError for a target that does not exist."""
    return machine_at_hand() if target == HOST else machine_named(target)


@cache
def machine_at_hand() -> Machine:
    """The best machine that this one is; `c` where it is none, or where the processor cannot be asked."""
    said = _processor()
    for name in BEST_FIRST:
        if not lacking(MACHINES[name]) and (name != "zen4" or ZEN4.items() <= said.items()):
            return MACHINES[name].native()
    return MACHINES["c"].native()


def lacking(machine: Machine) -> frozenset[str]:
    """What the processor at hand would have to say that it can to run a machine's code, and does not."""
    if machine.architecture is not None and machine.architecture != architecture():
        return machine.features
    if architecture() == "aarch64" and platform.system() == "Darwin":
        return frozenset()  # all of them are newer than the newest machine here
    said = _processor()
    return machine.features.difference(f"{said.get('flags', '')} {said.get('Features', '')}".split())


def architecture() -> str:
    """The architecture at hand, as `Machine.architecture` says it."""
    return "aarch64" if platform.machine() in ("aarch64", "arm64") else platform.machine()


@cache
def _processor() -> dict[str, str]:
    """What the system says of its first processor, as Linux calls it: `flags`, `vendor_id`, `cpu family`."""
    try:
        if platform.system() == "Darwin":
            names = ("machdep.cpu.features", "machdep.cpu.leaf7_features")
            said = subprocess.run(["sysctl", "-n", *names], capture_output=True, text=True, check=True).stdout
            return {"flags": " ".join(said.lower().split())}
        first, *_ = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")
        rows = (line.partition(":") for line in first.splitlines())
        return {name.strip(): value.strip() for name, _, value in rows}
    except (OSError, subprocess.CalledProcessError):
        return {}
