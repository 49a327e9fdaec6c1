"""The C of a small network, whole: what a change of the compiler does to it shows in the diff of a golden text.

`pytest tests/test_golden.py --update-golden` writes them anew.
"""

from collections.abc import Callable

import pytest

import lrc
from lrc import compiler

NETWORK = """\
model tiny {
  weights random(seed: 0)
  input x: f32[1, 16, 14, 14]
  patterns p2 = ["110/110/000", "011/011/000"]
  a: conv2d(x) {
    filters: 8
    kernel: 3
    pad: 1
    sparsity: pattern(p2, keep: 1/3.6)
    tuning: { unroll: [1, 2, 4], tile: [8, 16], load: LOAD }
  }
  b: relu(a)
  output y = b
}
"""


@pytest.mark.parametrize(("target", "load"), [("neon", "rows"), ("c", "direct")])
def test_c_of_a_pruned_layer(golden: Callable[[str, str], None], target: str, load: str) -> None:
    model = compiler.emit(compiler.lower(lrc.parse(NETWORK.replace("LOAD", load)), target)).model
    kernel = next(unit.text for unit in model.kernels if "conv3x3" in unit.file_name)
    golden(f"tiny_{target}.c", f"{kernel}\n{model.graph}\n")
