"""A call as Python text: the script that calls a check again, whatever it was called with."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

IMPORTABLE = (sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))
"""Where every script finds modules."""

BUILTIN = (bool, int, str, bytes, type(None))

HEAD = """
HERE = Path(__file__).parent
os.environ["LRC_REPRODUCERS"] = "off"
"""
"""What each script says after its imports: this failure has its reproducer."""


class UnspeakableError(Exception):
    """A value that only the process has that made it: a class inside of a function, an open file."""


def script(check: Callable[..., Any], arguments: Mapping[str, Any], module: str) -> str:
    """A script that reads the file `module` beside it and calls a check with it, and with the other arguments as they
    were.

    It is run in the current folder, from where it finds the user's own modules. An argument `inputs` is read from
    inputs.npz. What cannot be written down is left out, and a comment says so.
    """
    _, *others = arguments
    imports: defaultdict[str, set[str]] = defaultdict(set)
    imports["pathlib"].add("Path")
    imports["lrc.files"].add("saved")
    words, lacking = [f'saved.load(HERE / "{module}")'], list[str]()
    for name in others:
        try:
            words.append(f"{name}={_spelled(name, arguments[name], imports)}")
        except UnspeakableError as error:
            lacking.append(f"# {name} is left out: {error}\n")
    try:
        call = f"{_named(check, imports)}({', '.join(words)})\n"
    except UnspeakableError as error:
        call = f"# {error}: {check.__qualname__}({', '.join(words)})\n"
    paths = sorted({root for each in imports if (root := _root(each))})
    lines = [f"from {each} import {', '.join(sorted(names))}\n" for each, names in sorted(imports.items())]
    if "inputs" in arguments:
        lines.insert(0, "import numpy as np\n")
    if paths:
        lines = ["import sys\n", *(f"sys.path.append({path!r})\n" for path in paths), *lines]
    return "".join(["import os\n", *lines, HEAD, *lacking, call])


def _spelled(name: str, value: Any, imports: dict[str, set[str]]) -> str:
    return 'dict(np.load(HERE / "inputs.npz"))' if name == "inputs" else spell(value, imports)


def spell(value: Any, imports: dict[str, set[str]]) -> str:
    """An expression for a value; what it takes from modules is added to `imports`. Raises UnspeakableError."""
    match value:
        case float():
            return repr(value) if abs(value) < float("inf") else f"float('{value}')"
        case list() | tuple() | set() | frozenset():
            words = ", ".join(spell(each, imports) for each in value)  # pyright: ignore[reportUnknownVariableType]
            name = type(value).__name__  # pyright: ignore[reportUnknownArgumentType]
            return f"{name}([{words}])" if name != "list" else f"[{words}]"
        case dict():
            words = ", ".join(f"{spell(key, imports)}: {spell(each, imports)}" for key, each in value.items())  # pyright: ignore
            return f"{{{words}}}"
        case _ if isinstance(value, BUILTIN):
            return repr(value)
        case type():
            return _named(value, imports)
        case _ if is_dataclass(value):
            given = ((each.name, getattr(value, each.name)) for each in fields(value) if each.init)
            words = ", ".join(f"{name}={spell(each, imports)}" for name, each in given)
            return f"{_named(type(value), imports)}({words})"
        case _ if hasattr(value, "__qualname__"):
            return _named(value, imports)
        case _:
            raise UnspeakableError(f"{type(value).__qualname__} has no text")


def _named(value: Any, imports: dict[str, set[str]]) -> str:
    """A class or a function by its name."""
    module, name = value.__module__, value.__qualname__
    if "<" in name or module == "__main__":
        raise UnspeakableError(f"{name} is in no module")
    imports[module].add(name.partition(".")[0])
    return name


def _root(module: str) -> str | None:
    """The folder that a module is found in, seen from here, if no other process looks there: that of a test."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None or module.partition(".")[0] == "lrc" or file.startswith(IMPORTABLE):
        return None
    above = module.count(".") + (Path(file).name == "__init__.py")
    return os.path.relpath(Path(file).parents[above])
