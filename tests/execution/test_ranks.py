"""Sequences and volumes as C, against the float64 reference within the computed bound."""

from pathlib import Path

import numpy as np
import pytest
from variants import Programs, asked_for, check, check_what_is_not_a_number, programs

import lrc
from lrc.execution import ports


def network(layers: str, *inputs: str) -> str:
    """A network as a text of the IR: its inputs are called x, z, …, its result y."""
    ports = "\n".join(f"input {name}: f32[1, {shape}]" for name, shape in zip("xz", inputs, strict=False))
    return str(lrc.parse(f"model net {{ weights random(seed: 0)\n{ports}\n{layers}\noutput out = y }}"))


def convolution(shape: str, fields: str, declared: str = "") -> str:
    return network(f"{declared} y: conv1d(x) {{ {fields} }}", shape)


PATTERNS = 'patterns p = ["110", "011"]'

SEQUENCES = {
    **{f"conv_{n}": convolution(f"3, {n}", "filters: 4, kernel: 3, pad: 1") for n in (1, 15, 16, 17)},
    "pattern": convolution("4, 17", "filters: 6, kernel: 3, pad: 1, sparsity: pattern(p, keep: 1/2)", PATTERNS),
    "stride": convolution("3, 33", "filters: 2, kernel: 5, stride: 2, pad: [2, 1]"),
    "dilation": convolution("2, 17", "filters: 3, kernel: 3, dilation: 2, pad: [4, 0]"),
    "groups": convolution("4, 9", "filters: 6, kernel: 2, groups: 2"),
    "depthwise": convolution("5, 18", "filters: 5, kernel: 3, pad: same, groups: 5, bias: false"),
    "long_kernel": convolution("2, 90", "filters: 2, kernel: 71, pad: 35"),
    "tile_with_rows": convolution("3, 17", "filters: 2, kernel: 3, pad: 1, tuning: { unroll: [1, 3, 16] }"),
    "jam": convolution("5, 17", "filters: 4, kernel: 3, pad: 1, tuning: { unroll: [2, 1, 16], tile: [2, 2] }"),
    "chain": network(
        """a: conv1d(x) { filters: 3, kernel: 3, pad: 1 }  b: batch_norm(a)  c: swish(b)
           d: conv1d(c) { filters: 3, kernel: 5, pad: 2 }  s: add(d, c)  y: relu(s)""",
        "2, 17",
    ),
    "max_pool": network("y: max_pool(x) { kernel: 3, stride: 2, pad: 1 }", "2, 17"),
    "max_pool_of_one": network("y: max_pool(x) { kernel: 2, stride: 1, pad: 1 }", "3, 1"),
    "avg_pool": network("y: avg_pool(x) { kernel: 3, stride: 1, pad: 1 }", "2, 15"),
    "upsample": network("y: upsample(x) { scale: 3 }", "2, 7"),
    "mean": network("y: global_avg_pool(x)", "3, 17"),
    "batch_norm": network("y: batch_norm(x)", "3, 17"),
    "softmax": network("y: softmax(x)", "5, 9"),
    "concat_into_padding": network("a: concat(x, z) y: conv1d(a) { filters: 2, kernel: 3, pad: 1 }", "2, 9", "3, 9"),
    "excited": network("m: global_avg_pool(x) y: mul(m, x)", "3, 9"),
    "head": network("f: flatten(x) y: linear(f) { units: 5 }", "3, 7"),
}

VOLUMES = {
    **{f"add_{n}": network("y: add(x, z)", f"2, 3, 2, {n}", f"2, 3, 2, {n}") for n in (1, 17)},
    "volume_excited": network("m: global_avg_pool(x) y: mul(x, m)", "2, 3, 4, 5"),
    "volume_joined": network("a: concat(x, z) y: relu(a)", "1, 2, 3, 5", "3, 2, 3, 5"),
    "volume_normalized": network("a: batch_norm(x) y: tanh(a)", "3, 2, 3, 5"),
    "volume_softmax": network("y: softmax(x)", "4, 2, 3, 5"),
    "volume_flat": network("a: relu(x) y: flatten(a)", "2, 2, 3, 5"),
}

CASES = SEQUENCES | VOLUMES


@pytest.fixture(scope="session")
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Programs:
    return programs(asked_for(request, CASES), tmp_path_factory)


@pytest.mark.parametrize("case", CASES)
def test_compiled(case: str, program: Programs) -> None:
    check(program("avx512"), case)


@pytest.mark.parametrize("case", ["conv_1", "conv_17", "pattern", "stride", "depthwise", "jam", "max_pool", "add_17"])
def test_on_a_phone(case: str, program: Programs) -> None:
    check(program("neon"), case)


@pytest.mark.parametrize("case", ["conv_17", "stride", "max_pool", "avg_pool", "upsample", "mean", "volume_softmax"])
def test_what_is_not_a_number_stays_that(case: str, program: Programs) -> None:
    check_what_is_not_a_number(program("avx512"), case)


def test_a_sequence_whose_channels_come_last() -> None:
    with pytest.raises(lrc.UserError, match=r"x.transpose\(0, 2, 1\)"):
        ports.fit("x", np.zeros((1, 7, 3)), (1, 3, 7))


def test_a_whole_network_of_sequences() -> None:
    file = Path(__file__).parents[2] / "examples" / "keywords.lr"
    with lrc.compile(lrc.load(file), target="host") as net:
        assert net.verify(np.random.default_rng(0).standard_normal((1, 40, 98))).passed
