"""Passes over loops change nothing that kernels write, not even those of kernels that lrc would not write itself."""

import pytest
from hypothesis import given, settings
from xdsl.dialects.builtin import ModuleOp

from lrc.compilation import pipelines
from lrc.testing import kernels, passes_preserve_meaning

LOOP_PASSES = ("legalize-loads", "eliminate-redundant-loads", "order-body", "legalize-neon", "plan-memory")


@settings(max_examples=60)
@given(module=kernels())
def test_passes_one_after_the_other(module: ModuleOp) -> None:
    passes_preserve_meaning(module, pipelines.parse(",".join(LOOP_PASSES)).passes)


@pytest.mark.parametrize("name", LOOP_PASSES)
@settings(max_examples=20)
@given(module=kernels(smooth=True))
def test_each_pass_alone(name: str, module: ModuleOp) -> None:
    """What the passes before would have made simpler is left to it."""
    passes_preserve_meaning(module, pipelines.parse(name).passes)
