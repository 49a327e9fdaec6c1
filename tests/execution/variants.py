"""Cases, built for one machine after the other: what the tests of layers and of convolutions share."""

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
import pytest
from harness import SANITIZE, TWO_THREADS, Network, Program, lower, reference, zeros_around
from installed import tool
from numpy.typing import NDArray

from lrc.dialects import lr
from lrc.dialects.lr.base import shape_of
from lrc.execution import toolchain
from lrc.interpreters import graph
from lrc.verification import bounds

VECTORS = ("-march=native", "-Wno-psabi")
VARIANTS = {
    "avx512": ("avx512", (*VECTORS, *SANITIZE)),
    "avx2": ("avx2", (*VECTORS, *SANITIZE)),
    "c": ("c", SANITIZE),
    "two_threads": ("avx2", (*VECTORS, *TWO_THREADS)),
    "neon": ("neon", ("-O0", "-static")),
}
"""Name of a program -> the machine that its code is for, and flags of the compiler."""

lowered = cache(lower)
"""Several variants are for one machine; nobody changes what they share."""

Programs = Callable[[str], Program]
"""Name of a variant -> all cases as one program; that for neon is run by an emulator."""


def programs(cases: Mapping[str, str], scratch: pytest.TempPathFactory) -> Programs:
    """Builds the networks `cases` for each variant that is asked for, once; what failed is not tried again."""

    @cache
    def attempt(variant: str) -> Program | AssertionError:
        try:
            return build(variant)
        except AssertionError as error:
            return error

    def built(variant: str) -> Program:
        result = attempt(variant)
        if isinstance(result, AssertionError):
            raise result
        return result

    def build(variant: str) -> Program:
        machine, flags = VARIANTS[variant]
        networks = {case: lowered(text, machine) for case, text in cases.items()}
        if machine != "neon":
            return Program(networks, scratch.mktemp(variant), [tool("clang-19"), *flags])
        compiler = toolchain.find_compiler("neon")
        runner = toolchain.runner_command("neon")
        return Program(networks, scratch.mktemp(variant), [*compiler.command, *compiler.flags("neon"), *flags], runner)

    return built


def asked_for(request: pytest.FixtureRequest, cases: Mapping[str, str]) -> dict[str, str]:
    """Those of the cases that some test of this session is about: one alone is built in a second."""
    calls = [getattr(item, "callspec", None) for item in request.session.items]
    names = {call.params.get("case") for call in calls if call is not None}
    return {name: text for name, text in cases.items() if name in names}


def model(body: str, inputs: str, result: str) -> str:
    """A network of one or few layers, whose result is called %y."""
    return (
        f"lr.model @net {{weights = #lr.store<random 0>}} ({inputs}) {{\n{body}\n"
        f'  lr.output %y {{names = ["y"]}} : {result}\n}}'
    )


def picture(*shape: int) -> str:
    """The type of a tensor without its batch."""
    return f"tensor<{'x'.join(map(str, (1, *shape)))}xf32>"


def inputs_of(network: Network) -> list[NDArray[np.float32]]:
    """Random inputs, the same every time."""
    random = np.random.default_rng(1)
    values = lr.find_model(network.layers).block.args
    return [(3 * random.standard_normal(shape_of(value))).astype(np.float32) for value in values]


def check(program: Program, case: str) -> None:
    """Run a case: every output is within its bound, and everything around the pictures is zero.

    For several layers one after the other a plain tolerance has to do.
    """
    network = program.networks[case]
    inputs = inputs_of(network)
    found, buffers = program.run(case, inputs)
    evaluations = list(graph.walk(network.layers, inputs))
    for result, exact in zip(found, reference(network, inputs), strict=True):
        assert result.shape == exact.shape
        if len(evaluations) == 1:
            bound = bounds.of_layer(evaluations[0], lr.find_model(network.layers).store)
            worst = np.max(np.abs(result - exact) - bound)
            assert worst <= 0, f"{worst} beyond the bound"
        else:
            np.testing.assert_allclose(result, exact, rtol=1e-5, atol=1e-5)
    for layer, (layout, buffer) in buffers.items():
        assert zeros_around(layout, buffer), f"{layer}: {layout}"


def check_what_is_not_a_number(program: Program, case: str) -> None:
    """Run a case whose inputs have some NaN: it comes out wherever it has to, and nowhere else."""
    network = program.networks[case]
    inputs = inputs_of(network)
    for array in inputs:
        array.reshape(-1)[::11] = np.nan
    found, buffers = program.run(case, inputs)
    for result, exact in zip(found, reference(network, inputs), strict=True):
        np.testing.assert_allclose(result, exact, rtol=1e-4, atol=1e-5)
    for layer, (layout, buffer) in buffers.items():
        assert zeros_around(layout, buffer), f"{layer}: {layout}"
