"""`lrc-opt`: xDSL's optimizer driver with lrc's dialects, passes and targets, for `.mlir` and `.lr` files.

It has mlir-opt's habits (`-p pipeline`, `-t target`, `--print-between-passes`, `--verify-diagnostics`,
`--split-input-file`) and is what the FileCheck tests run.
"""

import sys
from importlib.metadata import version
from typing import IO

from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import ArgSpecParseError, DiagnosticException, ParseError
from xdsl.xdsl_opt_main import xDSLOptMain

from lrc.diagnostics import LrcError


class LrcOptMain(xDSLOptMain):
    """xDSL's driver, which finds lrc's universe through its entry point, plus a frontend for `.lr`."""

    version_format = f"lrc-opt {version('lrc')}, built on xDSL {{xdsl_version}}"

    def register_all_frontends(self) -> None:
        super().register_all_frontends()
        self.available_frontends["lr"] = parse_lr


def parse_lr(stream: IO[bytes]) -> ModuleOp:
    """The network in a `.lr` file, imported only for one."""
    from lrc.frontend import parse_stream

    return parse_stream(stream)


def main() -> None:
    """The entry point of `lrc-opt`: what is wrong with the input or the command line is said without a traceback."""
    try:
        LrcOptMain("lrc's modular optimizer driver").run()
    except (LrcError, DiagnosticException, ParseError, ArgSpecParseError, ValueError, OSError) as error:
        print(error, *getattr(error, "__notes__", ()), sep="\n", file=sys.stderr)
        sys.exit(1)
