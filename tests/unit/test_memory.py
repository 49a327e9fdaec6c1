"""The memory plan: nothing that lives at the same time overlaps, and little is wasted."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

import lrc
from lrc.compilation import compiler
from lrc.passes.target.memory import ALIGNMENT, MOST_PAIRS, Lifetime, best_fit, largest_sum, meet, plan

STEPS = st.integers(0, 10)


@st.composite
def lifetimes(draw: st.DrawFn) -> Lifetime:
    first = draw(STEPS)
    return Lifetime(first, first + draw(STEPS), 4 * draw(st.integers(1, 100)))


@given(st.lists(lifetimes(), max_size=12), st.booleans())
def test_no_two_living_buffers_overlap(buffers: list[Lifetime], are_many: bool) -> None:
    """In the plan for few buffers, and in the one that is left for many."""
    offsets, total = plan(buffers)
    if are_many:
        offsets = best_fit(buffers)
        total = max((o + b.size for o, b in zip(offsets, buffers, strict=True)), default=0)
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


@given(st.lists(lifetimes(), max_size=12))
def test_meetings_are_those_of_the_definition(buffers: list[Lifetime]) -> None:
    found = meet(buffers)
    assert found is not None
    for i, buffer in enumerate(buffers):
        assert sorted(found[i]) == [j for j, other in enumerate(buffers) if j != i and buffer.meets(other)]
    steps = [sum(b.size for b in buffers if b.first <= step <= b.last) for step in range(25)]
    assert largest_sum(buffers) == max(steps)


def test_many_buffers_at_a_time_are_planned_without_looking_at_pairs() -> None:
    """10,000 results that one layer joins: each lies behind the one before, and none is in the way."""
    buffers = [Lifetime(step, 10_000, ALIGNMENT) for step in range(10_000)]
    assert len(buffers) ** 2 / 2 > MOST_PAIRS and meet(buffers) is None
    assert plan(buffers)[1] == largest_sum(buffers)


def test_what_lives_is_counted_without_halos() -> None:
    """Of a chain the largest two neighbours, though the pooling's padding and whole vectors take more of the arena."""
    text = "input x: f32[1, 3, 5, 7]\na: relu(x)\nb: max_pool(a) { kernel: 3, stride: 1, pad: 1 }\nc: sigmoid(b)"
    module = lrc.parse(f"model m {{ weights random(seed: 0) {text} output y = c }}")
    report = compiler.lower(module, "neon").report
    assert report.live_bytes == 2 * 4 * 3 * 5 * 7
    assert report.arena_bytes >= 2 * 4 * 3 * 7 * 8


def test_a_gap_is_used_again() -> None:
    """The smallest gap that is large enough, of those that two buffers left."""
    buffers = [Lifetime(0, 0, 640), Lifetime(0, 9, 64), Lifetime(0, 0, 128), Lifetime(0, 9, 64), Lifetime(1, 9, 100)]
    assert best_fit(buffers)[-1] == 640 + 64
