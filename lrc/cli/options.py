"""Arguments and options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

Command = TypeVar("Command", bound=Callable[..., Any])
Decorator = Callable[[Command], Command]

TARGETS = ("neon", "host", "c")


def _complete_model(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    if incomplete.startswith("zoo:"):
        from lrc.zoo import names

        return [CompletionItem(f"zoo:{name}") for name in names() if f"zoo:{name}".startswith(incomplete)]
    return [CompletionItem(incomplete, type="file")]


def model_argument(function: Command) -> Command:
    """The argument F as `model`: a file, zoo:NAME or -."""
    return click.argument("model", metavar="F", shell_complete=_complete_model)(function)


def target_option(default: str = "host") -> Decorator[Command]:
    """The option --target."""
    return click.option(
        "--target",
        type=click.Choice(TARGETS),
        default=default,
        show_default=True,
        help="neon: phones with armv8.2-a (under qemu elsewhere). host: this machine. c: portable C11.",
    )


def threads_option(function: Command) -> Command:
    """The option --threads."""
    return click.option(
        "--threads", type=click.IntRange(1, 64), default=1, show_default=True, help="Threads that share each layer."
    )(function)


def json_option(function: Command) -> Command:
    """The flag --json as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print the report as one line of JSON.")(function)


def replace_unfriendly_option(function: Command) -> Command:
    """The flag --replace-unfriendly."""
    return click.option(
        "--replace-unfriendly",
        is_flag=True,
        help="Replace sigmoid and swish by their hard forms, which are cheap and not quite the same.",
    )(function)


def examples(*lines: str) -> str:
    """An epilog of example commands, printed as they are."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


FilePath = click.Path(path_type=Path, dir_okay=False)
FolderPath = click.Path(path_type=Path, file_okay=False)
