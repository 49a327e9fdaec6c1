"""`lrc-opt`: xDSL's optimizer driver with lrc's dialects, passes and targets, for `.mlir` and `.lr` files.

It has mlir-opt's habits (`-p pipeline`, `-t target`, `--print-between-passes`, `--verify-diagnostics`,
`--split-input-file`) and is what the FileCheck tests run.
"""

import sys
from argparse import ArgumentParser
from importlib.metadata import version
from pathlib import Path
from typing import IO

from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import ArgSpecParseError, DiagnosticException, ParseError
from xdsl.xdsl_opt_main import xDSLOptMain

from lrc.diagnostics import LrcError
from lrc.located import LocatedParser


class LrcOptMain(xDSLOptMain):
    """xDSL's driver, which finds lrc's universe through its entry point, plus a frontend for `.lr`.

    Operations know their places in the text. With `-o NAME.mlir`, arrays that passes made are written beside it.
    """

    version_format = f"lrc-opt {version('lrc')}, built on xDSL {{xdsl_version}}"

    def register_all_frontends(self) -> None:
        super().register_all_frontends()
        self.available_frontends["lr"] = parse_lr

    def register_all_arguments(self, arg_parser: ArgumentParser) -> None:
        super().register_all_arguments(arg_parser)
        arg_parser.add_argument("--debug", action="store_true", help="Show the Python traceback of an error.")

    def parse_chunk(self, chunk: IO[bytes], file_extension: str, start_offset: int = 0) -> ModuleOp | None:
        if file_extension != "mlir":
            return super().parse_chunk(chunk, file_extension, start_offset)
        parser = LocatedParser(self.ctx, chunk.read(), self.get_input_name(), start_offset)
        return parser.parse_module(not self.args.no_implicit_module)

    def output_resulting_program(self, prog: ModuleOp) -> str:
        if self.args.target == "mlir" and self.args.passes:
            from lrc import levels

            if self.args.output_file is None:
                prog = levels.without_arrays(prog)
            elif levels.needs_arrays(prog):
                prog = levels.save_arrays(prog, Path(self.args.output_file).with_suffix(".safetensors"))
        return super().output_resulting_program(prog)


def parse_lr(stream: IO[bytes]) -> ModuleOp:
    """The network in a `.lr` file, imported only for one."""
    from lrc.frontend import parse_stream

    return parse_stream(stream)


def main() -> None:
    """The entry point of `lrc-opt`: what is wrong with the input or the command line is said without a traceback."""
    try:
        LrcOptMain("lrc's modular optimizer driver").run()
    except (LrcError, DiagnosticException, ParseError, ArgSpecParseError, ValueError, OSError) as error:
        if "--debug" in sys.argv:
            raise
        print(error, *getattr(error, "__notes__", ()), sep="\n", file=sys.stderr)
        sys.exit(1)
