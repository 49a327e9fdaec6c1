"""`lrc bench`: how fast it is."""

import click

from lrc.cli.console import print_json, print_table, progress
from lrc.cli.errors import Invocation
from lrc.cli.model import read_model
from lrc.cli.options import (
    compile_options,
    examples,
    json_option,
    model_argument,
)
from lrc.cli.summary import say_choices
from lrc.limits import MOST_RUNS

RUNS = 50
RUNS_EMULATED = 2


@click.command(
    epilog=examples(
        "lrc bench zoo:vgg16-conv --threads 2",
        "lrc bench net.lr --target c --runs 200 --json | tail -n 1 | jq .median_ms",
    )
)
@model_argument
@compile_options
@click.option(
    "--runs", type=click.IntRange(1, MOST_RUNS), help=f"Runs to time.  [default: {RUNS}, emulated {RUNS_EMULATED}]"
)
@json_option
@click.pass_obj
def command(
    invocation: Invocation,
    model: str,
    target: str | None,
    threads: int,
    runs: int | None,
    precision: str,
    replace_unfriendly: bool,
    as_json: bool,
) -> None:
    """Compile F for a target and time it, as a whole and layer by layer.

    With --json the last line is {"median_ms": …, "min_ms": …, "layers": […]}.
    """
    module = read_model(invocation, model)
    from lrc import api
    from lrc.compilation import pipelines
    from lrc.execution import toolchain

    target = pipelines.target_of(module, target)
    emulated = toolchain.is_foreign(target)
    with (
        progress(f"timing {model} for {target}") as step,
        api.compile(
            module,
            target,
            threads=threads,
            precision=precision,
            replace_unfriendly=replace_unfriendly,
            progress=step,
        ) as net,
    ):
        say_choices(net.report)
        step("running")
        report = net.bench(runs or (RUNS_EMULATED if emulated else RUNS))
    if emulated:
        click.echo("these are times of an emulator: they say nothing of a phone", err=True)
    if as_json:
        print_json(report)
        return
    total = sum(layer["median_ms"] for layer in report["layers"]) or 1.0
    print_table(
        ("layer", ">ms", ">share"),
        [
            (layer["name"], f"{layer['median_ms']:.3f}", f"{layer['median_ms'] / total:.1%}")
            for layer in report["layers"]
        ],
    )
    click.echo(f"median {report['median_ms']:.2f} ms, least {report['min_ms']:.2f} ms, on {threads} thread(s)")
