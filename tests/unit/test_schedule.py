"""Schedules and tunings as text: what is printed is read back, and what makes no sense is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrc.dialects.values.schedules import LOADS, MOST_SUMS, ORDERS, Schedule, Tuning

SIZES = st.integers(1, 1000)


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    jam = draw(st.integers(1, 8))
    rows = draw(st.integers(1, MOST_SUMS // jam))
    vectors = draw(st.integers(1, MOST_SUMS // (jam * rows)))
    return Schedule(
        tile=(rows, vectors),
        lanes=draw(st.sampled_from([1, 4, 8, 16])),
        block=draw(SIZES),
        jam=jam,
        group=jam * draw(SIZES),
        order=draw(st.sampled_from(ORDERS)),
        load=draw(st.sampled_from(LOADS)),
    )


TUNINGS = st.builds(
    Tuning,
    unroll=st.none() | st.tuples(SIZES, SIZES, SIZES),
    tile=st.none() | st.tuples(SIZES, SIZES),
    permute=st.none() | st.sampled_from(ORDERS),
    load=st.none() | st.sampled_from(LOADS),
)


@given(schedules())
def test_schedule_reads_what_it_prints(schedule: Schedule) -> None:
    assert Schedule.parse(str(schedule)) == schedule


@given(TUNINGS)
def test_tuning_reads_what_it_prints(tuning: Tuning) -> None:
    assert Tuning.parse(str(tuning)) == tuning


def test_short_schedule() -> None:
    schedule = Schedule.parse("<tile = [7, 2], lanes = 16, block = 128>")
    assert schedule == Schedule((7, 2), 16, 128, jam=1, group=64, order="hwcico", load="direct")
    assert schedule.columns == 32 and schedule.accumulators == 14


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tile = [1, 1]", "expected '<name = value, ...>'"),
        ("<tiles = [1, 1]>", "expected one of algorithm, block, .* not 'tiles = "),
        ("<tile>", "with '= value', not 'tile'"),
        ("<tile = [0, 1], lanes = 4, block = 1>", "rows must be at least 1, not 0"),
        ("<tile = [1, 1], lanes = 4, block = -2>", "block must be at least 1, not -2"),
        ("<tile = [1, 1], lanes = 4, block = 1, jam = 2, group = 3>", "a group of 3 filters cannot be jammed by 2"),
        ("<tile = [1, 1], lanes = 4, block = 1, order = cwh>", "unknown order 'cwh'"),
        ("<tile = [1, 1], lanes = 4, block = 1, load = fast>", "unknown load 'fast'"),
        ("<tile = [1, 1], lanes = 4, block = 1, algorithm = winograd>", "unknown algorithm 'winograd'"),
        ("<lanes = 4, block = 1>", "a schedule needs a tile"),
        ("<tile = 4, lanes = 4, block = 1>", "tile takes 2 numbers, not 4"),
        ("<tile = [1, 1], lanes = [4], block = 1>", r"lanes takes a number, not \[4\]"),
        ("<tile = [1, 1], lanes = 4, lanes = 4, block = 1>", "'lanes' is given twice"),
    ],
)
def test_wrong_schedule(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Schedule.parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<unroll = [1, 2]>", r"unroll takes 3 positive numbers, not \[1, 2\]"),
        ("<tile = [0, 2]>", r"tile takes 2 positive numbers, not \[0, 2\]"),
        ("<unroll = 3>", "unroll takes 3 positive numbers, not 3"),
        ("<permute = chw>", "unknown permute 'chw'"),
        ("<load = rows, load = rows>", "'load' is given twice"),
        ("<load = 4>", "unknown load '4'"),
        ("<unroll = [1, a, 2]>", "expected numbers, not '1, a, 2'"),
    ],
)
def test_wrong_tuning(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Tuning.parse(text)
