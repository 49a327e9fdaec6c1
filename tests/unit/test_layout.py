"""Layouts: numbers do not share a place, everything lies inside the buffer, text is read back."""

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrc.dialects.values.layouts import Layout, round_up
from lrc.passes.packed.layouts import Needs, choose_layout, misfit

SMALL = st.integers(0, 3)
SIDES = st.integers(1, 9)
LANES = st.sampled_from([1, 4, 8, 16])
NEEDS = st.builds(Needs, st.tuples(SMALL, SMALL, SMALL, SMALL), SMALL, st.integers(0, 40))


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    shape = (1, draw(SIDES), draw(SIDES), draw(SIDES))
    return choose_layout(shape, draw(st.lists(NEEDS, max_size=3)), draw(LANES))


@given(layouts())
def test_reads_what_it_prints(layout: Layout) -> None:
    assert Layout.parse(str(layout)) == layout


@given(st.tuples(SIDES, SIDES, SIDES), st.lists(NEEDS, min_size=1, max_size=3), LANES)
def test_everybody_gets_what_he_needs(shape: tuple[int, int, int], needs: list[Needs], lanes: int) -> None:
    everybody_gets_what_he_needs(choose_layout((1, *shape), needs, lanes), needs, lanes)


def everybody_gets_what_he_needs(layout: Layout, needs: list[Needs], lanes: int) -> None:
    channels, height, width = layout.channels, layout.height, layout.width
    assert layout.origin % lanes == 0 and layout.row_stride % lanes == 0
    last = layout.origin + (channels - 1) * layout.channel_stride + (height - 1) * layout.row_stride + width - 1
    for top, left, bottom, right in (need.pads for need in needs):
        assert layout.top >= top and layout.bottom >= bottom
        assert layout.lead >= left, "the first row has a left halo"
        # what lies to the right of a row is the left halo of the next one
        assert layout.row_stride - width >= max(left, right)
        assert layout.origin - top * layout.row_stride - left >= 0
    for need in needs:
        assert last + need.rows * layout.row_stride + need.columns < layout.size


@given(layouts())
def test_compact_is_without_gaps(layout: Layout) -> None:
    area = layout.height * layout.width
    assert layout.compact == (layout.channel_stride == area and layout.row_stride == layout.width)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<1x2x3, row_stride = 2>", "rows of 3 numbers do not fit a row stride of 2"),
        ("<1x2x3, row_stride = 4, left = 1>", "a layout has no 'left'"),
        ("<1x2, row_stride = 4>", "expected channels x height x width, not '1x2'"),
        ("<1x2x3, row_stride = 4, top = 1, top = 1>", "'top' is given twice"),
        ("<1x2x3, row_stride = 4, top = -1>", "top must be at least 0, not -1"),
        ("<0x2x3, row_stride = 4>", "channels must be at least 1, not 0"),
    ],
)
def test_wrong_layout(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Layout.parse(text)


@pytest.mark.parametrize(("n", "multiple", "result"), [(0, 4, 0), (1, 4, 4), (4, 4, 4), (5, 4, 8), (7, 1, 7)])
def test_round_up(n: int, multiple: int, result: int) -> None:
    assert round_up(n, multiple) == result


FIELDS = st.sampled_from([field.name for field in fields(Layout)])


@given(st.tuples(SIDES, SIDES, SIDES), st.lists(NEEDS, max_size=3), LANES, FIELDS, st.integers(-9, 70))
def test_a_layout_that_was_edited_is_refused_or_enough(
    shape: tuple[int, int, int], needs: list[Needs], lanes: int, name: str, number: int
) -> None:
    chosen = choose_layout((1, *shape), needs, lanes)
    assert misfit(chosen, (1, *shape), needs, lanes) is None
    try:
        edited = replace(chosen, **{name: number})
    except ValueError:
        return
    if misfit(edited, (1, *shape), needs, lanes) is not None:
        return
    assert (edited.channels, edited.height, edited.width, edited.lanes) == (*shape, lanes)
    everybody_gets_what_he_needs(edited, needs, lanes)


def test_what_is_wrong_with_a_layout() -> None:
    needs = [Needs((1, 2, 1, 0), rows=1, columns=4)]
    good = choose_layout((1, 3, 5, 6), needs, 4)
    wrong = {
        "channels": (2, "channels = 2, expected 3"),
        "lanes": (8, "lanes = 8, expected 4"),
        "top": (0, "top = 0, but its readers need 1"),
        "bottom": (0, "bottom = 0, but its readers need 1"),
        "lead": (5, "lead = 5, which is no multiple of 4 lanes"),
        "tail": (0, "tail = 0, but its readers need 4"),
    }
    for name, (number, message) in wrong.items():
        assert misfit(replace(good, **{name: number}), (1, 3, 5, 6), needs, 4) == message
    beside = [Needs((0, 0, 0, 3))]
    assert misfit(good, (1, 3, 5, 6), beside, 4) == "row_stride = 8, but its readers need 12"
