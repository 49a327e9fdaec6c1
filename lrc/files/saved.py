"""A module in a file of its own, for somebody else to read: what a failing check leaves behind, or `lrc reduce`.

It is a `.lr` file where the language can say it, or else `.mlir`, with its arrays beside it: `lrc-opt` reads both, and
`lrc verify` too if it is a network.
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
from lrc.dialects import lr
from lrc.dialects.places import PlacedError
from lrc.files import levels
from lrc.frontend.checking import check_weights


def load(path: Path) -> ModuleOp:
    """The module in a `.lr` file, or in a `.mlir` file of any level. Raises UserError with what is wrong, and where."""
    if path.suffix == ".lr":
        return frontend.load(path)
    try:
        return levels.load(path, make_context())
    except (ParseError, VerifyException) as error:
        raise UserError(Diagnostic.of_error(error)) from error
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not a text"
        raise UserError.because(f"cannot be read: {reason}", filename=str(path)) from None


def load_network(path: Path) -> ModuleOp:
    """The same for a network of the lr level, whose arrays are all at hand, and as its layers need them.

    Raises UserError with every array that is not.
    """
    module = load(path)
    if not is_network(module):
        message = "this is no network of the lr level: one lr.model of nothing but lr's layers"
        raise UserError.because(message, hint="lrc-opt goes on from every level", filename=str(path))
    found = check_weights(lr.find_model(module))
    if wrong := [Diagnostic.of_error(PlacedError(op, message)) for op, message, _ in found]:
        raise UserError(*wrong)
    return module


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
