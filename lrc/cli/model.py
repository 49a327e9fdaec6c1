"""From F on the command line to the text of a network and its module."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lrc.cli.errors import Invocation

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from lrc.frontend.lifting import Warn


@dataclass(frozen=True)
class Source:
    """The text of a network, the name that errors call it, where its weights are looked for, and whether it is a file
    that lrc may rewrite."""

    name: str
    text: str
    folder: Path = Path()
    is_file: bool = False

    @property
    def path(self) -> Path:
        """The name as a path: where the text is, if `is_file`."""
        return Path(self.name)


def read_source(invocation: Invocation, model: str) -> Source:
    """The text behind F: a file, zoo:NAME, or - for standard input. Raises UserError."""
    from lrc.frontend import decode, read_text

    if model == "-":
        source = Source("<stdin>", decode(sys.stdin.buffer.read(), "<stdin>"))
    elif model.startswith("zoo:"):
        from lrc import zoo

        path = zoo.path(model.removeprefix("zoo:"))
        source = Source(model, read_text(path), path.parent)
        invocation.inputs.append(path)
    else:
        source = Source(model, read_text(Path(model)), Path(model).parent, is_file=True)
        invocation.inputs.append(source.path)
    invocation.model_text = source.text
    return source


def read_model(invocation: Invocation, model: str, warn: "Warn | None" = None) -> "ModuleOp":
    """The network behind F, lifted and checked; warnings go to standard error unless `warn` takes them. F may also be
    a module of whatever level, NAME.mlir, with its arrays beside it.

    Raises UserError with every mistake in it.
    """
    from lrc import frontend
    from lrc.diagnostics import show
    from lrc.files.inputs import files

    if Path(model).suffix == ".mlir":
        from lrc.files import saved

        text = saved.read_bytes(Path(model))
        invocation.inputs.append(Path(model))
        module = saved.parse(text, model)
        invocation.inputs += files(module)
        invocation.model_text, invocation.suffix = text.decode("utf-8"), ".mlir"
        saved.check(module, model, invocation.model_text)
        return module
    source = read_source(invocation, model)
    tree = frontend.parse(source.text, source.name)
    module = frontend.lift(tree, source.folder, warn or (lambda warnings: click.echo(show(warnings), err=True)))
    invocation.inputs += files(module)
    return module
