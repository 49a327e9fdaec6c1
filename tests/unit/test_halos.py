"""The kernels that write zeros around pictures: each asks for what it uses, so that no compiler warns of the rest."""

from itertools import product

import pytest

from lrc.passes.lowering.halo import HaloFamily, halo_kernel

PARTS = [p for p in product([False, True], repeat=4) if any(p[:3]) and p[2] >= p[3]]


@pytest.mark.parametrize("parts", PARTS, ids=lambda parts: HaloFamily(4, *parts).name)
def test_every_argument_is_used(parts: tuple[bool, bool, bool, bool]) -> None:
    family = HaloFamily(4, *parts)
    kernel = halo_kernel("k", family)
    kernel.verify()
    unused = [
        name for (name, _), argument in zip(family.arguments, kernel.body.block.args, strict=True) if not argument.uses
    ]
    assert not unused
