"""No pass changes what any layer of any network computes."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from xdsl.dialects.builtin import ModuleOp

from lrc import pipelines
from lrc.testing import loops_preserve_meaning, modules, passes_preserve_meaning

GRAPH_PASSES = pipelines.parse(pipelines.specification("neon", "fkw")).passes
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(deadline=None, max_examples=100, suppress_health_check=SLOW)
@given(modules())
def test_graph_passes(module: ModuleOp) -> None:
    passes_preserve_meaning(module, GRAPH_PASSES)


@pytest.mark.parametrize("machine", ["neon", "avx512", "c"])
@settings(
    deadline=None, max_examples=12, suppress_health_check=SLOW, phases=(Phase.explicit, Phase.reuse, Phase.generate)
)
@given(module=modules(layers=3))
def test_loop_passes(machine: str, module: ModuleOp) -> None:
    """Counterexamples are not shrunk: interpreting loops takes a second for each."""
    loops_preserve_meaning(module, machine)
