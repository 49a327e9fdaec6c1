"""No pass over the graph changes what any layer of any network computes."""

from hypothesis import HealthCheck, given, settings
from xdsl.dialects.builtin import ModuleOp

from lrc import pipelines
from lrc.testing import modules, passes_preserve_meaning

PASSES = pipelines.parse(pipelines.specification("host", "fkw")).passes


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(modules())
def test_passes_preserve_meaning(module: ModuleOp) -> None:
    passes_preserve_meaning(module, PASSES)
