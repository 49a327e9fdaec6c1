"""lrc: the layer-wise representation compiler.

import lrc
net = lrc.compile(lrc.load("net.lr"), target="host")
y = net(x)
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lrc.api import Net as Net
    from lrc.api import compile as compile
    from lrc.api import load as load
    from lrc.api import parse as parse
    from lrc.api import save as save
    from lrc.diagnostics import Diagnostic as Diagnostic
    from lrc.diagnostics import LrcError as LrcError
    from lrc.diagnostics import LrcWarning as LrcWarning
    from lrc.diagnostics import UserError as UserError
    from lrc.frontend.writing import write as write

__version__ = "0.1.0"
__all__ = [
    "Diagnostic",
    "LrcError",
    "LrcWarning",
    "Net",
    "UserError",
    "__version__",
    "compile",
    "load",
    "parse",
    "save",
    "write",
]

_HOMES: dict[str, str] = {
    **dict.fromkeys(("Diagnostic", "LrcError", "LrcWarning", "UserError"), "lrc.diagnostics"),
    **dict.fromkeys(("Net", "compile", "load", "parse", "save"), "lrc.api"),
    "write": "lrc.frontend.writing",
}


def __getattr__(name: str) -> Any:
    """The library, imported when it is first used, so that `import lrc` and `lrc --help` take no time."""
    if (home := _HOMES.get(name)) is None:
        raise AttributeError(f"module 'lrc' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
