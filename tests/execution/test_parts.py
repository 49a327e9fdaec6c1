"""A network of many launches is a C function for each part of it, and one that calls them."""

import numpy as np
import pytest

import lrc
from lrc.backends.c import host
from lrc.compilation import compiler

TEXT = """
model net {
  weights random(seed: 0)
  input x: f32[1, 2, 5, 7]
  input z: f32[1, 2, 5, 7]
  a: sigmoid(x)
  b: tanh(z)
  c: mul(a, b)
  d: concat(a, c)
  output d
  e: sigmoid(c)
  f: add(e, a)
  output f
}
"""


@pytest.mark.parametrize("launches", [1, 5])
def test_parts_compute_what_the_whole_does(launches: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x, z = np.random.default_rng(0).standard_normal((2, 1, 2, 5, 7)).astype(np.float32)
    whole = lrc.compile(lrc.parse(TEXT), target="c")(x, z)
    monkeypatch.setattr(host, "MOST_LAUNCHES", launches)
    assert "net_graph_1(" in compiler.show_c(compiler.lower(lrc.parse(TEXT), "c"))
    parts = lrc.compile(lrc.parse(TEXT), target="c")(x, z)
    for part, expected in zip(parts, whole, strict=True):
        np.testing.assert_array_equal(part, expected)
