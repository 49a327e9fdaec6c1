"""A level that was edited by hand is refused where it does not fit together, and never compiled to unsafe code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from xdsl.utils.exceptions import PassFailedException

import lrc
from lrc import compiler, levels, pipelines

MACHINE = "neon"

NETWORK = """\
model edited {
  weights random(seed: 0)
  input x: f32[1, 3, 5, 6]
  patterns p2 = ["110/110/000", "000/011/011"]
  a: conv2d(x) { filters: 4, kernel: 3, pad: 1, sparsity: pattern(p2, keep: 1/2) }
  m: max_pool(a) { kernel: 3, stride: 2, pad: 1 }
  b: conv2d(a) { filters: 4, kernel: 3, pad: 1, stride: 2, groups: 2 }
  s: add(m, b)
  q: softmax(s)
  n: batch_norm(q)
  u: upsample(n) { scale: 2 }
  f: flatten(u)
  c: linear(f) { units: 5 }
  output y = c
}
"""


def text_of(level: str, folder: Path) -> Path:
    """The network at a level, in a file with its arrays beside it."""
    path = folder / f"{level}.mlir"
    levels.save(compiler.lower(lrc.parse(NETWORK), MACHINE, level).module, path)
    return path


EDITS = {
    r'("a".*?tile = )\[\d+, \d+\]': (r"\1[9, 3]", "the layout of input 0 has tail = 12, but its readers need 48"),
    r'("a".*?pads )\[1, 1, 1, 1\]': (r"\1[2, 1, 0, 1]", "the layout of input 0 has top = 1, but its readers need 2"),
    r'("b".*?pads )\[1, 1, 1, 1\]': (
        r"\1[0, 0, 2, 2]",
        "layout of layer 'a' has bottom = 1, but its readers need 2",
    ),
    r'("a".*?lanes = )4': (r"\g<1>8", "layer 'a' is scheduled for vectors of 8 floats, the machine has 4"),
    r"(3x5x6, top = )1": (r"\g<1>0", "the layout of input 0 has top = 0, but its readers need 1"),
    r", #kernel.layout<[^>]*>": ("", "input 0 has no layout: run assign-layout before lower-to-loops"),
    r'"3x5x6,': ('"3x6x5,', "the layout of input 0 has height = 6, expected 5"),
    r'("4x5x6.*?row_stride = )\d+': (r"\g<1>10", "row_stride = 10, which is no multiple of 4 lanes"),
}


@pytest.mark.parametrize("found", EDITS)
def test_what_does_not_fit_is_refused(found: str, tmp_path: Path) -> None:
    path, (edited, message) = text_of("fkw", tmp_path), EDITS[found]
    before = path.read_text()
    path.write_text(re.sub(found, edited, before))
    assert path.read_text() != before
    module = levels.load(path, compiler.make_context())
    with pytest.raises(PassFailedException, match=re.escape(message)) as raised:
        pipelines.parse(pipelines.stage("loops", MACHINE)).apply(compiler.make_context(), module)
    assert re.match(rf"{re.escape(str(path))}:\d+:\d+: ", str(raised.value))
