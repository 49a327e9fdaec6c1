"""Exact verification lets right code pass, and finds what passes and code do wrong; here code is an interpreter."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, ModuleOp
from xdsl.passes import ModulePass

from lrc import api
from lrc.cli.exactness import print_exact
from lrc.dialects import lr
from lrc.dialects.lr.attrs import ints
from lrc.interpreters import run, walk
from lrc.passes.graph.fuse_activation import FuseActivationPass
from lrc.passes.graph.fuse_conv_bn import FuseConvBnPass
from lrc.passes.graph.fuse_residual import FuseResidualPass
from lrc.verification import exact
from lrc.verification.integers import IntegerNetwork

PASSES = (FuseConvBnPass(), FuseActivationPass(), FuseResidualPass())

NETWORK = """
model two {
  weights random(seed: 0)
  input x: f32[1, 3, 8, 8]
  a: conv2d(x) { filters: 4, kernel: 3, pad: 1, bias: false }
  a_norm: batch_norm(a)
  b: conv2d(x) { filters: 4, kernel: 3, pad: 1 }
  b_act: relu(b)
  sum: add(a_norm, b_act)
  out: relu(sum)
  flat: flatten(out)
  fc: linear(flat) { units: 4 }
  other: linear(flat) { units: 4 }
  soft: softmax(fc)
  output one = fc
  output two = other
  output y = soft
}
"""


@dataclass
class Interpreted:
    """Graph passes, and the interpreter in place of the code for what they make."""

    passes: tuple[ModulePass, ...] = PASSES
    tamper: Callable[[str, np.ndarray], np.ndarray] = lambda layer, array: array

    def __call__(self, network: IntegerNetwork) -> exact.Ran:
        graph, inputs = network.module.clone(), list(network.inputs.values())
        for each in self.passes:
            each.apply(Context(), graph)
        layers = {each.layer: self.tamper(each.layer, each.result.astype(np.float32)) for each in walk(graph, inputs)}
        names = lr.find_model(graph).block.last_op
        assert isinstance(names, lr.OutputOp)
        outputs = zip((name.data for name in names.names), run(graph, inputs), strict=True)
        return exact.Ran(graph, {name: value.astype(np.float32) for name, value in outputs}, layers)


def test_right_code_passes() -> None:
    report = exact.verify(api.parse(NETWORK), Interpreted())
    assert report.passed and not report.unseen
    assert [layer.name for layer in report.layers] == ["b", "a", "flat", "fc", "other", "soft"]
    assert [layer.name for layer in report.inexact] == ["soft"]
    assert {layer.name: layer.seen for layer in report.layers if layer.weights} == {
        "a": 108,
        "b": 108,
        "fc": 1024,
        "other": 1024,
    }
    assert json.loads(json.dumps(report.to_json(), allow_nan=False))["passed"]


def test_a_fused_layer_holds_the_last_of_what_was_fused() -> None:
    source = api.parse(NETWORK)
    graph = source.clone()
    for each in PASSES:
        each.apply(Context(), graph)
    held = {name: layer for name, (_, layer) in exact.layers_held(source, graph).items()}
    assert held == {"a": "out", "b": "b_act", "flat": "flat", "fc": "fc", "other": "other", "soft": "soft"}


def test_without_passes_layers_hold_themselves() -> None:
    source = api.parse(NETWORK)
    assert all(name == layer for name, (_, layer) in exact.layers_held(source, source.clone()).items())


@pytest.mark.parametrize("turned", [False, True])
def test_one_wrong_number_is_found(turned: bool) -> None:
    def tamper(name: str, array: np.ndarray) -> np.ndarray:
        if name == "a":
            array[0, 2, 1, 3] = np.nan if turned else np.nextafter(array[0, 2, 1, 3], np.float32(np.inf))
        return array

    report = exact.verify(api.parse(NETWORK), Interpreted(tamper=tamper))
    (wrong,) = (layer for layer in report.layers if not layer.passed)
    assert wrong.name == "a" and wrong.difference is not None
    assert (wrong.difference.count, wrong.difference.place, wrong.difference.turn) == (1, (0, 2, 1, 3), 0)
    assert report.turns == 1  # wrong is wrong
    assert not json.loads(json.dumps(report.to_json(), allow_nan=False))["passed"]


def test_zeros_of_either_sign_are_the_same() -> None:
    zeros = np.zeros((1, 2, 2, 2), np.float32)
    assert exact.difference(0, -zeros, zeros) is None


def test_the_report_names_place_and_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    def tamper(name: str, array: np.ndarray) -> np.ndarray:
        if name == "fc":
            array[0, 3] += 1
        return array

    print_exact(exact.verify(api.parse(NETWORK), Interpreted(tamper=tamper)), "host")
    printed = capsys.readouterr().out
    assert re.search(r"fc: 1 number is wrong; the one at \[0, 3\] gives -?\d+ instead of -?\d+\n", printed)
    assert "soft is not exact, as softmax rounds in 'soft': only its bound speaks for it\n" in printed
    assert printed.endswith("host, 1 integer network: 1 of 6 layers are wrong\n")


@dataclass(frozen=True)
class WrongPass(ModulePass):
    """A pass that does something to each operation of one kind."""

    name = "wrong"

    kind: type = lr.LayerOp
    change: Callable[..., None] = print

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for each in op.walk():
            if isinstance(each, self.kind):
                self.change(each)


def forget_bias(op: lr.LinearOp) -> None:
    op.bias = None


def forget_activation(op: lr.Conv2dOp) -> None:
    op.activation = None


def swap_outputs(op: lr.OutputOp) -> None:
    op.names = ArrayAttr([op.names.data[1], op.names.data[0], op.names.data[2]])


def move_pads(op: lr.Conv2dOp) -> None:
    if op.layer.data == "a":
        op.properties["pads"] = ints([0, 0, 2, 2])


@pytest.mark.parametrize(
    ("wrong", "names"),
    [
        (WrongPass(lr.LinearOp, forget_bias), ["fc", "other"]),
        (WrongPass(lr.Conv2dOp, forget_activation), ["a"]),
        (WrongPass(lr.OutputOp, swap_outputs), ["one", "two"]),
        (WrongPass(lr.Conv2dOp, move_pads), ["a"]),
    ],
)
def test_a_wrong_pass_is_found(wrong: ModulePass, names: list[str]) -> None:
    """`b` is bare in the first network: its relu changes nothing there."""
    report = exact.verify(api.parse(NETWORK), Interpreted((*PASSES, wrong)))
    found = [each.name for each in (*report.layers, *report.outputs) if not each.passed]
    assert set(names) <= set(found), found
