"""Emitted code runs integer networks bit for bit, and a mistake in any of its layers or in a pass shows."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from xdsl.dialects.builtin import ModuleOp

from lrc import api
from lrc.compilation import compiler
from lrc.execution import toolchain
from lrc.passes.graph import fuse_conv_bn
from lrc.verification.exact import EmittedCode, verify

Arrays = dict[str, NDArray[Any]]

NETWORK = """
model small {
  weights random(seed: 1)
  input x: f32[1, 3, 13, 11]
  patterns p = ["110/110/000", "011/011/000", "000/110/110", "000/011/011"]

  stem: conv2d(x) { filters: 12, kernel: 3, pad: 1 }
  stem_act: relu(stem)

  pruned: conv2d(stem_act) { filters: 12, kernel: 3, pad: 1, bias: false, sparsity: pattern(p, keep: 1/2) }
  pruned_bn: batch_norm(pruned)
  pruned_sum: add(pruned_bn, stem_act)
  pruned_act: relu(pruned_sum)

  pool: max_pool(pruned_act) { kernel: 3, stride: 2, pad: 1 }
  deep: conv2d(pool) { filters: 12, kernel: 3, pad: 1, groups: 12, bias: false }
  deep_bn: batch_norm(deep)
  deep_act: relu6(deep_bn)

  wide: conv2d(deep_act) { filters: 20, kernel: 1, sparsity: connectivity(keep: 1/2) }
  wide_act: hard_swish(wide)
  down: conv2d(wide_act) { filters: 8, kernel: 3, stride: 2, pad: 1, bias: false }
  down_bn: batch_norm(down)
  up: upsample(down_bn) { scale: 2 }
  flatter: avg_pool(up) { kernel: 2 }
  both: concat(flatter, down_bn)

  flat: flatten(both)
  fc1: linear(flat) { units: 10 }
  fc1_act: relu(fc1)
  fc2: linear(fc1_act) { units: 5 }
  probability: softmax(fc2)

  output features = both
  output scores = fc2
  output y = probability
}
"""

WEIGHTED = ("stem", "pruned", "deep", "wide", "down", "fc1", "fc2")


class TamperedCode(EmittedCode):
    """Emitted code that reads other arrays than those that were packed for it."""

    def tamper(self, arrays: Arrays) -> None:
        """Change some of the arrays."""

    def pack(self, source: ModuleOp) -> tuple[ModuleOp, Mapping[str, NDArray[Any]]]:
        graph, arrays = super().pack(source)
        changed = {name: array.copy() for name, array in arrays.items()}
        self.tamper(changed)
        return graph, changed


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> TamperedCode:
    folder = tmp_path_factory.mktemp("exact") / "small"
    compilation = compiler.lower(api.parse(NETWORK), "host")
    compiler.write(compilation, folder)
    toolchain.build(folder)
    return TamperedCode(compilation, folder)


def test_right_code_agrees_in_every_bit(code: TamperedCode) -> None:
    report = verify(code.compilation.source, code)
    assert report.passed and not report.unseen
    assert [layer.name for layer in report.inexact] == ["probability"]
    assert [(output.name, output.turns) for output in report.outputs] == [
        ("features", report.turns),
        ("scores", report.turns),
        ("y", 0),
    ]
    assert {layer.name for layer in report.layers if layer.weights} == set(WEIGHTED)
    assert all(layer.seen == layer.weights for layer in report.layers)


def drop_a_tap(arrays: Arrays, layer: str, numbers: np.random.Generator) -> None:
    (weight,) = (array for name, array in arrays.items() if name.startswith(f"{layer}.") and name.endswith(".weight"))
    weight[tuple(numbers.choice(np.argwhere(weight)))] = 0


def swap_channels(arrays: Arrays, layer: str, numbers: np.random.Generator) -> None:
    if (weight := arrays.get(f"{layer}.packed.weight")) is not None:
        kernels, row = weight.swapaxes(0, 1), np.zeros(weight.shape[1])
    else:
        kernels, offset = arrays[f"{layer}.fkw.weight"], arrays[f"{layer}.fkw.offset"]
        row = np.searchsorted(offset, np.arange(len(kernels)), side="right")
        row = row if (np.diff(offset) > 1).any() else np.zeros_like(row)  # a depthwise filter has but one
    first = int(numbers.integers(len(kernels)))
    flat = kernels.reshape(len(kernels), -1)
    second = int(numbers.choice(np.flatnonzero((flat != flat[first]).any(1) & (row == row[first]))))
    kernels[[first, second]] = kernels[[second, first]]


def change_a_bias(arrays: Arrays, layer: str, numbers: np.random.Generator) -> None:
    (bias,) = (array for name, array in arrays.items() if name.startswith(f"{layer}.") and name.endswith(".bias"))
    bias[numbers.choice(np.flatnonzero(bias))] *= np.float32(1.001)


@pytest.mark.parametrize("mistake", [drop_a_tap, swap_channels, change_a_bias])
@pytest.mark.parametrize("layer", WEIGHTED)
def test_a_mistake_in_any_layer_is_found(
    code: TamperedCode,
    monkeypatch: pytest.MonkeyPatch,
    layer: str,
    mistake: Callable[[Arrays, str, np.random.Generator], None],
) -> None:
    def tamper(arrays: Arrays) -> None:
        mistake(arrays, layer, np.random.default_rng(1))  # the same one in every network

    monkeypatch.setattr(code, "tamper", tamper)
    report = verify(code.compilation.source, code)
    assert not report.passed
    assert next(each.name for each in report.layers if not each.passed) == layer


def test_a_wrong_fold_is_found(code: TamperedCode, monkeypatch: pytest.MonkeyPatch) -> None:
    fold = fuse_conv_bn.fold

    def wrong(weight: Any, bias: Any, scale: Any, shift: Any) -> Any:
        return fold(weight, bias, scale, -shift)

    monkeypatch.setattr(fuse_conv_bn, "fold", wrong)
    report = verify(code.compilation.source, code)
    assert next(each.name for each in report.layers if not each.passed) == "pruned"


def test_the_command_says_what_is_exact_and_what_is_not(tmp_path: Path) -> None:
    (tmp_path / "small.lr").write_text(NETWORK)
    done = subprocess.run(
        [sys.executable, "-m", "lrc", "verify", "small.lr", "--exact", "--target", "c", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    exact = json.loads(done.stdout)["exact"]
    assert exact["passed"] and exact["turns"] >= 2
    assert [layer["name"] for layer in exact["layers"] if not layer["turns"]] == ["probability"]
