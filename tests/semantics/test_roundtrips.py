"""Drawn modules of every level are read back as they were written; what differs is found, and shown."""

import pytest
from hypothesis import given, settings
from xdsl.dialects.builtin import FloatAttr, ModuleOp, f64

import lrc
from lrc.compilation.pipelines import LEVELS
from lrc.dialects import lr
from lrc.testing import means, modules, roundtrips

NET = """model net {
  weights random(seed: 0)
  input x: f32[1, 2, 4, 4]
  a: batch_norm(x)
  output y = a
}
"""


@pytest.mark.parametrize("level", LEVELS)
def test_levels(level: str) -> None:
    @settings(max_examples=6 if level in ("lr", "pattern", "fkw") else 2)
    @given(modules(4, level=level, machine="neon") | modules(4, level=level, machine="host"))
    def check(module: ModuleOp) -> None:
        roundtrips(module)

    check()


def test_a_number_that_its_text_does_not_show() -> None:
    """`1.000000e-05` is what is printed of another number, too."""
    module = lrc.parse(NET)
    norm = next(op for op in lr.find_model(module).block.ops if isinstance(op, lr.BatchNormOp))
    for epsilon in (1e-5, 1.00000001e-5, 1e-45, 5e-324, 0.1, 1 / 3):
        norm.epsilon = FloatAttr(epsilon, f64)
        roundtrips(module)


def test_a_difference_is_shown() -> None:
    module = lrc.parse(NET)
    with pytest.raises(
        AssertionError, match=r"the text: another module\n(.*\n)*-.*1.000000e-05(.*\n)*\+.*1.000000e-03"
    ):
        means(NET.replace("norm(x)", "norm(x) { epsilon: 1e-3 }"), module, {})
