"""Shape inference against torch, over all numbers that a layer may have."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lrc.diagnostics import LrcError
from lrc.dialects.lr import find_model
from lrc.dialects.lr.base import shape_of
from lrc.dialects.values import shapes
from lrc.dialects.values.shapes import ShapeError, Window
from lrc.frontend import lift, parse

nn = torch.nn.functional
small = st.integers(1, 4)
pairs = st.tuples(small, small)
fours = st.tuples(*[st.integers(0, 3)] * 4)
sizes = st.integers(1, 12)
quick = settings(max_examples=150, deadline=None)


def agree(ours: Callable[[], tuple[int, ...]], theirs: Callable[[], tuple[int, ...]]) -> None:
    """Both give the same shape, or both refuse."""
    try:
        expected = theirs()
    except RuntimeError:
        expected = None
    if expected is None or 0 in expected:
        with pytest.raises(ShapeError):
            ours()
    else:
        assert ours() == expected


@quick
@given(
    sizes, sizes, st.integers(1, 6), st.integers(1, 6), pairs, pairs, st.tuples(*[st.integers(0, 3)] * 4), pairs, small
)
def test_conv2d(
    height: int,
    width: int,
    channels: int,
    filters: int,
    kernel: tuple[int, int],
    strides: tuple[int, int],
    pads: tuple[int, int, int, int],
    dilations: tuple[int, int],
    groups: int,
) -> None:
    top, left, bottom, right = pads

    def theirs() -> tuple[int, ...]:
        x = nn.pad(torch.zeros(1, channels, height, width), (left, right, top, bottom))
        if channels % groups or filters % groups:
            raise RuntimeError
        weight = torch.zeros(filters, channels // groups, *kernel)
        return tuple(nn.conv2d(x, weight, stride=strides, dilation=dilations, groups=groups).shape)

    window = Window(kernel, strides, pads, dilations)
    agree(lambda: shapes.convolution((1, channels, height, width), filters, window, groups), theirs)


@quick
@given(
    sizes, st.integers(1, 6), st.integers(1, 6), small, small, st.tuples(st.integers(0, 3), st.integers(0, 3)), small
)
def test_sequences(
    length: int, channels: int, filters: int, kernel: int, stride: int, pads: tuple[int, int], dilation: int
) -> None:
    """A window with a number for each axis is a window over pictures and back, and gives what torch does."""
    numbers = (kernel,), (stride,), pads, (dilation,)
    window = Window.along(*numbers)
    assert window.numbers(axes=1) == numbers

    def convolved() -> tuple[int, ...]:
        x, weight = nn.pad(torch.zeros(1, channels, length), pads), torch.zeros(filters, channels, kernel)
        return tuple(nn.conv1d(x, weight, stride=stride, dilation=dilation).shape)

    def pooled() -> tuple[int, ...]:
        if 2 * max(pads) > kernel:
            raise RuntimeError
        return tuple(nn.avg_pool1d(nn.pad(torch.zeros(1, channels, length), pads), kernel, stride).shape)

    agree(lambda: shapes.convolution((1, channels, length), filters, window), convolved)
    agree(lambda: shapes.pool((1, channels, length), Window.along(*numbers[:3])), pooled)


def test_a_sequence_stays_one_row() -> None:
    with pytest.raises(ShapeError, match="a window with rows does not move over a sequence"):
        Window((1, 3), strides=(2, 1)).numbers(axes=1)
    for taller in (lambda: shapes.upsample((1, 2, 5), (2, 1)), lambda: shapes.pad((1, 2, 5), (1, 0, 0, 0))):
        with pytest.raises(ShapeError, match=r"would make 2 rows of the sequence \[1, 2, 5\]"):
            taller()


@quick
@given(sizes, sizes, pairs, pairs, st.tuples(st.integers(0, 2), st.integers(0, 2)))
def test_pooling(
    height: int, width: int, kernel: tuple[int, int], strides: tuple[int, int], pad: tuple[int, int]
) -> None:
    def theirs() -> tuple[int, ...]:
        return tuple(nn.avg_pool2d(torch.zeros(1, 2, height, width), kernel, strides, pad).shape)

    window = Window(kernel, strides, (*pad, *pad))
    agree(lambda: shapes.pool((1, 2, height, width), window), theirs)


@quick
@given(sizes, sizes, pairs, pairs, pairs)
def test_same_padding_gives_one_output_for_each_stride(
    height: int, width: int, kernel: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int]
) -> None:
    fields = f"kernel: {list(kernel)}, stride: {list(stride)}, dilation: {list(dilation)}, pad: same"
    text = f"""model m {{
      weights random(seed: 0)
      input x: f32[1, 2, {height}, {width}]
      a: conv2d(x) {{ filters: 3, {fields} }}
      output y = a
    }}"""
    output = find_model(lift(parse(text))).block.last_op
    assert output is not None
    assert shape_of(output.operands[0]) == (1, 3, -(-height // stride[0]), -(-width // stride[1]))


@pytest.mark.parametrize(
    ("lhs", "rhs", "expected"),
    [
        ((1, 3, 4, 5), (1, 3, 4, 5), (1, 3, 4, 5)),
        ((1, 3, 4, 5), (1, 3, 1, 1), (1, 3, 4, 5)),
        ((1, 3, 1, 1), (1, 3, 4, 5), (1, 3, 4, 5)),
        ((1, 7), (1, 7), (1, 7)),
        ((1, 3, 5), (1, 3, 1), (1, 3, 5)),
        ((1, 3, 1, 1, 1), (1, 3, 2, 4, 5), (1, 3, 2, 4, 5)),
        ((1, 3, 5), (1, 3, 5, 1), None),
        ((1, 3, 4, 5), (1, 1, 4, 5), None),
        ((1, 3, 4, 5), (1, 3, 1, 5), None),
        ((1, 3, 4, 5), (1, 3), None),
        ((1, 3, 4, 5), (1, 2, 1, 1), None),
        ((1, 1, 1, 1), (1, 3, 4, 5), None),
    ],
)
def test_broadcast(lhs: tuple[int, ...], rhs: tuple[int, ...], expected: tuple[int, ...] | None) -> None:
    if expected is None:
        with pytest.raises(ShapeError, match="do not fit"):
            shapes.broadcast(lhs, rhs)
    else:
        assert shapes.broadcast(lhs, rhs) == expected


def test_the_rest() -> None:
    assert shapes.concat([(1, 2, 4, 5), (1, 3, 4, 5)]) == (1, 5, 4, 5)
    assert shapes.concat([(1, 2), (1, 3)]) == (1, 5)
    assert shapes.concat([(1, 2, 4, 5, 6), (1, 3, 4, 5, 6)]) == (1, 5, 4, 5, 6)
    assert shapes.upsample((1, 2, 4, 5), (2, 3)) == (1, 2, 8, 15)
    assert shapes.upsample((1, 2, 5), (1, 3)) == (1, 2, 15)
    assert shapes.flatten((1, 2, 4, 5)) == (1, 40)
    assert shapes.linear((1, 40), 7) == (1, 7)
    assert shapes.global_pool((1, 2, 4, 5)) == (1, 2, 1, 1)
    assert shapes.global_pool((1, 2, 5)) == (1, 2, 1)
    assert shapes.pad((1, 2, 4, 5), (1, 2, 3, 4)) == (1, 2, 8, 11)
    with pytest.raises(LrcError, match="needs 'units'"):
        lift(parse("model m { weights random() input x: f32[1, 4] a: linear(x) output y = a }"))
