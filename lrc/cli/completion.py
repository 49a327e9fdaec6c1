"""`lrc completion`: the completion script of a shell."""

import click
from click.shell_completion import get_completion_class

from lrc.cli.options import examples


@click.command(
    epilog=examples(
        'eval "$(lrc completion bash)"                           in ~/.bashrc',
        'eval "$(lrc completion zsh)"                            in ~/.zshrc',
        "lrc completion fish > ~/.config/fish/completions/lrc.fish",
    )
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the completion script of SHELL: commands, options, files and zoo networks."""
    completion = get_completion_class(shell)
    if completion is None:
        raise click.UsageError(f"no completion for {shell}")
    click.echo(completion(context.find_root().command, {}, "lrc", "_LRC_COMPLETE").source())
