"""Drawn modules of the loop level as one C program, which runs the one that its argument names."""

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from harness import HEADER, STRICT, launched, number_of
from hypothesis import Phase, given, settings
from numpy.typing import NDArray
from xdsl.context import Context
from xdsl.dialects import memref
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from lrc.backends.c.emit import network_of
from lrc.backends.c.isa import isa_of
from lrc.backends.c.kernels import KernelPrinter
from lrc.backends.names import kernel_names
from lrc.compilation import pipelines
from lrc.dialects import kernel
from lrc.dialects.kernel import kernels_of
from lrc.dialects.values.machines import machine_named
from lrc.testing import kernels
from lrc.testing.kernels.evaluating import arguments_of, results

UNUSED = ("-Wno-unused-variable", "-Wno-unused-but-set-variable", "-Wno-unused-parameter")
"""People write what nobody uses."""


def drawn(count: int, lanes: int) -> list[ModuleOp]:
    """So many modules for vectors of so many lanes."""
    found: list[ModuleOp] = []

    @settings(max_examples=count, phases=(Phase.generate,), database=None)
    @given(kernels(lanes))
    def collect(module: ModuleOp) -> None:
        found.append(module)

    collect()
    return found


def compute_the_same(
    modules: Sequence[ModuleOp], machine: str, scratch: Path, compiler: Sequence[str], runner: Sequence[str] = ()
) -> None:
    """Check that the C of modules, each with the passes of a machine or as few of them as it can be printed with, gives
    the very numbers that the interpreter of loops gives. Raises AssertionError with the module that does not."""
    fewest, all_passes = ["legalize-loads"], ["eliminate-redundant-loads", "order-body"]
    parts, lowered = [HEADER], list[ModuleOp]()
    for i, module in enumerate(modules):
        lowered.append(module.clone())
        passes = [
            *fewest,
            *(all_passes if i % 2 else ()),
            *(pipelines.legalizations(machine) if i % 2 else ()),
        ]
        pipelines.parse(",".join(passes)).apply(Context(), lowered[-1])
        parts.append("\n".join(text_of(lowered[-1], f"m{i}", machine)))
    calls = [f"    if (atoi(words[1]) == {i})\n        m{i}_all();" for i in range(len(modules))]
    parts += ["int main(int count, char **words)\n{\n    (void)count;", *calls, "    return 0;\n}\n"]
    source, binary = scratch / "kernels.c", scratch / "kernels"
    source.write_text("\n".join(parts), encoding="utf-8")
    (scratch / "vectors.h").write_text(isa_of(machine_named(machine)).prelude(), encoding="utf-8")
    command = [*compiler, *STRICT, *UNUSED, str(source), "-o", str(binary), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:10000]
    for i, (module, printed) in enumerate(zip(modules, lowered, strict=True)):
        *floats, indices = arguments_of(network_of(module))
        given = b"".join(a.astype(np.float32).tobytes() for a in floats) + indices.astype(np.uint8).tobytes()
        done = subprocess.run([*runner, str(binary), str(i)], input=given, capture_output=True, check=False, timeout=60)
        shown = f"{module}\n\nas it was printed for {machine}:\n\n{printed}"
        assert done.returncode == 0, f"{done.stderr.decode()[:5000]}\n{shown}"
        found = np.frombuffer(done.stdout, np.float32)
        expected: NDArray[np.float64] = np.concatenate(results(module)["run"][:-1])
        wrong = np.flatnonzero(found != expected)
        assert not wrong.size, f"{found[wrong]} instead of {expected[wrong]} at {wrong}, of\n{shown}"


def text_of(module: ModuleOp, prefix: str, machine: str) -> Iterator[str]:
    """The kernels of a module in C, and a function that reads the buffers, launches, and writes them."""
    functions = kernels_of(module.ops)
    symbols = kernel_names((function.sym_name.data for function in functions), prefix)
    for function in functions:
        yield KernelPrinter(isa=isa_of(machine_named(machine)), kernels=symbols).declaration(function)
        yield KernelPrinter(isa=isa_of(machine_named(machine)), kernels=symbols).function(function)
    yield f"static void {prefix}_all(void)\n{{"
    names: dict[SSAValue, str] = {}
    *floats, indices = network_of(module).body.block.args
    arguments = arguments_of(network_of(module))
    for value, array in zip(floats, arguments, strict=False):
        names[value] = f"b{len(names)}"
        yield f"    float *{names[value]} = read_array({4 * len(array)});"
    names[indices] = "indices"
    yield f"    uint8_t *indices = read_array({len(arguments[-1])});"
    for op in network_of(module).body.ops:
        match op:
            case memref.AllocOp():
                names[op.memref] = f"b{len(names)}"
                yield f"    float *{names[op.memref]} = filled(64, {4 * number_of(op.dynamic_sizes[0])});"
            case kernel.LaunchOp():
                yield f"    {launched(op, symbols, names)}"
            case _:
                pass
    yield from (f"    write_array({names[value]}, {len(a)});" for value, a in zip(floats, arguments, strict=False))
    yield from (f"    free({name});" for name in names.values())
    yield "}"
