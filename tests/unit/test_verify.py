"""Verification lets right code pass, and names the layer, the place and the pass of what is wrong."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Region
from xdsl.passes import ModulePass

from lrc.dialects import lr
from lrc.dialects.lr.base import tensor
from lrc.dialects.values.shapes import Window
from lrc.interpreters import run, walk
from lrc.passes.graph.fuse_activation import FuseActivationPass
from lrc.passes.graph.fuse_conv_bn import FuseConvBnPass
from lrc.verification import verify
from lrc.verification.comparison import compare
from lrc.verification.verify import Tensors


@pytest.fixture
def network() -> ModuleOp:
    """conv -> batch norm -> relu -> pool -> flatten -> linear -> softmax."""
    block = Block(arg_types=[tensor((1, 3, 8, 8))])
    window = Window((3, 3), pads=(1, 1, 1, 1))
    conv = lr.Conv2dOp("conv", block.args[0], filters=4, weight="conv.weight", bias="conv.bias", window=window)
    bn = lr.BatchNormOp("bn", conv.output, weight="bn.w", bias="bn.b", mean="bn.mean", variance="bn.var")
    act = lr.ActivationOp("act", bn.output, "relu")
    pool = lr.MaxPoolOp("pool", act.output, Window((2, 2), (2, 2)))
    flat = lr.FlattenOp("flat", pool.output)
    fc = lr.LinearOp("fc", flat.output, units=5, weight="fc.weight", bias="fc.bias")
    y = lr.SoftmaxOp("y", fc.output)
    block.add_ops([conv, bn, act, pool, flat, fc, y, lr.OutputOp([y.output], ["y"])])
    model = lr.ModelOp("tiny", Region(block), input_names=["x"], weights=lr.WeightStore.random(0))
    model.announce_weights()
    module = ModuleOp([model])
    module.verify()
    return module


@dataclass
class Float32Program:
    """A program whose layers are right to the last float32 place, unless `tamper` makes something else of them."""

    module: ModuleOp
    tamper: Callable[[str, np.ndarray], np.ndarray] = lambda layer, array: array
    unseen: str = ""

    def dump(self, inputs: Tensors) -> tuple[Tensors, Tensors]:
        found: dict[str, np.ndarray] = {}
        for evaluation in walk(self.module, list(inputs.values()), found.get):
            found[evaluation.layer] = self.tamper(evaluation.layer, evaluation.result.astype(np.float32))
        outputs = {"y": self.tamper("output y", found["y"])}
        return outputs, {name: array for name, array in found.items() if name != self.unseen}


def test_right_code_passes(network: ModuleOp) -> None:
    report = verify.verify(network, network, Float32Program(network), verify.random_inputs(network))
    assert report.passed
    assert [layer.layer for layer in report.layers] == ["conv", "bn", "act", "pool", "flat", "fc", "y"]
    assert report.worst is not None and 0 < report.worst.ratio < 1
    (output,) = report.outputs
    assert output.same_class and output.relative < 1e-5
    assert json.loads(json.dumps(report.to_json(), allow_nan=False))["passed"]


@pytest.mark.parametrize("layer", ["conv", "bn", "act", "pool", "fc", "y"])
def test_one_wrong_element_is_found(network: ModuleOp, layer: str) -> None:
    def tamper(name: str, array: np.ndarray) -> np.ndarray:
        if name == layer:
            array = array.copy()
            array[(0, 2, 1, 3)[: array.ndim]] += np.float32(1e-3)
        return array

    report = verify.verify(network, network, Float32Program(network, tamper), verify.random_inputs(network))
    (failed,) = (each for each in report.layers if not each.passed)
    assert (failed.layer, failed.place) == (layer, (0, 2, 1, 3)[: len(failed.place)])
    assert not report.passed


@pytest.mark.parametrize(("share", "passes"), [(0.0, True), (0.99, True), (1.01, False), (1.9, False)])
def test_the_worst_place_decides(network: ModuleOp, share: float, passes: bool) -> None:
    """Everything is half a bound off, one place by that share of it more or less than all of it."""
    evaluation = next(walk(network, list(verify.random_inputs(network).values())))
    bound = np.full_like(evaluation.result, 1e-3)
    found = evaluation.result - bound / 2 * (share > 0)
    found[0, 1, 2, 3] = evaluation.result[0, 1, 2, 3] + share * 1e-3
    report = compare(evaluation, found, bound)
    assert report.passed is passes
    assert report.ratio == pytest.approx(share)
    assert share == 0 or report.place == (0, 1, 2, 3)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_not_finite_fails(network: ModuleOp, wrong: float) -> None:
    def tamper(name: str, array: np.ndarray) -> np.ndarray:
        return np.full_like(array, wrong) if name == "y" else array

    report = verify.verify(network, network, Float32Program(network, tamper), verify.random_inputs(network))
    assert not report.passed
    assert [layer.layer for layer in report.layers if not layer.passed] == ["y"]
    json.dumps(report.to_json(), allow_nan=False)


def test_what_is_too_large_for_float32_is_said_to_be(network: ModuleOp) -> None:
    inputs = {name: array * np.float32(1e38) for name, array in verify.random_inputs(network).items()}
    with np.errstate(over="ignore", invalid="ignore"):
        report = verify.verify(network, network, Float32Program(network), inputs)
    layer = next(layer for layer in report.layers if not layer.passed)
    assert layer.overflow is not None
    assert abs(layer.overflow) > 3.4e38
    assert layer.problem.endswith(f"at {list(layer.place)} overflows float32, which ends at 3.4e+38")


def one_place_off(array: np.ndarray) -> np.ndarray:
    return np.nextafter(array, np.float32(1))


@pytest.mark.parametrize("wrong", [one_place_off, np.fliplr])
def test_an_output_is_the_tensor_that_it_names(network: ModuleOp, wrong: Callable[[np.ndarray], np.ndarray]) -> None:
    """Every layer is right, and what comes out is not."""

    def tamper(name: str, array: np.ndarray) -> np.ndarray:
        return wrong(array) if name == "output y" else array

    report = verify.verify(network, network, Float32Program(network, tamper), verify.random_inputs(network))
    assert all(layer.passed for layer in report.layers)
    assert [output.copied for output in report.outputs] == [False]
    assert not report.passed


def test_the_source_is_part_of_the_verdict(network: ModuleOp) -> None:
    """The emitted code does what the graph says, and the graph does not say what was written."""
    graph = network.clone()
    for each in (FuseConvBnPass(), ForgetBiasPass()):
        each.apply(Context(), graph)
    report = verify.verify(network, graph, Float32Program(graph), verify.random_inputs(network))
    assert all(layer.passed for layer in report.layers)
    assert [layer.layer for layer in report.graph.layers if not layer.passed] == ["fc"]
    assert not report.passed
    shown = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert (shown["passed"], shown["graph"]["passed"]) == (False, False)


def test_a_layer_without_a_tensor_is_passed_through(network: ModuleOp) -> None:
    program = Float32Program(network, unseen="flat")
    report = verify.verify(network, network, program, verify.random_inputs(network))
    assert report.passed and report.unseen == ("flat",)


def test_fused_layers_are_measured_as_what_they_are(network: ModuleOp) -> None:
    fused = network.clone()
    for each in (FuseConvBnPass(), FuseActivationPass()):
        each.apply(Context(), fused)
    report = verify.verify(network, fused, Float32Program(fused), verify.random_inputs(network))
    assert report.passed
    assert [layer.layer for layer in report.layers] == ["conv", "pool", "flat", "fc", "y"]
    assert report.outputs[0].relative < 1e-5


@dataclass(frozen=True)
class ForgetBiasPass(ModulePass):
    """linear(x) -> linear(x) without its bias: wrong."""

    name = "forget-bias"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for linear in op.walk():
            if isinstance(linear, lr.LinearOp):
                linear.bias = None


@dataclass(frozen=True)
class ForgetActivationPass(ModulePass):
    """relu(x) -> x: wrong."""

    name = "forget-activation"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for conv in op.walk():
            if isinstance(conv, lr.Conv2dOp):
                conv.activation = None


@pytest.mark.parametrize(("wrong", "layer"), [(ForgetBiasPass(), "fc"), (ForgetActivationPass(), "conv")])
def test_bisect_names_the_pass_and_the_layer(network: ModuleOp, wrong: ModulePass, layer: str) -> None:
    inputs = verify.random_inputs(network)
    right = [FuseConvBnPass(), FuseActivationPass()]
    assert verify.bisect(network, right, Context(), inputs) is None
    blame = verify.bisect(network, [*right, wrong], Context(), inputs)
    assert blame is not None and blame.pass_name == wrong.name
    assert blame.layer is not None and blame.layer.layer == layer
    assert blame.what == f"layer '{layer}' gives something else"


def test_seeds_draw_other_inputs(network: ModuleOp) -> None:
    one, again, other = (verify.random_inputs(network, seed)["x"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_inputs_have_the_models_shape(network: ModuleOp) -> None:
    for shape in ((1, 8, 3, 8), (1, 3, 8, 7), (3, 8, 8), (1, 192)):
        with pytest.raises(ValueError, match=r"input 'x' has shape .*, expected \[1, 3, 8, 8\]"):
            run(network, [np.zeros(shape)])


def test_places_are_judged_by_their_own_bound(network: ModuleOp) -> None:
    """A small error where nothing is allowed weighs more than a larger one where much is."""
    evaluation = next(walk(network, list(verify.random_inputs(network).values())))
    bound, found = np.full_like(evaluation.result, 1e-3), evaluation.result.copy()
    bound[0, 1, 2, 3], bound[0, 3, 4, 5] = 1e-6, 1
    found[0, 1, 2, 3] += 2e-6
    found[0, 3, 4, 5] += 0.1
    report = compare(evaluation, found, bound)
    assert (report.passed, report.place) == (False, (0, 1, 2, 3))


@pytest.mark.parametrize("place", [(0, 0), (0, 4)])
def test_every_number_of_an_output_is_a_copy(network: ModuleOp, place: tuple[int, int]) -> None:
    def tamper(name: str, array: np.ndarray) -> np.ndarray:
        array = array.copy()
        if name == "output y":
            array[place] = np.nextafter(array[place], np.float32(1))
        return array

    report = verify.verify(network, network, Float32Program(network, tamper), verify.random_inputs(network))
    assert [output.copied for output in report.outputs] == [False]


def test_inputs_go_by_name(network: ModuleOp) -> None:
    with pytest.raises(ValueError, match="the model takes x; given: z"):
        verify.verify(network, network, Float32Program(network), {"z": np.zeros((1, 3, 8, 8), np.float32)})
