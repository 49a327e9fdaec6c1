"""`lrc fmt`: the one canonical layout."""

import click

from lrc.cli.console import write_whole
from lrc.cli.errors import INPUT_IS_WRONG, Invocation
from lrc.cli.model import Source, read_source
from lrc.cli.options import examples, models_argument


@click.command(
    epilog=examples(
        "lrc fmt net.lr            rewrite the file",
        "lrc fmt --check *.lr      for CI: name the files that would change",
        "lrc fmt - < net.lr        standard input to standard output",
    )
)
@models_argument
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 if a file is not as it would be written.")
@click.pass_obj
def command(invocation: Invocation, models: tuple[str, ...], check: bool) -> int:
    """Rewrite each F in the one canonical layout; comments stay.

    What is no file (- and zoo:NAME) goes to standard output.
    """
    from lrc import frontend

    different: list[Source] = []
    for source in [read_source(invocation, model) for model in models]:
        text = frontend.format(source.text, source.name)
        if check:
            if text != source.text:
                different.append(source)
        elif not source.is_file:
            click.echo(text.encode("utf-8"), nl=False)
        elif text != source.text:
            write_whole(source.path, text.encode("utf-8"))
            click.echo(f"{source.name}: rewritten", err=True)
    for source in different:
        click.echo(f"{source.name}: not in the canonical layout; lrc fmt {source.name} rewrites it", err=True)
    return INPUT_IS_WRONG if different else 0
