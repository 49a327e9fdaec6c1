"""From F on the command line to the text of a network and its module."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lrc.cli.errors import Invocation

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp


@dataclass(frozen=True)
class Source:
    """The text of a network, the name that errors call it, and its file if lrc may write to that."""

    name: str
    text: str
    path: Path | None = None


def read_source(invocation: Invocation, model: str) -> Source:
    """The text behind F: a file, zoo:NAME, or - for standard input. Raises OSError, LrcError."""
    if model == "-":
        source = Source("standard input", sys.stdin.read())
    elif model.startswith("zoo:"):
        from lrc import zoo

        source = Source(model, zoo.path(model.removeprefix("zoo:")).read_text(encoding="utf-8"))
    else:
        source = Source(model, Path(model).read_text(encoding="utf-8"), Path(model))
    invocation.model_text = source.text
    return source


def read_model(invocation: Invocation, model: str) -> "ModuleOp":
    """The network behind F, lifted and checked. Raises OSError, LrcError."""
    from lrc import api

    source = read_source(invocation, model)
    if model == "-":
        return api.parse(source.text, source.name)
    return api.load(model)
