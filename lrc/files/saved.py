"""A module in a file of its own, for somebody else to read: what a failing check leaves behind, or `lrc reduce`.

It is a `.lr` file where the language can say it, or else `.mlir`, with its arrays beside it: `lrc-opt` reads both, and
and so do the commands that compile.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import ParseError, VerifyException

from lrc import api, frontend
from lrc.backends import staging
from lrc.compilation.compiler import make_context
from lrc.diagnostics import Diagnostic, UserError
from lrc.dialects import kernel, lr
from lrc.dialects.files import read
from lrc.dialects.places import PlacedError
from lrc.files import levels
from lrc.frontend.checking import check_weights


def load(path: Path) -> ModuleOp:
    """The module in a `.lr` file, or in a `.mlir` file of any level. Raises UserError with what is wrong, and where."""
    return frontend.load(path) if path.suffix == ".lr" else parse(read_bytes(path), str(path))


def parse(text: bytes, name: str) -> ModuleOp:
    """The module in the text of a `.mlir` file of any level. Raises UserError with what is wrong, and where."""
    try:
        return levels.parse(text, name, make_context())
    except (ParseError, VerifyException) as error:
        raise UserError(Diagnostic.of_error(error, text.decode("utf-8"))) from error


def read_bytes(path: Path) -> bytes:
    """All of a file. Raises UserError if it cannot be read."""
    try:
        return read(path)
    except OSError as error:
        raise UserError.because(f"cannot be read: {error.strerror}", filename=str(path)) from None


def load_network(path: Path) -> ModuleOp:
    """The module in a file if it is a network of the lr level whose arrays are all at hand, as its layers need them.

    Raises UserError with every array that is not.
    """
    module = load(path)
    if not is_network(module):
        message = "this is no network of the lr level: one lr.model of nothing but lr's layers"
        raise UserError.because(message, hint="lrc-opt goes on from every level", filename=str(path))
    check(module, str(path))
    return module


def check(module: ModuleOp, name: str, text: str | None = None) -> None:
    """Raises UserError unless a module of whatever level is one network, to be compiled from there: its machine is
    known, and its arrays are at hand, as far as it is known which it needs."""
    try:
        network = kernel.find_network(module)
        model = None if network is not None else lr.find_model(module)
    except ValueError:
        message = "there is no network in it: one lr.model, or one kernel.network with its kernels"
        raise UserError.because(message, filename=name) from None
    found: list[PlacedError] = []
    if model is not None:
        found += [PlacedError(op, message) for op, message, _ in check_weights(model)]
    elif network is not None:
        store = module.attributes.get("weights")
        names = set(store.data.names()) if isinstance(store, lr.StoreAttr) else set[str]()
        found += [
            PlacedError(op, f"the weights have no array named '{op.weight.data}'")
            for op in network.body.ops
            if isinstance(op, kernel.WeightsOp) and op.weight.data not in names
        ]
        if lr.find_machine(module) is None:
            found.append(PlacedError(module, "the module is for no machine: `machine = #lr.machine<…>` is missing"))
    if found:
        raise UserError(*(Diagnostic.of_error(each, text) for each in found))


def is_network(module: ModuleOp) -> bool:
    """Whether a module is of the lr level: one model, and all its layers are lr's."""
    models = [op for op in module.ops if isinstance(op, lr.ModelOp)]
    return len(models) == 1 and all(op.name.startswith("lr.") for op in models[0].block.ops)


def save(module: ModuleOp, path: Path) -> Path:
    """Write a module, its arrays beside it unless its text can draw them, as `path` with the suffix of what it became,
    which is returned.

    Raises WeightError if an array is missing, OSError if a file cannot be written.
    """
    if is_network(module):
        with suppress(UserError):  # the language has no fused layers, and not all names
            text = path.with_name(f"{path.name}.lr")
            api.save(module, text)
            return text
    text = path.with_name(f"{path.name}.mlir")
    if _can_be_drawn(module):
        staging.write(text, levels.show(module).encode("utf-8"))
    else:
        levels.save(module, text)
    return text


def _can_be_drawn(module: ModuleOp) -> bool:
    """Whether the text of a module says all: it names no arrays, or none but random ones."""
    return not levels.array_names(module) or (levels.find_store(module).is_random and not levels.needs_arrays(module))
