"""What may be said of a value of each kind: which operators read it, which kernels move over it."""

from __future__ import annotations

from typing import Final

ACTIVATIONS: Final = ("relu", "relu6", "sigmoid", "tanh", "hard_sigmoid", "hard_swish", "swish", *("leaky_relu",) * 3)

OF_PICTURES: Final = (
    *("conv2d", "activation", *("block",) * 12, "conv2d", "conv2d", "conv2d", "conv2d"),
    *("batch_norm", "batch_norm", "activation", "activation", "add", "mul", "concat", "max_pool", "avg_pool"),
    *("global_avg_pool", "upsample", "flatten", "softmax", *("repeat",) * 4),
)

OF_VECTORS: Final = (
    *("linear", *("block",) * 5, "linear", "batch_norm", "activation", "softmax", "add", "mul", "concat", "repeat"),
)

OF_VOLUMES: Final = ("activation", "batch_norm", "add", "mul", "concat", "global_avg_pool", "softmax", "flatten")

WORDS_OF: Final = {
    "picture": OF_PICTURES,
    "sequence": tuple(word.replace("conv2d", "conv1d") for word in OF_PICTURES),
    "vector": OF_VECTORS,
    "volume": OF_VOLUMES,
}
"""What may read a value of each kind."""

WEIGHTED: Final = {"picture": "conv2d", "sequence": "conv1d", "vector": "linear"}
"""What has weights."""

AXES: Final = {"picture": 2, "sequence": 1}
"""Along how many axes a window moves."""

KERNELS: Final = {2: ((3, 3), (3, 3), (1, 1), (2, 3), (5, 1)), 1: ((3,), (3,), (1,), (2,), (7,))}
"""By the axes."""

POOLS: Final = {
    2: ((2, 1), (3, 1), (1, 0), ((1, 2), (0, 1)), ((3, 2), (1, 1))),
    1: ((2, 1), (3, 1), (1, 0), (2, (0, 1)), (3, (1, 1))),
}
"""Kernels, and paddings with which they fit any picture or sequence, by the axes."""
