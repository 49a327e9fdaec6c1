"""The emitted folder builds alone with CMake, and lays the weights beside the program."""

import os
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

import handwritten
import pytest
from careful_build import STRICT
from installed import tool

from lrc import toolchain


def cmake(folder: Path, build: Path, *settings: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("CC", "CFLAGS")}
    warnings = f"-DCMAKE_C_FLAGS={' '.join(STRICT)}"
    for words in (["-S", folder, "-B", build, warnings, *settings], ["--build", build]):
        done = subprocess.run([tool("cmake"), *words], capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("embed", [False, True])
@pytest.mark.parametrize("compiler", ["gcc", "clang-19"])
def test_for_this_machine(tmp_path: Path, compiler: str, embed: bool) -> None:
    folder = handwritten.emit(tmp_path / "model", embed=embed)
    cmake(folder, tmp_path / "build", f"-DCMAKE_C_COMPILER={tool(compiler)}")
    done = subprocess.run([tmp_path / "build/two_scales_bench", "2"], capture_output=True, text=True, check=True)
    assert "of 2 runs" in done.stdout
    assert (tmp_path / "build/libtwo_scales.a").exists()


def test_for_arm64(tmp_path: Path) -> None:
    """As with a toolchain file: the system, the compiler, its archiver and the machine are given from outside."""
    compiler = toolchain.find_compiler("neon")
    folder = handwritten.emit(tmp_path / "model", target="neon")
    settings = {
        "SYSTEM_NAME": "Linux",
        "SYSTEM_PROCESSOR": "aarch64",
        "EXE_LINKER_FLAGS": "-static",
        "C_COMPILER": script(tmp_path / "cc", compiler.command),
    }
    if compiler.is_zig:
        zig = compiler.command[: compiler.command.index("cc")]
        settings |= {tool: script(tmp_path / tool, (*zig, tool.lower())) for tool in ("AR", "RANLIB")}
    defined = [f"-DCMAKE_{name}={value}" for name, value in settings.items()]
    cmake(folder, tmp_path / "build", *defined, f"-DLRC_MACHINE_FLAGS={' '.join(compiler.flags('neon'))}")
    program = tmp_path / "build/two_scales_bench"
    emulator = toolchain.emulator_command() if toolchain.is_foreign("neon") else []
    done = subprocess.run([*emulator, program, "2"], capture_output=True, text=True, check=True)
    assert "of 2 runs" in done.stdout


def script(path: Path, command: Sequence[str]) -> Path:
    """A program that is called as one word."""
    path.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    return path


def test_the_machine_can_be_chosen(tmp_path: Path) -> None:
    folder = handwritten.emit(tmp_path / "model")
    cmake(
        folder,
        tmp_path / "build",
        f"-DCMAKE_C_COMPILER={tool('gcc')}",
        "-DLRC_MACHINE_FLAGS=",
        "-DCMAKE_BUILD_TYPE=Debug",
    )
    assert "-march" not in (tmp_path / "build/CMakeFiles/two_scales.dir/flags.make").read_text()
