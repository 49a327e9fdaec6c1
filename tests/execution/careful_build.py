"""Compiles emitted folders as a careful user would: every warning an error, and with programs of one's own."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from lrc import toolchain
from lrc.toolchain import Compiler

STRICT = ("-Wall", "-Wextra", "-Werror", "-Wconversion", "-Wpedantic")
PROGRAMS = Path(__file__).parent / "c"


def compile_strictly(folder: Path, compiler: Compiler, scratch: Path) -> None:
    """Compiles every file of the folder, and fails at the first warning."""
    target = toolchain.metadata_of(folder)["target"]
    for source in sorted(folder.glob("*.c")):
        flags = [*compiler.flags(target), *STRICT, weights_path(folder)]
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
    done = subprocess.run([program, *folders], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def weights_path(folder: Path) -> str:
    """Tells the file that embeds the weights where they are, as the folder's build does."""
    name = toolchain.metadata_of(folder)["c_name"]
    return f'-D{name}_lrw_path="{folder / name}.lrw"'
