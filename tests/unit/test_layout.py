"""Layouts: numbers do not share a place, everything lies inside the buffer, text is read back."""

import re
from dataclasses import replace
from itertools import product
from math import prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrc.dialects.values.elements import ELEMENTS, F16, F32, Element
from lrc.dialects.values.layouts import Axis, Layout
from lrc.dialects.values.rounding import pieces, round_up
from lrc.passes.packed.layouts import Needs, choose_layout, misfit

SMALL = st.integers(0, 3)
SIDES = st.integers(1, 9)
LANES = st.sampled_from([1, 4, 8, 16])
TYPES = st.sampled_from([*ELEMENTS.values()])
SHAPES = st.lists(SIDES, min_size=1, max_size=4).map(lambda sizes: (1, *sizes))
"""[1, C] to [1, C, D, H, W]."""


@st.composite
def needs_for(draw: st.DrawFn, shape: tuple[int, ...], least: int = 0) -> list[Needs]:
    """What readers may ask of a tensor: zeros around pictures, if it has any."""
    pads = st.tuples(SMALL, SMALL, SMALL, SMALL) if len(shape) == 4 else st.just((0, 0, 0, 0))
    return draw(st.lists(st.builds(Needs, pads, SMALL, st.integers(0, 40)), min_size=least, max_size=3))


@st.composite
def cases(draw: st.DrawFn) -> tuple[Layout, tuple[int, ...], list[Needs], int]:
    """A layout, and what it was chosen for."""
    shape, lanes = draw(SHAPES), draw(LANES)
    needs = draw(needs_for(shape, 1))
    return choose_layout(shape, needs, lanes, draw(TYPES)), shape, needs, lanes


LAYOUTS = cases().map(lambda case: case[0])


@given(LAYOUTS)
def test_reads_what_it_prints(layout: Layout) -> None:
    assert Layout.parse(str(layout)) == layout


def places(layout: Layout) -> list[int]:
    """Where each number of a tensor lies, by its axes."""
    steps = [[i * axis.stride for i in range(axis.size)] for axis in layout.axes]
    return [layout.origin + sum(indices) for indices in product(*steps)]


@given(LAYOUTS)
def test_no_two_numbers_share_a_place(layout: Layout) -> None:
    found = places(layout)
    assert len(set(found)) == len(found)
    assert min(found) >= 0 and max(found) < layout.size


@given(LAYOUTS)
def test_the_picture_is_the_tensor(layout: Layout) -> None:
    picture = layout.picture()
    assert places(layout) == [
        picture.origin + c * picture.channel_stride + y * picture.row_stride + x
        for c, y, x in product(range(picture.channels), range(picture.height), range(picture.width))
    ]


@given(cases())
def test_everybody_gets_what_he_needs(case: tuple[Layout, tuple[int, ...], list[Needs], int]) -> None:
    layout, _, needs, lanes = case
    everybody_gets_what_he_needs(layout, needs, lanes)


def everybody_gets_what_he_needs(layout: Layout, needs: list[Needs], lanes: int) -> None:
    picture, found = layout.picture(), places(layout)
    assert all(axis.stride % lanes == 0 for axis in layout.axes[:-1])
    for top, left, bottom, right in (need.pads for need in needs):
        assert picture.top >= top and picture.bottom >= bottom
        assert layout.lead >= left, "the first row has a left halo"
        # what lies to the right of a row is the left halo of the next one
        assert picture.row_stride - picture.width >= max(left, right)
        assert found[0] - top * picture.row_stride - left >= 0
    for need in needs:
        assert found[-1] + need.rows * picture.row_stride + need.columns < layout.size


@given(SHAPES, TYPES)
def test_compact_is_without_gaps(shape: tuple[int, ...], element: Element) -> None:
    layout = Layout.compact(shape[1:], element)
    assert places(layout) == list(range(prod(shape)))
    assert layout.picture().compact and layout.size == prod(shape)


@given(LAYOUTS)
def test_a_picture_is_compact_if_nothing_lies_between(layout: Layout) -> None:
    picture = layout.picture()
    packed = (picture.row_stride, picture.channel_stride) == (picture.width, picture.height * picture.width)
    assert picture.compact == packed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<1:6 x 2:2 x 3:1 x f32>", "3 elements of one axis do not fit the stride 2 of the next"),
        ("<1:8 x 2:3 x 3:1(0,1) x f32>", "4 elements of one axis do not fit the stride 3 of the next"),
        ("<1:8 x 2:4(1,0) x 3:1 x f32>", "12 elements of one axis do not fit the stride 8 of the next"),
        ("<1:6 x 3:2 x f32>", "the innermost axis has a stride of 1, not 2"),
        ("<2:4 x 3:1 x f32, left = 1>", "a layout has no 'left'"),
        ("<2 x 3:1 x f32>", "expected an axis, size:stride or size:stride(before,after), not '2'"),
        ("<f32>", "a layout has at least one axis"),
        ("<3:1 x f64>", "no element type 'f64': one of f32, f16"),
        ("<3:1 x f32, lead = 1, lead = 1>", "'lead' is given twice"),
        ("<3:1 x f32, tail = -1>", "tail must be at least 0, not -1"),
        ("<3:1 x f32, attic>", "no memory is called 'attic': one of arena, caller"),
        ("<0:1 x f32>", "size must be at least 1, not 0"),
        ("<2:1099511627776 x 3:1 x f32>", "a buffer of 2199023255552 numbers is too large"),
    ],
)
def test_wrong_layout(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        Layout.parse(text)


def test_no_picture_has_zeros_within() -> None:
    layout = Layout(F32, (Axis(2, 60), Axis(2, 24, 0, 0), Axis(3, 6, 0, 1), Axis(5)))
    with pytest.raises(ValueError, match=re.escape("axes 2:24 and 3:6(0,1) do not lie one row after the other")):
        layout.picture()


@pytest.mark.parametrize("shape", [(1, 3), (1, 3, 4), (1, 2, 3, 4, 5)])
def test_what_is_no_picture_is_not_padded(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="has no rows and columns to be padded"):
        choose_layout(shape, [Needs((1, 1, 1, 1))], 4)


@pytest.mark.parametrize(("n", "multiple", "result"), [(0, 4, 0), (1, 4, 4), (4, 4, 4), (5, 4, 8), (7, 1, 7)])
def test_round_up(n: int, multiple: int, result: int) -> None:
    assert round_up(n, multiple) == result
    assert pieces(n, multiple) * multiple == result


FIELDS = st.sampled_from(["lead", "tail", "lanes", "size", "stride", "before", "after"])


@given(cases(), FIELDS, st.integers(0, 3), st.integers(-9, 70))
def test_a_layout_that_was_edited_is_refused_or_enough(
    case: tuple[Layout, tuple[int, ...], list[Needs], int], name: str, axis: int, number: int
) -> None:
    chosen, shape, needs, lanes = case
    assert misfit(chosen, shape, needs, lanes, chosen.element) is None
    axis %= len(chosen.axes)
    try:
        if name in ("lead", "tail", "lanes"):
            edited = replace(chosen, **{name: number})
        else:
            axes = list(chosen.axes)
            axes[axis] = replace(axes[axis], **{name: number})
            edited = replace(chosen, axes=tuple(axes))
    except ValueError:
        return
    if misfit(edited, shape, needs, lanes, chosen.element) is not None:
        return
    assert (edited.shape, edited.lanes) == (shape[1:], lanes)
    everybody_gets_what_he_needs(edited, needs, lanes)


def test_what_is_wrong_with_a_layout() -> None:
    needs = [Needs((1, 2, 1, 0), rows=1, columns=4)]
    good = choose_layout((1, 3, 5, 6), needs, 4)
    channels, rows, columns = good.axes
    wrong = [
        (replace(good, axes=(replace(channels, size=2), rows, columns)), "shape = (2, 5, 6), expected (3, 5, 6)"),
        (replace(good, element=F16), "element = f16, expected f32"),
        (replace(good, lanes=8), "lanes = 8, expected 4"),
        (replace(good, space="caller"), "space = caller, expected arena"),
        (replace(good, axes=(channels, replace(rows, before=0), columns)), "0 zeros before axis 1, but its readers"),
        (replace(good, axes=(channels, replace(rows, after=0), columns)), "0 zeros after axis 1, but its readers"),
        (replace(good, axes=(channels, rows, replace(columns, before=1))), "1 zeros before axis 2, but its readers"),
        (replace(good, axes=(replace(channels, stride=58), rows, columns)), "stride 0 = 58, which is no multiple"),
        (replace(good, lead=5), "lead = 5, which is no multiple of 4 lanes"),
        (replace(good, tail=0), "tail = 0, but its readers need 4"),
    ]
    for layout, message in wrong:
        assert (misfit(layout, (1, 3, 5, 6), needs, 4) or "").startswith(message)
