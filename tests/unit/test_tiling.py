"""The heuristic's schedules: they fit the machine, and do what the layer's author asked for."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrc
from lrc.compilation import compiler
from lrc.dialects.values.elements import F32
from lrc.dialects.values.machines import MACHINES, machine_named
from lrc.dialects.values.patterns import Mask, PatternSet
from lrc.dialects.values.schedules import LOADS, ORDERS, Schedule, Tuning
from lrc.dialects.values.shapes import Window
from lrc.passes.packed.heuristic import Problem, candidates, choose_schedule, registers
from lrc.testing import pattern_sets

SIDES = st.integers(1, 60)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    kernel = draw(st.sampled_from([(1, 1), (3, 3), (5, 5)]))
    channels, filters = draw(SIDES), draw(SIDES)
    strides = st.tuples(st.integers(1, 3), st.integers(1, 3))
    pad = kernel[0] // 2
    return Problem(
        window=Window(kernel, draw(strides), (pad, pad, pad, pad), (1, 1)),
        patterns=draw(pattern_sets(kernel)),
        channels=channels,
        filters=filters,
        height=draw(SIDES),
        width=draw(SIDES),
        kernels=draw(st.floats(0, channels)),
        jams=tuple(jam for jam in (8, 4, 2, 1) if filters % jam == 0),
    )


SMALL = Problem(
    window=Window((3, 3), (1, 1), (1, 1, 1, 1), (1, 1)),
    patterns=PatternSet((Mask.parse("110/110/000"),)),
    channels=32,
    filters=32,
    height=28,
    width=28,
    kernels=10,
    jams=(2, 1),
)


@pytest.mark.parametrize("name", MACHINES)
@given(problem=problems(), threads=st.integers(1, 8))
def test_every_schedule_fits(name: str, problem: Problem, threads: int) -> None:
    machine = machine_named(name)
    schedule = choose_schedule(problem, machine, threads, Tuning())
    rows, vectors = schedule.tile
    smallest = (schedule.jam, rows, vectors) == (1, 1, 1)
    assert smallest or registers(problem, machine, schedule.load, schedule.jam, rows, vectors) <= machine.registers
    assert schedule.lanes == machine.lanes_of(F32)
    assert schedule.jam in problem.jams and schedule.group % schedule.jam == 0
    assert 1 <= schedule.block <= problem.channels


@pytest.mark.parametrize("name", MACHINES)
@given(problem=problems())
def test_no_other_schedule_is_said_to_cost_less(name: str, problem: Problem) -> None:
    machine = machine_named(name)
    schedule = choose_schedule(problem, machine, 1, Tuning())
    costs = [(cost, (jam, tile)) for cost, jam, tile in candidates(problem, machine, schedule.load)]
    assert min(cost for cost, what in costs if what == (schedule.jam, schedule.tile)) == min(costs)[0]


@given(
    rows=st.integers(1, 9),
    vectors=st.integers(1, 5),
    tile=st.tuples(st.integers(1, 16), st.integers(1, 32)),
    order=st.sampled_from(ORDERS),
    load=st.sampled_from(LOADS),
)
def test_tuning_is_obeyed(rows: int, vectors: int, tile: tuple[int, int], order: str, load: str) -> None:
    tuning = Tuning(unroll=(2, rows, 4 * vectors), tile=tile, permute=order, load=load)  # pyright: ignore[reportArgumentType]
    schedule = choose_schedule(SMALL, machine_named("neon"), 1, tuning)
    assert schedule.jam == 2 and schedule.tile == (rows, vectors)
    assert schedule.group == tile[0] + tile[0] % 2, "whole jammed filters"
    assert schedule.block == tile[1]
    assert schedule.order == order and schedule.load == load


@pytest.mark.parametrize(
    ("tuning", "message"),
    [
        (Tuning(unroll=(1, 4, 6)), "unroll asks for 6 columns, which are no whole vectors of 4 floats"),
        (Tuning(unroll=(1, 1000, 4)), "unroll asks for 1000 vectors of sums at once: at most 256"),
        (Tuning(unroll=(3, 4, 8)), "unroll asks for 3 filters at once; these filters share their kernels by 2, 1"),
    ],
)
def test_impossible_tuning(tuning: Tuning, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        choose_schedule(SMALL, machine_named("neon"), 1, tuning)


@pytest.mark.parametrize("jam", [1, 2, 3, 4, 6, 8])
def test_filters_are_jammed_by_what_they_share(jam: int) -> None:
    """By no number between."""
    problem, tuning = replace(SMALL, jams=(6, 4, 1)), Tuning(unroll=(jam, 1, 4))
    if jam in problem.jams:
        assert choose_schedule(problem, machine_named("neon"), 1, tuning).jam == jam
    else:
        with pytest.raises(ValueError, match="share their kernels by 6, 4, 1"):
            choose_schedule(problem, machine_named("neon"), 1, tuning)


def test_the_pass_asks_for_what_the_layer_does() -> None:
    tuning = "tuning: { unroll: [2, 1, 8], tile: [4, 3], permute: cohwci, load: direct }"
    layer = f"a: conv2d(x) {{ filters: 8, kernel: 3, {tuning} }} output y = a"
    module = lrc.parse(f"model m {{ weights random(seed: 0) input x: f32[1, 6, 9, 20] {layer} }}")
    (found,) = compiler.lower(module, "neon", "fkw").report.layers
    expected = Schedule((1, 2), lanes=4, block=3, jam=2, group=4, order="cohwci", load="direct")
    assert found.schedule is not None and Schedule.parse(found.schedule) == expected


@pytest.mark.parametrize(
    ("device", "tuning", "target", "unused"),
    [
        ("", "", "neon", None),
        ("", "", "avx512", "unroll asks for 8 columns, which are no whole vectors of 16 floats"),
        ("device neon", "", "kryo485", None),
        ("device kryo485", "", "avx2", "it is for kryo485"),
        ("device kryo485", ", device: avx2", "avx2", None),
        ("device kryo485", ", device: avx2", "neon", "it is for avx2"),
        ("", ", device: armv8", "neon", "it is for armv8"),
    ],
)
def test_a_tuning_is_for_a_machine(device: str, tuning: str, target: str, unused: str | None) -> None:
    """Its own, or the network's, or any that can do it; for another lrc chooses, and says why."""
    layer = f"a: conv2d(x) {{ filters: 8, kernel: 3, tuning: {{ unroll: [4, 1, 8]{tuning} }} }} output y = a"
    module = lrc.parse(f"model m {{ {device} weights random(seed: 0) input x: f32[1, 6, 9, 40] {layer} }}")
    (found,) = compiler.lower(module, target, "fkw").report.layers
    assert found.unused_tuning == unused and found.schedule is not None
    schedule = Schedule.parse(found.schedule)
    is_obeyed = (schedule.jam, schedule.tile[0], schedule.columns) == (4, 1, 8)
    assert is_obeyed == (unused is None)


def test_strided_loads_are_not_aligned() -> None:
    """A strided load is two loads and a shuffle already; only the author may ask for more of them."""
    strided = replace(SMALL, window=replace(SMALL.window, strides=(2, 2)))
    machine = machine_named("avx512")
    assert machine.load == "aligned"
    assert choose_schedule(strided, machine, 1, Tuning()).load == "direct"
    assert choose_schedule(strided, machine, 1, Tuning(load="aligned")).load == "aligned"


def test_unknown_machine() -> None:
    with pytest.raises(ValueError, match="no machine 'sve': one of kryo485, armv8"):
        machine_named("sve")
