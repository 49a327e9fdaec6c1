"""What `lrc verify --exact` says of integer networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lrc.cli.console import print_table

if TYPE_CHECKING:
    from lrc.verification.exact import Exactness, ExactVerification


def print_exact(report: ExactVerification, target: str) -> None:
    """A row for each layer, each wrong number, what was exact in none of the networks and why, and the verdict."""
    print_table(("layer", "verdict", "operation", ">exact in", ">weights seen"), [_row(row) for row in report.layers])
    for each in (*report.layers, *report.outputs):
        if (wrong := each.difference) is not None:
            numbers = "1 number is" if wrong.count == 1 else f"{wrong.count:,} numbers are"
            gives = f"gives {wrong.found:.9g} instead of {wrong.expected:.9g}"
            click.echo(f"{each.name}: {numbers} wrong; the one at {list(wrong.place)} {gives}")
    for each in report.inexact:
        click.echo(f"{each.name} is not exact, as {each.reason}: only its bound speaks for it")
    for each in report.layers:
        if each.turns and each.weights and not each.seen:
            click.echo(f"{each.name} is right, but shows none of its weights: only its bound speaks for them")
    seen, weights = (sum(getattr(layer, name) for layer in report.layers) for name in ("seen", "weights"))
    if report.passed:
        exact = sum(layer.turns > 0 for layer in report.layers)
        text = f"{exact} of {len(report.layers)} layers are exact, {seen:,} of {weights:,} weights were seen"
    else:
        text = f"{sum(not layer.passed for layer in report.layers)} of {len(report.layers)} layers are wrong"
    networks = f"{report.turns} integer network{'s' if report.turns > 1 else ''}"
    click.secho(f"{target}, {networks}: {text}", fg="green" if report.passed else "red")


def _row(layer: Exactness) -> tuple[str, ...]:
    seen = f"{layer.seen:,} of {layer.weights:,}" if layer.weights else ""
    verdict = "WRONG" if layer.difference else "right" if layer.turns else "not exact"
    return layer.name, verdict, layer.operation.split(".")[-1], str(layer.turns), seen
