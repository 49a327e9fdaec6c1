"""lrc as a library: what the command does, from Python.

import lrc
model = lrc.load("vgg16.lr")              # or "zoo:vgg16"; lrc.parse(text), lrc.write(model), lrc.save(model, path)
net = lrc.compile(model, target="host", threads=2)
y = net(x)                                # numpy in, numpy out
"""

from __future__ import annotations

import operator
import os
import warnings
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import PassFailedException

from lrc import frontend, zoo
from lrc.backends.staging import TemporaryFolder
from lrc.compilation import compiler, pipelines
from lrc.compilation.compiler import Compilation, Progress
from lrc.diagnostics import Diagnostic, LrcWarning, UserError, did_you_mean, show
from lrc.dialects import kernel, lr
from lrc.dialects.elements import element_of
from lrc.dialects.lr.store import WeightError
from lrc.dialects.values.elements import ELEMENTS, F32
from lrc.dialects.values.machines import TARGETS
from lrc.execution import toolchain
from lrc.execution.library import Library
from lrc.execution.program import Program
from lrc.files import levels
from lrc.limits import MOST_RUNS, MOST_THREADS

if TYPE_CHECKING:
    from lrc.compilation.report import Report
    from lrc.verification import exact
    from lrc.verification import verify as verification

Tensors = Mapping[str, NDArray[np.float32]]


def load(source: str | os.PathLike[str], *, strict: bool = False) -> ModuleOp:
    """The network in a `.lr` file, or of the zoo (`zoo:NAME`), lifted to the lr dialect and checked; or a module of
    whatever level, `NAME.mlir`, with its arrays beside it.

    What it declares and does not use is an LrcWarning, or a mistake if `strict`.

    Raises:
        UserError: with every mistake in it; or there is no such file.
        TypeError: the source is no path.
    """
    return _load(source, strict)


def parse(
    text: str, filename: str = "<string>", folder: str | os.PathLike[str] = "", *, strict: bool = False
) -> ModuleOp:
    """The network in a `.lr` text; errors call it `filename`, and weights are looked for in `folder`.

    What it declares and does not use is an LrcWarning, or a mistake if `strict`.

    Raises:
        UserError: with every mistake in it.
        TypeError: the text is no string.
    """
    _expect(text, (str,), "parse takes a text")
    return _lift(text, filename, Path(folder), strict)


def save(module: ModuleOp, path: str | os.PathLike[str]) -> None:
    """Write a module of the lr dialect as a `.lr` file (`write`), and its arrays beside it as NAME.safetensors: all
    that its layers name, unless they are random.

    Both are written, over those that an earlier call wrote, or none.

    Raises:
        UserError: the language cannot say the module, an array is missing, or a file cannot be written.
    """
    place, store = Path(path), lr.find_model(module).store
    arrays = levels.arrays_beside(place).name
    with _user_errors(), levels.written(place, ".lr") as folder:
        if store.is_random and not levels.needs_arrays(module):
            text = frontend.write(module)
        else:
            text = frontend.write(module, weights=arrays)
            levels.save_arrays(module, folder / arrays)
        (folder / place.name).write_text(text, encoding="utf-8", newline="\n")


def _load(source: str | os.PathLike[str], strict: bool = False) -> ModuleOp:
    """What `load` gives. Warnings point at the caller's caller."""
    text, name, folder = _read(source)
    if Path(name).suffix != ".mlir":
        return _lift(text, name, folder, strict, above=3)
    from lrc.files import saved

    module = saved.parse(text.encode("utf-8"), name)
    saved.check(module, name, text)
    return module


def _read(source: str | os.PathLike[str]) -> tuple[str, str, Path]:
    """The text of a `.lr` file, what errors call it, and its folder."""
    _expect(source, (str, os.PathLike), "the network must be the path of a .lr file, or 'zoo:NAME'")
    shown = os.fspath(source)
    if "\n" in shown:
        raise UserError.because("this is a text, not the path of a .lr file", hint="lrc.parse takes texts")
    path = zoo.path(shown.removeprefix("zoo:")) if shown.startswith("zoo:") else Path(shown)
    return frontend.read_text(path), shown, path.parent


def _lift(text: str, filename: str, folder: Path, strict: bool, above: int = 2) -> ModuleOp:
    """The network in a text. Warnings point at the caller's caller, or as far above as is said."""
    found: list[Diagnostic] = []
    module = frontend.lift(frontend.parse(text, filename), folder, found.extend)
    if strict and found:
        raise UserError(*(each.as_error() for each in found))
    if found:
        warnings.warn(show(found), LrcWarning, stacklevel=above + 1)
    return module


def compile(
    model: ModuleOp | str | os.PathLike[str],
    target: str | None = None,
    *,
    threads: int = 1,
    precision: str = "f32",
    replace_unfriendly: bool = False,
    folder: str | os.PathLike[str] | None = None,
    progress: Progress = lambda step: None,
) -> Net:
    """Compile a network, build its C, and return it as something to call.

    Args:
        model: what `load` or `parse` gave, or what `load` takes.
        target: a machine (`dialects/values/machines.py`), `neon` for phones, `host` for this one, `c` for any; the
            device that the network names, or else the host, if None. Code for another architecture runs under qemu.
        threads: how many threads share each layer, 1 to 64.
        precision: what layers compute with: "f32", or "f16", float16, where the machine has it.
        replace_unfriendly: use the hard forms of sigmoid and swish.
        folder: where the C goes; a folder that lives as long as the net if None.
        progress: is told what is being done.

    Raises:
        UserError: the network is wrong, or the folder cannot be written, or there is no C compiler, or no emulator
            that the code would need.
        ValueError: an argument is none of those that there are.
        TypeError: an argument is of the wrong type.
    """
    threads = _number("threads", threads, MOST_THREADS)
    if target is not None and target not in TARGETS:
        hint = did_you_mean(str(target), TARGETS)
        raise ValueError(f"target must be {', '.join(TARGETS)}, not {target!r}{f'; {hint}' if hint else ''}")
    if precision not in ELEMENTS:
        raise ValueError(f"precision must be {' or '.join(ELEMENTS)}, not {precision!r}")
    element = ELEMENTS[precision]
    module = model if isinstance(model, ModuleOp) else _load(model)
    target = pipelines.target_of(module, target)
    toolchain.find_compiler(target)  # before the work, not after it
    toolchain.runner_command(target)
    if element is not F32:
        toolchain.check_float16(target)
    is_foreign = toolchain.is_foreign(target)
    optional = ("replace-unfriendly",) if replace_unfriendly else ()
    with ExitStack() as on_failure:
        with _user_errors():
            compilation = compiler.lower(
                module, target, threads=threads, optional=optional, precision=element, progress=progress
            )
            scratch: TemporaryFolder | None = None
            if folder is None:
                scratch = TemporaryFolder()
                on_failure.callback(scratch.cleanup)
                folder = Path(scratch.name, "net")
            progress("writing the C")
            place = Path(folder)
            written = compiler.write(compilation, place)
        progress("building the C")
        toolchain.build(place, shared=not is_foreign)
        program, library = Program(place, threads), None if is_foreign else Library(place, threads)
        if any(built.metadata != written for built in (program, library) if built is not None):
            hint = "give each a folder of its own"
            raise UserError.because(f"another process has compiled to {place} meanwhile", hint=hint)
        on_failure.pop_all()
    return Net(compilation, program, library, scratch)


class Net:
    """A compiled network: call it with arrays. Its folder goes with it unless the caller chose one.

    Several threads may call it, and take turns; a child that forks off may call it too. It cannot be pickled.

    Attributes:
        name: the model's name.
        target: what it was compiled for.
        threads: how many threads share each layer.
        inputs: the shape of each input, by name, in the order of a call. All are float32, and begin with 1: any number
            of pictures may be stacked there.
        outputs: the shape of each output, by name.
        folder: the emitted folder.
        report: what the compilation did.
    """

    def __init__(
        self,
        compilation: Compilation,
        program: Program,
        library: Library | None = None,
        scratch: TemporaryFolder | None = None,
    ) -> None:
        self._compilation = compilation
        self._program = program
        self._library = library
        self._is_open = True
        self._scratch = scratch
        self.name: str = compilation.report.model
        self.target: str = compilation.target
        self.threads: int = program.threads
        self.inputs: Mapping[str, tuple[int, ...]] = MappingProxyType(kernel.input_shapes(compilation.source))
        self.outputs: Mapping[str, tuple[int, ...]] = MappingProxyType(kernel.output_shapes(compilation.source))
        self.folder: Path = program.folder
        self.report: Report = compilation.report

    def __repr__(self) -> str:
        inputs, outputs = (
            ", ".join(f"{name}: f32{list(shape)}" for name, shape in ports.items())
            for ports in (self.inputs, self.outputs)
        )
        threads = f" on {self.threads} threads" if self.threads > 1 else ""
        closed = "" if self._is_open else ", closed"
        return f"<lrc.Net {self.name} for {self.target}{threads}: {inputs} -> {outputs}{closed}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "an lrc.Net is code in this process: it cannot be pickled or copied; compile it in each process, or fork"
        )

    def __call__(self, *inputs: ArrayLike) -> Any:
        """The output for the inputs in their order: one array, or a tuple where the network has several outputs.

        Several pictures may be stacked along the first axis, even none.

        Raises:
            UserError: the inputs do not fit.
            TypeError: they are too many or too few, or no arrays.
            ValueError: the net is closed.
        """
        if any(isinstance(each, Mapping) for each in inputs):
            raise TypeError("a call takes arrays in their order; net.run takes a mapping from names to arrays")
        if len(inputs) != len(self.inputs):
            takes = f"{len(self.inputs)} input{'s' if len(self.inputs) > 1 else ''} ({', '.join(self.inputs)})"
            raise TypeError(f"the network {self.name} takes {takes}, not {len(inputs)}")
        results = tuple(self.run(dict(zip(self.inputs, inputs, strict=True))).values())
        return results[0] if len(results) == 1 else results

    def run(self, inputs: Mapping[str, ArrayLike]) -> dict[str, NDArray[np.float32]]:
        """Outputs by name for inputs by name.

        Raises:
            UserError: the inputs do not fit.
            TypeError: they are no mapping.
            ValueError: the net is closed.
        """
        self._check_open()
        _expect(inputs, (Mapping,), f"run takes a mapping from {', '.join(self.inputs)} to arrays")
        return (self._library or self._program).run(inputs)

    def bench(self, runs: int = 50) -> dict[str, Any]:
        """Times of so many runs, in all and of each layer: median_ms, min_ms, threads, layers.

        Raises:
            ValueError: the runs are less than 1 or more than 100,000, or the net is closed.
            TypeError: the runs are no integer.
        """
        self._check_open()
        return self._program.bench(_number("runs", runs, MOST_RUNS))

    def verify(self, inputs: Mapping[str, ArrayLike] | ArrayLike) -> verification.Verification:
        """Hold the graph that the passes made against the network as it was given, and every layer of the emitted
        code against the graph, in float64; for one picture: inputs by name, or the array of the only input. Code of a
        network that was given as loops is held against what these mean.

        Raises:
            UserError: the inputs do not fit, or are not one picture.
            TypeError: one array was given, and the network has several inputs.
            ValueError: the net is closed.
        """
        from lrc.verification import verify as verification

        it, picture = self._compilation, self._one_picture(inputs)
        if not compiler.is_graph(it.source):
            return verification.verify_loops(it.source, self._program, picture)
        return verification.verify(it.source, it.graph, self._program, picture, it.stretches)

    def verify_exactly(self, seed: int = 0, progress: Progress = lambda step: None) -> exact.ExactVerification:
        """Run the emitted code with small integers for weights, for which float32 makes no error: every bit has to
        agree with the network as it was written.

        Raises ValueError if the net is closed, or computes with float16, and UserError if it was given at a level past
        lr.
        """
        from lrc.verification import exact

        self._check_open()
        self._check_layers("integers are drawn into layers", lr_only=True)
        layers = [op for op in lr.find_model(self._compilation.graph).block.ops if isinstance(op, lr.LayerOp)]
        if any(element_of(each.output) is not F32 for each in layers):
            raise ValueError(f"the network {self.name} computes with float16: integers are for float32")
        code = exact.EmittedCode(self._compilation, self._program.folder, self._program.threads)
        return exact.verify(self._compilation.source, code, seed, progress)

    def bisect(self, inputs: Mapping[str, ArrayLike] | ArrayLike) -> verification.Blame | None:
        """The first pass over the graph that changes the meaning, and how; None if there is none.

        Raises as `verify`, and UserError if the network was given as loops.
        """
        from lrc.verification import verify as verification

        compilation, picture = self._compilation, self._one_picture(inputs)
        self._check_layers("passes are compared by what they make of layers")
        return verification.bisect(compilation.source, compilation.graph_passes, compiler.make_context(), picture)

    def close(self) -> None:
        """Unload the code, and remove the folder unless the caller chose it. The net cannot be called any more."""
        self._is_open = False
        if self._library is not None:
            self._library.close()
        if self._scratch is not None:
            self._scratch.cleanup()

    def __enter__(self) -> Net:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check_open(self) -> None:
        if not self._is_open:
            raise ValueError(f"the network {self.name} is closed")

    def _check_layers(self, what: str, lr_only: bool = False) -> None:
        """Raises UserError if the network was given at a level that has no layers any more, or not as they were."""
        level = pipelines.level_reached(self._compilation.source)
        if level in ("loops", "target") or (lr_only and level != "lr"):
            raise UserError.because(f"{what}: the network was given at the level {level}")

    def _one_picture(self, inputs: Mapping[str, ArrayLike] | ArrayLike) -> Tensors:
        self._check_open()
        if not isinstance(inputs, Mapping):
            if len(self.inputs) > 1:
                names = ", ".join(self.inputs)
                raise TypeError(f"the network {self.name} has several inputs: give a mapping from {names} to arrays")
            inputs = dict.fromkeys(self.inputs, inputs)
        arrays = self._program.inputs.arrays(inputs)
        if (pictures := len(next(iter(arrays.values())))) != 1:
            raise UserError.because(
                f"one picture is verified at a time, not {pictures}", hint="x[:1] is the first of them"
            )
        return arrays


def _number(name: str, value: int, most: int) -> int:
    """`value` as an integer from 1 to `most`. Raises ValueError or TypeError."""
    _expect(value, (SupportsIndex,), f"{name} must be an integer")
    number = operator.index(value)
    if not 1 <= number <= most:
        raise ValueError(f"{name} must be 1 to {most}, not {number}")
    return number


def _expect(value: object, types: tuple[type, ...], expected: str) -> None:
    """Raises TypeError, in the words of what was expected, if `value` is of none of these types."""
    if not isinstance(value, types):
        found = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
        raise TypeError(f"{expected}, not {found}")


@contextmanager
def _user_errors() -> Generator[None]:
    """What passes and the system find wrong, as UserError."""
    try:
        yield
    except PassFailedException as error:
        raise UserError(Diagnostic.of_error(error)) from error
    except WeightError as error:
        raise UserError.because(str(error)) from error
    except OSError as error:
        name = None if error.filename is None else os.fsdecode(error.filename)
        raise UserError.because(error.strerror or str(error), filename=name) from error
