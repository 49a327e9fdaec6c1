"""The float64 reference agrees with torch on the same weights: random networks, and the whole zoo."""

import numpy as np
import pytest
import torch_oracle
from hypothesis import HealthCheck, given, settings
from xdsl.dialects.builtin import ModuleOp

import lrc
from lrc import interpreters, verify, zoo
from lrc.testing import modules


def agree(module: ModuleOp) -> None:
    inputs = list(verify.random_inputs(module).values())
    found, expected = interpreters.run(module, inputs), torch_oracle.run(module, inputs)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9 * float(np.abs(theirs).max()))


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(modules())
def test_networks(module: ModuleOp) -> None:
    agree(module)


@pytest.mark.parametrize("name", zoo.NETWORKS)
def test_zoo(name: str) -> None:
    agree(lrc.load(f"zoo:{name}"))
