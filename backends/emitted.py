"""What a backend hands over to be written as a folder: plain values, no IR."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

C_WORDS = re.compile(
    "auto|break|case|char|const|continue|default|do|double|else|enum|extern|float|for|goto|if|inline|int|long|register|"
    "restrict|return|short|signed|sizeof|static|struct|switch|typedef|union|unsigned|void|volatile|while|"
    "alignas|alignof|and|asm|bool|catch|class|delete|explicit|export|false|friend|mutable|namespace|new|not|operator|or|"
    "private|protected|public|template|this|throw|true|try|typeid|typename|using|virtual|xor"
)
"""C's and C++'s words."""

RESERVED = re.compile(
    f"{C_WORDS.pattern}|"
    # CMake's targets and the system's libraries
    "all|clean|help|install|package|test|c|m|pthread|"
    # files of every emitted folder, and the prefix of their own names
    "bench|lrc_runtime|lrc|"
    # macros of C's headers
    "NULL|EOF|NAN|INFINITY|HUGE_VAL|stdin|stdout|stderr|errno"
)
"""Names that a model, its files and its parameters must not have."""


def c_identifier(name: str) -> str:
    """The name as a C identifier, for a model, its files and its parameters: other characters become underscores."""
    text = re.sub(r"[^A-Za-z0-9_]", "_", name)
    if not text[:1].isalpha():  # C keeps leading underscores for itself
        return f"n{text}"
    return f"{text}_" if RESERVED.fullmatch(text) else text


@dataclass(frozen=True)
class Port:
    """An input or output of the network: float32 in C order."""

    name: str
    shape: tuple[int, ...]

    @property
    def elements(self) -> int:
        return prod(self.shape)


@dataclass(frozen=True)
class Layer:
    """A row of the table of layers: where the layer's result stands in its buffer, counted in elements.

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
    layer, ``LAYER(number, pointer to its buffer)``.
    """

    name: str
    target: str
    inputs: Sequence[Port]
    outputs: Sequence[Port]
    arena_bytes: int
    layers: Sequence[Layer]
    declarations: str
    kernels: Sequence[KernelUnit]
    graph: str

    @property
    def c_name(self) -> str:
        return c_identifier(self.name)

    @property
    def input_names(self) -> tuple[str, ...]:
        """The C names of the inputs, as parameters of the graph function and of ``NAME_run``."""
        return _distinct(self.inputs)

    @property
    def output_names(self) -> tuple[str, ...]:
        """The C names of the outputs."""
        return _distinct(self.outputs, self.input_names)

    @property
    def parameters(self) -> str:
        """The parameters of the graph function after ``m``: ``const float *x, float *y``."""
        inputs = [f"const float *{name}" for name in self.input_names]
        return ", ".join([*inputs, *(f"float *{name}" for name in self.output_names)])


def _distinct(ports: Sequence[Port], taken: Sequence[str] = ()) -> tuple[str, ...]:
    """C names for ports: none twice, and none that the function needs for itself."""
    names: list[str] = []
    for port in ports:
        name = c_identifier(port.name)
        while name in (*taken, *names, "m"):
            name += "_"
        names.append(name)
    return tuple(names)
