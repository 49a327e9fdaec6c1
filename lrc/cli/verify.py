"""`lrc verify`: is what comes out right?"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lrc.cli.console import print_json, print_table, progress
from lrc.cli.errors import Invocation, VerificationFailed
from lrc.cli.exactness import print_exact
from lrc.cli.model import read_model
from lrc.cli.options import OF_CODE, compile_options, examples, given, input_options, json_option, model_argument
from lrc.cli.passes import read_passes
from lrc.cli.summary import say_choices
from lrc.dialects.values.elements import F32

if TYPE_CHECKING:
    from xdsl.dialects.builtin import ModuleOp

    from lrc.verification.comparison import LayerComparison
    from lrc.verification.verify import Blame, Tensors, Verification

NO_BLAME = "no pass changes a layer's meaning"


@click.command(
    epilog=examples(
        "lrc verify net.lr                         this machine's code, layer by layer",
        "lrc verify zoo:resnet18 --target neon     the phone's, under qemu elsewhere",
        "lrc verify net.lr --exact                 also with integers, where every bit has to agree",
        "lrc verify edited.mlir                    what was edited at one of the levels (lrc compile --emit)",
        "lrc verify net.lr --bisect                if it fails: which pass, which layer",
        "lrc verify net.lr --passes fuse-conv-bn   passes alone, a plug-in's too, in float64: no C is compiled",
    )
)
@model_argument
@compile_options
@input_options
@click.option("--exact", is_flag=True, help="Also run it with small integers for weights: every bit has to agree.")
@click.option("--bisect", is_flag=True, help="Also look for the first pass and layer that differ.")
@click.option("-p", "--passes", help="Hold what each of these passes makes against what was before it; no C.")
@json_option
@click.pass_context
def command(
    context: click.Context,
    model: str,
    target: str | None,
    threads: int,
    input_path: Path | None,
    seed: int,
    exact: bool,
    bisect: bool,
    precision: str,
    replace_unfriendly: bool,
    passes: str | None,
    as_json: bool,
) -> None:
    """Run F's emitted code and hold every layer against the float64 reference.

    The graph that the passes made has to mean what F says, up to the float32 rounding of folded weights. Each of its
    layers is then fed with the emitted code's own input and must lie within the error bound that is computed from its
    operation; one end-to-end figure stands beside it. Exit code 3 if any does not.

    The bound of a long sum is wide enough to hide a dropped tap. With --exact the same code also runs with weights and
    inputs of small integers, drawn into the shape and the masks of F, for which float32 makes no error: every number
    has to be the one that F says.

    F may also be a module of whatever level, NAME.mlir, with its arrays beside it: what is held against the code then
    is what that says. Of loops no layers are left, and so no bounds: the code of each is held against what the loops
    mean in float64, within 1e-4 of its largest number.
    """
    if passes is not None and (others := given(context, *OF_CODE, "bisect")):
        raise click.UsageError(f"--passes runs no code: it does not go with {', '.join(others)}", context)
    if exact and precision != F32.name:
        raise click.UsageError(f"--exact knows float32 alone: it does not go with --precision {precision}", context)
    invocation: Invocation = context.obj
    module = read_model(invocation, model)
    from lrc import api
    from lrc.cli.tensors import read_tensors
    from lrc.compilation import pipelines
    from lrc.diagnostics import UserError
    from lrc.dialects import kernel
    from lrc.verification.verify import random_inputs

    level = pipelines.level_reached(module)
    if level in ("loops", "target") and (asked := given(context, "exact", "bisect", "passes")):
        message = f"{', '.join(asked)} compares layers, of which the level {level} has none"
        raise UserError.because(message, filename=model)
    if exact and level != "lr":
        message = f"--exact draws integers into layers as they were written: this is the level {level}"
        raise UserError.because(message, filename=model)
    target = pipelines.target_of(module, target)
    shapes = kernel.input_shapes(module)
    inputs = read_tensors(input_path, shapes) if input_path else random_inputs(module, seed)
    if (pictures := max(map(len, inputs.values()))) > 1:
        hint = "x[:1] is the first of them"
        raise UserError.because(
            f"one picture is verified at a time, not {pictures}", filename=str(input_path), hint=hint
        )
    if passes is not None:
        _verify_passes(module, passes, inputs, as_json)
        return
    with (
        progress(f"verifying {model} for {target}") as step,
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
        step("running both")
        report = net.verify(inputs)
        bisect = bisect or not report.graph.passed
        blame = net.bisect(inputs) if bisect else None
        exactly = net.verify_exactly(seed, step) if exact else None
    if as_json:
        of_integers = {"exact": exactly.to_json()} if exactly else {}
        print_json({"target": target, "blame": _blame_json(blame)} | report.to_json() | of_integers)
    else:
        _print_report(report, target, blame, bisect)
        if exactly:
            print_exact(exactly, target)
    if not report.passed or blame is not None or (exactly and not exactly.passed):
        raise VerificationFailed


def _verify_passes(module: ModuleOp, specification: str, inputs: Tensors, as_json: bool) -> None:
    """Hold what each pass makes against what was before it. Raises as `read_passes` does, and VerificationFailed."""
    from lrc.compilation import compiler
    from lrc.verification import verify

    passes = read_passes(specification)
    blame = verify.bisect(module, passes, compiler.make_context(), inputs)
    if as_json:
        print_json({"passed": blame is None, "passes": [str(each) for each in passes], "blame": _blame_json(blame)})
    else:
        if blame:
            _print_layers([layer for layer in blame.found.layers if not layer.passed])
        _print_blame(blame)
    if blame is not None:
        raise VerificationFailed


def _print_blame(blame: Blame | None) -> None:
    click.echo(f"bisection: {f'{blame.pass_name}: {blame.what}' if blame else NO_BLAME}")


def _print_report(report: Verification, target: str, blame: Blame | None, bisected: bool) -> None:
    _print_layers(report.layers, "kernel" if report.loops else "operation")
    for layer in report.layers:
        if layer.overflow is not None:
            click.echo(f"{layer.layer}: {layer.problem}: make its weights or what it reads smaller")
    for output in report.outputs:
        same = {True: ", the same class", False: ", ANOTHER CLASS", None: ""}[output.same_class]
        far = f"{output.error:.3g} away, {output.relative:.3g} of the largest{same}"
        click.echo(f"{output.name}: {'' if report.loops else 'end to end '}{far}")
        if not output.copied:
            maker = "the loops give" if report.loops else "the layer that makes it gave"
            click.echo(f"{output.name}: is NOT what {maker}")
    if report.unseen:
        click.echo(f"{len(report.unseen)} layers have no tensor of their own: {', '.join(report.unseen)}")
    wrong = [layer for layer in report.graph.layers if not layer.passed]
    if wrong:
        click.echo("the graph after the passes, against the network as it was written:")
        _print_layers(wrong)
    for problem in report.graph.problems:
        click.echo(f"the graph after the passes: {problem}")
    if bisected:
        _print_blame(blame)
    _print_verdict(report, target)


def _print_verdict(report: Verification, target: str) -> None:
    beyond = sum(not layer.passed for layer in report.layers)
    verdicts: list[str] = []
    if not report.graph.passed:
        verdicts.append("the passes changed what the network means")
    if beyond:
        verdicts.append(f"{beyond} of {len(report.layers)} layers are beyond their bounds")
    if any(not output.passed for output in report.outputs):
        verdicts.append("outputs are wrong or not finite")
    right = f"all {len(report.layers)} layers are within their bounds, and the passes kept the meaning"
    if report.loops:
        right = f"all {len(report.layers)} layers are what the loops mean; what layers these were made of is not known"
    click.secho(f"{target}: {', '.join(verdicts) or right}", fg="green" if report.passed else "red")


def _print_layers(layers: Sequence[LayerComparison], what: str = "operation") -> None:
    print_table(("layer", ">used", what, ">largest error", ">its bound"), [_row(row) for row in layers])


def _row(layer: LayerComparison) -> tuple[str, ...]:
    share = f"{layer.ratio:.1%}" if layer.ratio < 10 else f"{layer.ratio:.3g} times"
    used = share + ("" if layer.passed else f" at {list(layer.place)}")
    return layer.layer, used, layer.operation.split(".")[-1], f"{layer.error:.3g}", f"{layer.bound:.3g}"


def _blame_json(blame: Blame | None) -> dict[str, object] | None:
    if blame is None:
        return None
    layer = blame.layer
    return {
        "pass": blame.pass_name,
        "what": blame.what,
        "layer": layer and layer.layer,
        "ratio": layer.ratio if layer and isfinite(layer.ratio) else None,
    }
