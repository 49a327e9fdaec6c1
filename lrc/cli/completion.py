"""`lrc completion`: the completion script of a shell."""

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class, get_completion_class

from lrc.cli.options import examples

ZOO = "zoo:"


class BashCompleteZoo(BashComplete):
    """Bash takes a colon for a word of its own, and completes what stands behind it: `zoo`, `:`, `vgg`."""

    behind_zoo = False

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one to complete, and that one, `zoo:` and what follows in one piece."""
        words, incomplete = super().get_completion_args()
        if words[-2:] == ["zoo", ":"]:
            self.behind_zoo = True
            return words[:-2], ZOO + incomplete
        if (words[-1:], incomplete) == (["zoo"], ":"):
            self.behind_zoo = True
            return words[:-1], ZOO
        return words, incomplete

    def format_completion(self, item: CompletionItem) -> str:
        """A completion as Bash is told it, without the `zoo:` that already stands there: `vgg`, not `zoo:vgg`."""
        if self.behind_zoo:
            item.value = item.value.removeprefix(ZOO)
        return super().format_completion(item)


add_completion_class(BashCompleteZoo)


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
