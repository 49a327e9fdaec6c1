"""Which vector unit this machine has, in the words of the passes' option `machine`."""

import platform
import subprocess
from functools import cache
from pathlib import Path

FEATURES = {"avx512": {"avx512f", "avx512vl", "avx512bw", "avx512dq"}, "avx2": {"avx2", "fma"}}
"""Machine -> what the processor must say it can; the best first."""

ZEN4 = {"vendor_id": "AuthenticAMD", "cpu family": "25"}
"""Of this family only Zen 4 has AVX-512, on units of 256 bits."""


@cache
def machine_at_hand() -> str:
    """avx512, zen4, avx2 or neon; c where there is none of them, or where the processor cannot be asked."""
    if platform.machine() in ("aarch64", "arm64"):
        return "neon"
    said = _processor()
    features = set(said.get("flags", "").split())
    machine = next((machine for machine, needed in FEATURES.items() if needed <= features), "c")
    return "zen4" if machine == "avx512" and ZEN4.items() <= said.items() else machine


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
