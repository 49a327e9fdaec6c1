"""Integer networks keep shape and masks, are exact where they say so, and what they call seen is seen."""

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

import lrc
from lrc import api
from lrc.dialects import lr
from lrc.dialects.lr.attrs import WeightAttr
from lrc.dialects.lr.store import StoreAttr, array_of
from lrc.interpreters import walk
from lrc.interpreters.reference import activate, float64, normalization
from lrc.passes.graph.fuse_conv_bn import FuseConvBnPass
from lrc.testing import modules
from lrc.verification.integers import IntegerNetwork, draw
from lrc.verification.integers.sums import Weighted, reach_of, sums_of

SMALL = """
model small {
  weights random(seed: 1)
  input x: f32[1, 3, 7, 6]
  patterns p = ["110/110/000", "000/011/011"]
  stem: conv2d(x) { filters: 4, kernel: 3, pad: 1 }
  stem_act: relu(stem)
  pruned: conv2d(stem_act) { filters: 4, kernel: 3, pad: 1, bias: false, sparsity: pattern(p, keep: 1/2) }
  norm: batch_norm(pruned)
  sum: add(norm, stem_act)
  act: relu(sum)
  deep: conv2d(act) { filters: 4, kernel: 3, groups: 4, stride: 2, pad: 1, bias: false }
  deep_norm: batch_norm(deep)
  deep_act: relu6(deep_norm)
  flat: flatten(deep_act)
  fc: linear(flat) { units: 5 }
  output y = fc
}
"""


def results(module: ModuleOp, inputs: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    """What the interpreter makes of a network, layer by layer, without the last places of a float64: the variance of a
    batch norm is a power of four to half a place of a float32 only."""
    return {
        each.layer: (np.rint(each.result * 2**20) / 2**20).astype(np.float32)
        for each in walk(module, list(inputs.values()))
    }


def weighted(module: ModuleOp) -> list[Weighted]:
    return [op for op in lr.find_model(module).block.ops if isinstance(op, lr.ConvOp | lr.LinearOp)]


@settings(max_examples=30, phases=(Phase.generate,))
@given(modules(), st.integers(0, 3))
def test_values_are_those_of_the_network_that_was_drawn(module: ModuleOp, turn: int) -> None:
    """Each layer computes its value from those of the layers that it reads, but for what a batch norm, whose variance
    is a power of four to half a place of a float32, takes from the largest of them, and its bias of that."""
    network = draw(module, turn)
    network.module.verify()
    found = {each.layer: each for each in walk(network.module, list(network.inputs.values()), network.values.get)}
    assert network.values.keys() | network.inexact.keys() == found.keys()
    assert not network.values.keys() & network.inexact.keys()
    for layer, value in network.values.items():
        op, sizes = found[layer].op, [*found[layer].operands, value]
        if isinstance(op, lr.BatchNormOp):
            sizes.append(array_of(op.bias, lr.find_model(network.module).store))
        largest = max(float(np.abs(array).max(initial=0)) for array in sizes)
        np.testing.assert_allclose(found[layer].result, value, 1e-6, 1e-6 + 1e-7 * largest, err_msg=layer)


@settings(max_examples=30, phases=(Phase.generate,))
@given(modules(), st.integers(0, 3))
def test_what_was_pruned_stays_pruned_and_nothing_else_does(module: ModuleOp, turn: int) -> None:
    """As it is behind batch norms: one with a scale of zero takes a filter away."""
    network = draw(module, turn)
    folded = [each.clone() for each in (module, network.module)]
    for each in folded:
        FuseConvBnPass().apply(Context(), each)
    for before, after in zip(*map(weighted, folded), strict=True):
        given_, drawn = (
            array_of(op.weight, lr.find_model(each).store) for op, each in zip((before, after), folded, strict=True)
        )
        np.testing.assert_array_equal(given_ != 0, drawn != 0)
        assert network.weights[after.layer.data] == np.count_nonzero(given_)


def test_a_slope_of_zero_is_exact() -> None:
    """No number is a multiple of it."""
    text = """
    model bent {
      weights random(seed: 0)
      input x: f32[1, 2, 4, 4]
      act: leaky_relu(x) { slope: 0 }
      conv: conv2d(act) { filters: 2, kernel: 3 }
      output y = conv
    }"""
    network = draw(api.parse(text))
    assert network.values.keys() == {"act", "conv"}
    np.testing.assert_array_equal(results(network.module, dict(network.inputs))["conv"], network.values["conv"])


@pytest.mark.parametrize("turn", [0, 1])
def test_every_order_of_a_sum_is_exact(turn: int) -> None:
    network = draw(api.parse(SMALL), turn)
    (fc,) = (op for op in weighted(network.module) if isinstance(op, lr.LinearOp))
    store = lr.find_model(network.module).store
    assert fc.bias is not None
    x, weight, bias = network.values["flat"][0], array_of(fc.weight, store), array_of(fc.bias, store)
    for seed in range(10):
        terms = np.concatenate([weight * x, bias[:, None]], axis=1, dtype=np.float32)
        total = np.zeros(len(bias), np.float32)
        for column in np.random.default_rng(seed).permutation(terms.shape[1]):
            total += terms[:, column]
        np.testing.assert_array_equal(total, network.values["fc"][0])


@pytest.mark.parametrize("turn", [0, 1, 2])
def test_a_seen_weight_that_is_dropped_changes_what_its_layer_gives(turn: int) -> None:
    network = draw(api.parse(SMALL), turn)
    held = {"stem": "stem_act", "pruned": "act", "deep": "deep_act", "fc": "fc"}
    for op in weighted(network.module):
        seen = network.seen[op.layer.data]
        assert seen.mean() > 0
        for place in np.argwhere(seen):
            changed = with_changed(network, op, tuple(int(i) for i in place))
            assert (changed[held[op.layer.data]] != network.values[held[op.layer.data]]).any(), (op.layer.data, place)


@pytest.mark.parametrize("turn", [0, 1])
def test_a_weight_of_a_linear_layer_is_seen_if_it_meets_a_number(turn: int) -> None:
    """Behind the relu of a reset layer most numbers are zero."""
    text = "c: conv2d(x) { filters: 3, kernel: 3 }\nr: relu(c)\nf: flatten(r)\nfc: linear(f) { units: 2 }"
    source = f"model m {{\nweights random(seed: 0)\ninput x: f32[1, 2, 5, 5]\n{text}\noutput y = fc\n}}"
    network = draw(api.parse(source), turn)
    assert network.seen["fc"].any()
    np.testing.assert_array_equal(network.seen["fc"], np.tile(network.values["f"] != 0, (2, 1)))


@pytest.mark.parametrize("limit", [0.0, np.inf])
@pytest.mark.parametrize("groups", [1, 2])
def test_no_partial_sum_goes_beyond_the_reach(groups: int, limit: float) -> None:
    """However the signs of the terms cancel out in the end."""
    text = f"a: conv2d(x) {{ filters: 4, kernel: 3, pad: 1, groups: {groups} }}\noutput y = a"
    module = api.parse(f"model m {{\nweights random(seed: 0)\ninput x: f32[1, 4, 5, 6]\n{text}\n}}")
    (op,) = weighted(module)
    assert isinstance(op, lr.Conv2dOp)
    numbers = np.random.default_rng(0)
    x, weight = numbers.integers(-7, 8, (1, 4, 5, 6)).astype(np.float64), numbers.integers(-3, 4, op.weight_shape())
    weight = weight.astype(np.float32)
    largest = np.abs(sums_of(op, np.abs(x), np.abs(weight))).max((0, 2, 3))
    reach = reach_of(op, x, weight, limit)
    assert (reach >= largest).all() and (reach <= 3 * largest).all()


def with_changed(network: IntegerNetwork, op: Weighted, place: tuple[int, ...]) -> dict[str, NDArray[np.float32]]:
    """The results of the network without the weight of `op` at `place`."""
    module = network.module.clone()
    model = lr.find_model(module)
    store = lr.WeightStore.empty()
    for name in model.store:
        array = model.store[name].copy()
        if isinstance(op.weight, WeightAttr) and name == op.weight.data:
            array[place] = 0
        store.put(name, array)
    model.weights = StoreAttr(store)
    return results(module, dict(network.inputs))


def test_a_few_networks_see_every_weight() -> None:
    networks = [draw(api.parse(SMALL), turn) for turn in range(4)]
    for name, count in networks[0].weights.items():
        assert np.count_nonzero(np.any([network.seen[name] for network in networks], axis=0)) == count, name


def test_the_same_seed_gives_the_same_network() -> None:
    one, two, other = (draw(api.parse(SMALL), 0, seed) for seed in (0, 0, 1))
    assert all((two.values[name] == value).all() for name, value in one.values.items())
    assert any((other.values[name] != value).any() for name, value in one.values.items())


def test_what_rounds_is_named_and_what_reads_it_too() -> None:
    text = SMALL.replace("output y = fc", "z: softmax(fc)\n  w: linear(z) { units: 2 }\n  output y = w")
    network = draw(api.parse(text))
    assert network.inexact == dict.fromkeys(("z", "w"), "softmax rounds in 'z'")


def test_without_anything_that_makes_sums_small_they_grow_too_large() -> None:
    layers = "".join(f"  c{i + 1}: conv2d(c{i}) {{ filters: 16, kernel: 3, pad: 1 }}\n" for i in range(6))
    text = f"model deep {{\n  weights random(seed: 0)\n  input c0: f32[1, 16, 5, 5]\n{layers}  output y = c6\n}}"
    network = draw(api.parse(text))
    assert network.values.keys() >= {"c1", "c2", "c3"}
    assert set(network.inexact.values()) == {"sums grow beyond 24 bits in 'c5'"} and "c6" in network.inexact


def test_curves_are_straight_where_their_arguments_are_large() -> None:
    kinds = ("sigmoid", "tanh", "hard_sigmoid", "swish", "hard_swish")
    text = "model curves {\n  weights random(seed: 0)\n  input x: f32[1, 2, 5, 5]\n"
    for kind in kinds:
        text += f"  {kind}_conv: conv2d(x) {{ filters: 3, kernel: 3 }}\n  {kind}_act: {kind}({kind}_conv)\n"
    text += "".join(f"  output {kind}_y = {kind}_act\n" for kind in kinds) + "}"
    for turn in (0, 1):
        network = draw(api.parse(text), turn)
        assert not network.inexact
        for kind in kinds:
            before, after = network.values[f"{kind}_conv"], network.values[f"{kind}_act"]
            np.testing.assert_array_equal(activate(before, kind).astype(np.float32), after)


@pytest.mark.parametrize("kind", ["relu", "relu6", "swish", "hard_swish"])
def test_means_over_49_places_are_exact(kind: str) -> None:
    text = f"""
    model mean {{
      weights random(seed: 0)
      input x: f32[1, 3, 7, 7]
      a: conv2d(x) {{ filters: 40, kernel: 3, pad: 1, bias: false }}
      n: batch_norm(a)
      f: {kind}(n)
      mean: global_avg_pool(f)
      gate: conv2d(mean) {{ filters: 40, kernel: 1 }}
      squeezed: sigmoid(gate)
      y: mul(f, squeezed)
      output y = y
    }}"""
    for turn in range(3):
        network = draw(api.parse(text), turn)
        assert not network.inexact
        means = network.values["f"].sum((0, 2, 3), dtype=np.float64) / 49
        np.testing.assert_array_equal(means, network.values["mean"].reshape(-1))
        assert means.any() and not (means % 1).any()


def test_layers_may_share_arrays() -> None:
    names = '{ weight: "g", bias: "be", mean: "m", variance: "v" }'
    layers = ""
    for i in range(2):
        layers += f'  c{i}: conv2d(x{i}) {{ filters: 4, kernel: 3, pad: 1, weight: "w", bias: "b" }}\n'
        layers += f"  n{i}: batch_norm(c{i}) {names}\n  x{i + 1}: relu(n{i})\n"
    text = f"model twice {{\n  weights random(seed: 0)\n  input x0: f32[1, 4, 6, 6]\n{layers}  output y = x2\n}}"
    for turn in (0, 1):
        network = draw(api.parse(text), turn)
        assert sorted(lr.find_model(network.module).store.names()) == ["b", "be", "g", "m", "v", "w"]
        found = results(network.module, dict(network.inputs))
        for layer, value in network.values.items():
            np.testing.assert_allclose(found[layer], value, 1e-6, 1e-6, err_msg=layer)


def test_weights_that_a_scale_of_zero_takes_away() -> None:
    """What is left of a filter is asked once its batch norm is folded in, and so it is of the integer network."""
    module = api.parse("""
    model vanishing {
      weights random(seed: 0)
      input x: f32[1, 2, 4, 4]
      conv: conv2d(x) { filters: 3, kernel: 3, pad: 1, bias: false, sparsity: auto }
      norm: batch_norm(conv)
      last: batch_norm(norm)
      output y = last
    }""")
    conv, norm, last = (op for op in lr.find_model(module).block.ops if isinstance(op, lr.Conv2dOp | lr.BatchNormOp))
    store = lr.find_model(module).store
    for op, array in (
        (norm, np.array([1, 0, 1])),
        (last, np.array([1, 1, 1e-40])),
        (conv, np.full((3, 2, 3, 3), 1e-6)),
    ):
        op.weight = WeightAttr(store.put("weight", array.astype(np.float32)))
    folded = [draw(module).module, module.clone()]
    for each in folded:
        FuseConvBnPass().apply(Context(), each)
    ours, theirs = (array_of(op.weight, lr.find_model(each).store) for each in folded for op in weighted(each))
    np.testing.assert_array_equal(ours != 0, theirs != 0)
    assert (theirs != 0).any((1, 2, 3)).tolist() == [True, False, False]


@pytest.fixture(scope="module")
def vgg16() -> tuple[ModuleOp, IntegerNetwork]:
    module = api.load("zoo:vgg16")
    return module, draw(module)


def test_vgg16_is_exact_and_seen_in_every_layer(vgg16: tuple[ModuleOp, IntegerNetwork]) -> None:
    _, network = vgg16
    assert not network.inexact and len(network.seen) == 16
    for name, seen in network.seen.items():
        assert np.count_nonzero(seen) > 0.97 * network.weights[name], name


@pytest.mark.parametrize("mistake", ["a dropped tap", "two swapped channels", "a bias 0.1% off"])
def test_a_mistake_in_any_layer_of_vgg16_is_seen(vgg16: tuple[ModuleOp, IntegerNetwork], mistake: str) -> None:
    _, network = vgg16
    model, numbers = lr.find_model(network.module), np.random.default_rng(0)
    tensors: dict[SSAValue, NDArray[np.float32]] = dict(zip(model.block.args, network.inputs.values(), strict=True))
    tensors |= {op.output: network.values[op.layer.data] for op in model.block.ops if isinstance(op, lr.LayerOp)}
    for op in weighted(network.module):
        assert op.bias is not None
        has_relu = op.layer.data != "fc8"
        weight, bias = array_of(op.weight, model.store), array_of(op.bias, model.store)
        row = int(numbers.integers(len(weight)))
        x, wrong, offset = float64(tensors[op.input]), weight[row : row + 1].copy(), float(bias[row])
        right = sums_of(op, x, wrong)[0, 0] + offset
        match mistake:
            case "a dropped tap":
                wrong[0, *numbers.choice(np.argwhere(network.seen[op.layer.data][row]))] = 0
            case "two swapped channels":
                kernels = wrong[0].reshape(wrong.shape[1], -1)
                first = int(numbers.choice(np.flatnonzero(kernels.any(1))))
                second = int(numbers.choice(np.flatnonzero((kernels != kernels[first]).any(1))))
                wrong[0, [first, second]] = wrong[0, [second, first]]
            case _:
                offset = float(np.float32(offset * 1.001))
        found = sums_of(op, x, wrong)[0, 0] + offset
        if has_relu:
            right, found = np.maximum(right, 0), np.maximum(found, 0)
        user = next(iter(op.output.uses)).operation
        held = network.values[user.layer.data if has_relu and isinstance(user, lr.LayerOp) else op.layer.data]
        np.testing.assert_array_equal(right.astype(np.float32), held[0, row])
        assert (found.astype(np.float32) != held[0, row]).any(), f"{mistake} of filter {row} of {op.layer.data}"


def test_what_is_added_to_each_channel_is_seen() -> None:
    text = """
    model broadcast {
      weights random(seed: 0)
      input x: f32[1, 3, 4, 1]
      mean: global_avg_pool(x)
      conv: conv2d(mean) { filters: 3, kernel: 1, bias: false }
      sum: add(conv, x)
      output y = sum
    }"""
    network = draw(lrc.parse(text), 0, 0)
    assert network.seen["conv"].any()


@pytest.mark.parametrize("seed", range(20))
def test_shifts_of_batch_norms_do_not_vanish(seed: int) -> None:
    """bias - mean * scale is computed with a scale that is a little off: where it is nothing, that would be left."""
    text = """
    model norms {
      weights random(seed: 0)
      input x: f32[1, 4, 3, 3]
      a: batch_norm(x)
      b: batch_norm(a)
      output y = b
    }"""
    network = draw(lrc.parse(text), seed % 2, seed)
    norms = [op for op in network.module.walk() if isinstance(op, lr.BatchNormOp)]
    for norm in norms:
        arrays = (array_of(each, lr.find_model(network.module).store) for _, each, _ in norm.weight_specs())
        scale, beta, mean, variance = map(float64, arrays)
        _, shift = normalization(scale, beta, mean, variance, norm.epsilon.value.data)
        assert (np.abs(shift) > 1e-3).all(), norm.layer.data
