"""What a backend hands over to be written as a folder: plain values, no IR."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import Any

from lrc.backends.names import ProgramNames, program_names
from lrc.dialects.values.machines import Machine


@dataclass(frozen=True)
class Port:
    """An input or output of the network: float32 in C order."""

    name: str
    shape: tuple[int, ...]

    @property
    def elements(self) -> int:
        """How many float32 the caller's array has."""
        return prod(self.shape)


@dataclass(frozen=True)
class LayerRow:
    """A row of the table of layers: where the layer's result stands in its buffer, counted in numbers of its `element`
    type.

    Element (channel, row, column) is at ``origin + channel * channel_stride + row * row_stride + column``.
    """

    name: str
    kind: str
    elements: int
    channels: int
    rows: int
    columns: int
    origin: int
    row_stride: int
    channel_stride: int
    element: str


@dataclass(frozen=True)
class KernelUnit:
    """A C file of its own, which begins with its own ``#include "NAME_kernels.h"``."""

    file_name: str
    text: str


@dataclass(frozen=True)
class EmittedModel:
    """A compiled network, as the texts and numbers that its folder is made of.

    ``declarations`` go to ``NAME_kernels.h``: argument structs and prototypes, for the kernels and the graph.
    ``graph`` is the C function ``static void NAME_graph(NAME_t *m, const float *X..., float *Y...)``, with the
    parameters of `parameters`, in the order of inputs and outputs. It may say ``ARENA(offset)`` and
    ``WEIGHTS(offset)``, both ``void *`` at a distance in bytes, ``LAUNCH(kernel, &args, points)`` and, after each
    layer, ``LAYER(number, pointer to its buffer)``. ``facts`` are further entries of metadata.json.
    """

    name: str
    machine: Machine
    inputs: Sequence[Port]
    outputs: Sequence[Port]
    arena_bytes: int
    layers: Sequence[LayerRow]
    declarations: str
    kernels: Sequence[KernelUnit]
    graph: str
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any], compare=False)

    @cached_property
    def names(self) -> ProgramNames:
        """What the model and its ports are called in C."""
        return program_names(self.name, (port.name for port in self.inputs), (port.name for port in self.outputs))

    @property
    def c_name(self) -> str:
        """What the files and the names of the API begin with."""
        return self.names.model

    @property
    def parameters(self) -> str:
        """The parameters of the graph function after ``m``: ``const float *x, float *y``."""
        return ", ".join(self.names.parameters)
