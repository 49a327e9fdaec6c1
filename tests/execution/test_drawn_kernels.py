"""Kernels as a person might write them, printed and compiled: they compute what the interpreter says, to the bit.

Many of them are one program, since starting a compiler takes longer than all the rest.
"""

from pathlib import Path

import pytest
from drawn_kernels import compute_the_same, drawn
from installed import tool
from variants import VARIANTS

from lrc.backends.c.isa import isa_of
from lrc.dialects.values.machines import machine_named
from lrc.execution import toolchain


@pytest.mark.parametrize(("variant", "count"), [("c", 20), ("avx2", 20), ("neon", 8)])
def test_drawn_kernels(variant: str, count: int, tmp_path: Path) -> None:
    machine, flags = VARIANTS[variant]
    modules = drawn(count, isa_of(machine_named(machine)).lanes)
    if variant != "neon":
        compute_the_same(modules, machine, tmp_path, [tool("clang-19"), *flags])
        return
    compiler = toolchain.find_compiler("neon")
    runner = toolchain.runner_command("neon")
    compute_the_same(modules, machine, tmp_path, [*compiler.command, *compiler.flags("neon"), *flags], runner)
