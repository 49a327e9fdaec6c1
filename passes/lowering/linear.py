"""Fully connected layers: a tile of outputs at each point, its weights read once, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from xdsl.dialects import vector
from xdsl.ir import Attribute, SSAValue

from lrc.dialects import kernel
from lrc.dialects.lr.base import shape_of
from lrc.dialects.lr.weighted import LinearOp
from lrc.dialects.values.activations import Activation
from lrc.dialects.values.elements import F32
from lrc.dialects.values.machines import Machine
from lrc.dialects.values.rounding import pieces
from lrc.passes.lowering.activation import activate
from lrc.passes.lowering.builder import FLOATS, Loops
from lrc.passes.lowering.graph import Graph
from lrc.passes.lowering.halo import allocate
from lrc.passes.lowering.indices import Index
from lrc.passes.lowering.rows import numbers

UNROLL = 4
"""Inputs of one round: as many as arm64 multiplies by from one register."""


@dataclass(frozen=True)
class LinearFamily:
    """A tile of `vectors` vectors of outputs.

    `rest`: the number of inputs is no multiple of UNROLL; `ragged`: the last tile holds more than the outputs.
    """

    vectors: int
    lanes: int
    rest: bool
    ragged: bool
    activation: Activation | None

    @property
    def tile(self) -> int:
        """Outputs of one point."""
        return self.vectors * self.lanes

    @property
    def name(self) -> str:
        """`linear_v4_relu`: vectors of a tile, activation."""
        activation = "" if self.activation is None else f"_{self.activation.kind}"
        return f"linear_v{self.vectors}{activation}{'_rest' if self.rest else ''}{'_ragged' if self.ragged else ''}"

    @property
    def arguments(self) -> list[tuple[str, Attribute]]:
        """Names and types of the kernel's arguments, in order; `whole`: inputs that fill whole rounds."""
        arrays = [(name, FLOATS) for name in ("input", "output", "weight", "bias")]
        sizes = ["tiles", "inputs", "whole", "input_first", "output_first", *(["outputs"] if self.ragged else [])]
        return [*arrays, *numbers(*sizes)]


def pack_linear(weight: NDArray[np.float32], tile: int) -> NDArray[np.float32]:
    """[O, I] -> [ceil(O / tile), I, tile]: what one point reads, in its order; zeros behind the last output."""
    outputs, inputs = weight.shape
    tiles = pieces(outputs, tile)
    padded = np.zeros((tiles * tile, inputs), np.float32)
    padded[:outputs] = weight
    return np.ascontiguousarray(padded.reshape(tiles, tile, inputs).transpose(0, 2, 1))


def vectors_of_tile(outputs: int, machine: Machine) -> int:
    """Vectors of outputs that one point computes: enough sums to hide latencies, few enough to have many points."""
    return min(machine.registers // 4, max(64 // machine.lanes_of(F32), 1), pieces(outputs, machine.lanes_of(F32)))


def linear_kernel(name: str, family: LinearFamily) -> kernel.KernelFuncOp:
    """The kernel of a family: sums start from the bias, and take up one input after the other."""
    loops = Loops(name, family.arguments)
    lanes, vectors, tile = family.lanes, family.vectors, family.tile
    names = [f"s{v}" for v in range(vectors)]

    with loops.grid(t="tiles") as (t,):
        first_weight = loops.multiply(t, loops.multiply(loops["inputs"], tile), "first_weight")
        first_output = loops.multiply(t, tile, "first_output")

        def inputs(count: int, i: SSAValue, sums: Sequence[SSAValue]) -> Sequence[SSAValue]:
            """`count` inputs from `i` on."""
            weights = loops.window(loops["weight"], loops.place(first_weight, (i, tile)), tile, "weights")
            place = loops.add(loops["input_first"], i, "place")
            results = list(sums)
            for k in range(count):
                x = loops.splat(loops.load_float(loops["input"], loops.add(place, k)), lanes, "x")
                for v in range(vectors):
                    weight = loops.insert(kernel.LoadOp(weights, k, v * lanes, lanes), "w")
                    results[v] = loops.insert(vector.FMAOp(weight, x, results[v]), names[v])
            return results

        bias = loops.window(loops["bias"], first_output, tile, "biases")
        sums: Sequence[SSAValue] = [
            loops.insert(kernel.LoadOp(bias, 0, v * lanes, lanes), names[v]) for v in range(vectors)
        ]
        sums = loops.loop("i", 0, loops["whole"], sums, lambda i, s: inputs(UNROLL, i, s), UNROLL)
        if family.rest:
            sums = loops.loop("i", loops["whole"], loops["inputs"], sums, lambda i, s: inputs(1, i, s))
        output = loops.window(loops["output"], loops.add(loops["output_first"], first_output), tile, "outputs_window")
        for v, value in enumerate(sums):
            inside = None
            if family.ragged:
                behind = loops.add(first_output, v * lanes)
                inside = loops.value(loops.subtract(loops["outputs"], behind, "inside"))
            activated = activate(loops, family.activation, value, lanes)
            loops.builder.insert(kernel.StoreOp(activated, output, 0, v * lanes, lanes=inside))
    return loops.finish()


def lower_linear(op: LinearOp, graph: Graph) -> None:
    """Weights packed for the kernel, and one launch over the tiles of outputs."""
    layer = op.layer.data
    inputs, outputs = shape_of(op.input)[1], shape_of(op.output)[1]
    vectors = vectors_of_tile(outputs, graph.machine)
    tile = vectors * graph.machine.lanes_of(F32)
    family = LinearFamily(
        vectors=vectors,
        lanes=graph.machine.lanes_of(F32),
        rest=inputs % UNROLL != 0,
        ragged=outputs % tile != 0,
        activation=None if op.activation is None else op.activation.data,
    )
    tiles = pieces(outputs, tile)
    bias = np.zeros(tiles * tile, np.float32)
    if op.bias is not None:
        bias[:outputs] = graph.array(op.bias)
    output = allocate(graph, op.output, layer)
    weight = np.asarray(graph.array(op.weight), np.float32)
    arguments: dict[str, SSAValue | Index] = {
        "input": graph.buffer(op.input),
        "output": output,
        "weight": graph.constant(f"{layer}.packed.weight", pack_linear(weight, tile)),
        "bias": graph.constant(f"{layer}.packed.bias", bias),
        "tiles": tiles,
        "inputs": inputs,
        "whole": inputs - inputs % UNROLL,
        "input_first": graph.picture(op.input).origin,
        "output_first": graph.picture(op.output).origin,
    }
    if family.ragged:
        arguments["outputs"] = outputs
    graph.launch(family, lambda name: linear_kernel(name, family), arguments, op)
