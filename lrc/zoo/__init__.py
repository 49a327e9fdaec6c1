"""The networks that come with lrc."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from lrc.diagnostics import UserError, did_you_mean

FOLDER: Final = Path(__file__).parent

NETWORKS: Final[Mapping[str, str]] = {
    "digits": "handwritten digits 8x8, a small CNN with real weights: patterns and connectivity",
    "vgg16": "VGG-16, 3x3 layers with 8 patterns and 1 kernel in 3.6",
    "vgg16-conv": "VGG-16 without the classifier, pruned alike",
    "vgg16-shared": "vgg16-conv, of which pairs of filters share their kernels",
    "resnet18": "ResNet-18, 3x3 layers with 8 patterns and 1 kernel in 3.6",
    "resnet18-shared": "ResNet-18, of which pairs of filters share their 3x3 kernels",
    "resnet50": "ResNet-50, 3x3 layers with 8 patterns, 3x3 and 1x1 layers with 1 kernel in 3.6",
    "mobilenet-v2": "MobileNet-V2, 1x1 layers with 1 kernel in 2, depthwise layers dense",
}
"""What there is, and what it is, in a line each."""


def path(name: str) -> Path:
    """The `.lr` file of a network. Raises UserError if there is none of that name."""
    if name not in NETWORKS:
        hint = did_you_mean(name, NETWORKS) or f"there are {', '.join(NETWORKS)}"
        raise UserError.because(f"the zoo has no '{name}'", hint=hint)
    return FOLDER / f"{name}.lr"
