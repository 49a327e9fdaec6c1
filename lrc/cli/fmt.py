"""`lrc fmt`: the one canonical layout."""

import click

from lrc.backends import staging
from lrc.cli.errors import Invocation
from lrc.cli.model import Source, read_source
from lrc.cli.options import examples, models_argument
from lrc.exit_codes import INPUT_IS_WRONG


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
    from lrc.diagnostics import LrcError

    wrong = 0
    for model in models:
        try:
            wrong += not _format(read_source(invocation, model), check)
        except LrcError as error:
            wrong += 1
            click.echo(str(error), err=True)
    return INPUT_IS_WRONG if wrong else 0


def _format(source: Source, check: bool) -> bool:
    """Rewrites one source, or checks it: whether it is fine then."""
    from lrc import frontend

    text = frontend.format(source.text, source.name).encode("utf-8")
    before = source.path.read_bytes() if source.is_file else source.text.encode("utf-8")
    if check:
        if text != before:
            advice = f"; lrc fmt {source.name} rewrites it" if source.is_file else ""
            click.echo(f"{source.name}: not in the canonical layout{advice}", err=True)
        return text == before
    if not source.is_file:
        click.echo(text, nl=False)
    elif text != before:
        staging.write(source.path, text)
        click.echo(f"{source.name}: rewritten", err=True)
    return True
