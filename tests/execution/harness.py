"""Layers as loops, run in two ways: by the interpreter of the loop level, and as compiled C.

The C program is the kernels as they are printed, and functions that launch them as the graph function does. Every
buffer is an allocation of its own, filled with NaN, so that the address sanitizer sees whoever reads or writes outside
of it, and garbage that is used shows in the result.
"""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from xdsl.context import Context
from xdsl.dialects import arith, memref
from xdsl.dialects.builtin import IntegerAttr, ModuleOp
from xdsl.ir import SSAValue
from xdsl.parser import Parser
from xdsl.universe import Universe

from lrc.backends.c.emit import network_of
from lrc.backends.c.isa import isa_of
from lrc.backends.c.kernels import KernelPrinter
from lrc.backends.names import kernel_names
from lrc.compilation import pipelines
from lrc.dialects import kernel, lr
from lrc.dialects.kernel.attrs import LayoutAttr
from lrc.dialects.lr.base import shape_of
from lrc.dialects.lr.store import StoreAttr
from lrc.dialects.values.layouts import Layout
from lrc.dialects.values.machines import machine_named
from lrc.interpreters import graph, loops
from lrc.interpreters.reference import Array

STRICT = ("-std=c11", "-g", "-Wall", "-Wextra", "-Werror", "-Wconversion")
SANITIZE = ("-O0", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
TWO_THREADS = ("-O0", "-DTWO_THREADS", "-fsanitize=thread", "-pthread")
"""Sanitizers ask of each number that is read or written, and unrolled loops have many: at -O1, which drops those that
nobody needs, clang takes twelve times as long. What compilers make of the code otherwise, test_compilers.py shows."""

HEADER = """\
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vectors.h"

static void *filled(size_t alignment, size_t bytes)
{
    void *p;
    if (posix_memalign(&p, alignment < sizeof p ? sizeof p : alignment, bytes))
        exit(1);
    memset(p, 0xff, bytes);
    return p;
}
static void *read_array(size_t bytes)
{
    void *p = filled(64, bytes);
    if (fread(p, 1, bytes, stdin) != bytes)
        exit(2);
    return p;
}
static void write_array(const float *p, size_t elements)
{
    fwrite(p, 4, elements, stdout);
}
typedef void kernel(const void *arguments, size_t begin, size_t end);
#ifdef TWO_THREADS
#include <pthread.h>
struct share {
    kernel *k;
    const void *arguments;
    size_t first, points;
};
static void *every_other(void *opaque)
{
    const struct share *s = opaque;
    for (size_t point = s->first; point < s->points; point += 2)
        s->k(s->arguments, point, point + 1);
    return NULL;
}
/* neighbouring points at the same time: they must not write to the same place */
static void launch(kernel *k, const void *arguments, size_t points)
{
    struct share even = {k, arguments, 0, points}, odd = {k, arguments, 1, points};
    pthread_t thread;
    if (pthread_create(&thread, NULL, every_other, &odd))
        exit(3);
    every_other(&even);
    pthread_join(thread, NULL);
}
#else
/* the last points first: their order must not matter */
static void launch(kernel *k, const void *arguments, size_t points)
{
    const size_t middle = points / 2;
    k(arguments, middle, points);
    k(arguments, 0, middle);
}
#endif
"""


@dataclass(frozen=True)
class Network:
    """A network at the level of layers, and the same as loops for a machine."""

    layers: ModuleOp
    loops: ModuleOp
    machine: str
    outputs: tuple[tuple[int, ...], ...]

    @property
    def graph(self) -> kernel.NetworkOp:
        """What launches the kernels."""
        return network_of(self.loops)

    @property
    def kernels(self) -> list[kernel.KernelFuncOp]:
        """The kernels, in the order in which they are first launched."""
        return kernel.kernels_of(self.loops.ops)


def parse(text: str) -> ModuleOp:
    """A module that knows the weights which a random store is to draw."""
    context = Context()
    for name, dialect in Universe.get_multiverse().all_dialects.items():
        context.register_dialect(name, dialect)
    module = Parser(context, text).parse_module()
    lr.find_model(module).announce_weights()
    module.verify()
    return module


def lower(text: str, machine: str) -> Network:
    """A network of layers as loops; buffers are not yet put into one arena."""
    layers, module = parse(text), parse(text)
    outputs = tuple(shape_of(value) for value in lr.find_model(module).block.last_op.operands)  # pyright: ignore[reportOptionalMemberAccess]
    passes = [
        f"set-machine{{machine={machine}}},materialize-padding,assign-patterns,reorder-filters",
        "tile,assign-layout,pack-fkw,lower-to-loops,legalize-loads,eliminate-redundant-loads,order-body",
        *pipelines.legalizations(machine),
    ]
    pipelines.parse(",".join(passes)).apply(Context(), module)
    module.verify()
    return Network(layers, module, machine, outputs)


def reference(network: Network, inputs: Sequence[ArrayLike]) -> tuple[Array, ...]:
    """What the network means, in float64."""
    return graph.run(network.layers, inputs)


def interpret(network: Network, inputs: Sequence[NDArray[np.float32]]) -> list[Array]:
    """The outputs according to the interpreter of the loop level, which checks every access."""
    sizes = [int(np.prod(shape)) for shape in network.outputs]
    store = network.loops.attributes["weights"]
    assert isinstance(store, StoreAttr)
    name = network.graph.sym_name.data
    results = loops.run(network.loops, name, [x.reshape(-1) for x in inputs], sizes, store.data)
    return [r.reshape(shape) for r, shape in zip(results, network.outputs, strict=True)]


class Program:
    """Networks for one machine as one C program, which runs the one that its argument names.

    It reads the inputs and weights of that network from standard input, and writes its outputs and all its buffers.
    """

    def __init__(
        self, networks: Mapping[str, Network], scratch: Path, compiler: Sequence[str], runner: Sequence[str] = ()
    ) -> None:
        machine = next(iter(networks.values())).machine
        self.networks, self.runner, self.binary = networks, runner, scratch / "networks"
        self.plans = {name: Plan(name, network) for name, network in networks.items()}
        calls = [f'    if (!strcmp(words[1], "{name}"))\n        run_{name}();' for name in networks]
        main = "int main(int count, char **words)\n{\n    if (count < 2)\n        return 1;\n"
        parts = [HEADER, *(plan.text for plan in self.plans.values()), main + "\n".join(calls) + "\n    return 0;\n}\n"]
        source = scratch / "networks.c"
        source.write_text("\n".join(parts), encoding="utf-8")
        (scratch / "vectors.h").write_text(isa_of(machine_named(machine)).prelude(), encoding="utf-8")
        command = [*compiler, *STRICT, str(source), "-o", str(self.binary), "-lm"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[:10000]

    def run(
        self, name: str, inputs: Sequence[NDArray[np.float32]]
    ) -> tuple[list[NDArray[np.float32]], dict[str, tuple[Layout, NDArray[np.float32]]]]:
        """The outputs of a network, and for each layer its buffer as it stands at the end."""
        network, plan = self.networks[name], self.plans[name]
        given = b"".join(array.tobytes() for array in [*inputs, *plan.weights])
        done = subprocess.run(
            [*self.runner, str(self.binary), name], input=given, capture_output=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr.decode()[:10000]
        numbers = np.frombuffer(done.stdout, np.float32)
        sizes = [int(np.prod(shape)) for shape in network.outputs]
        parts = np.split(numbers, np.cumsum([*sizes, *(layout.size for layout in plan.buffers.values())])[:-1])
        outputs = [part.reshape(shape) for part, shape in zip(parts, network.outputs, strict=False)]
        layouts = zip(plan.buffers.values(), parts[len(sizes) :], strict=True)
        return outputs, dict(zip(plan.buffers, layouts, strict=True))


class Plan:
    """One network as C: its kernels, and a function that launches them."""

    def __init__(self, name: str, network: Network) -> None:
        self.network = network
        self.kernels = kernel_names((function.sym_name.data for function in network.kernels), name)
        self.weights: list[NDArray[np.generic]] = []
        self.buffers: dict[str, Layout] = {}
        self.names: dict[SSAValue, str] = {}
        kernels = [self.printer().declaration(k) + self.printer().function(k) for k in network.kernels]
        body = "\n".join(f"    {line}" for line in self.body())
        self.text = f"{''.join(kernels)}\nstatic void run_{name}(void)\n{{\n{body}\n}}\n"

    def printer(self) -> KernelPrinter:
        """A printer for one text."""
        return KernelPrinter(isa=isa_of(machine_named(self.network.machine)), kernels=self.kernels)

    def body(self) -> Iterator[str]:
        """The statements of the function that launches the kernels."""
        function, results = self.network.graph.body.block, list[str]()
        store = self.network.loops.attributes["weights"]
        assert isinstance(store, StoreAttr)
        outputs = [int(np.prod(shape)) for shape in self.network.outputs]
        names = {op.buffer: op.layer.data for op in self.network.graph.launches if op.buffer and op.layer}
        inputs = len(function.args) - len(outputs)
        for i, argument in enumerate(function.args):
            name = self.names[argument] = f"argument{i}"
            if i < inputs:
                yield f"float *{name} = read_array({4 * self.elements(i)});"
            else:
                yield f"float *{name} = filled(4, {4 * outputs[i - inputs]});"
                results.append(f"write_array({name}, {outputs[i - inputs]});")
        for op in function.ops:
            name = f"v{len(self.names)}"
            match op:
                case memref.AllocOp():
                    self.names[op.memref] = name
                    size = number_of(op.dynamic_sizes[0])
                    yield f"float *{name} = filled(64, {4 * size});"
                    if isinstance(layout := op.attributes.get("layout"), LayoutAttr):
                        self.buffers[names.get(op.memref, f"input {len(self.buffers)}")] = layout.data
                        results.append(f"write_array({name}, {size});")
                case kernel.WeightsOp():
                    self.names[op.result] = name
                    self.weights.append(store.data[op.weight.data])
                    yield f"void *{name} = read_array({self.weights[-1].nbytes});"
                case kernel.LaunchOp():
                    yield self.launch(op)
                case _:
                    pass
        yield from results
        yield from (f"free({name});" for name in self.names.values())

    def elements(self, i: int) -> int:
        """Numbers of an input."""
        shape = shape_of(lr.find_model(self.network.layers).block.args[i])
        return int(np.prod(shape))

    def launch(self, op: kernel.LaunchOp) -> str:
        """The C of a launch."""
        return launched(op, self.kernels, self.names)


def launched(op: kernel.LaunchOp, kernels: Mapping[str, str], names: Mapping[SSAValue, str]) -> str:
    """The C of a launch, with the arguments in the order of the kernel's struct."""
    assert op.kernel is not None
    name, given = (
        kernels[op.callee.root_reference.data],
        {argument: names.get(value) or str(number_of(value)) for argument, value in op.values.items()},
    )
    values = ", ".join(given[argument] for argument in op.kernel.arguments)
    points = " * ".join(given[size] for size in op.kernel.dimensions)
    return f"launch({name}, &(struct {name}_arguments){{{values}}}, {points});"


def number_of(value: SSAValue) -> int:
    """The value of a constant index."""
    op = value.owner
    assert isinstance(op, arith.ConstantOp) and isinstance(op.value, IntegerAttr)
    return op.value.value.data


def zeros_around(layout: Layout, buffer: NDArray[np.float32]) -> bool:
    """Whether everything around the pictures that consumers may take for zero is zero."""
    picture = layout.picture()
    pictures = buffer[layout.lead : layout.lead + picture.channels * picture.channel_stride]
    rows = pictures.reshape(picture.channels, -1, picture.row_stride).copy()
    rows[:, picture.top : picture.top + picture.height, : picture.width] = 0
    return not buffer[: layout.lead].any() and not rows.any()
