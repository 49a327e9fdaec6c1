"""lower-to-loops: the network becomes kernels, and launches of them."""

from dataclasses import dataclass
from typing import cast

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import BlockArgument, Operation, SSAValue
from xdsl.passes import ModulePass

from lrc.dialects.elements import element_of
from lrc.dialects.fkw import ops as fkw
from lrc.dialects.lr.base import LayerOp, shape_of
from lrc.dialects.lr.model import ModelOp, OutputOp
from lrc.dialects.lr.store import WeightError
from lrc.dialects.values.elements import F32
from lrc.dialects.values.machines import Machine
from lrc.passes.arrays import load
from lrc.passes.diagnose import fail, machine_of
from lrc.passes.graph.set_precision import FLOAT32_ONLY
from lrc.passes.lowering.convolution.layer import lower_convolution
from lrc.passes.lowering.copy import copy_in, copy_out
from lrc.passes.lowering.graph import Graph, layout_of
from lrc.passes.lowering.table import LOWERINGS
from lrc.passes.packed.layouts import misfit, needs_of_readers, tensors


@dataclass(frozen=True)
class LowerToLoopsPass(ModulePass):
    """lr.model -> a kernel.func for each family of its layers, and a kernel.network that launches them in order.

    The module keeps the weight store, as its attribute `weights`.
    """

    name = "lower-to-loops"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        machine = machine_of(op)
        for model in [inner for inner in op.ops if isinstance(inner, ModelOp)]:
            functions = lower(model, machine)
            op.attributes["weights"] = model.weights
            for function in functions:
                function.location = model.location
                op.body.block.insert_op_before(function, model)
            model.detach()
            model.erase()


def lower(model: ModelOp, machine: Machine) -> list[Operation]:
    """The kernels and the network that a model becomes."""
    check_layouts(model, machine)
    block = model.body.block
    output = block.last_op
    assert isinstance(output, OutputOp)
    inputs = dict(zip(model.inputs, (value.type for value in block.args), strict=True))
    outputs = {name.data: value.type for name, value in zip(output.names, output.operands, strict=True)}
    graph = Graph(model.sym_name.data, inputs, outputs, model.store, machine)
    arguments = graph.network.body.block.args
    for argument, value in zip(arguments, block.args, strict=False):
        copy_in(graph, argument, value)
    for op in block.ops:
        if isinstance(op, LayerOp):
            lower_layer(op, graph)
    for argument, value in zip(arguments[len(inputs) :], output.operands, strict=True):
        copy_out(graph, value, argument)
    return graph.finish()


def check_layouts(model: ModelOp, machine: Machine) -> None:
    """Raises PassFailedException if a tensor has no layout, or one that does not give all its readers what they need.

    Kernels ask nothing at run time. This is where a layout, a schedule or a padding that was edited, or is for another
    machine, would make them leave their buffers or read what is no zero.
    """
    checked: list[tuple[SSAValue, Operation, int]] = []
    for value in tensors(model):
        op = value.owner if isinstance(value.owner, LayerOp) else model
        lanes = lanes_for(value, op, machine)
        if isinstance(op, fkw.Conv2dOp) and (found := op.schedule.data.lanes) != lanes:
            fail(op, f"layer '{op.layer.data}' is scheduled for vectors of {found} floats, the machine has {lanes}")
        checked.append((value, op, lanes))
    for value, op, lanes in checked:
        what = f"layer '{op.layer.data}'" if isinstance(op, LayerOp) else f"input {cast(BlockArgument, value).index}"
        if (layout := layout_of(value)) is None:
            fail(op, f"{what} has no layout: run assign-layout before lower-to-loops")
        if problem := misfit(layout, shape_of(value), needs_of_readers(value, lanes), lanes, element_of(value)):
            fail(op, f"the layout of {what} has {problem}")


def lanes_for(value: SSAValue, op: Operation, machine: Machine) -> int:
    """How many numbers of a tensor, which `op` gives, a machine's vectors have. Raises FailedPassError if it has no
    such vectors."""
    try:
        return machine.lanes_of(element_of(value))
    except ValueError as error:
        fail(op, str(error))


def lower_layer(op: LayerOp, graph: Graph) -> None:
    """The launches of one layer. Raises PassFailedException if it has no loops, or not all of its arrays are there."""
    for _, weight, _ in op.weight_specs():
        load(op, weight)
    if isinstance(op, FLOAT32_ONLY) and (element := element_of(op.output)) is not F32:
        fail(op, f"no loops for {op.name} of {element.about}: set-precision leaves it float32")
    try:
        if isinstance(op, fkw.Conv2dOp):
            lower_convolution(op, graph)
        elif type(op) in LOWERINGS:
            LOWERINGS[type(op)](op, graph)
        else:
            fail(op, f"no loops for {op.name}: run the passes before lower-to-loops first")
    except WeightError as error:
        fail(op, str(error))
