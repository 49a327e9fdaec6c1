"""`lrc run`: compile, run, look at what comes out."""

from pathlib import Path

import click

from lrc.cli.console import print_json, progress
from lrc.cli.errors import Invocation
from lrc.cli.model import read_model
from lrc.cli.options import (
    FilePath,
    compile_options,
    examples,
    input_options,
    json_option,
    model_argument,
)
from lrc.cli.summary import say_choices


@click.command(
    epilog=examples(
        "lrc run net.lr --input x.npy --output y.npy       on this machine",
        "lrc run net.lr --target neon --input x.npy        as on a phone; under qemu elsewhere",
        "lrc run fkw.mlir --input x.npy                    what was written, or edited, at a level",
        "lrc run zoo:digits --json | jq .outputs           a random input, drawn from --seed",
    )
)
@model_argument
@compile_options
@input_options
@click.option("--output", "output_path", type=FilePath, help=".npy for one output, .npz for any number.")
@json_option
@click.pass_obj
def command(
    invocation: Invocation,
    model: str,
    target: str | None,
    threads: int,
    input_path: Path | None,
    output_path: Path | None,
    seed: int,
    precision: str,
    replace_unfriendly: bool,
    as_json: bool,
) -> None:
    """Compile F for a target, run it on an input, and show what comes out.

    Several pictures may be stacked along the first axis of the input.
    """
    module = read_model(invocation, model)
    from lrc import api
    from lrc.cli.tensors import check_place, describe, read_tensors, write_tensors
    from lrc.compilation import pipelines
    from lrc.dialects import kernel
    from lrc.files.inputs import keep
    from lrc.verification.verify import random_inputs

    target = pipelines.target_of(module, target)
    if input_path is not None:
        invocation.inputs.append(input_path)
    if output_path is not None:
        keep(invocation.inputs, output_path)
        check_place(output_path, list(kernel.output_shapes(module)))  # before the work, not after it
    shapes = kernel.input_shapes(module)
    inputs = read_tensors(input_path, shapes) if input_path else random_inputs(module, seed)
    with (
        progress(f"running {model} for {target}") as step,
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
        outputs = net.run(inputs)
    if output_path is not None:
        write_tensors(output_path, outputs)
    report = {name: describe(tensor) for name, tensor in outputs.items()}
    if output_path == Path("-"):
        return
    if as_json:
        print_json({"target": target, "outputs": report})
        return
    for name, row in report.items():
        click.echo(f"{name}: f32{row['shape']}, from {row['min']:.6g} to {row['max']:.6g}")
        for number, top in enumerate(row.get("top", ())):
            listed = ", ".join(f"{likely['class']} ({likely['value']:.4g})" for likely in top)
            click.echo(f"  picture {number}: class {listed}")
