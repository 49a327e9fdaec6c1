"""What `lrc compile` prints of a compilation: a table of its layers, and what they come to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from lrc.cli.console import bytes_text, count_text, fill, print_table

if TYPE_CHECKING:
    from lrc.compilation.report import LayerReport, Report

MOST_NAMED = 4
"""So many layers are named in a note."""

ELSEWHERE = "--wide prints all columns, --json all that is known"


def print_report(report: Report, wide: bool = False) -> None:
    """A table of the layers with weights, notes on zeros that are not made use of, and totals."""
    layers = [layer for layer in report.layers if layer.weights]
    columns = [("layer", [layer.name for layer in layers]), (">rate", [f"{layer.rate:.1f}x" for layer in layers])]
    columns += [("kind", [layer.kind.replace(" + ", "+") for layer in layers])]
    columns += [(">weights", [_weights(layer) for layer in layers])]
    if any(layer.nonzero != layer.executed for layer in layers):
        columns += [(">nonzero", [count_text(layer.nonzero) for layer in layers])]
    columns += [(">loads", [_loads(layer) for layer in layers])]
    columns += [(">FKW", [bytes_text(layer.fkw_bytes) if layer.fkw_bytes else "" for layer in layers])]
    columns += [(">CSR", [bytes_text(layer.csr_bytes) if layer.is_pruned else "" for layer in layers])]
    if any(layer.shuffles for layer in layers):
        columns += [(">shuffles", [_each(layer.shuffles, layer) if layer.shuffles else "" for layer in layers])]
    columns += [("schedule", [_schedule(layer.schedule) for layer in layers])]
    names, cells = zip(*columns, strict=True)
    print_table(names, zip(*cells, strict=True), ELSEWHERE, wide)
    for note in [*notes(layers), *notes_of_choices(report)]:
        click.echo(note)
    added = f", {report.layers_added} added" if report.layers_added else ""
    counts = f"{len(report.layers)} layers, {report.layers_fused} more fused into them{added}"
    click.echo(fill(f"{report.model} for {report.target}: {counts}; compiled in {report.seconds:.1f} s"))
    fkw, csr = report.total("fkw_bytes", pruned_only=True), report.total("csr_bytes", pruned_only=True)
    saved = f"pruned layers {bytes_text(fkw)} as FKW, {bytes_text(csr)} as CSR; " if csr else ""
    click.echo(fill(f"{saved}runs in {bytes_text(report.arena_bytes)}, its tensors in {bytes_text(report.live_bytes)}"))


def notes(layers: Sequence[LayerReport]) -> list[str]:
    """Which layers multiply by zeros that they could do without, why the first of them does, and what would help."""
    groups: dict[str, list[LayerReport]] = {}
    for layer in layers:
        if layer.unused_zeros is not None:
            groups.setdefault(layer.unused_zeros.help, []).append(layer)
    return [_note(group) for group in groups.values()]


def notes_of_choices(report: Report) -> list[str]:
    """Which layers' tunings are not for this machine, and which layers stay float32 where others do not, and why."""
    groups: dict[str, list[str]] = {}
    for layer in report.layers:
        if layer.unused_tuning is not None:
            groups.setdefault(layer.unused_tuning, []).append(layer.name)
    return [
        fill(f"note: the tuning of {_listed(names)} is left aside for {report.target}: {why}; lrc chose", "      ")
        for why, names in groups.items()
    ] + [
        fill(f"note: layer {name} stays float32: its numbers may reach {size:.3g}, float16 ends at 65504", "      ")
        for name, size in report.kept_float32.items()
    ]


def say_choices(report: Report) -> None:
    """Print `notes_of_choices` to standard error."""
    for note in notes_of_choices(report):
        click.echo(note, err=True)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED} more" if names[MOST_NAMED:] else "")


def _note(layers: Sequence[LayerReport]) -> str:
    names = [layer.name for layer in layers]
    whys = [it for layer in layers if (it := layer.unused_zeros)]
    shown = _listed(names)
    multiply = "multiply" if names[1:] else "multiplies"
    such = f" ({names[0]})" if len(set(whys)) > 1 else ""
    text = f"note: {shown} {multiply} by zeros: {whys[0].why}{such}"
    return "\n".join((fill(text, "      "), fill(f"    = {whys[0].help}", "      ")))


def _weights(layer: LayerReport) -> str:
    """Those that are executed, of those of a dense layer."""
    return (
        f"{count_text(layer.executed)} of {count_text(layer.weights)}" if layer.is_pruned else count_text(layer.weights)
    )


def _loads(layer: LayerReport) -> str:
    if not layer.multiplications:
        return ""
    return f"{_each(layer.loads_before, layer)} → {_each(layer.loads_after, layer)}"


def _each(count: int, layer: LayerReport) -> str:
    """A count for each vector multiplication."""
    return f"{count / layer.multiplications:.2f}" if layer.multiplications else ""


def _schedule(schedule: str | None) -> str:
    """What sets the schedules of a network's layers apart: register tile (filters, rows, columns), block, loads."""
    if schedule is None:
        return ""
    from lrc.dialects.values.schedules import Schedule

    it = Schedule.parse(schedule)
    return f"{it.jam}x{it.tile[0]}x{it.columns}, block {it.block}, {it.order}, {it.load}"
