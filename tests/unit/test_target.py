"""`lrc-opt -t c` prints C that compiles as it is: a network with all that runs it, or kernels alone."""

import subprocess
from ctypes import CDLL
from io import StringIO
from pathlib import Path

import pytest
from installed import tool
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import DiagnosticException

import lrc
from lrc.backends.c.target import CTarget
from lrc.compilation import compiler
from lrc.dialects.kernel import NetworkOp, kernels_of
from lrc.execution import toolchain

NETWORK = """
model net {
  weights random(seed: 0)
  input x: f32[1, 3, 5, 6]
  a: conv2d(x) { filters: 4, kernel: 3, pad: 1 }
  b: sigmoid(a)
  output y = b
}
"""

STRICT = ("-std=c11", "-Wall", "-Wextra", "-Werror", "-Wconversion")


def lowered(machine: str) -> ModuleOp:
    return compiler.lower(lrc.parse(NETWORK), machine).module


def printed(module: ModuleOp) -> str:
    text = StringIO()
    CTarget().emit(compiler.make_context(), module, text)
    return text.getvalue()


def library(compiler: str, text: str, scratch: Path) -> CDLL:
    """A text as a library of its own."""
    (scratch / "one.c").write_text(text, encoding="utf-8")
    files = [str(scratch / "one.c"), "-o", str(scratch / "one.so")]
    words = [tool(compiler), *STRICT, "-shared", "-fPIC", *files, "-lm", "-pthread"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:5000]
    return CDLL(str(scratch / "one.so"))


def test_each_machine_has_its_own_vectors() -> None:
    texts = {machine: printed(lowered(machine)) for machine in ("c", "neon", "avx2", "avx512")}
    for vector, machines in {
        "float32x4_t": ["neon"],
        "vector_size(32)": ["avx2"],
        "vector_size(64)": ["avx512"],
    }.items():
        assert [machine for machine, text in texts.items() if vector in text] == machines


@pytest.mark.parametrize("compiler_name", ["gcc", "clang-19"])
def test_a_network_in_one_file_compiles(compiler_name: str, tmp_path: Path) -> None:
    module = lowered("c")
    one = library(compiler_name, printed(module), tmp_path)
    kernels = [f"net_{kernel.sym_name.data}" for kernel in kernels_of(module.ops)]
    assert all(hasattr(one, function) for function in ("net_run", "net_init", "net_pool_create", *kernels))


@pytest.mark.parametrize("compiler_name", ["gcc", "clang-19"])
def test_kernels_alone_compile(compiler_name: str, tmp_path: Path) -> None:
    module = lowered("c")
    for op in module.ops:
        if isinstance(op, NetworkOp):
            op.detach()
    one = library(compiler_name, printed(module), tmp_path)
    assert all(hasattr(one, kernel.sym_name.data) for kernel in kernels_of(module.ops))


def test_code_for_a_phone_compiles(tmp_path: Path) -> None:
    arm64 = toolchain.find_compiler("neon")
    (tmp_path / "one.c").write_text(printed(lowered("neon")), encoding="utf-8")
    words = [
        *arm64.command,
        *arm64.flags("neon"),
        *STRICT,
        "-c",
        str(tmp_path / "one.c"),
        "-o",
        str(tmp_path / "one.o"),
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:5000]


def test_what_has_no_c_is_refused() -> None:
    with pytest.raises(DiagnosticException, match="the module is for no machine: run set-machine first"):
        printed(lrc.parse(NETWORK))
    with pytest.raises(DiagnosticException, match="with its memory planned"):
        printed(compiler.lower(lrc.parse(NETWORK), "c", "loops").module)
