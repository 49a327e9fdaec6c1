"""`lrc check`: is it right?"""

from math import prod
from typing import Any

import click

from lrc.cli.console import count_text, print_json
from lrc.cli.errors import INPUT_IS_WRONG, Invocation
from lrc.cli.model import read_model
from lrc.cli.options import examples, json_option, models_argument


@click.command(
    epilog=examples(
        "lrc check net.lr                                    all errors at once, each with its line",
        "lrc check --json *.lr | jq '.files[].errors'        errors as data, for an editor",
    )
)
@models_argument
@json_option
@click.pass_obj
def command(invocation: Invocation, models: tuple[str, ...], as_json: bool) -> int:
    """Parse each F, infer its shapes, check its weights and its declared sparsity.

    With --json: {"files": [{"file": …, "errors": […], "network": {…} or null}, …]}, however many there are.
    """
    from lrc.diagnostics import LrcError

    wrong = 0
    reports: list[dict[str, Any]] = []
    for model in models:
        report: dict[str, Any] = {"file": model, "errors": [], "network": None}
        try:
            network = report["network"] = _summary(invocation, model)
        except LrcError as error:
            wrong += 1
            report["errors"] = [vars(diagnostic) for diagnostic in error.diagnostics]
            if not as_json:
                click.echo(str(error), err=True)
        else:
            if not as_json:
                inputs, outputs = (_shapes(network[side]) for side in ("inputs", "outputs"))
                weights = f"{count_text(network['weights'])} weights"
                click.echo(f"{model}: {inputs} -> {outputs}, {network['layers']} layers, {weights}: fine")
        reports.append(report)
    if as_json:
        print_json({"files": reports})
    return INPUT_IS_WRONG if wrong else 0


def _summary(invocation: Invocation, model: str) -> dict[str, Any]:
    from lrc import compiler
    from lrc.dialects import lr
    from lrc.dialects.lr.base import LayerOp

    module = read_model(invocation, model)
    network = lr.find_model(module)
    layers = [op for op in network.block.ops if isinstance(op, LayerOp)]
    return {
        "name": network.sym_name.data,
        "inputs": {name: list(shape) for name, shape in compiler.input_shapes(module).items()},
        "outputs": {name: list(shape) for name, shape in compiler.output_shapes(module).items()},
        "layers": len(layers),
        "weights": sum(prod(spec.shape) for op in layers for _, _, spec in op.weight_specs()),
    }


def _shapes(shapes: dict[str, list[int]]) -> str:
    return ", ".join(f"{name}: f32{shape}" for name, shape in shapes.items())
