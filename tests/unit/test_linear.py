"""Packing of fully connected layers, and the size of their tiles."""

import numpy as np
import pytest

from lrc.dialects.values.elements import F32
from lrc.dialects.values.machines import MACHINES
from lrc.passes.lowering.linear import pack_linear, vectors_of_tile


@pytest.mark.parametrize(("outputs", "inputs", "tile"), [(1, 1, 4), (8, 3, 4), (7, 5, 16), (33, 2, 16)])
def test_pack(outputs: int, inputs: int, tile: int) -> None:
    weight = np.arange(outputs * inputs, dtype=np.float32).reshape(outputs, inputs) + 1
    packed = pack_linear(weight, tile)
    assert packed.dtype == np.float32
    assert packed.flags.c_contiguous
    rows = packed.transpose(0, 2, 1).reshape(-1, inputs)
    np.testing.assert_array_equal(rows[:outputs], weight)
    assert len(rows) % tile == 0
    assert len(rows) - outputs < tile
    assert not rows[outputs:].any()


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("outputs", [1, 10, 1000])
def test_tile_fits_the_machine(machine: str, outputs: int) -> None:
    described = MACHINES[machine]
    vectors = vectors_of_tile(outputs, described)
    assert 1 <= vectors <= described.registers // 2
    assert (vectors - 1) * described.lanes_of(F32) < outputs
