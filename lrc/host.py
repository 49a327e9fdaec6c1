"""Which vector unit this machine has, in the words of the passes' option `machine`."""

import platform
import subprocess
from functools import cache
from pathlib import Path

FEATURES = {"avx512": {"avx512f", "avx512vl", "avx512bw", "avx512dq"}, "avx2": {"avx2", "fma"}}
"""Machine -> what the processor must say it can; the best first."""


@cache
def machine_at_hand() -> str:
    """avx512, avx2 or neon; c where there is none of them, or where the processor cannot be asked."""
    if platform.machine() in ("aarch64", "arm64"):
        return "neon"
    features = _features()
    return next((machine for machine, needed in FEATURES.items() if needed <= features), "c")


def _features() -> set[str]:
    try:
        if platform.system() == "Darwin":
            names = ("machdep.cpu.features", "machdep.cpu.leaf7_features")
            said = subprocess.run(["sysctl", "-n", *names], capture_output=True, text=True, check=True).stdout
            return set(said.lower().split())
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return set(next((line for line in lines if line.startswith("flags")), "").split())
    except (OSError, subprocess.CalledProcessError):
        return set()
