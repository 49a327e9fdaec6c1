"""A level of the IR on disk: the text of a module, and beside it a file with the arrays that the text names."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp

from lrc.backends.replacing import ForeignFileError
from lrc.backends.signals import held
from lrc.backends.staging import beside, keep_owner, parents_made
from lrc.diagnostics import UserError
from lrc.dialects import kernel, lr
from lrc.dialects.files import read
from lrc.dialects.lr.store import WeightStore, is_written_by_lrc
from lrc.files.located import LocatedParser, verify
from lrc.garbage import collecting_nothing


def save(module: ModuleOp, path: Path) -> None:
    """Write a module as `path`, and the arrays that it names, and no others, beside it as NAME.safetensors.

    Both files are written, over those that an earlier call wrote, or none. Raises what `written` does.
    """
    with written(path) as folder:
        saved = save_arrays(module, arrays_beside(folder / path.name))
        (folder / path.name).write_text(show(saved), encoding="utf-8", newline="\n")


@contextmanager
def written(path: Path, ending: str = ".mlir") -> Generator[Path]:
    """Gives a folder for a text, named as `path` is, and for its arrays; moves them into place in the end.

    If the body fails, nothing is changed. An older text goes before the older arrays do: whoever is killed in between
    leaves no text beside arrays that are not its own. Raises UserError if `path` is itself called like a file of
    arrays, and not like a text, `NAME.mlir`; ForeignFileError if the one that stands there is not lrc's, OSError if a
    file cannot be written.
    """
    arrays, place = arrays_beside(path), Path(os.path.realpath(path))
    if path == arrays:
        raise UserError.because(
            "this is how the file of arrays is called", hint=f"say NAME{ending}", filename=str(path)
        )
    try:
        with parents_made(place), beside(place) as work:
            new = work / "new"
            new.mkdir()
            yield new
            if place.exists():
                with suppress(PermissionError):
                    keep_owner(place, new / path.name)
            if not (new / arrays.name).exists():
                os.replace(new / path.name, place)
                return
            if os.path.lexists(arrays) and not is_written_by_lrc(arrays):
                reason = "lrc did not write this file and leaves it alone"
                raise ForeignFileError(errno.EEXIST, reason, str(arrays))
            with held():
                _replace_both(new, path.name, place, arrays)
    except ForeignFileError:
        raise
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None


def _replace_both(new: Path, name: str, text: Path, arrays: Path) -> None:
    old = new.with_name("old")
    if text.exists():
        os.rename(text, old)
    try:
        os.replace(new / arrays.name, arrays)
    except OSError:
        if old.exists():
            os.rename(old, text)
        raise
    os.replace(new / name, text)


def arrays_beside(path: Path) -> Path:
    """The file that holds the arrays of a text."""
    return path.with_suffix(".safetensors")


def save_arrays(module: ModuleOp, path: Path) -> ModuleOp:
    """Write the arrays that a module names, and no others, and return a copy of the module that has them from there.

    Raises WeightError if an array is missing, OSError if the file cannot be written.
    """
    find_store(module).save(path, array_names(module))
    saved = WeightStore.from_file(path, path.name)
    return _with_stores(module, lambda _: saved)


def without_arrays(module: ModuleOp) -> ModuleOp:
    """A module as its text alone gives it back: what passes made is missing, and random weights do not stand in."""
    names = array_names(module)
    return _with_stores(module, lambda store: store.alone(names)) if needs_arrays(module) else module


def load(path: Path, context: Context) -> ModuleOp:
    """The module in a file, verified, its arrays at hand. Raises xDSL's ParseError and VerifyException, and OSError."""
    return parse(read(path), str(path), context)


def parse(text: bytes, name: str, context: Context) -> ModuleOp:
    """The same for the text of a file, which errors call `name`."""
    with collecting_nothing():
        module = LocatedParser(context, text, name).parse_module()
        verify(module)
    return module


def show(module: ModuleOp) -> str:
    """A module as text."""
    return str(module) + "\n"


def find_store(module: ModuleOp) -> WeightStore:
    """The weights of a module, whether it holds a model or what that became as loops. Raises ValueError if there is
    neither."""
    lowered = module.attributes.get("weights")
    return lowered.data if isinstance(lowered, lr.StoreAttr) else lr.find_model(module).store


def needs_arrays(module: ModuleOp) -> bool:
    """Whether a module names arrays that passes made: its text alone cannot be compiled or run."""
    names = array_names(module)
    return any(not store.data.made.isdisjoint(names) for store in lr.stores_of(module))


def array_names(module: ModuleOp) -> set[str]:
    """The names of all arrays that a module names."""
    return set(_array_names(module))


def _with_stores(module: ModuleOp, change: Callable[[WeightStore], WeightStore]) -> ModuleOp:
    """A copy of a module that has its arrays from other stores."""
    copy = module.clone()
    for name, each in copy.attributes.items():
        if isinstance(each, lr.StoreAttr):
            copy.attributes[name] = lr.StoreAttr(change(each.data))
    for op in copy.ops:
        if isinstance(op, lr.ModelOp):
            op.weights = lr.StoreAttr(change(op.store))
    return copy


def _array_names(module: ModuleOp) -> Iterator[str]:
    for op in module.walk():
        if isinstance(op, kernel.WeightsOp):
            yield op.weight.data
        yield from (each.data for each in op.properties.values() if isinstance(each, lr.WeightAttr))
