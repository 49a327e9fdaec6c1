"""What is written is read back as it was: modules of every level, and the texts of programs."""

from __future__ import annotations

import difflib
import tempfile
import warnings
from collections.abc import Mapping
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp
from xdsl.printer import Printer

from lrc import api, frontend
from lrc.compilation import compiler
from lrc.compilation.compiler import is_graph
from lrc.diagnostics import LrcWarning, UserError
from lrc.dialects import lr
from lrc.files import levels
from lrc.files.located import LocatedParser

MOST_LINES: Final = 12
"""Lines of a difference that are shown."""


def roundtrips(module: ModuleOp) -> bool:
    """Check that a module of any level is read back as it was: its text, custom and generic, and its arrays.

    A network of the lr level is also written as a `.lr` file and read again, if the language can say it. Returns
    whether it was. `module` stays as it is. Raises AssertionError that says what differs.
    """
    before, bare = str(module), without_store(module)
    for is_generic in (False, True):
        text = printed(bare, is_generic)
        read = LocatedParser(compiler.make_context(), text, "module.mlir").parse_module()
        what = "generic text" if is_generic else "text"
        _check(f"{what}, read and printed", bare, read)
        _check_text(f"{what}, read and printed", text, printed(read, is_generic))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "module.mlir")
        levels.save(module, path)
        read = levels.load(path, compiler.make_context())
        _check("the module, saved and loaded", module, read)
        _check_arrays("the module, saved and loaded", module, read)
        is_written = _writes(module, Path(folder, "network.lr"))
    _check_text("the module that was saved", before, str(module))
    return is_written


def _writes(module: ModuleOp, path: Path) -> bool:
    """Check that a module is written as a `.lr` file; returns whether the language can say it."""
    if not is_graph(module):
        return False
    try:
        api.save(module, path)
    except UserError:
        return False
    with warnings.catch_warnings(action="ignore", category=LrcWarning):
        read = api.load(path)
    _check("the module, written as .lr and read", module, read)
    _check_arrays("the module, written as .lr and read", module, read)
    formats(path.read_text(encoding="utf-8"), is_canonical=True)
    return True


def formats(text: str, *, is_canonical: bool = False) -> None:
    """Check that `lrc fmt` changes nothing but the layout of a `.lr` text, and nothing at all the second time; of one
    that `is_canonical` nothing the first time. Raises AssertionError that says what differs, UserError if the text has
    syntax errors."""
    once = frontend.format(text)
    if frontend.parse(once) != frontend.parse(text):
        raise AssertionError(f"lrc fmt changes what the text says:\n{_difference(text, once)}")
    _check_text("the text, formatted twice", once, frontend.format(once))
    if is_canonical:
        _check_text("the text, formatted", text, once)


def means(text: str, module: ModuleOp, arrays: Mapping[str, NDArray[Any]], file: str = "net.safetensors") -> None:
    """Check that a `.lr` text means a module; `arrays` are those of the file that it names. Raises AssertionError that
    says what differs, UserError if the text has mistakes."""
    store = lr.WeightStore.empty()
    for name, array in arrays.items():
        store.put(name, array)
    with tempfile.TemporaryDirectory() as folder:
        store.save(Path(folder, file), arrays)
        read = api.parse(text, folder=folder)
        _check("the text", module, read)
        _check_arrays("the text", module, read)


def without_store(module: ModuleOp) -> ModuleOp:
    """A copy of a module that has its arrays from nowhere, so that its text can be read anywhere."""
    copy = module.clone()
    nothing = lr.StoreAttr(lr.WeightStore.empty())
    if "weights" in copy.attributes:
        copy.attributes["weights"] = nothing
    for op in copy.ops:
        if isinstance(op, lr.ModelOp):
            op.weights = nothing
    return copy


def printed(module: ModuleOp, is_generic: bool = False) -> str:
    """The text of a module, in the generic form of all dialects if that is asked for."""
    stream = StringIO()
    Printer(stream, print_generic_format=is_generic).print_op(module)
    return stream.getvalue() + "\n"


def _check(what: str, expected: ModuleOp, found: ModuleOp) -> None:
    expected, found = without_store(expected), without_store(found)
    if not expected.is_structurally_equivalent(found):
        texts = (printed(expected), printed(found))
        if texts[0] == texts[1]:
            texts = (printed(expected, is_generic=True), printed(found, is_generic=True))
        raise AssertionError(f"{what}: another module\n{_difference(*texts)}")


def _check_text(what: str, expected: str, found: str) -> None:
    if expected != found:
        raise AssertionError(f"{what}: another text\n{_difference(expected, found)}")


def _check_arrays(what: str, expected: ModuleOp, found: ModuleOp) -> None:
    stores = levels.find_store(expected), levels.find_store(found)
    for name in sorted(levels.array_names(expected)):
        one, other = stores[0][name], stores[1][name]
        if one.dtype != other.dtype or not np.array_equal(one, other, equal_nan=one.dtype.kind == "f"):
            raise AssertionError(f"{what}: another array '{name}'")


def _difference(expected: str, found: str) -> str:
    """The first lines that differ, those expected behind a minus."""
    lines = difflib.unified_diff(expected.splitlines(), found.splitlines(), "expected", "found", lineterm="", n=1)
    shown = [line if len(line) < 400 else line[:400] + " …" for line in islice(lines, MOST_LINES)]
    return "\n".join(shown) or "(the same text)"
