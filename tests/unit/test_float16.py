"""float16: what it loses is bounded, the passes keep the meaning, and what it cannot hold stays float32."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import PassFailedException

import lrc
from lrc.compilation import compiler
from lrc.dialects import lr
from lrc.dialects.elements import element_of
from lrc.dialects.values.activations import Activation
from lrc.dialects.values.elements import F16, F32
from lrc.interpreters import reference
from lrc.verification import bounds
from lrc.verification.magnitudes import too_large
from lrc.verification.validation import Traced, validate
from lrc.verification.verify import random_inputs

NETWORK = """
model net {
  weights random(seed: 3)
  input x: f32[1, 3, 9, 7]
  patterns p = ["110/110/000", "011/011/000", "000/110/110"]
  a: conv2d(x) { filters: 8, kernel: 3, pad: 1, sparsity: pattern(p, keep: 1/2), bias: false }
  n: batch_norm(a)
  r: relu(n)
  b: conv2d(r) { filters: 8, kernel: 3, pad: 1 }
  s: add(b, r)
  m: max_pool(s) { kernel: 2, stride: 2 }
  g: global_avg_pool(m)
  f: flatten(g)
  l: linear(f) { units: 5 }
  y: softmax(l)
  output p = y
}
"""


def test_element_types_are_those_of_numpy() -> None:
    for element in (F16, F32):
        info = np.finfo(element.about)
        assert (element.bytes, element.largest) == (np.dtype(element.about).itemsize, info.max)
        assert (element.smallest, element.unit) == (info.tiny, info.eps / 2)
        assert element.lost == info.smallest_subnormal / 2


@given(st.integers(1, 3000), st.integers(0, 2**32 - 1))
def test_honest_float16_stays_within_its_bound(count: int, seed: int) -> None:
    """Also where there are more terms than one over the unit, and where products are too small to be normal."""
    numbers = np.random.default_rng(seed)
    x = (numbers.standard_normal((1, count)) * numbers.choice([1.0, 1e-4])).astype(np.float16)
    weight = numbers.standard_normal((1, count)).astype(np.float16)
    total = np.float16(0)
    for product in x[0] * weight[0]:
        total += product
    magnitude = np.abs(x.astype(float)) @ np.abs(weight.astype(float)).T
    bound = bounds.inner_product(magnitude, count, F16)
    assert abs(float(total) - float((x.astype(float) @ weight.astype(float).T).item())) <= bound.item()


def test_a_bound_of_float16_is_no_wider_than_it_has_to_be() -> None:
    """1 + u + u + …, from left to right, stays 1: each sum is rounded to even."""
    total, terms = np.float16(1), 100
    for _ in range(terms):
        total += np.float16(F16.unit)
    exact = 1 + terms * F16.unit
    assert 0.9 < (exact - float(total)) / bounds.inner_product(np.array(exact), terms, F16).item() <= 1


@pytest.mark.parametrize("kind", ["sigmoid", "swish", "tanh", "hard_sigmoid", "hard_swish", "relu6"])
def test_activations_in_float16(kind: str) -> None:
    """Also where an exponential overflows, below -11.09: the sigmoid is lost, 0 is right."""
    x, function = np.linspace(-20, 20, 4001).astype(np.float16), Activation(kind)
    exact = reference.activate(x.astype(float), kind, 0.0)
    one = np.float16(1)
    with np.errstate(over="ignore"):
        decay = np.exp(-x.astype(np.float32)).astype(np.float16)
        sigmoid = one / (one + decay)
        hard = np.clip(x + np.float16(3), np.float16(0), np.float16(6)) * np.float16(1 / 6)
        found = {
            "sigmoid": sigmoid,
            "swish": x * sigmoid,
            "tanh": np.tanh(x.astype(np.float32)).astype(np.float16),
            "hard_sigmoid": hard,
            "hard_swish": x * hard,
            "relu6": np.clip(x, np.float16(0), np.float16(6)),
        }[kind]
    assert found.dtype == np.float16
    error = np.abs(found.astype(float) - exact)
    assert (error <= bounds.activation(exact, 0.0, function, F16)).all()
    if kind in ("sigmoid", "swish"):
        assert not (error <= bounds.activation(exact, 0.0, function, F32)).all()


def test_layers_mean_what_they_meant() -> None:
    """The packed network differs from its source by the rounding of weights, folded ones included, and no more."""
    module = lrc.parse(NETWORK)
    compiled = compiler.lower(module, "neon", "fkw", precision=F16).module
    inputs = list(random_inputs(module).values())
    found = validate(Traced.of(module, inputs), compiled)
    assert found.passed, found
    layers = {each.layer: each for each in found.layers}
    assert layers["a"].ratio > 0.05 and 1e-5 < layers["b"].error < 1e-2
    assert layers["l"].ratio == 0, "a linear layer keeps its float32 weights"


def test_which_layers_compute_with_float16() -> None:
    compiled = compiler.lower(lrc.parse(NETWORK), "c", "fkw", precision=F16).module
    layers = [op for op in lr.find_model(compiled).block.ops if isinstance(op, lr.LayerOp)]
    found = {op.layer.data: element_of(op.output).name for op in layers}
    assert found == {
        **dict.fromkeys(["x.f16", "a", "b", "m"], "f16"),
        **dict.fromkeys(["m.f32", "g", "f", "l", "y"], "f32"),
    }
    arrays = {name: lr.find_model(compiled).store.number_type(name) for name in ("a.fkw.weight", "a.fkw.index")}
    assert arrays == {"a.fkw.weight": "float16", "a.fkw.index": "uint8"}


def with_weights(*weights: float) -> ModuleOp:
    """A convolution of two numbers by these weights, and a layer that reads it."""
    module = lrc.parse("""model m {
      weights random(seed: 0)
      input x: f32[1, 1, 1, 2]
      c: conv2d(x) { filters: 1, kernel: [1, 2], bias: false }
      d: max_pool(c) { kernel: 1 }
      output y = d
    }""")
    store = lr.find_model(module).store
    convolution = next(op for op in lr.find_model(module).block.ops if isinstance(op, lr.Conv2dOp))
    convolution.weight = lr.WeightAttr(store.put("given", np.array([[[weights]]], np.float32)))
    return module


def test_sums_may_be_large_on_the_way() -> None:
    """60,000 and -60,000 cancel; a sum of them in any order does not."""
    one = [np.ones((1, 1, 1, 2))]
    assert too_large(with_weights(60000, -60000), one, F16) == {"c": 120000}
    assert too_large(with_weights(30000, -30000), one, F16) == {}
    assert too_large(with_weights(60000, -60000), one, F32) == {}


def test_a_layer_that_may_overflow_stays_float32() -> None:
    """The weights of the first network are no float16, and what it gives is too large to be read as such."""
    for weight, kept in (1e5, {"c", "d"}), (1e3, set[str]()):
        compiled = compiler.lower(with_weights(weight, -weight), "neon", "lr", precision=F16)
        assert compiled.report.kept_float32.keys() == kept
        layers = [op for op in lr.find_model(compiled.module).block.ops if isinstance(op, lr.LayerOp)]
        found = {op.layer.data: element_of(op.output) for op in layers}
        assert {found["c"], found["d"]} == {F32 if kept else F16}


@pytest.mark.parametrize("machine", ["armv8", "avx512", "avx2", "zen4"])
def test_a_machine_without_float16(machine: str) -> None:
    with pytest.raises(PassFailedException, match=f"{machine} does not compute with float16: kryo485 and c do"):
        compiler.lower(lrc.parse(NETWORK), machine, precision=F16)


def test_a_precision_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="precision must be f32 or f16, not 'f8'"):
        lrc.compile(lrc.parse(NETWORK), "c", precision="f8")


def test_float32_is_what_it_was() -> None:
    module = lrc.parse(NETWORK)
    plain, said = (
        compiler.show_c(each)
        for each in (compiler.lower(module, "neon"), compiler.lower(module, "neon", precision=F32))
    )
    assert plain == said and "f16" not in plain.replace("armv8.2-a+fp16", "")
