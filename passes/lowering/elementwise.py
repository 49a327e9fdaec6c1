"""Layers that compute each number from the numbers at its own place: activations, sums, products, normalization."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from xdsl.dialects import arith
from xdsl.ir import Attribute, SSAValue

from lrc.dialects import kernel
from lrc.dialects.elements import element_of
from lrc.dialects.lr.base import shape_of
from lrc.dialects.lr.ops import ActivationOp, AddOp, MulOp
from lrc.dialects.lr.weighted import BatchNormOp
from lrc.dialects.values.activations import Activation
from lrc.dialects.values.elements import F32, Element
from lrc.passes.arrays import as_float32
from lrc.passes.lowering.activation import activate
from lrc.passes.lowering.builder import FLOATS, Loops, suffixed
from lrc.passes.lowering.graph import Graph
from lrc.passes.lowering.halo import allocate
from lrc.passes.lowering.indices import Index
from lrc.passes.lowering.rows import (
    each,
    each_vector,
    load_row,
    numbers,
    row_place,
    store_row,
    tensor_arguments,
    tensor_values,
)


@dataclass(frozen=True)
class ElementwiseFamily:
    """A function of each element.

    `kind`: "none" (the activation alone), "add" or "mul" of two tensors, "scale" for a factor and a summand that
    each channel has, "scale_vector" for those that each element of a vector has; `broadcast`: the second tensor
    has one number for each channel.
    """

    kind: str
    broadcast: bool
    activation: Activation | None
    lanes: int
    ragged: bool
    element: Element = F32

    @property
    def name(self) -> str:
        """`add_relu`, `mul_broadcast_ragged`, …"""
        activation = None if self.activation is None else str(self.activation)
        words = [
            None if self.kind == "none" else self.kind,
            "broadcast" if self.broadcast else None,
            activation and activation.replace(" ", "_").replace(".", "_").replace("-", "minus_").replace("+", ""),
            "ragged" if self.ragged else None,
        ]
        return suffixed("_".join(word for word in words if word), self.element)

    @property
    def arguments(self) -> list[tuple[str, Attribute]]:
        """Names and types of the kernel's arguments, in order."""
        names = ["input", "other", "output"] if self.kind in ("add", "mul") else ["input", "output"]
        arrays = [("factor", FLOATS), ("summand", FLOATS)] if self.kind.startswith("scale") else []
        return [*tensor_arguments(*names, element=self.element), *arrays, *numbers("channels", "rows", "width")]


def elementwise_kernel(name: str, family: ElementwiseFamily) -> kernel.KernelFuncOp:
    """The kernel that goes through one channel at each point."""
    loops = Loops(name, family.arguments)
    lanes = family.lanes

    def of_channel(array: str, position: Index, name: str) -> SSAValue:
        return loops.splat(loops.load_float(loops[array], position), lanes, name)

    def of_column(array: str, x: SSAValue) -> SSAValue:
        return loops.insert(kernel.LoadOp(loops.window(loops[array], x, lanes), 0, 0, lanes), array)

    with loops.grid(c="channels") as (c,):
        factor = of_channel("factor", c, "factor") if family.kind == "scale" else None
        summand = of_channel("summand", c, "summand") if family.kind == "scale" else None
        same = of_channel("other", row_place(loops, "other", c, 0), "other_value") if family.broadcast else None

        def row(y: SSAValue) -> None:
            source, target = row_place(loops, "input", c, y), row_place(loops, "output", c, y)
            other = row_place(loops, "other", c, y) if family.kind in ("add", "mul") and same is None else 0

            def vector(x: SSAValue, inside: SSAValue | None) -> None:
                value = load_row(loops, "input", source, x, lanes)
                if factor is not None and summand is not None:
                    value = loops.insert(arith.AddfOp(loops.insert(arith.MulfOp(value, factor)), summand), "y")
                elif family.kind == "scale_vector":
                    scaled = loops.insert(arith.MulfOp(value, of_column("factor", x)))
                    value = loops.insert(arith.AddfOp(scaled, of_column("summand", x)), "y")
                elif family.kind in ("add", "mul"):
                    second = load_row(loops, "other", other, x, lanes) if same is None else same
                    combine = arith.AddfOp if family.kind == "add" else arith.MulfOp
                    value = loops.insert(combine(value, second), "y")
                value = activate(loops, family.activation, value, lanes)
                store_row(loops, "output", target, x, value, inside)

            each_vector(loops, lanes, family.ragged, vector)

        each(loops, "y", 0, loops["rows"], row)
    return loops.finish()


def lower_activation(op: ActivationOp, graph: Graph) -> None:
    """An activation that no layer took."""
    launch(graph, op, "none", [op.input], op.activation.data)


def lower_binary(op: AddOp | MulOp, graph: Graph) -> None:
    """Sum or product; both are commutative, so that the narrow operand may come second."""
    lhs, rhs = op.lhs, op.rhs
    if shape_of(lhs) != shape_of(op.output):
        lhs, rhs = rhs, lhs
    kind = "add" if isinstance(op, AddOp) else "mul"
    launch(graph, op, kind, [lhs, rhs], None if op.activation is None else op.activation.data)


def lower_batch_norm(op: BatchNormOp, graph: Graph) -> None:
    """A normalization that no layer took: a factor and a summand for each channel, computed in float64."""
    weight, bias, mean, variance = (
        np.asarray(graph.array(a), np.float64) for a in (op.weight, op.bias, op.mean, op.variance)
    )
    layer, is_vector = op.layer.data, len(shape_of(op.output)) == 2
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = weight / np.sqrt(variance + op.epsilon.value.data)
        summand = bias - mean * factor
    hint = "look at its scale and variance"
    factor = as_float32(op, f"the factor of '{layer}'", factor, hint)
    summand = as_float32(op, f"the summand of '{layer}'", summand, hint)
    # The elements of a vector are its channels, and are read a whole hardware vector at a time.
    more = -len(factor) % graph.machine.lanes_of(F32) if is_vector else 0
    constants = {
        "factor": graph.constant(f"{layer}.factor", np.pad(factor, (0, more))),
        "summand": graph.constant(f"{layer}.summand", np.pad(summand, (0, more))),
    }
    launch(graph, op, "scale_vector" if is_vector else "scale", [op.input], None, constants)


def launch(
    graph: Graph,
    op: ActivationOp | AddOp | MulOp | BatchNormOp,
    kind: str,
    operands: list[SSAValue],
    activation: Activation | None,
    constants: dict[str, SSAValue] | None = None,
) -> None:
    """One launch over the channels of the result."""
    target, element = graph.picture(op.output), element_of(op.output)
    lanes = graph.machine.lanes_of(element)
    family = ElementwiseFamily(
        kind=kind,
        broadcast=len(operands) > 1 and shape_of(operands[1]) != shape_of(op.output),
        activation=activation,
        lanes=lanes,
        ragged=target.width % lanes != 0,
        element=element,
    )
    output = allocate(graph, op.output, op.layer.data)
    arguments: dict[str, SSAValue | Index] = {
        **tensor_values("output", output, target),
        **(constants or {}),
        "channels": target.channels,
        "rows": target.height,
        "width": target.width,
    }
    for name, value in zip(("input", "other"), operands, strict=False):
        arguments |= tensor_values(name, graph.buffer(value), graph.picture(value))
    graph.launch(family, lambda name: elementwise_kernel(name, family), arguments, op)
