"""`lrc compile`: from a network to a folder of C."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from lrc.cli.console import is_file, print_json, progress, write_text
from lrc.cli.errors import Invocation
from lrc.cli.model import read_model
from lrc.cli.options import (
    compile_options,
    examples,
    json_option,
    model_argument,
)
from lrc.cli.summary import print_report

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

IR_LEVELS = ("lr", "pattern", "fkw", "loops", "target")


@click.command(
    epilog=examples(
        "lrc compile zoo:vgg16 --target neon           build/neon/vgg16: drop it into an Android build",
        "lrc compile net.lr --build                    and build/host/net/net_bench, which runs it",
        "lrc compile net.lr --emit fkw | less          look at a level on the way",
        "lrc compile net.lr --emit fkw -o fkw.mlir     to go on from there: its arrays are in fkw.safetensors",
        "lrc compile fkw.mlir                          and so does this: the passes that remain, the same folder",
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
    help="Print one level instead of writing a folder: the layers once fused, with patterns, packed, as loops, as "
    "loops for the target, as C in one file.",
)
@click.option("--embed-weights", is_flag=True, help="Take the weights into the object files, beside the .lrw file.")
@click.option("--wide", is_flag=True, help="Print all columns, however narrow the terminal is.")
@json_option
@click.pass_obj
def command(
    invocation: Invocation,
    model: str,
    target: str | None,
    output: Path | None,
    build_it: bool,
    level: str | None,
    threads: int,
    precision: str,
    replace_unfriendly: bool,
    embed_weights: bool,
    wide: bool,
    as_json: bool,
) -> None:
    """Compile F to C for a target: a folder that builds alone, with CMake or any C11 compiler.

    \b
    What is printed of each layer:
      rate      how many times fewer multiplications run than if it were dense
      weights   those that are multiplied by, of those of a dense layer
      nonzero   those that are not zero, if there are others
      loads     vectors loaded for each one multiplied, without → with load
                redundancy elimination; one of every other element is two
      FKW, CSR  bytes of its weights as stored, and as compressed sparse rows
      shuffles  instructions that move elements, for each vector multiplied
      schedule  filters x rows x columns at a time, channels of a block,
                the order of the loops, the way of loading
    """
    if level is not None and (build_it or as_json or embed_weights):
        raise click.UsageError("--emit prints a level: it goes with none of --build, --embed-weights and --json")
    if level is None and output == Path("-"):
        raise click.UsageError("a folder cannot go to standard output; --emit prints one level")
    module = read_model(invocation, model)
    from lrc.backends.metadata import files_of_lrc
    from lrc.compilation import compiler, pipelines
    from lrc.dialects.values.elements import F32, element_named
    from lrc.execution import toolchain
    from lrc.files import levels
    from lrc.files.inputs import keep

    target = pipelines.target_of(module, target)
    if level is not None and is_file(output):
        for place in (output, levels.arrays_beside(output)):
            keep(invocation.inputs, place)
    if build_it:
        toolchain.find_compiler(target)  # before the work, not after it
        if precision != F32.name:
            toolchain.check_float16(target)
    optional = ("replace-unfriendly",) if replace_unfriendly else ()
    reach = level if level in IR_LEVELS else "target"
    with progress(f"compiling {model} for {target}") as step:
        compilation = compiler.lower(
            module,
            target,
            reach,
            threads=threads,
            optional=optional,
            precision=element_named(precision),
            progress=step,
        )
        if level in IR_LEVELS:
            _write_level(compilation.module, output)
            return
        if level is not None:
            write_text(output, compiler.show_c(compilation))
            return
        folder = output or Path("build", target, compiler.name_of(module))
        for name in files_of_lrc(folder):
            keep(invocation.inputs, folder / name)
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
        print_report(report, wide)
        click.echo(f"{program or folder}")


def _write_level(module: ModuleOp, output: Path | None) -> None:
    """A file gets the arrays that its text names beside it; standard output has no place for them."""
    from lrc.files import levels

    if is_file(output):
        levels.save(module, output)
        return
    write_text(output, levels.show(levels.without_arrays(module)))
    if levels.needs_arrays(module):
        click.echo("note: to read this back, write it with -o NAME.mlir: its arrays go to NAME.safetensors", err=True)
