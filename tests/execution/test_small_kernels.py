"""Kernels that are small, written by hand and awkward: the passes over loops and the printed C leave their meaning.

What lowering makes of layers never reads a place that it has written, exchanges what a loop carries, or goes on with a
sum that somebody else needs. A pass or a printer that relies on that goes wrong with the first kernel that does.
"""

import subprocess
from functools import reduce
from pathlib import Path

import numpy as np
import pytest
from installed import tool
from numpy.typing import NDArray
from small_kernels import KERNELS
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from lrc.backends.c.isa import isa_of
from lrc.backends.c.kernels import KernelPrinter
from lrc.compilation import pipelines
from lrc.compilation.compiler import make_context
from lrc.dialects.kernel import kernels_of
from lrc.dialects.lr.store import WeightStore
from lrc.dialects.values.machines import machine_named
from lrc.execution import toolchain
from lrc.files.located import LocatedParser, verify
from lrc.interpreters import loops

SIZE = 200
"""Numbers of each of the two buffers."""

PLACES = (5, 6, 7, 8)

MACHINES = {"c": 1, "avx2": 8, "neon": 4}

FRAME = """
kernel.func @k{number}(%x: memref<?xf32>, %y: memref<?xf32>, %alias: memref<?xf32>, %places: memref<?xui8>,
                       %n: index, %points: index) loads {load} order places {{
  %place = arith.constant 32 : index
  %further = arith.constant 64 : index
  kernel.grid (%point) in (%points) {{
    %w = kernel.window %x[%place] : memref<?xf32> -> WINDOW
    %from = kernel.window %x[%further] : memref<?xf32> -> WINDOW
    %to = kernel.window %y[%place] : memref<?xf32> -> WINDOW
    %v = kernel.load %w[0, 0] : WINDOW -> VECTOR
    %u = kernel.load %from[0, 0] : WINDOW -> VECTOR
    {body}
  }}
}}
"""

MAIN = """
static float x[SIZE] __attribute__((aligned(64))), y[SIZE] __attribute__((aligned(64)));
static uint8_t places[] = {PLACES};
int main(int count, char **words)
{
    if (count < 2 || fread(x, 4, SIZE, stdin) != SIZE || fread(y, 4, SIZE, stdin) != SIZE)
        return 1;
    switch (atoi(words[1])) {
CASES
    }
    return fwrite(x, 4, SIZE, stdout) != SIZE || fwrite(y, 4, SIZE, stdout) != SIZE;
}
"""


def module(machine: str, load: str = "direct") -> ModuleOp:
    """All kernels for a machine."""
    texts = [FRAME.format(number=number, load=load, body=body) for number, body in enumerate(KERNELS.values())]
    text = (
        "\n".join(texts).replace("WINDOW", "!kernel.window<16>").replace("VECTOR", f"vector<{MACHINES[machine]}xf32>")
    )
    parsed = LocatedParser(make_context(), text, "kernels.mlir").parse_module()
    verify(parsed)
    return parsed


def passes(machine: str) -> list[str]:
    """The passes that make of such kernels what is printed."""
    return [
        "legalize-loads",
        "eliminate-redundant-loads",
        "order-body",
        *pipelines.legalizations(machine),
    ]


def buffers() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What stands in the buffers before: quarters, so that most sums are exact."""
    random = np.random.default_rng(0)
    return random.integers(1, 9, SIZE) / 4, random.integers(1, 9, SIZE) / 4


def interpreted(kernels: ModuleOp, number: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What a kernel leaves in its buffers."""
    x, y = buffers()
    loops.call(kernels, f"k{number}", [x, y, x, np.array(PLACES, np.uint8), 3, 1], WeightStore.empty())
    return x, y


@pytest.mark.parametrize(
    ("machine", "load"), [("c", "direct"), ("avx2", "aligned"), ("neon", "direct"), ("neon", "rows")]
)
def test_passes_leave_the_meaning(machine: str, load: str) -> None:
    kernels = module(machine, load)
    expected = [interpreted(kernels, number) for number in range(len(KERNELS))]
    for each in passes(machine):
        for changed in (module(machine, load), kernels):  # alone, and behind those before it
            pipelines.parse(each).apply(Context(), changed)
            verify(changed)
            for number, what in enumerate(KERNELS):
                for found, exact in zip(interpreted(changed, number), expected[number], strict=True):
                    np.testing.assert_allclose(found, exact, 1e-12, err_msg=f"{each}: {what}")


@pytest.mark.parametrize("machine", MACHINES)
def test_the_printed_code_means_the_same(machine: str, tmp_path: Path) -> None:
    kernels = module(machine, "rows" if machine == "neon" else "direct")
    expected = [interpreted(kernels, number) for number in range(len(KERNELS))]
    for each in passes(machine):
        pipelines.parse(each).apply(Context(), kernels)
    command, runner = [tool("clang-19"), "-march=native", "-Wno-psabi"], list[str]()
    if machine == "neon":
        compiler = toolchain.find_compiler("neon")
        command = [*compiler.command, *compiler.flags("neon"), "-static"]
        runner = toolchain.runner_command("neon")
    source, binary = tmp_path / "kernels.c", tmp_path / "kernels"
    source.write_text(program(kernels, machine), encoding="utf-8")
    words = [*command, "-std=c11", "-O1", "-Werror", str(source), "-o", str(binary), "-lm"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:10000]
    given = b"".join(array.astype(np.float32).tobytes() for array in buffers())
    for number, what in enumerate(KERNELS):
        done = subprocess.run(
            [*runner, str(binary), str(number)], input=given, capture_output=True, check=True, timeout=60
        )
        found = np.split(np.frombuffer(done.stdout, np.float32), 2)
        for array, exact in zip(found, expected[number], strict=True):
            np.testing.assert_allclose(array, exact, 1e-5, err_msg=what)


def program(kernels: ModuleOp, machine: str) -> str:
    """All kernels as a C program, which runs the one of a number."""
    isa, functions = isa_of(machine_named(machine)), kernels_of(kernels.ops)
    names = {function.sym_name.data: function.sym_name.data for function in functions}

    def printer() -> KernelPrinter:
        return KernelPrinter(isa=isa, kernels=names)

    headers = ("math", "stdbool", "stddef", "stdint", "stdio", "stdlib", "string")
    parts = [f"#include <{each}.h>" for each in headers]
    parts += [isa.prelude(), *(printer().declaration(each) + printer().function(each) for each in functions)]
    cases = [
        f"    case {number}: {name}(&(struct {name}_arguments){{x, y, x, places, 3, 1}}, 0, 1); break;"
        for number, name in enumerate(names)
    ]
    words = {"CASES": "\n".join(cases), "SIZE": str(SIZE), "PLACES": ", ".join(map(str, PLACES))}
    return "\n".join([*parts, reduce(lambda text, word: text.replace(*word), words.items(), MAIN)])
