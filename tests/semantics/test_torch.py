"""torch on the same weights agrees with the float64 reference and with the code for this machine."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch_oracle
from hypothesis import HealthCheck, given, settings
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp

import lrc
from lrc import interpreters, zoo
from lrc.testing import modules
from lrc.verification import verify

END_TO_END = 2e-5
"""How far float32 code may be from torch's float64 at the end of a whole network, of the largest output. No bound
holds through fifty layers and says anything; four times the worst network of the zoo would show a wrong layer."""


def agree(
    module: ModuleOp, unknown: float = 0.0
) -> tuple[Sequence[NDArray[np.floating]], Sequence[NDArray[np.float64]]]:
    """Hold the reference against torch; the inputs, and what torch makes of them. The share `unknown` of the inputs is
    not a number."""
    inputs = [
        np.where(np.random.default_rng(1).random(x.shape) < unknown, np.nan, x)
        for x in verify.random_inputs(module).values()
    ]
    found, expected = interpreters.run(module, inputs), torch_oracle.run(module, inputs)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.shape == theirs.shape
        largest = float(np.abs(theirs).max(initial=0, where=~np.isnan(theirs)))
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9 * largest)
    return inputs, expected


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(modules())
def test_networks(module: ModuleOp) -> None:
    agree(module)


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(modules())
def test_what_is_not_a_number_stays_that(module: ModuleOp) -> None:
    agree(module, unknown=0.05)


WITHOUT_PAIRS = [name for name in zoo.NETWORKS if not name.endswith("-shared")]
"""Networks that share kernels are these in all but their masks."""


@pytest.mark.parametrize("name", WITHOUT_PAIRS)
def test_zoo(name: str) -> None:
    """torch's float64 against the reference, and against the C that was compiled for this machine."""
    module = lrc.load(f"zoo:{name}")
    inputs, (expected,) = agree(module)
    with lrc.compile(module, target="host") as net:
        found = net(inputs[0])
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=END_TO_END * float(np.abs(expected).max()))
