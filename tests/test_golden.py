"""The C of small networks, whole: what a change of the compiler does to it shows in the diff of a golden text.

`pytest tests/test_golden.py --update-golden` writes them anew. That the code is right is tested in `tests/execution`.
"""

from collections.abc import Callable

import lrc
from lrc.backends.c.emit import emit
from lrc.backends.emitted import EmittedModel
from lrc.compilation import compiler
from lrc.dialects.values.elements import F16, F32, Element

Golden = Callable[[str, str], None]


def compiled(text: str, machine: str, precision: Element = F32) -> tuple[EmittedModel, str]:
    """A network as C, and the text of the kernel of its convolution."""
    model = emit(compiler.lower(lrc.parse(text), machine, precision=precision).module).model
    (kernel,) = (unit.text for unit in model.kernels if "conv3x3" in unit.file_name)
    return model, kernel


def test_pattern_neon(golden: Golden) -> None:
    """Two patterns: weights by lane, a pointer for each row; and the function that runs the network."""
    text = """\
model tiny {
  weights random(seed: 0)
  input x: f32[1, 16, 14, 14]
  patterns p2 = ["110/110/000", "011/011/000"]
  a: conv2d(x) {
    filters: 8
    kernel: 3
    pad: 1
    sparsity: pattern(p2, keep: 1/3.6)
    tuning: { unroll: [1, 2, 4], tile: [8, 16], load: rows }
  }
  b: relu(a)
  output y = b
}
"""
    model, kernel = compiled(text, "neon")
    golden("pattern_neon.c", f"{kernel}\n{model.graph}\n")


def test_float16_neon(golden: Golden) -> None:
    """Eight halves a vector, four weights from half a register, every second vector kept where it is loaded."""
    text = """\
model halves {
  weights random(seed: 0)
  input x: f32[1, 4, 8, 16]
  patterns p1 = ["110/110/000"]
  a: conv2d(x) {
    filters: 2
    kernel: 3
    pad: 1
    sparsity: pattern(p1, keep: 1/2)
    tuning: { unroll: [1, 2, 16], load: rows }
  }
  output y = a
}
"""
    model, kernel = compiled(text, "neon", F16)
    golden("float16_neon.c", f"{kernel}\n{model.graph}\n")


def test_aligned_avx512(golden: Golden) -> None:
    """Two blocks of channels, two filters at once, a residual: aligned loads and shuffles, each vector once."""
    text = """\
model aligned {
  weights random(seed: 0)
  input x: f32[1, 4, 8, 32]
  a: conv2d(x) {
    filters: 4
    kernel: 3
    pad: 1
    tuning: { unroll: [2, 1, 16], tile: [4, 2], load: aligned }
  }
  b: add(a, x)
  c: hard_swish(b)
  output y = c
}
"""
    golden("aligned_avx512.c", compiled(text, "avx512")[1])


def test_depthwise_c(golden: Golden) -> None:
    """A filter for each channel, every second place, a ragged picture: portable C."""
    text = """\
model depthwise {
  weights random(seed: 0)
  input x: f32[1, 4, 9, 9]
  a: conv2d(x) {
    filters: 4
    kernel: 3
    stride: 2
    pad: 1
    groups: 4
    tuning: { unroll: [1, 2, 2] }
  }
  b: relu6(a)
  output y = b
}
"""
    golden("depthwise_c.c", compiled(text, "c")[1])
