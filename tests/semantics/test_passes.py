"""No pass changes what any layer of any network computes."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Region

import lrc
from lrc.compilation import pipelines
from lrc.dialects import lr
from lrc.dialects.lr.attrs import SparsityAttr
from lrc.dialects.lr.base import tensor
from lrc.dialects.lr.store import array_of
from lrc.dialects.pattern import ops as pattern
from lrc.dialects.values.activations import ACTIVATION_KINDS
from lrc.dialects.values.elements import F16
from lrc.dialects.values.patterns import Mask, PatternSet, Sparsity
from lrc.dialects.values.schedules import Tuning
from lrc.dialects.values.shapes import Window
from lrc.passes.pattern.assign_patterns import AssignPatternsPass
from lrc.testing import loops_preserve_meaning, modules, passes_preserve_meaning

GRAPH_PASSES = pipelines.parse(pipelines.specification("neon", "fkw")).passes
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(deadline=None, max_examples=100, suppress_health_check=SLOW)
@given(modules())
def test_graph_passes(module: ModuleOp) -> None:
    passes_preserve_meaning(module, GRAPH_PASSES)


@settings(deadline=None, max_examples=20, suppress_health_check=SLOW)
@given(modules())
def test_graph_passes_to_float16(module: ModuleOp) -> None:
    """Weights are rounded, and nothing else differs."""
    narrow = pipelines.precision_pass(F16)
    passes_preserve_meaning(module, pipelines.parse(pipelines.specification("neon", "fkw", precision=narrow)).passes)


FUSIONS = """\
model fusions {
  weights random(seed: 0)
  input x: f32[1, 4, 5, 6]
  a: conv2d(x) { filters: 4, kernel: 3, pad: 1 }
  b: add(a, x)
  c: batch_norm(b)
  d: tanh(c)
  e: conv2d(d) { filters: 4, kernel: 1 }
  f: relu(e)
  g: batch_norm(f)
  h: conv2d(g) { filters: 4, kernel: 1 }
  i: batch_norm(h)
  j: add(d, i)
  k: sigmoid(j)
  l: max_pool(k) { kernel: 3, pad: 1 }
  m: conv2d(l) { filters: 4, kernel: 1 }
  n: global_avg_pool(l)
  o: add(m, n)
  p: mul(l, o)
  q: tanh(p)
  r: flatten(q)
  s: linear(r) { units: 5 }
  t: relu(s)
  output y = t
}
"""
"""A batch norm behind a convolution, a sum, an activation; a sum of a picture and one number for each channel."""


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_passes_over_layers_in_any_order(order: tuple[int, ...]) -> None:
    """Whatever was fused before, what does not fit is left alone."""
    passes = pipelines.parse(pipelines.specification("c", "lr")).passes
    passes_preserve_meaning(lrc.parse(FUSIONS), [passes[i] for i in order])


@pytest.mark.parametrize("machine", ["neon", "avx512", "c"])
@settings(
    deadline=None, max_examples=24, suppress_health_check=SLOW, phases=(Phase.explicit, Phase.reuse, Phase.generate)
)
@given(module=modules(layers=3))
def test_loop_passes(machine: str, module: ModuleOp) -> None:
    """Counterexamples are not shrunk: interpreting loops takes a second for each."""
    loops_preserve_meaning(module, machine)


LAYERS = {
    "tile_beyond_the_picture": "y: conv2d(x) { filters: 1, kernel: 1, tuning: { unroll: [1, 1, 32] } }",
    "second_vector_behind_a_whole_one": """
        y: conv2d(x) { filters: 2, kernel: [1, 3], pad: [0, 1], tuning: { unroll: [1, 1, 8] } }""",
    "second_vector_behind_a_ragged_one": """
        y: conv2d(x) { filters: 2, kernel: [1, 3], pad: [0, 0, 0, 1], tuning: { unroll: [1, 1, 8] } }""",
    "pads_of_four_sizes": "y: conv2d(x) { filters: 2, kernel: [4, 5], pad: [3, 1, 2, 4] }",
    "nine_weights": "y: conv2d(x) { filters: 1, kernel: 3 }",
    "long_row": "y: conv2d(x) { filters: 1, kernel: [1, 69], pad: [0, 68, 0, 0] }",
    "patterns_of_each_layer": """
        patterns left = ["110/110/000", "000/110/110"]
        patterns right = ["011/011/000", "000/011/011"]
        a: conv2d(x) { filters: 2, kernel: 3, pad: 1, sparsity: pattern(left), tuning: { unroll: [1, 1, 4] } }
        b: conv2d(x) { filters: 2, kernel: 3, pad: 1, sparsity: pattern(right), tuning: { unroll: [1, 1, 4] } }
        y: concat(a, b)""",
    "parts_of_other_strides": "a: conv2d(x) { filters: 1, kernel: 3, pad: 1 } y: concat(x, a)",
    "outputs_of_one_shape": "a: tanh(x) y: relu(x) output w = a",
}
"""Layers that loops go wrong by, of a picture of 3 rows and 4 columns, which is one vector of neon.

All vectors of a tile but the first, or but a part of it, lie beyond the picture, where the next row is. Zeros are not
the same on any two sides. Nine weights are two vectors and one more, loaded with the three before it. Of a row of 69
taps the loop through it leaves five over; the weights of the last four fill a vector, behind one that was loaded alone.
Kernels are alike but for their patterns. What is joined lies closer together than it did, having had zeros around it.
Outputs could be exchanged.
"""


@pytest.mark.parametrize("what", LAYERS)
def test_loops(what: str) -> None:
    text = f"model rows {{ weights random(seed: 0) input x: f32[1, 2, 3, 4] {LAYERS[what]} output z = y }}"
    loops_preserve_meaning(lrc.parse(text), "neon")


STRIDES = """\
model strides {
  weights random(seed: 0)
  input x: f32[1, 3, 5, 8]
  input l: f32[1, 2, 7]
  a: conv2d(x) { filters: 8, kernel: 1, stride: 2 }
  b: conv2d(x) { filters: 8, kernel: 1, stride: 2 }
  c: add(a, b)
  d: conv2d(x) { filters: 8, kernel: 1, stride: [1, 3] }
  e: conv2d(x) { filters: 8, kernel: 1, stride: 2, pad: 1 }
  f: conv1d(l) { filters: 8, kernel: 1, stride: 2 }
  output c = c  output d = d  output e = e  output f = f
}
"""
"""Strided layers: two that read the same numbers of a picture, one of which adds the other; one with other strides, one
with padding, and one of a sequence."""


@pytest.mark.parametrize("machine", ["neon", "c"])
def test_strides(machine: str) -> None:
    passes_preserve_meaning(lrc.parse(STRIDES), pipelines.parse(pipelines.specification(machine, "fkw")).passes)
    loops_preserve_meaning(lrc.parse(STRIDES), machine)


PRUNED = Sparsity("pattern", PatternSet((Mask.parse("110/110/000"), Mask.parse("000/011/011"))), 0.5, "filter")
PAIRS = replace(PRUNED, share=2)
SCHEDULES: dict[str, tuple[Tuning, Sparsity | None]] = {
    "blocks": (Tuning(tile=(2, 3)), None),
    "pruned blocks": (Tuning(tile=(2, 3)), PRUNED),
    "blocks of one": (Tuning(tile=(1, 1)), PRUNED),
    "jammed": (Tuning(unroll=(2, 1, 16)), None),
    "jammed pairs": (Tuning(unroll=(2, 1, 16)), PAIRS),
    "jammed blocks": (Tuning(unroll=(2, 2, 16), tile=(4, 2), permute="cohwci"), None),
    "rows": (Tuning(unroll=(4, 1, 16), load="rows"), None),
}


def convolution(sparsity: Sparsity | None, groups: int = 1, tuning: Tuning | None = None) -> ModuleOp:
    """A network of one layer, of random weights."""
    block = Block(arg_types=[tensor((1, 8, 5, 6))])
    conv = lr.Conv2dOp(
        "conv",
        block.args[0],
        filters=8,
        weight="w",
        bias="b",
        window=Window((3, 3), pads=(1, 1, 0, 2)),
        groups=groups,
        sparsity=sparsity,
        tuning=tuning,
    )
    block.add_ops([conv, lr.OutputOp([conv.output], ["y"])])
    model = lr.ModelOp("scheduled", Region(block), input_names=["x"], weights=lr.WeightStore.random(0))
    model.announce_weights()
    return ModuleOp([model])


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_schedules(schedule: str, groups: int) -> None:
    """However weights are packed, the packed layer is the same convolution."""
    tuning, sparsity = SCHEDULES[schedule]
    module = convolution(sparsity, groups, tuning)
    passes_preserve_meaning(module, GRAPH_PASSES)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("tile", ["[1, 1, 32]", "[1, 9, 4]"])
def test_tiles_that_are_larger_than_the_picture(tile: str, stride: int) -> None:
    """What they load around it lies in its buffer."""
    layer = f"conv2d(x) {{ filters: 1, kernel: 3, pad: 1, stride: {stride}, tuning: {{ unroll: {tile} }} }}"
    text = f"model m {{ weights random(seed: 0) input x: f32[1, 2, 2, 3] a: {layer} output y = a }}"
    loops_preserve_meaning(lrc.parse(text), "neon")


def test_zeros_that_nobody_declared_are_found() -> None:
    """With sparsity auto, the weights that are kept are those that are not zero."""
    declared = convolution(PRUNED)
    (op,) = (op for op in declared.walk() if isinstance(op, lr.Conv2dOp))
    weights = array_of(op.weight, lr.find_model(declared).store)
    op.sparsity = SparsityAttr(Sparsity("auto"))
    AssignPatternsPass().apply(Context(), declared)
    (found,) = (op for op in declared.walk() if isinstance(op, pattern.Conv2dOp))
    assignment = array_of(found.assignment, lr.find_model(declared).store)
    sizes = np.array([0, *(len(mask.taps) for mask in found.patterns.data.masks)])
    assert 0 < np.count_nonzero(weights) < weights.size
    assert sizes[assignment].sum() == np.count_nonzero(weights)


@pytest.mark.parametrize("kind", ACTIVATION_KINDS)
def test_zeros_around_a_picture_are_never_its_largest_number(kind: str) -> None:
    """A pooling of single numbers at its corners, below zero where the activation gives such."""
    text = f"""
    model pooled {{
      weights random(seed: 0)
      input x: f32[1, 3, 4, 4]
      a: {kind}(x) {"{ slope: 0.1 }" if kind == "leaky_relu" else ""}
      b: max_pool(a) {{ kernel: 2, stride: 2, pad: 1 }}
      output y = b
    }}"""
    loops_preserve_meaning(lrc.parse(text), "c")


SUMS = {
    "of two convolutions": "a: conv2d(x) F b: conv2d(x) F y: add(a, b)",
    "with what is computed later": "a: conv2d(x) F b: tanh(x) c: sigmoid(b) y: add(a, c)",
    "with what a convolution reads": "b: tanh(x) a: conv2d(b) F y: add(b, a)",
    "of a convolution and itself": "a: conv2d(x) F y: add(a, a)",
    "of a sum": "a: conv2d(x) F b: add(a, x) c: tanh(x) y: add(b, c)",
    "of two sums": "a: conv2d(x) F b: add(a, x) c: conv2d(x) F d: add(c, x) e: add(b, d) y: relu(e)",
    "of what others read": "a: conv2d(x) F b: add(a, x) c: conv2d(a) F d: add(c, b) y: add(d, a)",
    "behind an activation": "a: conv2d(x) F b: leaky_relu(a) { slope: 0.3 } c: add(b, x) y: tanh(c)",
    "behind two activations": "a: conv2d(x) F b: relu6(a) c: tanh(b) d: add(c, x) e: relu(d) y: sigmoid(e)",
    "behind a batch norm": "a: conv2d(x) F b: batch_norm(a) c: add(b, x) d: batch_norm(c) y: relu(d)",
    "with what is broadcast": "a: conv2d(x) F b: global_avg_pool(x) y: add(a, b)",
    "broadcast": "a: global_avg_pool(x) b: conv2d(a) F y: add(x, b)",
    "of a batch norm that others read": "a: conv2d(x) F b: batch_norm(a) c: tanh(a) d: add(b, c) y: add(d, b)",
}
"""Sums, each with something that a convolution cannot take over, or can once."""


@pytest.mark.parametrize("what", SUMS)
def test_sums(what: str) -> None:
    layers = SUMS[what].replace(" F", " { filters: 4, kernel: 3, pad: 1 }")
    text = f"model sums {{ weights random(seed: 0) input x: f32[1, 4, 5, 6] {layers} output z = y }}"
    passes_preserve_meaning(lrc.parse(text), GRAPH_PASSES)


@pytest.mark.parametrize("operator", ["add", "mul", "concat"])
def test_what_may_be_negative_is_no_frame_for_zeros(operator: str) -> None:
    """One operand is never below zero, and the result is."""
    layers = f"a: relu(x) b: tanh(x) c: {operator}(a, b) y: max_pool(c) {{ kernel: 2, pad: 1 }}"
    text = f"model signs {{ weights random(seed: 0) input x: f32[1, 2, 5, 6] {layers} output z = y }}"
    loops_preserve_meaning(lrc.parse(text), "c")


@pytest.mark.parametrize("size", [1, 7, 16, 37])
def test_batch_norm_of_a_vector(size: int) -> None:
    """Its elements are its channels: each has a factor of its own, whatever lane it lies in."""
    block = Block(arg_types=[tensor((1, size))])
    norm = lr.BatchNormOp("norm", block.args[0], weight="w", bias="b", mean="m", variance="v")
    block.add_ops([norm, lr.OutputOp([norm.output], ["y"])])
    model = lr.ModelOp("vectors", Region(block), input_names=["x"], weights=lr.WeightStore.random(0))
    model.announce_weights()
    for machine in ("neon", "avx512", "c"):
        loops_preserve_meaning(ModuleOp([model.clone()]), machine)
