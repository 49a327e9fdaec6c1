"""What torch, ONNX and Keras call operators, for those who write what they know from there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from lrc.diagnostics import did_you_mean

SHOWN: Final = 20
"""How many blocks are listed."""

SAME: Final = {
    "conv": "conv2d",
    "convolution": "conv2d",
    "pointwiseconv": "conv2d",
    "gemm": "linear",
    "matmul": "linear",
    "dense": "linear",
    "fc": "linear",
    "fullyconnected": "linear",
    "innerproduct": "linear",
    "bn": "batch_norm",
    "batchnorm": "batch_norm",
    "batchnormalization": "batch_norm",
    "silu": "swish",
    "hardsilu": "hard_swish",
    "lrelu": "leaky_relu",
    "plus": "add",
    "sum": "add",
    "eltwise": "add",
    "multiply": "mul",
    "times": "mul",
    "cat": "concat",
    "concatenate": "concat",
    "averagepool": "avg_pool",
    "averagepooling": "avg_pool",
    "avgpooling": "avg_pool",
    "maxpooling": "max_pool",
    "globalaveragepool": "global_avg_pool",
    "globalaveragepooling": "global_avg_pool",
    "adaptiveavgpool": "global_avg_pool",
    "gap": "global_avg_pool",
    "reducemean": "global_avg_pool",
    "resize": "upsample",
    "interpolate": "upsample",
    "upsampling": "upsample",
    "view": "flatten",
    "reshape": "flatten",
}
"""Another name of an operator of ours."""

WITHOUT_EFFECT: Final = frozenset({"dropout", "alphadropout", "droppath", "identity", "noop"})
"""What does nothing once the training is over."""

PADDING: Final = "padding is a field of the layer that reads the picture: `pad: [top, left, bottom, right]`"

INSTEAD: Final = (
    {
        "depthwiseconv": "a `conv2d` with as many groups and filters as channels: `groups: channels(x)`",
        "separableconv": "two layers: a `conv2d` with `groups: channels(x)`, and one with `kernel: 1`",
        "convtranspose": "not supported yet; `upsample` and a `conv2d` behind it come nearest",
        "deconv": "not supported yet; `upsample` and a `conv2d` behind it come nearest",
        "instancenorm": "not supported yet; of the normalizations there is `batch_norm`",
        "layernorm": "not supported yet; of the normalizations there is `batch_norm`",
        "groupnorm": "not supported yet; of the normalizations there is `batch_norm`",
        "pad": PADDING,
        "zeropad": PADDING,
        "zeropadding": PADDING,
        "constantpad": PADDING,
        "clip": "`relu6` clips to 0 and 6; other bounds are not supported yet",
        "hardtanh": "`relu6` clips to 0 and 6; other bounds are not supported yet",
        "logsoftmax": "the logarithm of `softmax` is not supported; the largest of both is the same",
        "sub": "not supported yet; there are `add` and `mul`",
        "div": "not supported yet; there are `add` and `mul`",
        "sequential": "what repeats is a `block`; `repeat(3) basic(x)` calls one after the other",
        "adaptivemaxpool": "not supported yet; there are `max_pool` and `global_avg_pool`",
        "globalmaxpool": "a `max_pool` with a kernel as large as its picture",
    }
    | dict.fromkeys(
        ("conv3d", "maxpool3d", "avgpool3d"),
        "not supported yet: windows move over sequences and pictures, not over volumes",
    )
    | dict.fromkeys(
        ("gelu", "elu", "selu", "celu", "prelu", "softplus", "mish"), "not supported yet; `swish` comes nearest"
    )
)
"""What lrc does not have, and what there is to do about it."""


def hint_for(name: str, operators: Iterable[str], blocks: Iterable[str]) -> str:
    """What to write for an operator or block that does not exist: another name for it, or all that there are."""
    plain = name.lower().replace("_", "")
    known = {operator.replace("_", ""): operator for operator in operators}
    for word in (plain, plain.removesuffix("1d").removesuffix("2d").removesuffix("3d")):
        if (same := known.get(word) or known.get(f"{word}2d") or SAME.get(word)) is not None:
            return f"lrc calls it `{same}`"
        if word in WITHOUT_EFFECT:
            return "it does nothing once a network is trained: leave it out, and read what it reads"
        if word in INSTEAD:
            return INSTEAD[word]
    blocks = sorted(blocks)
    listed = f"the operators are {', '.join(sorted(operators))}"
    if blocks:
        listed += f"\nthe blocks are {', '.join(blocks[:SHOWN])}{', …' if len(blocks) > SHOWN else ''}"
    return did_you_mean(name, [*operators, *blocks]) or listed
