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

import lrc
from lrc.compilation import compiler
from lrc.execution import toolchain


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


def test_functions_of_the_c_library(tmp_path: Path) -> None:
    text = "model curves { weights random(seed: 0) input x: f32[1, 2, 3, 3] a: sigmoid(x) b: tanh(a) output y = b }"
    compiler.write(compiler.lower(lrc.parse(text), "c"), tmp_path / "model")
    cmake(tmp_path / "model", tmp_path / "build", f"-DCMAKE_C_COMPILER={tool('gcc')}")
    assert (
        b"of 2 runs" in subprocess.run([tmp_path / "build/curves_bench", "2"], capture_output=True, check=True).stdout
    )


def test_for_arm64(tmp_path: Path) -> None:
    """As with a toolchain file: the system, the compiler, its archiver and the machine are given from outside."""
    cc = toolchain.find_compiler("neon")
    folder = handwritten.emit(tmp_path / "model", target="neon")
    settings = {
        "SYSTEM_NAME": "Linux",
        "SYSTEM_PROCESSOR": "aarch64",
        "EXE_LINKER_FLAGS": "-static",
        "C_COMPILER": script(tmp_path / "cc", cc.command),
    }
    if cc.is_zig:
        zig = cc.command[: cc.command.index("cc")]
        settings |= {tool: script(tmp_path / tool, (*zig, tool.lower())) for tool in ("AR", "RANLIB")}
    defined = [f"-DCMAKE_{name}={value}" for name, value in settings.items()]
    cmake(folder, tmp_path / "build", *defined, f"-DLRC_two_scales_MACHINE_FLAGS={' '.join(cc.flags('neon'))}")
    program = tmp_path / "build/two_scales_bench"
    emulator = toolchain.runner_command("neon")
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
        "-DLRC_two_scales_MACHINE_FLAGS=",
        "-DCMAKE_BUILD_TYPE=Debug",
    )
    assert "-march" not in (tmp_path / "build/CMakeFiles/two_scales.dir/flags.make").read_text()


APPLICATION = """\
#include <string.h>
#include <second.h> /* another one, of the application's */
#include "second.h"
#include "two_scales.h"
int main(void) { return THE_APPLICATIONS_OWN != 1 || !two_scales_arena_bytes() || !second_arena_bytes(); }
"""


def test_models_beside_others_in_one_project(tmp_path: Path) -> None:
    """Each with its own flags; their headers hide no others; none takes a name of CMake's."""
    names = {"two-scales": "c", "second": "host", "edit_cache": "c", "debug": "c", "string": "c", "CMAKE": "c"}
    for name, target in names.items():
        handwritten.emit(tmp_path / name, name, target)
    (tmp_path / "include").mkdir()
    (tmp_path / "include/second.h").write_text("#define THE_APPLICATIONS_OWN 1\n")
    (tmp_path / "main.c").write_text(APPLICATION)
    libraries = " ".join(toolchain.metadata_of(tmp_path / name)["c_name"] for name in names)
    lines = [f"add_subdirectory({name})" for name in names]
    lines += ["add_executable(application main.c)", "target_include_directories(application PRIVATE include)"]
    lines += [f"target_link_libraries(application PRIVATE {libraries})"]
    head = "cmake_minimum_required(VERSION 3.13)\nproject(all_of_them C)\n"
    (tmp_path / "CMakeLists.txt").write_text(head + "\n".join(lines) + "\n")
    build = tmp_path / "build"
    cmake(tmp_path, build, f"-DCMAKE_C_COMPILER={tool('gcc')}", "-DCMAKE_BUILD_TYPE=Debug")
    subprocess.run([build / "application"], check=True)
    flags = {name: (build / name / f"CMakeFiles/{name}.dir/flags.make").read_text() for name in ("second", "CMAKE")}
    assert {name: "-march" in text for name, text in flags.items()} == {"second": True, "CMAKE": False}
