"""Which compiler and emulator are taken, and what the user hears when there is none."""

import os
import platform
import sys
from pathlib import Path

import handwritten
import pytest

from lrc.diagnostics import UserError
from lrc.execution import toolchain


def no_module(_name: str) -> None:
    """As `importlib.util.find_spec` where there is none."""


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder where programs are looked for; no zig, no $CC, and an x86-64 machine."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(toolchain.importlib.util, "find_spec", no_module)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(toolchain, "SYSROOT", tmp_path)
    return folder


def put(folder: Path, name: str, machine: str = "x86_64-linux-gnu", status: int = 0) -> Path:
    """A program that says what machine it compiles for."""
    path = folder / name
    path.write_text(f"#!/bin/sh\necho {machine}\necho complaint >&2\nexit {status}\n")
    path.chmod(0o755)
    return path


def test_clang_then_zig_then_gcc_for_this_machine(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("gcc", "zig", "clang", "clang-19", "clang-14"):
        put(tools, name)
    assert [c.name for c in toolchain.find_compilers("host")] == ["clang", "clang-19", "clang-14", "zig cc", "gcc"]
    monkeypatch.setenv("CC", "ccache my-cc -m64")
    assert toolchain.find_compiler("host").command == ("ccache", "my-cc", "-m64")


def test_zig_then_clang_then_gcc_for_arm64(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("clang", "zig", "aarch64-linux-gnu-gcc"):
        put(tools, name)
    commands = [c.command for c in toolchain.find_compilers("neon")]
    assert commands == [
        ("zig", "cc", "-target", "aarch64-linux-musl"),
        ("clang", "--target=aarch64-linux-gnu"),
        ("aarch64-linux-gnu-gcc",),
    ]
    monkeypatch.setenv("CC", str(put(tools, "native-cc")))
    assert toolchain.find_compiler("neon").is_zig
    monkeypatch.setenv("CC", str(put(tools, "phone-cc", "aarch64-linux-android33")))
    assert toolchain.find_compiler("neon").name == "phone-cc"
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    assert not toolchain.is_foreign("neon")
    assert [c.name for c in toolchain.find_compilers("neon")] == ["phone-cc", "clang", "zig cc"]


@pytest.mark.parametrize(("target", "hint"), [("host", "install clang or gcc"), ("neon", r"lrc\[cross\]")])
def test_no_compiler(tools: Path, target: str, hint: str) -> None:
    with pytest.raises(UserError, match=f"no C compiler.*\n.*{hint}"):
        toolchain.find_compiler(target)


def test_no_emulator(tools: Path) -> None:
    with pytest.raises(UserError, match=r"no qemu-aarch64\n.*qemu-user"):
        toolchain.runner_command("neon")
    assert toolchain.is_foreign("neon")
    path = str(put(tools, "qemu-aarch64-static", "cortex-a72"))
    assert toolchain.runner_command("neon") == [path, "-cpu", "max"]
    put(tools, "qemu-aarch64-static", "cortex-a76")
    assert toolchain.runner_command("neon") == [path, "-cpu", "cortex-a76"]


def test_a_missing_compiler_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = handwritten.emit(tmp_path / "model")
    monkeypatch.setenv("CC", "no-such-cc")
    with pytest.raises(UserError, match="cannot run the C compiler no-such-cc: No such file"):
        toolchain.build(folder)


def test_a_failing_compiler_speaks_and_the_old_program_is_not_taken_for_new(tools: Path, tmp_path: Path) -> None:
    folder = handwritten.emit(tmp_path / "model")
    (folder / "two_scales_bench").touch()
    put(tools, "clang", status=1).write_text(f"#!{sys.executable}\nraise SystemExit('complaint')\n")
    with pytest.raises(UserError, match=r"clang failed:\n.*\ncomplaint"):
        toolchain.build(folder)
    assert not (folder / "two_scales_bench").exists()
    assert not list(folder.glob(".build-*"))


def test_a_folder_that_is_none_of_lrcs(tmp_path: Path) -> None:
    for call in (toolchain.build, toolchain.program_command):
        with pytest.raises(UserError, match="is not a folder that lrc has written"):
            call(tmp_path)
    (tmp_path / "metadata.json").write_text("[]")
    with pytest.raises(UserError, match="is not a folder that lrc has written"):
        toolchain.build(tmp_path)


def test_a_program_that_has_not_been_built(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"has not been built\n.*--build"):
        toolchain.run_program(handwritten.emit(tmp_path / "model"), ["1"])


def test_zig_caches_in_a_place_that_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(toolchain.tempfile, "tempdir", None)
    for name in ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    environment = toolchain.zig_environment()
    assert environment["ZIG_GLOBAL_CACHE_DIR"] == str(tmp_path / f"lrc-zig-{os.getuid()}")


@pytest.mark.parametrize("target", ["neon", "armv8", "host", "c"])
def test_every_compiler_that_is_here_builds(tmp_path: Path, target: str) -> None:
    folder = handwritten.emit(tmp_path / "model", target=target)
    for compiler in toolchain.find_compilers(target):
        toolchain.build(folder, compiler=compiler, jobs=1)
        assert "1 runs" in toolchain.run_program(folder, ["1"])
