"""The trained network of the zoo: its weights keep what `digits.lr` declares, and the figures that are shipped hold."""

import json
import platform
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.numpy import load
from torch import Tensor
from torch.nn import functional as F

from lrc import frontend
from lrc.dialects import lr
from lrc.dialects.values.patterns import PatternSet, Sparsity
from lrc.dialects.values.pruning import find_violation
from lrc.interpreters.graph import run

ROOT = Path(__file__).parents[2]
ZOO = ROOT / "lrc" / "zoo"
SCRIPT = ROOT / "examples" / "train_digits.py"
ONE_EPOCH = "92d42971b37d1970cd5e81b2e5e56d450d2bc4b148b67c8861c596ce82dd35ba"
"""SHA-256 of the weights after an epoch of each phase, on any x86 processor."""

PATTERNS = PatternSet.parse(
    '["110/110/000", "011/011/000", "000/110/110", "000/011/011",'
    ' "010/111/000", "000/111/010", "010/110/010", "010/011/010"]'
)
SPARSITY = Sparsity("pattern", PATTERNS, keep=1 / 3.6, budget="filter")
PRUNED = ("widen.conv.weight", "refine.conv.weight", "deepen.conv.weight")


@pytest.fixture(scope="module")
def weights() -> dict[str, NDArray[np.float32]]:
    return load((ZOO / "digits.safetensors").read_bytes())


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    return json.loads((ZOO / "digits.json").read_text())


def classify(weights: dict[str, NDArray[np.float32]], images: NDArray[np.float32]) -> NDArray[np.int64]:
    """The class of each picture, by torch's functions alone."""
    tensors = {name: torch.tensor(array) for name, array in weights.items()}

    def unit(x: Tensor, name: str, residual: bool = False) -> Tensor:
        y = F.conv2d(x, tensors[f"{name}.conv.weight"], padding=1)
        mean, variance = tensors[f"{name}.bn.running_mean"], tensors[f"{name}.bn.running_var"]
        y = F.batch_norm(y, mean, variance, tensors[f"{name}.bn.weight"], tensors[f"{name}.bn.bias"])
        return F.relu(y + x if residual else y)

    x = unit(unit(unit(torch.tensor(images), "stem"), "widen"), "refine", residual=True)
    x = F.max_pool2d(unit(F.max_pool2d(x, 2), "deepen"), 2)
    return F.linear(x.flatten(1), tensors["fc.weight"], tensors["fc.bias"]).argmax(1).numpy()


@pytest.fixture(scope="module")
def held_out() -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    with np.load(ZOO / "digits-test.npz") as arrays:
        return arrays["images"], arrays["labels"]


def test_weights_are_small() -> None:
    assert (ZOO / "digits.safetensors").stat().st_size <= 200_000


@pytest.mark.parametrize("name", PRUNED)
def test_weights_obey_the_sparsity(weights: dict[str, NDArray[np.float32]], name: str) -> None:
    assert find_violation(weights[name], SPARSITY) is None


def test_every_filter_lives(weights: dict[str, NDArray[np.float32]]) -> None:
    for name in PRUNED:
        assert weights[name].any((1, 2, 3)).all()


def test_convolutions_after_the_first_are_pruned_fourfold(
    weights: dict[str, NDArray[np.float32]], figures: dict[str, Any]
) -> None:
    total = sum(weights[name].size for name in PRUNED)
    kept = sum(int(np.count_nonzero(weights[name])) for name in PRUNED)
    assert figures["convolutions_after_the_first"] == {"weights": total, "kept": kept, "rate": total / kept}
    assert total / kept >= 4


def test_accuracy_is_as_shipped(
    weights: dict[str, NDArray[np.float32]],
    figures: dict[str, Any],
    held_out: tuple[NDArray[np.float32], NDArray[np.uint8]],
) -> None:
    images, labels = held_out
    assert images.dtype == np.float32 and images.shape == (len(labels), 1, 8, 8)
    assert (images.min(), images.max()) == (0, 1)
    correct = int((classify(weights, images) == labels).sum())
    assert (figures["images"], figures["correct"]["pruned"]) == (len(labels), correct)
    assert figures["accuracy"]["pruned"] == correct / len(labels)


def test_pruning_costs_less_than_a_point(figures: dict[str, Any]) -> None:
    dense, pruned = figures["accuracy"]["dense"], figures["accuracy"]["pruned"]
    assert dense >= 0.985
    assert dense - pruned <= 0.01


def test_the_file_declares_the_sparsity_trained_for() -> None:
    convolutions = [op for op in frontend.load(ZOO / "digits.lr").walk() if isinstance(op, lr.Conv2dOp)]
    declared = {f"{op.layer.data}.weight": op.sparsity.data for op in convolutions if op.sparsity is not None}
    assert declared == dict.fromkeys(PRUNED, SPARSITY)


def test_the_file_means_the_network_trained(
    weights: dict[str, NDArray[np.float32]], held_out: tuple[NDArray[np.float32], NDArray[np.uint8]]
) -> None:
    module, images = frontend.load(ZOO / "digits.lr"), held_out[0][:40]
    probabilities = np.concatenate([run(module, [image[np.newaxis]])[0] for image in images])
    assert probabilities.sum(1) == pytest.approx(1)
    assert np.array_equal(probabilities.argmax(1), classify(weights, images))


@pytest.mark.skipif(platform.machine() != "x86_64", reason="torch sums in another order on other processors")
def test_training_repeats_to_the_same_weights(tmp_path: Path) -> None:
    """An epoch of each phase; tests/soak/test_training.py trains the network that is shipped."""
    # A process of its own: the script chooses torch's kernels before torch is loaded.
    subprocess.run([sys.executable, SCRIPT, "--epochs", "1", "--output", tmp_path], check=True, capture_output=True)
    assert sha256((tmp_path / "digits.safetensors").read_bytes()).hexdigest() == ONE_EPOCH
    assert (tmp_path / "digits-test.npz").read_bytes() == (ZOO / "digits-test.npz").read_bytes()
