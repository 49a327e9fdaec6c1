"""`lrc reduce`: a network that fails, made small."""

from __future__ import annotations

import shlex
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lrc.cli.console import print_json, progress
from lrc.cli.errors import Invocation
from lrc.cli.model import read_model
from lrc.cli.options import (
    OF_CODE,
    FilePath,
    compile_options,
    examples,
    given,
    input_options,
    json_option,
    model_argument,
)
from lrc.cli.passes import read_passes

if TYPE_CHECKING:
    from lrc.reduction import Case, Reduction, Test
    from lrc.verification.verify import Tensors


@click.command(
    epilog=examples(
        "lrc reduce net.lr --target neon                 whatever `lrc verify` finds there",
        "lrc reduce net.lr --passes fuse-conv-bn,my-pass what passes change, a plug-in's too",
        "lrc reduce lrc-bug-1b4e28ba.lr                  what a crash of lrc has left",
        "lrc reduce net.lr --command 'sh fails.sh {}'    as long as that exits with 0",
    )
)
@model_argument
@compile_options
@input_options
@click.option("--exact", is_flag=True, help="With integers too, as `lrc verify --exact`.")
@click.option("-p", "--passes", help="It fails if one of these passes changes what it means, or crashes.")
@click.option("--command", "shell", help="It fails if this command exits with 0; {} stands for its file.")
@click.option("--minutes", type=click.FloatRange(0, min_open=True), help="Stop after so long.  [default: when done]")
@click.option("-o", "--output", type=FilePath, help="The file to write.  [default: NAME.reduced.lr]")
@json_option
@click.pass_context
def command(
    context: click.Context,
    model: str,
    target: str | None,
    threads: int,
    precision: str,
    replace_unfriendly: bool,
    input_path: Path | None,
    seed: int,
    exact: bool,
    passes: str | None,
    shell: str | None,
    minutes: float | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Shrink a network F that fails to a few lines that fail in the same way.

    Layers, channels, rows, fields, weights, inputs and passes are left out for as long as it still fails: with the
    same exit code of `lrc verify`, in the same pass or the same kind of layer, or in the same place of a crash. What is
    wrong is found as `lrc verify` does it, unless --passes or --command say what a failure is.

    F may be a .lr file, zoo:NAME, or a module of the lr level, as a failing test of lrc.testing leaves them. Ctrl-C
    leaves the smallest so far. A command of the shell finds weights that are not random beside the file.
    """
    ways = [given(context, "passes"), given(context, "shell") and ["--command"], given(context, *OF_CODE)]
    if len(typed := [way[0] for way in ways if way]) > 1:
        raise click.UsageError(f"a failure is one thing: {' and '.join(typed)} do not go together", context)
    invocation: Invocation = context.obj
    module = read_model(invocation, model)
    from lrc.cli.tensors import read_tensors
    from lrc.compilation import pipelines
    from lrc.diagnostics import UserError
    from lrc.dialects import lr
    from lrc.files.inputs import keep
    from lrc.reduction import Case, Reduction, command_fails, passes_fail, reduce, target_fails
    from lrc.verification.verify import random_inputs

    target = pipelines.target_of(module, target)
    tensors: Tensors = random_inputs(module, seed) if seed else {}
    if input_path is not None:
        tensors = read_tensors(input_path, lr.input_shapes(module))
        invocation.inputs.append(input_path)
    place = output.with_suffix("") if output else Path(f"{Path(model.removeprefix('zoo:')).stem}.reduced")
    for suffix in (".lr", ".mlir", ".safetensors", ".npz"):
        keep(invocation.inputs, place.with_name(place.name + suffix))
    optional = ("replace-unfriendly",) if replace_unfriendly else ()
    graph = pipelines.specification(target, "fkw", threads, optional)
    whole = Case.of(module, tensors, map(str, read_passes(graph if passes is None else passes)))
    bare = replace(whole, passes=())
    again = ["--target", target, *(["--threads", str(threads)] if threads > 1 else [])]
    again += ["--precision", precision] * (precision != "f32")
    again += ["--exact"] * exact + ["--replace-unfriendly"] * replace_unfriendly
    options = {"threads": threads, "precision": precision, "replace_unfriendly": replace_unfriendly}
    tests: list[tuple[Case, Test]] = [(whole, passes_fail), (bare, target_fails(target, exact=exact, **options))]
    if passes is not None:
        tests = tests[:1]
    elif shell is not None:
        tests = [(bare, command_fails(shell))]
    with progress(f"does {model} fail?"):
        failing = ((case, test, failure) for case, test in tests if (failure := test(case)))
        if (found := next(failing, None)) is None:
            what = "`lrc verify` finds nothing wrong with it"
            if passes is not None:
                what = f"{passes} leaves what it means as it was"
            elif shell is not None:
                what = "the command does not exit with 0 for it"
            raise UserError.because(f"{model} does not fail: {what}", hint="lrc reduce --help says what a failure is")
    case, test, failure = found
    reduction = Reduction(case, failure)
    try:
        with progress(f"reducing {model}") as step:
            reduce(reduction, test, seconds=60 * minutes if minutes else inf, tell=lambda it: step(_shown(it)))
    finally:
        _finish(reduction, len(case.layers), place, again, shell, as_json)


def _shown(reduction: Reduction) -> str:
    return f"{len(reduction.case.layers)} layers, {reduction.tried} tries, {reduction.step}"


def _finish(reduction: Reduction, layers: int, place: Path, again: list[str], shell: str | None, as_json: bool) -> None:
    """Write what was found, and print it with the command that fails again."""
    from lrc.cli.tensors import write_tensors
    from lrc.files import saved
    from lrc.reduction.failures import filled

    case, failure = reduction.case, reduction.failure
    module = case.module()
    path = saved.save(module, place)
    words = ["lrc", "verify", str(path), *(["--passes", ",".join(case.passes)] if case.passes else again)]
    if case.tensors:
        inputs = place.with_name(f"{place.name}.npz")
        write_tensors(inputs, case.fed(module))
        words += ["--input", str(inputs)]
    command = filled(shell, path) if shell else shlex.join(words)
    text = path.read_text(encoding="utf-8")
    if as_json:
        print_json(
            {
                "file": str(path),
                "text": text,
                "command": command,
                "failure": {"code": failure.code, "kind": failure.kind, "message": failure.message},
                "layers": len(case.layers),
                "passes": list(case.passes),
                "tried": reduction.tried,
                "seconds": reduction.seconds,
                "finished": reduction.finished,
            }
        )
        return
    click.echo(text)
    over = "" if reduction.finished else "; there may be less"
    click.echo(
        f"{len(case.layers)} of {layers} layers after {reduction.tried} tries in {reduction.seconds:.0f} s{over}"
    )
    click.echo(f"it fails with: {failure.message}")
    click.echo(command)
