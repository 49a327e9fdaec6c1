"""`lrc check`: is it right?"""

from math import prod
from typing import TYPE_CHECKING, Any

import click

from lrc.cli.console import count_text, print_json
from lrc.cli.errors import Invocation
from lrc.cli.model import read_model
from lrc.cli.options import examples, json_option, models_argument
from lrc.exit_codes import INPUT_IS_WRONG

if TYPE_CHECKING:
    from lrc.dialects.lr import LayerOp
    from lrc.frontend.lifting import Warn


@click.command(
    epilog=examples(
        "lrc check net.lr                                    all errors at once, each with its line",
        "lrc check --strict *.lr                             for CI: warnings are errors, too",
        "lrc check --json *.lr | jq '.files[].errors'        errors as data, for an editor",
    )
)
@models_argument
@click.option("--strict", is_flag=True, help="Take warnings for errors.")
@json_option
@click.pass_obj
def command(invocation: Invocation, models: tuple[str, ...], strict: bool, as_json: bool) -> int:
    """Parse each F, infer its shapes, check its weights and its declared sparsity.

    What is declared and not used, such as a layer that nothing reads, is a warning: most likely the network is wired
    wrongly. With --json: {"files": [{"file": …, "errors": […], "warnings": […], "network": {…} or null}, …]}, however
    many there are.
    """
    from lrc.diagnostics import Diagnostic, LrcError, UserError, show

    wrong = 0
    reports: list[dict[str, Any]] = []
    for model in models:
        report: dict[str, Any] = {"file": model, "errors": [], "warnings": [], "network": None}
        warnings: list[Diagnostic] = []
        try:
            network = _summary(invocation, model, warnings.extend)
            if strict and warnings:
                raise UserError(*(warning.as_error() for warning in warnings))
        except LrcError as error:
            wrong += 1
            report["errors"] = [vars(diagnostic) for diagnostic in error.diagnostics]
            if not as_json:
                click.echo(str(error), err=True)
        else:
            report["warnings"] = [vars(warning) for warning in warnings]
            report["network"] = network
            if not as_json:
                if warnings:
                    click.echo(show(warnings), err=True)
                inputs, outputs = (_shapes(network[side]) for side in ("inputs", "outputs"))
                weights = f"{count_text(network['weights'])} weights"
                click.echo(
                    f"{model}: {inputs} -> {outputs}, {network['layers']} layers, {weights}: {_verdict(len(warnings))}"
                )
        reports.append(report)
    if as_json:
        print_json({"files": reports})
    return INPUT_IS_WRONG if wrong else 0


def _verdict(warnings: int) -> str:
    return {0: "fine", 1: "1 warning"}.get(warnings, f"{warnings} warnings")


def _summary(invocation: Invocation, model: str, warn: "Warn") -> dict[str, Any]:
    from lrc.dialects import lr

    module = read_model(invocation, model, warn)
    if any(isinstance(op, lr.ModelOp) for op in module.ops):
        network, inputs, outputs = lr.find_model(module), lr.input_shapes(module), lr.output_shapes(module)
        layers = [op for op in network.block.ops if isinstance(op, lr.LayerOp)]
        weights = [weights_of(op) for op in layers]
    else:
        from lrc.dialects import kernel

        network = next(op for op in module.ops if isinstance(op, kernel.NetworkOp))
        inputs, outputs = kernel.input_shapes(module), kernel.output_shapes(module)
        weights = [layer.weights.data for layer in network.layers]
    return {
        "name": network.sym_name.data,
        "inputs": {name: list(shape) for name, shape in inputs.items()},
        "outputs": {name: list(shape) for name, shape in outputs.items()},
        "layers": len(weights),
        "weights": sum(weights),
    }


def weights_of(op: "LayerOp") -> int:
    """How many weights a layer has, or would have if it were dense."""
    from lrc.dialects.fkw.ops import Conv2dOp

    if isinstance(op, Conv2dOp):  # it names the arrays that they are packed in
        return prod(op.weight_shape())
    return sum(prod(spec.shape) for _, _, spec in op.weight_specs())


def _shapes(shapes: dict[str, list[int]]) -> str:
    return ", ".join(f"{name}: f32{shape}" for name, shape in shapes.items())
