"""`lrc compile`: from a network to a folder of C."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lrc.cli.console import bytes_text, count_text, is_file, print_json, print_table, progress, write_text
from lrc.cli.errors import Invocation
from lrc.cli.model import read_model
from lrc.cli.options import (
    compile_options,
    examples,
    json_option,
    model_argument,
)

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from lrc.report import LayerReport, Report

IR_LEVELS = ("lr", "pattern", "fkw", "loops")


@click.command(
    epilog=examples(
        "lrc compile zoo:vgg16 --target neon           build/neon/vgg16: drop it into an Android build",
        "lrc compile net.lr --build                    and build/host/net/net_bench, which runs it",
        "lrc compile net.lr --emit fkw | less          look at a level on the way",
        "lrc compile net.lr --emit fkw -o fkw.mlir     to go on from there: its arrays are in fkw.safetensors",
        "lrc compile net.lr --json | jq '.layers[0]'   what became of each layer",
    )
)
@model_argument
@compile_options
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="The folder to write [default: build/TARGET/NAME]; with --emit the file, which gets its arrays beside it as "
    "NAME.safetensors [default: standard output, without arrays].",
)
@click.option("--build", "build_it", is_flag=True, help="Build the folder with the best C compiler at hand.")
@click.option(
    "--emit",
    "level",
    type=click.Choice([*IR_LEVELS, "c"]),
    help="Print one level instead of writing a folder: the layers once fused, with patterns, packed, as loops, as C.",
)
@click.option("--embed-weights", is_flag=True, help="Take the weights into the object files, beside the .lrw file.")
@json_option
@click.pass_obj
def command(
    invocation: Invocation,
    model: str,
    target: str,
    output: Path | None,
    build_it: bool,
    level: str | None,
    threads: int,
    replace_unfriendly: bool,
    embed_weights: bool,
    as_json: bool,
) -> None:
    """Compile F to C for a target: a folder that builds alone, with CMake or any C11 compiler."""
    if level is not None and (build_it or as_json or embed_weights):
        raise click.UsageError("--emit prints a level: it goes with none of --build, --embed-weights and --json")
    if level is None and output == Path("-"):
        raise click.UsageError("a folder cannot go to standard output; --emit prints one level")
    module = read_model(invocation, model)
    from lrc import compiler, toolchain

    if build_it:
        toolchain.find_compiler(target)  # before the work, not after it
    optional = ("replace-unfriendly",) if replace_unfriendly else ()
    reach = level if level in IR_LEVELS else "target"
    with progress(f"compiling {model} for {target}") as step:
        compilation = compiler.lower(module, target, reach, threads=threads, optional=optional, progress=step)
        if level in IR_LEVELS:
            _write_level(compilation.module, output)
            return
        if level is not None:
            write_text(output, compiler.show_c(compilation))
            return
        folder = output or Path("build", target, compiler.name_of(module))
        step("writing the folder")
        compiler.write(compilation, folder, embed_weights=embed_weights)
        program = None
        if build_it:
            step("building the C")
            program = toolchain.build(folder)
    report = compilation.report
    if as_json:
        paths = {"folder": str(folder), "program": None if program is None else str(program)}
        print_json(report.to_json() | paths)
    else:
        print_report(report)
        click.echo(f"{program or folder}")


def _write_level(module: ModuleOp, output: Path | None) -> None:
    """A file gets the arrays that its text names beside it; standard output has no place for them."""
    from lrc import levels

    if is_file(output):
        levels.save(module, output)
        return
    write_text(output, levels.show(levels.without_arrays(module)))
    if levels.needs_arrays(module):
        click.echo("note: to read this back, write it with -o NAME.mlir: its arrays go to NAME.safetensors", err=True)


def print_report(report: Report) -> None:
    """A table of the layers with weights, and what they come to."""
    rows = [_row(layer) for layer in report.layers if layer.weights]
    print_table(("layer", "kind", ">weights", ">kept", ">rate", ">FKW", ">CSR", ">loads/multiply", "schedule"), rows)
    fkw, csr = report.total("fkw_bytes", pruned_only=True), report.total("csr_bytes", pruned_only=True)
    saved = f", pruned layers {bytes_text(fkw)} as FKW, {bytes_text(csr)} as CSR" if csr else ""
    layers = f"{len(report.layers)} layers, {report.layers_fused} more fused into them"
    memory = f"runs in {bytes_text(report.arena_bytes)}, its tensors in {bytes_text(report.live_bytes)}"
    click.echo(f"{report.model} for {report.target}: {layers}{saved}; {memory}; compiled in {report.seconds:.1f} s")


def _row(layer: LayerReport) -> tuple[str, ...]:
    loads = ""
    if layer.multiplications:
        before, after = (count / layer.multiplications for count in (layer.loads_before, layer.loads_after))
        loads = f"{before:.2f} → {after:.2f}"
    return (
        layer.name,
        layer.kind,
        count_text(layer.weights),
        count_text(layer.kept) if layer.is_pruned else "",
        f"{layer.weights / max(layer.kept, 1):.1f}x" if layer.is_pruned else "",
        bytes_text(layer.fkw_bytes) if layer.fkw_bytes else "",
        bytes_text(layer.csr_bytes) if layer.is_pruned else "",
        loads,
        _short(layer.schedule),
    )


def _short(schedule: str | None) -> str:
    """What sets the schedules of a network's layers apart: register tile (filters, rows, columns), block, loads."""
    if schedule is None:
        return ""
    from lrc.dialects.pattern.schedule import Schedule

    it = Schedule.parse(schedule)
    return f"{it.jam}x{it.tile[0]}x{it.columns}, block {it.block}, {it.order}, {it.load}"
