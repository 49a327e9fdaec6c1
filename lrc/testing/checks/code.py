"""A network's emitted code, built, for as long as a check needs it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import PassFailedException

from lrc.backends.staging import TemporaryFolder
from lrc.compilation import compiler
from lrc.compilation.compiler import Compilation, WrongPassError
from lrc.diagnostics import Diagnostic, UserError
from lrc.execution import toolchain
from lrc.execution.program import Program
from lrc.verification import exact, verify


@dataclass(frozen=True)
class Code:
    """What was compiled, and the program that was built of it."""

    compilation: Compilation
    program: Program

    def verify(self, inputs: verify.Tensors) -> verify.Verification:
        """Hold the graph against the network as it was written, and the code against the graph."""
        it = self.compilation
        return verify.verify(it.source, it.graph, self.program, inputs, it.stretches)

    def verify_exactly(self, seed: int = 0) -> exact.ExactVerification:
        """Hold the code, run with small integers, against the network as it was written."""
        emitted = exact.EmittedCode(self.compilation, self.program.folder, self.program.threads)
        return exact.verify(self.compilation.source, emitted, seed)

    def layers(self, inputs: verify.Tensors) -> verify.Tensors:
        """What each layer of the graph that has a tensor of its own gives, [channels, rows, columns], by its name."""
        return self.program.dump(inputs)[1]


@contextmanager
def built(module: ModuleOp, target: str, threads: int = 1) -> Generator[Code]:
    """Compile a network and build its code.

    Raises AssertionError if a pass makes what is not valid, and UserError if the network cannot be compiled, or there
    is no C compiler.
    """
    try:
        compilation = compiler.lower(module, target, threads=threads)
    except WrongPassError as error:
        raise AssertionError(f"compiling for {target}: {error}") from error
    except PassFailedException as error:
        raise UserError(Diagnostic.of_error(error)) from error
    with TemporaryFolder() as scratch:
        folder = Path(scratch, "net")
        compiler.write(compilation, folder)
        toolchain.build(folder)
        yield Code(compilation, Program(folder, threads))
