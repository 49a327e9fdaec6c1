"""float16 as C: every kind of layer on this machine and as a phone's code, each within its bound."""

from pathlib import Path

import pytest

import lrc
from lrc.diagnostics import UserError
from lrc.verification.verify import random_inputs

NETWORK = """
model halves {
  weights random(seed: 1)
  input x: f32[1, 3, 11, 13]
  patterns p = ["110/110/000", "011/011/000", "000/110/110"]
  a: conv2d(x) { filters: 8, kernel: 3, pad: 1, sparsity: pattern(p, keep: 1/2) }
  a1: relu6(a)
  b: conv2d(a1) { filters: 8, kernel: 3, stride: 2, pad: 1 }
  b1: swish(b)
  c: conv2d(b1) { filters: 8, kernel: 1 }
  s: add(c, b1)
  d: conv2d(s) { filters: 8, kernel: 3, pad: 1, groups: 8 }
  d1: hard_swish(d)
  j: concat(d1, s)
  m: max_pool(j) { kernel: 3, stride: 1, pad: 1 }
  v: avg_pool(m) { kernel: 2, stride: 2 }
  u: upsample(v) { scale: 2 }
  t: tanh(u)
  q: mul(t, u)
  g: global_avg_pool(q)
  f: flatten(g)
  l: linear(f) { units: 5 }
  y: softmax(l)
  output p = y
  output map = t
}
"""


@pytest.mark.parametrize("target", ["c", "neon"])
def test_every_layer_is_within_its_bound(target: str) -> None:
    module = lrc.parse(NETWORK)
    with lrc.compile(module, target, precision="f16") as net:
        report = net.verify(random_inputs(module))
        assert report.passed, [each for each in report.layers if not each.passed]
        (p, _), whole = report.outputs, {each.layer: each for each in report.layers}
        assert p.same_class and p.error < 1e-2
        assert whole["a"].error > 1e-6, "this is float32"
        text = "".join(path.read_text() for path in net.folder.glob("*.c"))
        assert ("float16_t *" if target == "neon" else "_Float16 *") in text


def test_a_compiler_without_float16(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A C compiler that knows no _Float16 is told apart before it says so in its own words."""
    compiler = tmp_path / "old-cc"
    compiler.write_text('#!/bin/sh\nexec cc -D_Float16=unknown_type "$@"\n')
    compiler.chmod(0o755)
    monkeypatch.setenv("CC", str(compiler))
    with pytest.raises(UserError, match=r"old-cc has no _Float16: gcc 12 and clang 15 have"):
        lrc.compile(lrc.parse(NETWORK), "c", precision="f16")
