"""Kernels that are small, written by hand and awkward: the passes over loops and the printed C leave their meaning.

What lowering makes of layers never reads a place that it has written, exchanges what a loop carries, or goes on with a
sum that somebody else needs. A pass or a printer that relies on that goes wrong with the first kernel that does.
"""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from installed import tool
from numpy.typing import NDArray
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.dialects.func import FuncOp

from lrc import pipelines, toolchain
from lrc.backends.c.emit import ISAS
from lrc.backends.c.printer import CPrinter
from lrc.compiler import make_context
from lrc.dialects.lr.weights import WeightStore
from lrc.interpreters import loops
from lrc.located import LocatedParser, verify

SIZE = 200
"""Numbers of each of the two buffers, `%x` and `%y`; `%n` is 3, `%v` the vector at 32 of `%x`, `%u` the one at 64."""

KERNELS = {
    "read again after a store": """
      %a = kernel.load %w[0, 0] : WINDOW -> VECTOR
      kernel.store %u, %w[0, 0] : VECTOR, WINDOW
      %b = kernel.load %w[0, 0] : WINDOW -> VECTOR
      %c = vector.fma %a, %u, %v : VECTOR
      %d = vector.fma %b, %u, %c : VECTOR
      kernel.store %d, %to[0, 0] : VECTOR, WINDOW""",
    "read before a store and used after it": """
      %a = memref.load %x[%n] : memref<?xf32>
      %zero = arith.constant 0.5 : f32
      memref.store %zero, %x[%n] : memref<?xf32>
      %b = memref.load %x[%n] : memref<?xf32>
      %c = arith.subf %a, %b : f32
      memref.store %c, %y[%n] : memref<?xf32>""",
    "read before a store through a row": """
      %row = kernel.row %w[0, 0] : WINDOW -> WINDOW
      %a = memref.load %x[%place] : memref<?xf32>
      kernel.store %v, %row[0, 0] : VECTOR, WINDOW
      %b = memref.load %x[%place] : memref<?xf32>
      %c = arith.subf %a, %b : f32
      memref.store %c, %y[%n] : memref<?xf32>""",
    "read in a loop that writes": """
      %one = arith.constant 1 : index
      scf.for %i = %one to %n step %one {
        %a = memref.load %x[%i] : memref<?xf32>
        %j = arith.addi %i, %one : index
        %b = arith.addf %a, %a : f32
        memref.store %b, %x[%j] : memref<?xf32>
        memref.store %a, %y[%i] : memref<?xf32>
      }""",
    "all lanes, some and none": """
      %none = arith.constant 0 : index
      %a = kernel.load %w[0, 0] : WINDOW -> VECTOR
      %b = kernel.load %w[0, 1] lanes %n : WINDOW -> VECTOR
      %c = kernel.load %w[0, 2] lanes %none : WINDOW -> VECTOR
      %d = vector.fma %a, %v, %b : VECTOR
      %e = vector.fma %c, %v, %d : VECTOR
      kernel.store %e, %to[0, 0] : VECTOR, WINDOW
      kernel.store %a, %to[1, 0] lanes %n : VECTOR, WINDOW
      kernel.store %a, %to[2, 0] lanes %none : VECTOR, WINDOW""",
    "strides of one place": """
      %a = kernel.load %w[0, 1] : WINDOW -> VECTOR
      %b = kernel.load %w[0, 1] stride 2 : WINDOW -> VECTOR
      %c = kernel.load %w[0, 1] stride 3 : WINDOW -> VECTOR
      %d = vector.fma %a, %b, %c : VECTOR
      kernel.store %d, %to[0, 0] : VECTOR, WINDOW""",
    "places before the window": """
      %a = kernel.load %w[-1, 3] : WINDOW -> VECTOR
      %b = kernel.load %w[0, -5] : WINDOW -> VECTOR
      %c = vector.fma %a, %v, %b : VECTOR
      kernel.store %c, %to[0, -2] : VECTOR, WINDOW""",
    "the same row of two windows": """
      %a = kernel.load %w[1, 2] : WINDOW -> VECTOR
      %b = kernel.load %from[1, 2] : WINDOW -> VECTOR
      %c = vector.fma %a, %b, %v : VECTOR
      kernel.store %c, %to[0, 0] : VECTOR, WINDOW""",
    "a row with columns": """
      %row = kernel.row %w[1, 3] : WINDOW -> WINDOW
      %a = kernel.load %row[0, 1] : WINDOW -> VECTOR
      %b = kernel.load %row[1, 0] : WINDOW -> VECTOR
      %c = vector.fma %a, %b, %v : VECTOR
      kernel.store %c, %to[0, 0] : VECTOR, WINDOW""",
    "carried from before a store": """
      %one = arith.constant 1 : index
      %p, %q = scf.for %i = %one to %n step %one iter_args(%a = %v, %b = %u) -> (VECTOR, VECTOR) {
        %c = kernel.load %w[0, 1] : WINDOW -> VECTOR
        %d = arith.addf %a, %b : VECTOR
        kernel.store %d, %w[0, 1] : VECTOR, WINDOW
        scf.yield %c, %d : VECTOR, VECTOR
      }
      kernel.store %p, %to[0, 0] : VECTOR, WINDOW
      kernel.store %q, %to[1, 0] : VECTOR, WINDOW""",
    "exchanged by every round": """
      %one = arith.constant 1 : index
      %p, %q = scf.for %i = %one to %n step %one iter_args(%a = %v, %b = %u) -> (VECTOR, VECTOR) {
        scf.yield %b, %a : VECTOR, VECTOR
      }
      kernel.store %p, %to[0, 0] : VECTOR, WINDOW
      kernel.store %q, %to[1, 0] : VECTOR, WINDOW""",
    "exchanged in every round": """
      %one = arith.constant 1 : index
      %p, %q = scf.for %i = %one to %n step %one iter_args(%a = %v, %b = %u) -> (VECTOR, VECTOR) {
        %c = vector.fma %a, %b, %a : VECTOR
        scf.yield %b, %c : VECTOR, VECTOR
      }
      kernel.store %p, %to[0, 0] : VECTOR, WINDOW
      kernel.store %q, %to[1, 0] : VECTOR, WINDOW""",
    "turned in every round": """
      %one = arith.constant 1 : index
      %t = arith.mulf %v, %u : VECTOR
      %p, %q, %r = scf.for %i = %one to %n step %one
          iter_args(%a = %v, %b = %u, %c = %t) -> (VECTOR, VECTOR, VECTOR) {
        scf.yield %b, %c, %a : VECTOR, VECTOR, VECTOR
      }
      kernel.store %p, %to[0, 0] : VECTOR, WINDOW
      kernel.store %q, %to[1, 0] : VECTOR, WINDOW
      kernel.store %r, %to[2, 0] : VECTOR, WINDOW""",
    "loops in loops that start from one value": """
      %one = arith.constant 1 : index
      %s = vector.fma %v, %u, %v : VECTOR
      %p = scf.for %i = %one to %n step %one iter_args(%a = %s) -> (VECTOR) {
        %inner = scf.for %j = %one to %n step %one iter_args(%b = %a) -> (VECTOR) {
          %c = vector.fma %u, %u, %b : VECTOR
          scf.yield %c : VECTOR
        }
        %d = vector.fma %inner, %v, %a : VECTOR
        scf.yield %d : VECTOR
      }
      %e = vector.fma %p, %v, %s : VECTOR
      kernel.store %e, %to[0, 0] : VECTOR, WINDOW""",
    "terms in the opposite order of their places": """
      %a = kernel.load %w[0, 2] : WINDOW -> VECTOR
      %b = kernel.load %w[0, 1] : WINDOW -> VECTOR
      %c = kernel.load %w[0, 0] : WINDOW -> VECTOR
      %s = vector.fma %a, %u, %v : VECTOR
      %t = vector.fma %b, %v, %s : VECTOR
      %r = vector.fma %c, %u, %t : VECTOR
      kernel.store %r, %to[0, 0] : VECTOR, WINDOW""",
    "four numbers of which one is written meanwhile": """
      %one = arith.constant 1 : index
      %two = arith.constant 2 : index
      %three = arith.constant 3 : index
      %i = arith.addi %n, %one : index
      %j = arith.addi %n, %two : index
      %k = arith.addi %n, %three : index
      %a = memref.load %x[%n] : memref<?xf32>
      %b = memref.load %x[%i] : memref<?xf32>
      %p = vector.broadcast %a : f32 to VECTOR
      %q = vector.broadcast %b : f32 to VECTOR
      %s = vector.fma %v, %p, %u : VECTOR
      %t = vector.fma %u, %q, %s : VECTOR
      %sum = arith.addf %a, %b : f32
      memref.store %sum, %x[%k] : memref<?xf32>
      %c = memref.load %x[%j] : memref<?xf32>
      %d = memref.load %x[%k] : memref<?xf32>
      %e = vector.broadcast %c : f32 to VECTOR
      %f = vector.broadcast %d : f32 to VECTOR
      %g = vector.fma %v, %e, %t : VECTOR
      %h = vector.fma %u, %f, %g : VECTOR
      kernel.store %h, %to[0, 0] : VECTOR, WINDOW""",
    "a sum that two go on with": """
      %s = vector.fma %v, %u, %v : VECTOR
      %a = vector.fma %u, %u, %s : VECTOR
      %b = vector.fma %v, %v, %s : VECTOR
      kernel.store %a, %to[0, 0] : VECTOR, WINDOW
      kernel.store %b, %to[1, 0] : VECTOR, WINDOW
      kernel.store %s, %to[2, 0] : VECTOR, WINDOW""",
    "a sum that is a factor of its next term": """
      %a = kernel.load %w[0, 1] : WINDOW -> VECTOR
      %b = kernel.load %w[0, 0] : WINDOW -> VECTOR
      %s = vector.fma %a, %u, %v : VECTOR
      %t = vector.fma %b, %s, %s : VECTOR
      %r = vector.fma %t, %u, %v : VECTOR
      kernel.store %r, %to[0, 0] : VECTOR, WINDOW""",
    "a branch whose old value is needed": """
      %two = arith.constant 2 : index
      %s = vector.fma %v, %u, %v : VECTOR
      %few = arith.cmpi slt, %two, %n : index
      %t = scf.if %few -> (VECTOR) {
        %a = vector.fma %u, %u, %s : VECTOR
        scf.yield %a : VECTOR
      } else {
        scf.yield %s : VECTOR
      }
      kernel.store %t, %to[0, 0] : VECTOR, WINDOW
      kernel.store %s, %to[1, 0] : VECTOR, WINDOW""",
    "branches by every comparison": """
      %k = arith.constant 3 : index
      %l = arith.constant 4 : index
      %lt = arith.cmpi slt, %k, %n : index
      %le = arith.cmpi sle, %k, %n : index
      %gt = arith.cmpi sgt, %l, %n : index
      %ge = arith.cmpi sge, %l, %n : index
      %eq = arith.cmpi eq, %l, %n : index
      scf.if %lt {
        kernel.store %v, %to[0, 0] : VECTOR, WINDOW
      }
      scf.if %le {
        kernel.store %u, %to[1, 0] : VECTOR, WINDOW
      }
      scf.if %gt {
        kernel.store %v, %to[2, 0] : VECTOR, WINDOW
      }
      scf.if %ge {
        kernel.store %u, %to[3, 0] : VECTOR, WINDOW
      }
      scf.if %eq {
        kernel.store %v, %to[4, 0] : VECTOR, WINDOW
      }""",
    "differences of differences": """
      %k = arith.constant 50 : index
      %l = arith.subi %k, %n : index
      %m = arith.subi %l, %n : index
      %o = arith.subi %l, %m : index
      %p = arith.muli %o, %n : index
      %q = arith.subi %k, %p : index
      %r = arith.subi %q, %o : index
      %a = memref.load %x[%r] : memref<?xf32>
      memref.store %a, %y[%n] : memref<?xf32>""",
    "what is no number": """
      %a = memref.load %x[%n] : memref<?xf32>
      %zero = arith.subf %a, %a : f32
      %none = arith.divf %zero, %zero : f32
      %b = arith.maximumf %a, %none : f32
      %c = arith.maximumf %none, %a : f32
      %d = arith.minimumf %a, %none : f32
      %e = arith.minimumf %none, %a : f32
      %one = arith.constant 1 : index
      %two = arith.constant 2 : index
      %four = arith.constant 4 : index
      memref.store %b, %y[%one] : memref<?xf32>
      memref.store %c, %y[%two] : memref<?xf32>
      memref.store %d, %y[%n] : memref<?xf32>
      memref.store %e, %y[%four] : memref<?xf32>
      %f = arith.subf %v, %v : VECTOR
      %g = arith.divf %f, %f : VECTOR
      %h = arith.maximumf %v, %g : VECTOR
      %i = arith.minimumf %g, %v : VECTOR
      kernel.store %h, %to[0, 0] : VECTOR, WINDOW
      kernel.store %i, %to[1, 0] : VECTOR, WINDOW""",
    "quotients and sums of numbers": """
      %a = memref.load %x[%n] : memref<?xf32>
      %b = memref.load %x[%place] : memref<?xf32>
      %c = arith.subf %a, %b : f32
      %d = arith.subf %a, %c : f32
      %e = arith.divf %d, %c : f32
      %f = arith.mulf %e, %d : f32
      %g = arith.divf %a, %f : f32
      %h = arith.maximumf %g, %e : f32
      %i = arith.minimumf %h, %a : f32
      memref.store %i, %y[%n] : memref<?xf32>""",
}
"""What is awkward -> the body of a kernel."""

NOT_ALIGNED = ("a row with columns",)
"""Kernels with windows that begin within a vector: no function whose loads are to be aligned has them."""

MACHINES = {"c": 1, "avx2": 8, "neon": 4}

FRAME = """
func.func @k{number}(%x: memref<?xf32>, %y: memref<?xf32>, %n: index, %points: index) attributes {{load = "{load}"}} {{
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
  func.return
}}
"""

MAIN = """
static float x[SIZE] __attribute__((aligned(64))), y[SIZE] __attribute__((aligned(64)));
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
    texts = [
        FRAME.format(number=number, load=load, body="" if load == "aligned" and what in NOT_ALIGNED else body)
        for number, (what, body) in enumerate(KERNELS.items())
    ]
    text = (
        "\n".join(texts).replace("WINDOW", "!kernel.window<16>").replace("VECTOR", f"vector<{MACHINES[machine]}xf32>")
    )
    parsed = LocatedParser(make_context(), text, "kernels.mlir").parse_module()
    verify(parsed)
    return parsed


def passes(machine: str) -> list[str]:
    """The passes that make of such kernels what is printed."""
    return ["legalize-loads", "eliminate-redundant-loads", "order-body", *pipelines.LEGALIZATIONS[machine]]


def buffers() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What stands in the buffers before: quarters, so that most sums are exact."""
    random = np.random.default_rng(0)
    return random.integers(1, 9, SIZE) / 4, random.integers(1, 9, SIZE) / 4


def interpreted(kernels: ModuleOp, number: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What a kernel leaves in its buffers."""
    x, y = buffers()
    loops.call(kernels, f"k{number}", [x, y, 3, 1], WeightStore.empty())
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
        runner = toolchain.emulator_command() if toolchain.is_foreign("neon") else []
    (tmp_path / "kernels.c").write_text(program(kernels, machine), encoding="utf-8")
    words = [*command, "-std=c11", "-O1", str(tmp_path / "kernels.c"), "-o", str(tmp_path / "kernels"), "-lm"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:10000]
    given = b"".join(array.astype(np.float32).tobytes() for array in buffers())
    for number, what in enumerate(KERNELS):
        done = subprocess.run(
            [*runner, str(tmp_path / "kernels"), str(number)], input=given, capture_output=True, check=True, timeout=60
        )
        found = np.split(np.frombuffer(done.stdout, np.float32), 2)
        for array, exact in zip(found, expected[number], strict=True):
            np.testing.assert_allclose(array, exact, 1e-5, err_msg=what)


def program(kernels: ModuleOp, machine: str) -> str:
    """All kernels as a C program, which runs the one of a number."""
    isa, functions = ISAS[machine], [op for op in kernels.ops if isinstance(op, FuncOp)]
    names = {function.sym_name.data: function.sym_name.data for function in functions}

    def printer() -> CPrinter:
        return CPrinter(indent_num_spaces=4, isa=isa, kernels=names)

    headers = ("math", "stdbool", "stddef", "stdint", "stdio", "stdlib", "string")
    parts = [f"#include <{each}.h>" for each in headers]
    parts += [isa.prelude, *(printer().declaration(each) + printer().function(each) for each in functions)]
    cases = [
        f"    case {number}: {name}(&(struct {name}_arguments){{x, y, 3, 1}}, 0, 1); break;"
        for number, name in enumerate(names)
    ]
    return "\n".join([*parts, MAIN.replace("CASES", "\n".join(cases)).replace("SIZE", str(SIZE))])
