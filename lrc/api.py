"""lrc as a library: what the command does, from Python.

import lrc
model = lrc.load("vgg16.lr")              # or "zoo:vgg16"; lrc.parse(text)
net = lrc.compile(model, target="host", threads=2)
y = net(x)                                # numpy in, numpy out
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from xdsl.dialects.builtin import ModuleOp

from lrc import compiler, frontend, toolchain, zoo
from lrc.compiler import Compilation, Progress
from lrc.diagnostics import Diagnostic, LrcWarning, UserError, show
from lrc.program import Program

if TYPE_CHECKING:
    from lrc import verify as verification
    from lrc.report import Report

Tensors = Mapping[str, NDArray[np.float32]]


def load(source: str | Path, *, strict: bool = False) -> ModuleOp:
    """The network in a `.lr` file, or of the zoo (`zoo:NAME`), lifted to the lr dialect and checked.

    What it declares and does not use is an LrcWarning, or a mistake if `strict`. Raises UserError with every mistake.
    """
    path = zoo.path(source.removeprefix("zoo:")) if isinstance(source, str) and source.startswith("zoo:") else source
    return _lift(frontend.read_text(Path(path)), str(source), Path(path).parent, strict)


def parse(text: str, filename: str = "<string>", folder: Path = Path(), *, strict: bool = False) -> ModuleOp:
    """The network in a `.lr` text; errors call it `filename`, and weights are looked for in `folder`.

    What it declares and does not use is an LrcWarning, or a mistake if `strict`. Raises UserError with every mistake.
    """
    return _lift(text, filename, folder, strict)


def _lift(text: str, filename: str, folder: Path, strict: bool) -> ModuleOp:
    found: list[Diagnostic] = []
    module = frontend.lift(frontend.parse(text, filename), folder, found.extend)
    if strict and found:
        raise UserError(*(each.as_error() for each in found))
    if found:
        warnings.warn(show(found), LrcWarning, stacklevel=3)
    return module


def compile(
    model: ModuleOp | str | Path,
    target: str = "host",
    *,
    threads: int = 1,
    replace_unfriendly: bool = False,
    folder: Path | None = None,
    progress: Progress = lambda step: None,
) -> Net:
    """Compile a network, build its C, and return it as something to call.

    Args:
        model: what `load` or `parse` gave, or what `load` takes.
        target: neon, host or c. NEON code runs under qemu on a machine that is no arm64.
        threads: how many threads share each layer.
        replace_unfriendly: use the hard forms of sigmoid and swish.
        folder: where the C goes; a folder that lives as long as the net if None.
        progress: is told what is being done.

    Raises:
        UserError: the network is wrong, or there is no C compiler, or no emulator that the code would need.
    """
    module = model if isinstance(model, ModuleOp) else load(model)
    toolchain.find_compiler(target)  # before the work, not after it
    if toolchain.is_foreign(target):
        toolchain.emulator_command()
    scratch = tempfile.TemporaryDirectory(prefix="lrc-") if folder is None else None
    place = folder or Path(scratch.name if scratch else "", compiler.name_of(module))
    optional = ("replace-unfriendly",) if replace_unfriendly else ()
    compilation = compiler.lower(module, target, threads=threads, optional=optional, progress=progress)
    progress("writing the C")
    compiler.write(compilation, place)
    progress("building the C")
    toolchain.build(place)
    return Net(compilation, Program(place, threads), scratch)


class Net:
    """A compiled network: call it with arrays. Its folder goes with it unless the caller chose one.

    `report` says what the compilation did.
    """

    def __init__(
        self,
        compilation: Compilation,
        program: Program,
        scratch: tempfile.TemporaryDirectory[str] | None = None,
    ) -> None:
        self._compilation = compilation
        self._program = program
        self._scratch = scratch

    @property
    def folder(self) -> Path:
        """The emitted folder."""
        return self._program.folder

    @property
    def report(self) -> Report:
        return self._compilation.report

    def __call__(self, *inputs: ArrayLike) -> Any:
        """The output for the inputs in their order: one array, or a tuple where the network has several outputs.

        Several pictures may be stacked along the first axis. Raises UserError if the inputs do not fit.
        """
        names = compiler.input_shapes(self._compilation.source)
        outputs = self.run({name: np.asarray(array, np.float32) for name, array in zip(names, inputs, strict=True)})
        results = tuple(outputs.values())
        return results[0] if len(results) == 1 else results

    def run(self, inputs: Tensors) -> Tensors:
        """Outputs by name for inputs by name. Raises UserError if the inputs do not fit."""
        return self._program.run(inputs)

    def bench(self, runs: int) -> dict[str, Any]:
        """Times of so many runs, in all and of each layer: median_ms, min_ms, threads, layers."""
        return self._program.bench(runs)

    def verify(self, inputs: Tensors) -> verification.Report:
        """Hold the graph that the passes made against the network as it was written, and every layer of the emitted
        code against the graph, in float64."""
        from lrc import verify as verification

        compiled = self._compilation
        return verification.verify(compiled.source, compiled.graph, self._program, inputs, compiled.stretches)

    def bisect(self, inputs: Tensors) -> verification.Blame | None:
        """The first pass over the graph that changes the meaning, and how; None if there is none."""
        from lrc import verify as verification

        compilation = self._compilation
        return verification.bisect(compilation.source, compilation.graph_passes, compiler.make_context(), inputs)

    def close(self) -> None:
        """Remove the folder, unless the caller chose it."""
        if self._scratch is not None:
            self._scratch.cleanup()

    def __enter__(self) -> Net:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
