"""The memory plan: nothing that lives at the same time overlaps, and little is wasted."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from lrc.passes.memory import ALIGNMENT, Lifetime, largest_sum, plan

STEPS = st.integers(0, 10)


@st.composite
def lifetimes(draw: st.DrawFn) -> Lifetime:
    first = draw(STEPS)
    return Lifetime(first, first + draw(STEPS), 4 * draw(st.integers(1, 100)))


@given(st.lists(lifetimes(), max_size=12))
def test_no_two_living_buffers_overlap(buffers: list[Lifetime]) -> None:
    offsets, total = plan(buffers)
    placed = list(zip(offsets, buffers, strict=True))
    for (a, first), (b, second) in combinations(placed, 2):
        assert not first.meets(second) or a + first.size <= b or b + second.size <= a
    for offset, buffer in placed:
        assert offset % ALIGNMENT == 0 and offset + buffer.size <= total
    assert total >= largest_sum(buffers)
    assert total <= sum(-(-buffer.size // ALIGNMENT) * ALIGNMENT for buffer in buffers)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=12))
def test_a_chain_wastes_nothing(lines: list[int]) -> None:
    """A buffer that the next layer reads, and no one else: the arena is the largest pair of neighbours."""
    buffers = [Lifetime(step, step + 1, ALIGNMENT * size) for step, size in enumerate(lines)]
    assert plan(buffers)[1] == largest_sum(buffers)


def test_largest_sum() -> None:
    assert largest_sum([]) == 0
    assert largest_sum([Lifetime(0, 1, 8), Lifetime(1, 2, 4), Lifetime(2, 3, 16)]) == 20


def test_no_buffers_no_arena() -> None:
    assert plan([]) == ([], 0)
