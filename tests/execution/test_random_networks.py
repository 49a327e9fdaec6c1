"""The emitted code of random networks, built and run: every layer within its error bound, and exact with integers."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from xdsl.dialects.builtin import ModuleOp

from lrc.testing import modules, targets_agree

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@pytest.mark.parametrize("target", ["host", "c", "neon"])
@settings(
    deadline=None, max_examples=8, suppress_health_check=SLOW, phases=(Phase.explicit, Phase.reuse, Phase.generate)
)
@given(module=modules())
def test_random_networks(target: str, module: ModuleOp) -> None:
    """Counterexamples are not shrunk: each takes a C compiler."""
    targets_agree(module, [target], exact=True)
