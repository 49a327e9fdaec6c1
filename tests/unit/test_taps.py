"""How bodies go through many taps: each once, in the order in which their weights are stored."""

from hypothesis import given
from hypothesis import strategies as st

from lrc.dialects.values.patterns import Mask
from lrc.passes.lowering.convolution.taps import CHUNK, bands, is_looped, written_taps

ROWS = st.lists(st.lists(st.booleans(), min_size=5, max_size=5).map(tuple), min_size=1, max_size=6)


@given(ROWS)
def test_bands_have_every_tap_in_the_order_of_its_weight(rows: list[tuple[bool, ...]]) -> None:
    if not any(map(any, rows)):
        return
    mask = Mask(tuple(rows))
    taps = [
        (band.first + i * len(band.columns) + n, band.row + i, column)
        for band in bands(mask)
        for i in range(band.rows)
        for n, column in enumerate(band.columns)
    ]
    assert taps == [(n, *tap) for n, tap in enumerate(mask.taps)]
    assert len({band.row for band in bands(mask)}) == len(bands(mask))


def test_kernels_of_7_by_7_are_written_out_and_larger_ones_are_not() -> None:
    assert not is_looped(Mask.full((7, 7))) and written_taps(Mask.full((7, 7))) == 49
    assert written_taps(Mask.full((31, 31))) == 31
    assert written_taps(Mask.full((63, 63))) == CHUNK + 63 % CHUNK
    assert written_taps(Mask.full((1024, 1024))) == CHUNK


def test_a_row_with_a_gap_is_written_out() -> None:
    mask = Mask.parse("/".join(["1" * 40 + "0" + "1" * 40] * 2))
    (band,) = bands(mask)
    assert (band.rows, band.chunks, written_taps(mask)) == (2, 0, 80)
