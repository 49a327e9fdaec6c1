"""A click group whose subcommands are imported when they are called."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """Finds subcommand `fmt` as the attribute `command` of its module, once somebody asks for it.

    The one-line help stands beside the module's name, so that the list of subcommands imports none of them.
    """

    def __init__(self, *args: Any, commands_by_module: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.commands_by_module = commands_by_module

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the subcommands, in the order in which help shows them."""
        return list(self.commands_by_module)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The subcommand of that name, its module imported now; None if there is none."""
        if cmd_name not in self.commands_by_module:
            return None
        module, _ = self.commands_by_module[cmd_name]
        return import_module(module).command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The subcommand that the words begin with, and the words after it. Raises UsageError with the nearest name."""
        name = args[0]
        if name not in self.commands_by_module and not name.startswith("-"):
            raise click.UsageError(f"no command '{name}'" + did_you_mean(name, self.commands_by_module), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of subcommands in the help, without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self.commands_by_module.items()])


def did_you_mean(name: str, known: Mapping[str, object]) -> str:
    """`"; did you mean 'x'?"` for the known name nearest to `name`, or the known names if none is near."""
    import difflib  # only now: `lrc --help` and completion are waited for

    near = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean '{near[0]}'?" if near else f"; there are {', '.join(known)}"
