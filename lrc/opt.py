"""`lrc-opt`: xDSL's optimizer driver with lrc's dialects, passes and targets, for `.mlir` and `.lr` files.

It has mlir-opt's habits (`-p pipeline`, `-t target`, `--print-between-passes`, `--verify-diagnostics`,
`--split-input-file`) and is what the FileCheck tests run.
"""

import shlex
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from importlib.metadata import version
from io import BytesIO, StringIO
from pathlib import Path
from typing import IO

from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import ArgSpecParseError, DiagnosticException, ParseError
from xdsl.xdsl_opt_main import xDSLOptMain

from lrc.backends import signals
from lrc.diagnostics import LrcError, UserError
from lrc.dialects.files import read
from lrc.exit_codes import BUG_IN_LRC
from lrc.files.inputs import keep
from lrc.files.located import LocatedParser, verify


class LrcOptMain(xDSLOptMain):
    """xDSL's driver, which finds lrc's universe through its entry point, plus a frontend for `.lr`.

    Operations know their places in the text. With `-o NAME.mlir`, arrays that passes made are written beside it. The
    files appear when all is done, and never in place of one that was read.
    """

    folder: Path | None = None
    """Where the output is written until it is whole; None if it is no file."""

    emitted: Path | None = None
    """The folder of C that is the output, if it is one."""

    written = False
    """Whether it has been written."""

    version_format = f"lrc-opt {version('lrc')}, built on xDSL {{xdsl_version}}"

    def register_all_frontends(self) -> None:
        """xDSL's, and `.lr`."""
        super().register_all_frontends()
        self.available_frontends["lr"] = parse_lr

    def register_all_arguments(self, arg_parser: ArgumentParser) -> None:
        """xDSL's, and `--debug`."""
        super().register_all_arguments(arg_parser)
        arg_parser.add_argument("--debug", action="store_true", help="Show the Python traceback of an error.")

    def run(self) -> None:
        """Read, apply the passes and print. Raises UserError if the output is a file that is read."""
        name: str | None = self.args.output_file
        path = None if name is None or name == "-" else Path(name)
        if path is not None and self.args.target == "c" and (str(name).endswith("/") or path.is_dir()):
            self.emitted = path
        if path is None or self.emitted or (path.exists() and not path.is_file()):
            super().run()
            return
        from lrc.files import levels

        with levels.written(path) as self.folder:
            super().run()

    def get_input_stream(self) -> tuple[IO[bytes], str]:
        """The bytes of the input, and what its name ends with: `mlir`, `lr`. Raises OSError for what is no file."""
        name = self.args.input_file
        if name is None:
            return super().get_input_stream()
        stream = NamedBytes(read(Path(name)))
        stream.name = name
        return stream, Path(name).suffix.removeprefix(".")

    def prepare_output(self) -> IO[str]:
        """Where the text goes: standard output, a device, or a file in `folder`; none goes to a folder of C."""
        if self.emitted is not None:
            return StringIO()
        if self.folder is not None:
            return open(self.folder / Path(self.args.output_file).name, "w", encoding="utf-8")
        return sys.stdout if self.args.output_file == "-" else super().prepare_output()

    def parse_chunk(self, chunk: IO[bytes], file_extension: str, start_offset: int = 0) -> ModuleOp | None:
        """The module in a part of the input; that of `.mlir` knows its places, and is verified unless told otherwise.

        Raises UserError if the output is a file that its arrays come from.
        """
        if file_extension != "mlir":
            module = super().parse_chunk(chunk, file_extension, start_offset)
        else:
            parser = LocatedParser(self.ctx, chunk.read(), self.get_input_name(), start_offset)
            module = parser.parse_module(not self.args.no_implicit_module)
            if not self.args.disable_verify:
                verify(module)
        if module is not None and (self.folder or self.emitted):
            from lrc.files import inputs

            read = [] if self.args.input_file is None else [Path(self.args.input_file)]
            self._keep([*read, *inputs.files(module)])
        return module

    def output_resulting_program(self, prog: ModuleOp) -> str:
        """The module as text. Arrays that passes made go to a file beside it, or the text says that they are gone. The
        text of a folder of C is none.

        Raises UserError if a second module of one output has such arrays, or is to go into one folder.
        """
        if self.emitted is not None:
            self._write_folder(prog, self.emitted)
            return ""
        if self.args.target == "mlir" and self.args.passes:
            from lrc.files import levels

            if self.folder is None:
                prog = levels.without_arrays(prog)
            elif levels.needs_arrays(prog):
                arrays = levels.arrays_beside(self.folder / Path(self.args.output_file).name)
                if arrays.exists():
                    message = "the arrays of several modules do not go into one file"
                    raise UserError.because(message, filename=self.args.output_file)
                prog = levels.save_arrays(prog, arrays)
        return super().output_resulting_program(prog)

    def _write_folder(self, module: ModuleOp, folder: Path) -> None:
        from lrc.backends.c import emit

        if self.written:
            raise UserError.because("several modules do not go into one folder", filename=self.args.output_file)
        emit.write(module, folder)
        self.written = True

    def _keep(self, inputs: Iterable[Path]) -> None:
        from lrc.backends.metadata import files_of_lrc
        from lrc.files import levels

        if self.emitted is not None:
            places = [self.emitted / name for name in files_of_lrc(self.emitted)]
        else:
            output = Path(self.args.output_file)
            places = [output, levels.arrays_beside(output)]
        for place in places:
            keep(inputs, place)


class NamedBytes(BytesIO):
    """A file that has been read."""

    name: str


def parse_lr(stream: IO[bytes]) -> ModuleOp:
    """The network in a `.lr` file, imported only for one; warnings go to standard error."""
    from lrc.diagnostics import show
    from lrc.frontend import parse_stream

    return parse_stream(stream, lambda warnings: print(show(warnings), file=sys.stderr))


MISTAKES = (LrcError, DiagnosticException, ParseError, ArgSpecParseError, ValueError, OSError)
"""What is wrong with the input or the command line; any other exception is a bug."""


def main() -> None:
    """The entry point of `lrc-opt`: what is wrong with the input or the command line is said without a traceback, and a
    bug leaves a reproducer."""
    try:
        with signals.as_exceptions():
            _run(LrcOptMain("lrc's modular optimizer driver"))
    except signals.Terminated as end:
        sys.exit(128 + end.number)
    except MISTAKES as error:
        if "--debug" in sys.argv:
            raise
        print(_describe(error), *getattr(error, "__notes__", ()), sep="\n", file=sys.stderr)
        sys.exit(1)


def _run(driver: LrcOptMain) -> None:
    try:
        driver.run()
    except (signals.Terminated, *MISTAKES):
        raise
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        _report_bug(driver, error)
        sys.exit(BUG_IN_LRC)


def _report_bug(driver: LrcOptMain, error: Exception) -> None:
    from lrc.cli.reproducer import write_text

    name = driver.args.input_file
    print(f"a bug in lrc, or in a pass: {type(error).__name__}: {error}", file=sys.stderr)
    if name is None:
        return  # standard input is gone
    text = read(Path(name)).decode("utf-8", "replace")
    path = write_text(error, ("lrc-opt", *sys.argv[1:]), text, [Path(name)], Path(name).suffix)
    if driver.args.passes:
        command = shlex.join(["lrc", "reduce", str(path), "--passes", driver.args.passes])
        print(f"  = `{command}` makes it smaller, if it is a network", file=sys.stderr)
    print(f"  = please report it with the reproducer {path}", file=sys.stderr)


def _describe(error: BaseException) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return str(error)
