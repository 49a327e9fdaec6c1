"""`lrc zoo`: the networks that come with lrc."""

import click

from lrc.cli.console import print_json, print_table
from lrc.cli.options import complete_zoo, examples, json_option


@click.command(
    epilog=examples(
        "lrc zoo                            what there is",
        "lrc zoo resnet18                   the shortest way to learn the language",
        "lrc zoo vgg16 > mine.lr            a start for a network of your own",
    )
)
@click.argument("name", required=False, shell_complete=complete_zoo)
@json_option
def command(name: str | None, as_json: bool) -> None:
    """List the networks that come with lrc, or print the text of NAME.

    Every command takes zoo:NAME where it takes a file.
    """
    from lrc import zoo

    if name is not None:
        text = zoo.path(name.removeprefix("zoo:")).read_text(encoding="utf-8")
        if as_json:
            print_json({"name": name, "text": text})
        else:
            click.echo(text.encode("utf-8"), nl=False)
        return
    if as_json:
        print_json([{"name": each, "summary": summary} for each, summary in zoo.NETWORKS.items()])
    else:
        print_table(("network", "what it is"), zoo.NETWORKS.items())
