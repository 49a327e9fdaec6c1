"""What is long or deep neither ends in the recursion of Python nor in a search through all ways."""

import pytest

from lrc import frontend
from lrc.compilation import compiler
from lrc.dialects.lr.ops import PadOp

HEAD = "model net {\n  weights random(seed: 0)\n  input x: f32[1, 1, 8, 8]\n"


def chain(count: int, layer: str) -> str:
    """So many layers; in `layer`, N is the one before."""
    lines = "".join(f"  l{i}: {layer.replace('N', f'l{i - 1}' if i else 'x')}\n" for i in range(count))
    return f"{HEAD}{lines}  p: max_pool(l{count - 1}) {{ kernel: 3, stride: 1, pad: 1 }}\n  output y = p\n}}\n"


@pytest.mark.parametrize("count", [60, 1200])
def test_signs_are_found_through_sums_of_sums(count: int) -> None:
    """Each layer is looked at once, though 2^1200 ways lead back to the input, which may be negative."""
    module = frontend.lift(frontend.parse(chain(count, "add(N, N)")))
    compiled = compiler.lower(module, "c", "lr").module
    assert any(isinstance(op, PadOp) for op in compiled.walk())


def test_a_stride_beyond_the_vector_loads_what_it_needs() -> None:
    """Of the 1,024 vectors between the first lane and the last, only those with a lane of the result are loaded."""
    layer = "  c: conv2d(x) { filters: 1, kernel: 3, stride: [1, 1024] }\n  output y = c\n}\n"
    text = HEAD.replace("8, 8", "4, 9000") + layer
    compilation = compiler.lower(frontend.lift(frontend.parse(text)), "neon", "loops")
    (layer,) = compilation.report.layers
    assert 0 < layer.loads_after <= 4 * layer.multiplications
