"""`lrc verify`: is what comes out right?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lrc.cli.console import print_json, print_table, progress
from lrc.cli.errors import Invocation, VerificationFailed
from lrc.cli.model import read_model
from lrc.cli.options import (
    compile_options,
    examples,
    input_options,
    json_option,
    model_argument,
)

if TYPE_CHECKING:
    from lrc.verify import Blame, LayerReport, Report


@click.command(
    epilog=examples(
        "lrc verify net.lr                         this machine's code, layer by layer",
        "lrc verify zoo:resnet18 --target neon     the phone's, under qemu elsewhere",
        "lrc verify net.lr --bisect                if it fails: which pass, which layer",
    )
)
@model_argument
@compile_options
@input_options
@click.option("--bisect", is_flag=True, help="Also look for the first pass and layer that differ.")
@json_option
@click.pass_obj
def command(
    invocation: Invocation,
    model: str,
    target: str,
    threads: int,
    input_path: Path | None,
    seed: int,
    bisect: bool,
    replace_unfriendly: bool,
    as_json: bool,
) -> None:
    """Run F's emitted code and hold every layer against the float64 reference.

    Each layer is fed with the emitted code's own input and must lie within the error bound that is computed from its
    operation; one end-to-end figure stands beside it. Exit code 3 if a layer does not.
    """
    module = read_model(invocation, model)
    from lrc import api, compiler
    from lrc.cli.tensors import read_tensors
    from lrc.diagnostics import UserError
    from lrc.verify import random_inputs

    shapes = compiler.input_shapes(module)
    inputs = read_tensors(input_path, shapes) if input_path else random_inputs(module, seed)
    if (pictures := max(map(len, inputs.values()))) > 1:
        hint = "x[:1] is the first of them"
        raise UserError.because(
            f"one picture is verified at a time, not {pictures}", filename=str(input_path), hint=hint
        )
    with (
        progress(f"verifying {model} for {target}") as step,
        api.compile(module, target, threads=threads, replace_unfriendly=replace_unfriendly, progress=step) as net,
    ):
        step("running both")
        report = net.verify(inputs)
        blame = net.bisect(inputs) if bisect else None
    if as_json:
        print_json({"target": target, "blame": _blame_json(blame)} | report.to_json())
    else:
        _print_report(report, target, blame if bisect else None, bisect)
    if not report.passed or blame is not None:
        raise VerificationFailed


def _print_report(report: Report, target: str, blame: Blame | None, bisected: bool) -> None:
    print_table(("layer", "operation", ">largest error", ">its bound", ">used"), [_row(row) for row in report.layers])
    for output in report.outputs:
        same = {True: ", the same class", False: ", ANOTHER CLASS", None: ""}[output.same_class]
        click.echo(f"{output.name}: end to end {output.error:.3g} away, {output.relative:.3g} of the largest{same}")
    if report.unseen:
        click.echo(f"{len(report.unseen)} layers have no tensor of their own: {', '.join(report.unseen)}")
    if bisected:
        found = f"{blame.pass_name} changes layer {blame.layer.layer}" if blame else "no pass changes a layer's meaning"
        click.echo(f"bisection: {found}")
    failed = sum(not layer.passed for layer in report.layers)
    if report.passed:
        click.secho(f"{target}: all {len(report.layers)} layers are within their bounds", fg="green")
    else:
        click.secho(f"{target}: {failed} of {len(report.layers)} layers are beyond their bounds", fg="red")


def _row(layer: LayerReport) -> tuple[str, ...]:
    used = f"{layer.ratio:.1%}" + ("" if layer.passed else f" at {list(layer.place)}")
    return layer.layer, layer.operation.split(".")[-1], f"{layer.error:.3g}", f"{layer.bound:.3g}", used


def _blame_json(blame: Blame | None) -> dict[str, object] | None:
    return None if blame is None else {"pass": blame.pass_name, "layer": blame.layer.layer, "ratio": blame.layer.ratio}
