"""Layouts: numbers do not share a place, everything lies inside the buffer, text is read back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrc.dialects.kernel.layout import Layout, round_up
from lrc.passes.assign_layout import Needs, choose_layout

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
    layout = choose_layout((1, *shape), needs, lanes)
    channels, height, width = shape
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
