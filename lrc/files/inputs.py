"""What has been read must not be written over."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp

from lrc.diagnostics import UserError
from lrc.dialects import lr


def files(module: ModuleOp) -> list[Path]:
    """The files that a module has its arrays from."""
    return [store.data.path for store in lr.stores_of(module) if store.data.path is not None]


def keep(inputs: Iterable[Path], output: Path) -> None:
    """Raises UserError if `output` is one of these files, however it is spelled or linked."""
    try:
        place = output.stat()
    except OSError:
        return  # nothing is there
    for path in inputs:
        try:
            same = stat.S_ISREG(place.st_mode) and os.path.samestat(path.stat(), place)
        except OSError:
            continue
        if same:
            which = "this is" if output == path else f"this is the same file as {path},"
            raise UserError.because(
                f"{which} an input, and is not written over", hint="give the output another name", filename=str(output)
            )
