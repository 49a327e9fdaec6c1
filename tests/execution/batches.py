"""Many networks as one C program: a compiler starts once, and every buffer stands between pages nobody may touch.

All code of all networks is one translation unit, made by `#include`. What two networks would both define, helpers of an
instruction set and macros, gets a name of its own there; and all share the first one's runtime. The folders themselves
are as `lrc compile` writes them.
"""

import re
import signal
import struct
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp, StringAttr

from lrc.compilation import compiler
from lrc.compilation.compiler import Compilation
from lrc.dialects import lr
from lrc.execution.program import layer_result

Tensors = dict[str, NDArray[np.float32]]

PROGRAMS = Path(__file__).parent / "c"
HELPER = re.compile(r"^static [^;{]*?(\w+)\(", re.MULTILINE)
MACROS = ("ARENA_BYTES", "ARENA", "WEIGHTS", "LAUNCH", "LAYER")
SHARED = ("identity", "check_weights", "nanoseconds", "parallel_for", "pool", "pool_create", "pool_destroy")
SECONDS = 300
"""How long a program may run, under an emulator too."""


class BatchError(AssertionError):
    """A batch that cannot be built."""


@dataclass(frozen=True)
class Ran:
    """What a network's code made of its inputs: outputs by name, and each layer's result [channels, rows, columns]."""

    outputs: Tensors
    layers: Tensors

    def dump(self, inputs: Mapping[str, NDArray[np.float32]]) -> tuple[Tensors, Tensors]:
        """As `lrc.verification.verify` asks a program."""
        return self.outputs, self.layers


def named(module: ModuleOp, name: str) -> ModuleOp:
    """A copy of a module whose network has another name: two of one name do not go into one program."""
    copy = module.clone()
    lr.find_model(copy).sym_name = StringAttr(name)
    return copy


class Batch:
    """Networks of different names, for one target, as one program."""

    def __init__(
        self, compilations: Sequence[Compilation], scratch: Path, command: Sequence[str], runner: Sequence[str] = ()
    ) -> None:
        """`command` are a C compiler and its flags, `runner` what runs its programs here. Raises BatchError, with the
        compiler's words."""
        self.program, self.runner = scratch / "batch", runner
        self.folders = [scratch / compiler.name_of(each.source) for each in compilations]
        self.metadata = [compiler.write(each, folder) for each, folder in zip(compilations, self.folders, strict=True)]
        source = scratch / "batch.c"
        source.write_text("\n".join([*self.lines(), ""]), encoding="utf-8")
        words = [*command, f"-I{PROGRAMS}", str(source), "-o", str(self.program), "-lm", "-pthread"]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BatchError(f"{done.stderr[:4000]}\n{' '.join(words)}")

    def run(
        self, inputs: Sequence[Mapping[str, NDArray[np.float32]]], at_end: bool = True, threads: int = 1
    ) -> list[Ran | str]:
        """What each network makes of its inputs, or how it failed. Buffers end where a page does, or begin there."""
        results: list[Ran | str] = []
        while len(results) < len(self.folders):
            results += self._run_from(len(results), inputs, at_end, threads)
        return results

    def _run_from(
        self, first: int, inputs: Sequence[Mapping[str, NDArray[np.float32]]], at_end: bool, threads: int
    ) -> Iterator[Ran | str]:
        """What the networks from this one on make of their inputs, up to the first that fails."""
        command = [*self.runner, str(self.program), str(first), str(int(at_end)), str(threads)]
        stream = b"".join(self._input(number, inputs[number]) for number in range(first, len(self.folders)))
        try:
            done = subprocess.run(command, input=stream, capture_output=True, check=False, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            yield f"more than {SECONDS} s"
            return
        place = 0
        begun = int(done.stderr.count(b"network "))
        for number in range(first, first + begun):
            is_last = number == first + begun - 1
            if is_last and done.returncode:
                yield f"{_how(done.returncode)}: {done.stderr.decode(errors='replace')[-3000:]}"
                return
            ran, place = self._read(self.metadata[number], done.stdout, place)
            yield ran
        if not begun:
            yield f"{_how(done.returncode)} before it began: {done.stderr.decode(errors='replace')[:3000]}"

    def _input(self, number: int, inputs: Mapping[str, NDArray[np.float32]]) -> bytes:
        metadata, folder = self.metadata[number], self.folders[number]
        arrays = [np.ascontiguousarray(inputs[port["name"]], np.float32).tobytes() for port in metadata["inputs"]]
        return b"".join([(folder / f"{metadata['c_name']}.lrw").read_bytes(), *arrays])

    def _read(self, metadata: Mapping[str, Any], data: bytes, place: int) -> tuple[Ran, int]:
        """The results of one network out of what a program wrote, and where the next one's begin."""
        ran, rows, ports = Ran({}, {}), metadata["layers"], metadata["outputs"]
        while len(ran.outputs) < len(ports):
            number, count = struct.unpack_from("<qQ", data, place)
            numbers = np.frombuffer(data, np.float32, count, place + 16)
            place += 16 + 4 * count
            if number < 0:
                port = ports[-1 - number]
                ran.outputs[port["name"]] = numbers.reshape(port["shape"])
            else:
                ran.layers[rows[number]["name"]] = layer_result(rows[number], numbers)
        return ran, place

    def lines(self) -> Iterator[str]:
        """The program's text."""
        first = self.metadata[0]["c_name"]
        yield f'#include "{self.folders[0] / "lrc_runtime.c"}"'
        yield '#include "guarded.h"'
        yield f"static {first}_pool *pool;"
        for number, (folder, metadata) in enumerate(zip(self.folders, self.metadata, strict=True)):
            name = metadata["c_name"]
            helpers = sorted(set(HELPER.findall((folder / f"{name}_kernels.h").read_text(encoding="utf-8"))))
            if number:
                yield f"#define LRC_{name}_RUNTIME_H"
                yield from (f"#define {name}_{each} {first}_{each}" for each in SHARED)
            yield from (f"#define {each} {name}_only_{each}" for each in helpers)
            yield from (f'#include "{folder / each}"' for each in metadata["sources"] if each != "lrc_runtime.c")
            yield from (f"#undef {each}" for each in (*helpers, *MACROS))
            yield from _runner(metadata)
        yield "int main(int argc, char **argv) {"
        yield "  int first = argc == 4 ? atoi(argv[1]) : -1, threads = argc == 4 ? atoi(argv[3]) : 0;"
        yield "  CHECK(first >= 0 && threads > 0);"
        yield "  at_end = atoi(argv[2]);"
        yield f"  pool = threads > 1 ? {first}_pool_create((unsigned)threads, 0) : NULL;"
        yield "  CHECK(pool || threads == 1);"
        for number, metadata in enumerate(self.metadata):
            yield f"  if (first <= {number}) run_{metadata['c_name']}();"
        yield f"  {first}_pool_destroy(pool);"
        yield "  return 0;"
        yield "}"


def _runner(metadata: Mapping[str, Any]) -> Iterator[str]:
    """The function that runs one network on what standard input has: its weights and inputs."""
    name = metadata["c_name"]
    ports = [f"in{i}" for i in range(len(metadata["inputs"]))] + [f"out{i}" for i in range(len(metadata["outputs"]))]
    sizes = [prod(port["shape"]) for side in ("inputs", "outputs") for port in metadata[side]]
    weights = metadata["weights_bytes"]
    yield f"static void show_{name}(void *user, size_t layer, const void *data, uint64_t nanoseconds) {{"
    yield "  (void)user, (void)nanoseconds;"
    yield f"  show((int)layer, data, {name}_layers[layer].elements);"
    yield "}"
    yield f"static void run_{name}(void) {{"
    yield f'  fputs("network {name}\\n", stderr);'
    yield f"  {name}_t m;"
    yield f"  const size_t bytes = ({name}_arena_bytes() + 63) / 64 * 64;"
    yield f"  void *arena = guarded(bytes), *weights = given({weights});"
    for port, size in zip(ports, sizes, strict=True):
        yield f"  float *{port} = (float *){'given' if port.startswith('in') else 'guarded'}({4 * size});"
    yield f"  CHECK(!{name}_init(&m, arena, {name}_arena_bytes(), weights, {weights}));"
    yield f"  {name}_set_threads(&m, pool);"
    yield f"  {name}_set_hook(&m, show_{name}, NULL);"
    yield f"  CHECK(!{name}_run(&m, {', '.join(ports)}));"
    for number in range(len(metadata["outputs"])):
        yield f"  show({-1 - number}, out{number}, {sizes[len(metadata['inputs']) + number]});"
    yield "  CHECK(!fflush(stdout));"  # the next network may end all
    yield "  discard(arena, bytes);"
    yield f"  discard(weights, {weights});"
    yield from (f"  discard({port}, {4 * size});" for port, size in zip(ports, sizes, strict=True))
    yield "}"


def _how(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"status {status}"
