"""What a failing check leaves behind: the module, its arrays, the inputs, and the one command that fails again.

A check is a function of a module, whose first argument that is. `reproducible` says with which command `lrc` does the
same; where it cannot, for a check without one or a pass that no entry point of xDSL names, a small script calls the
check.

    .lrc-reproducers/test_my_pass-5d1f3a2c/
      module.mlir           the module, module.safetensors its arrays if it cannot draw them
      inputs.npz            the inputs, if it is a network
      reproduce.py          calls the check
      README                the error, the command, and how `lrc reduce` makes it smaller

A test has one folder, which each failure of it writes anew: Hypothesis runs a test hundreds of times to shrink an
example, and what stays is the last run, the smallest. `LRC_REPRODUCERS` names another folder than `.lrc-reproducers`;
`off` stands for none.
"""

from __future__ import annotations

import inspect
import os
import re
import shlex
import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar

import numpy as np
from hypothesis.errors import HypothesisException
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from lrc import __version__
from lrc.backends import staging
from lrc.files import saved
from lrc.testing.checks.scripts import script
from lrc.universe import multiverse
from lrc.verification.verify import random_inputs

WHERE = "LRC_REPRODUCERS"
"""The environment variable that says where reproducers go."""

FOLDER = ".lrc-reproducers"

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Command(Protocol):
    """From a check's arguments by name to the words of a command behind its module, or None if there is none."""

    def __call__(self, arguments: Mapping[str, Any], /) -> Sequence[str] | None: ...


def reproducible(
    command: Command | None = None,
) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """Make a check leave a reproducer behind when it fails: its error gets a note that says where, and the command.

    `command` gives the words that follow `lrc verify MODULE`, such as `["--target", "c"]`; the inputs are those of
    `verify.random_inputs` and the check's argument `seed`, or else its argument `inputs`.
    """

    def decorate(check: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        signature = inspect.signature(check)

        @wraps(check)
        def checked(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
            __tracebackhide__ = True
            try:
                return check(*args, **kwargs)
            except HypothesisException:
                raise  # no failure, but how Hypothesis steers a test
            except Exception as error:
                bound = signature.bind(*args, **kwargs)
                bound.apply_defaults()
                _note(error, check, bound.arguments, command)
                raise

        return checked

    return decorate


def verify_passes(passes: Sequence[ModulePass]) -> list[str] | None:
    """The words with which `lrc verify` checks passes; None if one of them is none that it can find by its name."""
    known = multiverse().all_passes
    if any(each.name not in known or known[each.name]() is not type(each) for each in passes):
        return None
    return ["--passes", ",".join(map(str, passes))]


def place() -> Path | None:
    """The folder of the test that runs, or of no test in particular; None if none are wanted."""
    root = os.environ.get(WHERE, FOLDER)
    if root == "off":
        return None
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    name = re.sub(r"\W+", "_", test.rpartition("::")[2].partition("[")[0])
    return Path(root, f"{name}-{sha256(test.encode()).hexdigest()[:8]}" if name else "check")


def _note(error: Exception, check: Callable[..., Any], arguments: dict[str, Any], command: Command | None) -> None:
    """Write the reproducer of an error, and say so; checks call each other, and the innermost one knows best."""
    folder = place()
    if folder is None or any(note.startswith("reproducer: ") for note in getattr(error, "__notes__", ())):
        return
    try:
        again = write(folder, error, check, arguments, command)
    except (OSError, ValueError) as failed:  # a full disk, a module that lacks its arrays
        error.add_note(f"reproducer: {folder} cannot be written: {failed}")
    else:
        error.add_note(f"reproducer: {again}")


def write(
    folder: Path, error: Exception, check: Callable[..., Any], arguments: Mapping[str, Any], command: Command | None
) -> str:
    """Write the reproducer of a check that failed on these arguments, the first of them the module, and return the
    command that fails again. Raises OSError."""
    module: ModuleOp = next(iter(arguments.values()))
    inputs = _inputs(module, arguments)
    with staging.parents_made(folder), staging.beside(folder) as work:
        new = work / "new"
        new.mkdir()
        text = saved.save(module, new / "module").name
        if inputs is not None:
            np.savez(new / "inputs.npz", **inputs)  # pyright: ignore[reportArgumentType]
        (new / "reproduce.py").write_text(script(check, arguments, text), encoding="utf-8")
        words = None
        if command is not None and inputs is not None and all(np.isfinite(each).all() for each in inputs.values()):
            words = command(arguments)
        line, smaller = shlex.join(["python", str(folder / "reproduce.py")]), ""
        if words is not None:
            line = shlex.join(["lrc", "verify", str(folder / text), *words, "--input", str(folder / "inputs.npz")])
            smaller = f"{line.replace('verify', 'reduce', 1)}\n"
        versions = f"lrc {__version__}, xdsl {version('xdsl')}"
        about = f"{type(error).__name__}: {error}\n\n{line}\n{smaller}\n{versions}\n"
        (new / "README").write_text(about, encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(new, folder)
    return line


def _inputs(module: ModuleOp, arguments: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The inputs that a check fed a network with; None if it is no network."""
    if not saved.is_network(module):
        return None
    return arguments["inputs"] if "inputs" in arguments else random_inputs(module, arguments.get("seed", 0))
