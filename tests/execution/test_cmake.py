"""The emitted folder builds alone with CMake, and lays the weights beside the program."""

import os
import shutil
import subprocess
from pathlib import Path

import handwritten
import pytest
from careful_build import STRICT


def cmake(folder: Path, build: Path, *settings: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("CC", "CFLAGS")}
    warnings = f"-DCMAKE_C_FLAGS={' '.join(STRICT)}"
    for words in (["-S", folder, "-B", build, warnings, *settings], ["--build", build]):
        done = subprocess.run(["cmake", *words], capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == 0, done.stdout + done.stderr


def find(*names: str) -> str:
    """The path of the first of these programs that there is."""
    paths = [path for name in names if (path := shutil.which(name))]
    if not paths or not shutil.which("cmake"):
        pytest.skip(f"needs cmake and {' or '.join(names)}")
    return paths[0]


@pytest.mark.parametrize("embed", [False, True])
@pytest.mark.parametrize("names", [("gcc",), ("clang", "clang-19")])
def test_for_this_machine(tmp_path: Path, names: tuple[str, ...], embed: bool) -> None:
    folder = handwritten.emit(tmp_path / "model", embed=embed)
    cmake(folder, tmp_path / "build", f"-DCMAKE_C_COMPILER={find(*names)}")
    done = subprocess.run([tmp_path / "build/two_scales_bench", "2"], capture_output=True, text=True, check=True)
    assert "of 2 runs" in done.stdout
    assert (tmp_path / "build/libtwo_scales.a").exists()


def test_for_arm64(tmp_path: Path) -> None:
    """As with a toolchain file: the system and the compiler are given from outside."""
    compiler, emulator = find("aarch64-linux-gnu-gcc"), find("qemu-aarch64", "qemu-aarch64-static")
    folder = handwritten.emit(tmp_path / "model", target="neon")
    system = ("-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_SYSTEM_PROCESSOR=aarch64", "-DCMAKE_EXE_LINKER_FLAGS=-static")
    cmake(folder, tmp_path / "build", f"-DCMAKE_C_COMPILER={compiler}", *system)
    program = tmp_path / "build/two_scales_bench"
    done = subprocess.run([emulator, "-cpu", "cortex-a76", program, "2"], capture_output=True, text=True, check=True)
    assert "of 2 runs" in done.stdout


def test_the_machine_can_be_chosen(tmp_path: Path) -> None:
    folder = handwritten.emit(tmp_path / "model")
    cmake(
        folder,
        tmp_path / "build",
        f"-DCMAKE_C_COMPILER={find('gcc')}",
        "-DLRC_MACHINE_FLAGS=",
        "-DCMAKE_BUILD_TYPE=Debug",
    )
    assert "-march" not in (tmp_path / "build/CMakeFiles/two_scales.dir/flags.make").read_text()
