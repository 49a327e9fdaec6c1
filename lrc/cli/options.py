"""Arguments and options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from lrc.dialects.values.elements import ELEMENTS, F32
from lrc.dialects.values.machines import MACHINES, TARGETS
from lrc.limits import MOST_SEED, MOST_THREADS

Command = TypeVar("Command", bound=Callable[..., Any])
Decorator = Callable[[Command], Command]

OF_CODE = ("target", "threads", "precision", "replace_unfriendly", "exact")
"""What only the emitted code is asked for, by the names of parameters."""

FilePath = click.Path(path_type=Path, dir_okay=False)


def complete_zoo(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The names of the zoo's networks that begin with `incomplete`."""
    from lrc import zoo

    return [CompletionItem(name) for name in zoo.NETWORKS if name.startswith(incomplete)]


def _complete_model(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    if incomplete.startswith("zoo:"):
        known = complete_zoo(context, parameter, incomplete.removeprefix("zoo:"))
        return [CompletionItem(f"zoo:{item.value}") for item in known]
    return [CompletionItem(incomplete, type="file")]


def model_argument(function: Command) -> Command:
    """The argument F as `model`: a file, zoo:NAME or -."""
    return click.argument("model", metavar="F", shell_complete=_complete_model)(function)


def models_argument(function: Command) -> Command:
    """The argument F... as `models`, at least one."""
    return click.argument("models", metavar="F...", nargs=-1, required=True, shell_complete=_complete_model)(function)


def compile_options(function: Command) -> Command:
    """What all commands that compile take: --target, --threads, --precision and --replace-unfriendly."""
    for option in (
        click.option(
            "--replace-unfriendly",
            is_flag=True,
            help="Replace sigmoid and swish by their hard forms: cheap, and not quite the same.",
        ),
        click.option(
            "--precision",
            type=click.Choice([*ELEMENTS]),
            default=F32.name,
            show_default=True,
            help="What layers compute with: f16 is float16, for neon and c. Inputs and outputs stay float32.",
        ),
        click.option(
            "--threads",
            type=click.IntRange(1, MOST_THREADS),
            default=1,
            show_default=True,
            help="Threads that share each layer.",
        ),
        click.option(
            "--target",
            type=click.Choice(TARGETS),
            metavar="MACHINE",
            help="neon: phones with armv8.2-a (under qemu elsewhere). host: this machine. c: portable C11. Or one of "
            f"{', '.join(sorted({*MACHINES} - {'c'}))}. [default: the device that F names, or host]",
        ),
    ):
        function = option(function)
    return function


def input_options(function: Command) -> Command:
    """Where the commands that run a network take its input from: --input as `input_path`, and --seed."""
    for option in (
        click.option(
            "--seed", type=click.IntRange(0, MOST_SEED), default=0, show_default=True, help="Of the random input."
        ),
        click.option("--input", "input_path", type=FilePath, help=".npy, or .npz by name; random if left out."),
    ):
        function = option(function)
    return function


def json_option(function: Command) -> Command:
    """The flag --json as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print the report as one line of JSON.")(function)


def given(context: click.Context, *names: str) -> list[str]:
    """Which of these options somebody has typed, as they are typed."""
    default = click.core.ParameterSource.DEFAULT
    typed = [name for name in names if context.get_parameter_source(name) is not default]
    return [f"--{name.replace('_', '-')}" for name in typed]


def examples(*lines: str) -> str:
    """An epilog of example commands, printed as they are."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
