"""Compiles emitted folders as a careful user would: every warning an error, and with programs of one's own."""

import re
import subprocess
from collections.abc import Sequence
from math import prod
from pathlib import Path

from installed import tool

from lrc.execution import toolchain
from lrc.execution.toolchain import Compiler

STRICT = ("-Wall", "-Wextra", "-Werror", "-Wconversion", "-Wpedantic")
PROGRAMS = Path(__file__).parent / "c"


def compile_strictly(folder: Path, compiler: Compiler, scratch: Path) -> None:
    """Compiles every file of the folder, and fails at the first warning. Those of clang, unlike gcc's, come before it
    optimizes anything."""
    target = toolchain.metadata_of(folder)["target"]
    most = [] if compiler.name == "gcc" else ["-O0"]
    for source in sorted(folder.glob("*.c")):
        flags = [*compiler.flags(target), *STRICT, *most, weights_path(folder)]
        command = [*compiler.command, *flags, "-c", str(source), "-o", str(scratch / "unit.o")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0 and not done.stderr, f"{compiler.name}: {done.stderr}"


def run_with(main: str, folders: Sequence[Path], scratch: Path, sanitize: str = "") -> str:
    """Links a program of tests/execution/c with the folders' code, and runs it with the folders as arguments."""
    compiler = toolchain.find_compiler("host")
    sources = [source for folder in folders for source in folder.glob("*.c") if source.name != "lrc_bench.c"]
    flags = ["-std=c11", "-O1", "-g", *STRICT, *(f"-I{folder}" for folder in folders), *map(weights_path, folders)]
    if sanitize:
        flags += [f"-fsanitize={sanitize}", "-fno-sanitize-recover=all"]
    program = scratch / "program"
    words = [*compiler.command, *flags, str(PROGRAMS / main), *map(str, sources), "-o", str(program), "-lm", "-pthread"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    done = subprocess.run([program, *folders], capture_output=True, text=True, check=False, timeout=45)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def compile_with(main: str, folder: Path, program: Path, flags: Sequence[str]) -> None:
    """Links a program of tests/execution/c for any network with the folder's code, by what any_network.h asks for."""
    metadata = toolchain.metadata_of(folder)
    name: str = metadata["c_name"]
    ports = [*metadata["inputs"], *metadata["outputs"]]
    found = re.search(r"\.integer_bytes = (\d+)", (folder / f"{name}.c").read_text(encoding="utf-8"))
    assert found is not None
    definitions = {
        "NAME": name,
        "HEADER": f'"{name}.h"',
        "LRW": f'"{folder / name}.lrw"',
        "SIZES": ", ".join(str(prod(port["shape"])) for port in ports),
        "CALL": ", ".join(f"buffer[{number}]" for number in range(len(ports))),
        "INTEGER_BYTES": found[1],
    }
    words = [tool("clang-19"), *flags, *(f"-D{key}={value}" for key, value in definitions.items()), f"-I{folder}"]
    words += [str(PROGRAMS / main), *(str(folder / source) for source in metadata["sources"])]
    words += ["-o", str(program), "-lm", "-pthread"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:5000]


def weights_path(folder: Path) -> str:
    """Tells the file that embeds the weights where they are, as the folder's build does."""
    name = toolchain.metadata_of(folder)["c_name"]
    return f'-D{name}_lrw_path="{folder / name}.lrw"'
