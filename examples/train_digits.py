"""Trains and prunes `digits`, the network of the zoo that has real weights and real input.

    python examples/train_digits.py [--output lrc/zoo]          less than a minute on one core

The data are scikit-learn's handwritten digits (1797 grey pictures of 8x8, E. Alpaydin and C. Kaynak, UCI
Machine Learning Repository); a quarter is held out, stratified by class, and never trained on.

1. *Dense training*: AdamW through one cycle of the learning rate, on pictures shifted at random by up to half a
   pixel.  Its accuracy is the figure that pruning is held against.
2. *Pattern and connectivity pruning by projection.*  The convolutions after the first must end up in the set S of
   weights that `SPARSITY` allows: each 3x3 kernel keeps the four weights of one of eight patterns, and each filter
   keeps its strongest kernels.  S is not convex, but projecting onto it is easy (keep what has most energy), so
   ADMM alternates an epoch on `loss + rho/2 |W - Z + U|^2` with `Z = project(W + U)` and `U += W - Z`, which pulls
   W towards S, harder as rho grows, while the loss still decides which weights survive.  See
   T. Zhang et al., "A Systematic DNN Weight Pruning Framework using Alternating Direction Method of Multipliers",
   ECCV 2018, and W. Niu et al., "PatDNN: Achieving Real-Time DNN Execution on Mobile Devices with Pattern-based
   Weight Pruning", ASPLOS 2020, whose two kinds of sparsity these are.
3. *Masked retraining*: W is projected once more, the zeros are fixed, and the rest is trained on.

What is written:

- `digits.safetensors`: the pruned weights under torch's names, batch normalisation not yet folded, zeros included;
- `digits-test.npz`: the held-out pictures, `images` float32 [N, 1, 8, 8] in 0..1, and `labels` uint8 [N];
- `digits.json`: accuracy before and after, and what was pruned away.

It repeats byte for byte, on any x86 processor: one thread, fixed seeds, torch's deterministic algorithms, and of
torch's and MKL's kernels those that do not depend on what the processor offers.
"""

# pyright: reportUnknownMemberType=false
# torch leaves parameters of `backward`, `step`, `from_numpy` and others without types.

import os

# Before torch loads: the same sums in the same order on every x86 processor.
os.environ["ATEN_CPU_CAPABILITY"] = "default"
os.environ["MKL_CBWR"] = "COMPATIBLE"
os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import json
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, cast
from zipfile import ZipFile, ZipInfo

import numpy as np
import safetensors.numpy
import torch
from numpy.typing import NDArray
from sklearn.datasets import load_digits  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]
from sklearn.model_selection import train_test_split  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]
from torch import Tensor, nn
from torch.nn import functional as F

from lrc.dialects.values.patterns import PatternSet, Sparsity
from lrc.dialects.values.pruning import project

SEED = 0
HELD_OUT = 0.25
BATCH = 64
SHIFT = 0.5
DENSE_EPOCHS, ADMM_EPOCHS, RETRAIN_EPOCHS = 20, 10, 20
DENSE_RATE, ADMM_RATE, RETRAIN_RATE = 5e-3, 2e-3, 3e-3
FIRST_RHO, LAST_RHO = 0.01, 1.0
PATTERNS = PatternSet.parse(
    '["110/110/000", "011/011/000", "000/110/110", "000/011/011",'
    ' "010/111/000", "000/111/010", "010/110/010", "010/011/010"]'
)
SPARSITY = Sparsity("pattern", PATTERNS, keep=1 / 3.6, budget="filter")


class Unit(nn.Module):
    """conv - batch_norm - relu, as the block of that name in `digits.lr`; `residual` adds the input before relu."""

    def __init__(self, channels: int, filters: int, residual: bool = False) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, filters, kernel_size=3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(filters)
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn(self.conv(x))
        return F.relu(y + x if self.residual else y)


class Digits(nn.Module):
    """The network of `digits.lr`, with its names; gives logits [N, 10] for pictures [N, 1, 8, 8]."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = Unit(1, 16)
        self.widen = Unit(16, 32)
        self.refine = Unit(32, 32, residual=True)
        self.deepen = Unit(32, 64)
        self.fc = nn.Linear(256, 10)

    @property
    def pruned(self) -> dict[str, Tensor]:
        """The weights of the convolutions after the first, by name."""
        units = {"widen": self.widen, "refine": self.refine, "deepen": self.deepen}
        return {f"{name}.conv.weight": unit.conv.weight for name, unit in units.items()}

    def forward(self, x: Tensor) -> Tensor:
        x = self.refine(self.widen(self.stem(x)))
        x = self.deepen(F.max_pool2d(x, 2))
        return self.fc(torch.flatten(F.max_pool2d(x, 2), 1))


@dataclass(frozen=True)
class Pictures:
    """`images` float32 [N, 1, 8, 8] in 0..1 and `labels` int64 [N]."""

    images: Tensor
    labels: Tensor


def load_pictures() -> tuple[Pictures, Pictures]:
    """The pictures to train on, and those held out: the same share of each class."""
    images, labels = cast(tuple[NDArray[np.float64], NDArray[np.int64]], load_digits(return_X_y=True))
    images = (images / 16).astype(np.float32).reshape(-1, 1, 8, 8)
    split = cast(
        list[NDArray[np.int64]],
        train_test_split(np.arange(len(labels)), test_size=HELD_OUT, random_state=SEED, stratify=labels),
    )
    train, held_out = (np.sort(places) for places in split)
    return (
        Pictures(torch.from_numpy(images[train]), torch.from_numpy(labels[train])),
        Pictures(torch.from_numpy(images[held_out]), torch.from_numpy(labels[held_out])),
    )


def shift(images: Tensor) -> Tensor:
    """Every picture moved by its own random part of a pixel, since people do not write on a grid."""
    moves = torch.eye(2, 3).repeat(len(images), 1, 1)
    moves[:, :, 2] = (2 * torch.rand(len(images), 2) - 1) * SHIFT / 4  # the picture spans -1..1: a pixel is a quarter
    grid = F.affine_grid(moves, list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


def count_correct(network: Digits, pictures: Pictures) -> int:
    """How many of the pictures get the class of their label."""
    network.eval()
    with torch.no_grad():
        return int((network(pictures.images).argmax(1) == pictures.labels).sum())


class Phase:
    """What distinguishes a phase of training; plain training does nothing of it."""

    def penalty(self) -> Tensor | float:
        """Added to the loss of every batch."""
        return 0.0

    def after_batch(self) -> None:
        """Called after every step of the optimiser."""

    def after_epoch(self) -> None:
        """Called after every epoch."""


class Admm(Phase):
    """Pulls the weights towards their projection; rho grows geometrically from epoch to epoch."""

    def __init__(self, weights: list[Tensor], epochs: int) -> None:
        self.weights = weights
        self.growth = (LAST_RHO / FIRST_RHO) ** (1 / max(1, epochs - 1))
        self.rho = FIRST_RHO
        self.near = [projected(weight) for weight in weights]
        self.dual = [torch.zeros_like(near) for near in self.near]

    def penalty(self) -> Tensor | float:
        terms = zip(self.weights, self.near, self.dual, strict=True)
        return self.rho / 2 * torch.stack([(w - z + u).square().sum() for w, z, u in terms]).sum()

    def after_epoch(self) -> None:
        for i, weight in enumerate(self.weights):
            moved = weight.detach() + self.dual[i]
            self.near[i] = projected(moved)
            self.dual[i] = (moved - self.near[i]) / self.growth  # U is the multiplier over rho, and rho grows
        self.rho *= self.growth


class Masked(Phase):
    """Projects the weights once, and keeps the zeros from then on."""

    def __init__(self, weights: list[Tensor]) -> None:
        self.weights = weights
        with torch.no_grad():
            for weight in weights:
                weight.copy_(projected(weight))
        self.alive = [weight.detach() != 0 for weight in weights]

    def after_batch(self) -> None:
        with torch.no_grad():
            for weight, alive in zip(self.weights, self.alive, strict=True):
                weight.mul_(alive)


def projected(weight: Tensor) -> Tensor:
    """The nearest weights that `SPARSITY` allows, outside the gradient's sight."""
    return torch.from_numpy(project(weight.detach().numpy(), SPARSITY))


def fit(network: Digits, pictures: Pictures, epochs: int, rate: float, phase: Phase) -> None:
    """Train for some epochs, the learning rate rising to `rate` and falling to nothing."""
    batches = len(pictures.labels) // BATCH
    # Fused, since the other form takes its square roots from a library, which rounds them as the processor suits.
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=1e-3, fused=True)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=epochs * batches)
    for _ in range(epochs):
        network.train()
        for places in torch.randperm(len(pictures.labels))[: batches * BATCH].reshape(batches, BATCH):
            optimizer.zero_grad()
            logits = network(shift(pictures.images[places]))
            loss = F.cross_entropy(logits, pictures.labels[places], label_smoothing=0.05) + phase.penalty()
            loss.backward()
            optimizer.step()
            cycle.step()
            phase.after_batch()
        phase.after_epoch()


def arrays(network: Digits) -> dict[str, NDArray[np.float32]]:
    """The weights by torch's names, sorted; without what only training needs."""
    state = cast(dict[str, Tensor], network.state_dict())
    return {name: state[name].numpy() for name in sorted(state) if not name.endswith("num_batches_tracked")}


def report(network: Digits, images: int, dense: int, pruned: int) -> dict[str, Any]:
    """What `digits.json` holds: right answers out of `images`, and the weights kept; a rate of 8 keeps one in eight."""
    layers = {
        name: {"weights": weight.numel(), "kept": int(weight.count_nonzero())}
        for name, weight in network.pruned.items()
    }
    total = sum(layer["weights"] for layer in layers.values())
    kept = sum(layer["kept"] for layer in layers.values())
    everything = sum(array.size for name, array in arrays(network).items() if name.endswith((".weight", ".bias")))
    return {
        "images": images,
        "correct": {"dense": dense, "pruned": pruned},
        "accuracy": {"dense": dense / images, "pruned": pruned / images},
        "convolutions_after_the_first": {"weights": total, "kept": kept, "rate": total / kept},
        "all_parameters": {
            "weights": everything,
            "kept": (left := everything - total + kept),
            "rate": everything / left,
        },
        "layers": layers,
    }


def write_npz(path: Path, **named: NDArray[Any]) -> None:
    """Writes what `numpy.savez` would, in the same bytes for every version of Python."""
    with ZipFile(path, "w") as archive:
        for name, array in named.items():
            content = BytesIO()
            np.save(content, array)
            archive.writestr(ZipInfo(f"{name}.npy"), content.getvalue())


def main() -> None:
    parser = argparse.ArgumentParser(description="train and prune the zoo's digits")
    parser.add_argument("--output", type=Path, default=Path("lrc/zoo"), help="folder for the three files")
    parser.add_argument("--epochs", type=int, help="epochs of every phase; for a quick try")
    arguments = parser.parse_args()
    output: Path = arguments.output
    quick: int | None = arguments.epochs

    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.backends.mkldnn.enabled = False  # like NNPACK, it chooses kernels by what the processor offers
    torch.backends.nnpack.set_flags(False)

    train, held_out = load_pictures()
    network = Digits()
    weights = list(network.pruned.values())

    fit(network, train, quick or DENSE_EPOCHS, DENSE_RATE, Phase())
    dense = count_correct(network, held_out)
    fit(network, train, quick or ADMM_EPOCHS, ADMM_RATE, Admm(weights, quick or ADMM_EPOCHS))
    fit(network, train, quick or RETRAIN_EPOCHS, RETRAIN_RATE, Masked(weights))
    pruned = count_correct(network, held_out)

    output.mkdir(parents=True, exist_ok=True)
    (output / "digits.safetensors").write_bytes(safetensors.numpy.save(arrays(network)))
    images, labels = held_out.images.numpy(), held_out.labels.numpy().astype(np.uint8)
    write_npz(output / "digits-test.npz", images=images, labels=labels)
    figures = report(network, len(labels), dense, pruned)
    (output / "digits.json").write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
