"""Passes over loops change nothing that kernels write, not even those of kernels that lrc would not write itself."""

from collections import Counter

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp

from lrc.compilation import pipelines
from lrc.testing import features, kernels, passes_preserve_meaning

OVER_LOOPS = ("legalize-loads", "eliminate-redundant-loads", "order-body")
TO_THE_TARGET = ("legalize-neon", "plan-memory")

ROUNDS, EXAMPLES = 14, 10
"""Of each example behind the tenth Hypothesis makes five that hardly differ: short rounds draw more."""

LEAST = {
    "several stores": 60,
    "loaded again": 25,
    "loaded again behind a store": 20,
    "loaded again behind a vector": 2,
    "loaded again behind a vector through another window": 1,
    "loaded again behind a vector through another argument": 5,
    "loaded again behind a number": 6,
    "loaded again behind a loop that stores": 1,
    "loaded again behind a branch that stores": 4,
    "one buffer under two names": 50,
    "two windows on one buffer": 30,
    "load from a moved window": 10,
    "load from before a window": 40,
    "last element of a buffer": 30,
    "strided load": 25,
    "load of some lanes": 25,
    "strided load of some lanes": 8,
    "store of some lanes": 30,
    "rows of no whole vectors": 30,
    "memref.load of what has windows": 20,
    "vector.load of what has windows": 12,
    "loop that stores": 20,
    "branch that stores": 25,
    "loop in a loop": 4,
    "loop in a branch": 2,
    "branch in a loop": 4,
    "branch in a branch": 4,
    "sum of terms": 25,
    "sum with a store on the way": 6,
    "sum that is read on the way": 12,
    "loads direct": 20,
    "loads aligned": 20,
    "loads rows": 20,
    "order of places": 30,
    "order of taps": 30,
    "1 lanes": 8,
    "4 lanes": 30,
    "8 lanes": 8,
    "16 lanes": 8,
}
"""In how many of the kernels of all rounds each has to occur."""


def test_passes_in_any_order() -> None:
    """One alone, two of them, all three: none relies on what another one does."""
    found = Counter[str]()
    passes = {name: pipelines.parse(name).passes[0] for name in OVER_LOOPS}
    for number in range(ROUNDS):

        @seed(number)
        @settings(max_examples=EXAMPLES)
        @given(kernels(), st.permutations(OVER_LOOPS))
        def check(module: ModuleOp, order: list[str]) -> None:
            found.update(set(features(module)))
            passes_preserve_meaning(module, [passes[name] for name in order])

        check()
    lacking = [f"{found[name]:4} of {least:4} {name}" for name, least in LEAST.items() if found[name] < least]
    assert not lacking, "\n".join(["too few:", *lacking, "", *(f"{n:4} {name}" for name, n in found.most_common())])


@settings(max_examples=20)
@given(module=kernels(4, smooth=True))
def test_passes_one_after_the_other(module: ModuleOp) -> None:
    passes_preserve_meaning(module, pipelines.parse(",".join((*OVER_LOOPS, *TO_THE_TARGET))).passes)


@pytest.mark.parametrize("name", (*OVER_LOOPS, *TO_THE_TARGET))
@settings(max_examples=10)
@given(module=kernels(smooth=True))
def test_each_pass_alone(name: str, module: ModuleOp) -> None:
    """What the passes before would have made simpler is left to it."""
    passes_preserve_meaning(module, pipelines.parse(name).passes)
