"""Are the weights there, of the right shape, finite, and pruned as declared?"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Final

import numpy as np

from lrc.diagnostics import did_you_mean
from lrc.dialects import lr
from lrc.dialects.lr.attrs import WeightAttr
from lrc.dialects.lr.shapes import show
from lrc.dialects.lr.weights import WeightError, WeightSpec, WeightStore
from lrc.dialects.pattern.values import find_violation
from lrc.frontend.scope import LARGEST

SHOWN: Final = 4
"""How many names of a file are shown to whom none comes close."""

Finding = tuple[lr.LayerOp, str, str | None]
"""A layer, what is wrong with its weights, and a hint."""


def check_weights(model: lr.ModelOp) -> Iterator[Finding]:
    """Everything that is wrong with the weights that a model's layers name; random ones are announced instead."""
    for op in model.block.ops:
        if not isinstance(op, lr.LayerOp):
            continue
        if isinstance(op, lr.Conv2dOp) and (message := _kernel_misfit(op)):
            yield op, message, None
            continue
        for field, weight, spec in op.weight_specs():
            if isinstance(weight, WeightAttr):
                yield from ((op, message, hint) for message, hint in _check(model.store, op, field, spec))


def _kernel_misfit(op: lr.Conv2dOp) -> str | None:
    """Why the declared patterns do not fit the layer's kernel."""
    if op.sparsity is None:
        return None
    try:
        op.sparsity.data.masks(op.window.kernel)
    except ValueError as error:
        return str(error)
    return None


def _listed(names: tuple[str, ...]) -> str:
    """What a file has, for whom no name comes close; its beginning if that is much."""
    shown = [f"'{name}'" for name in names[:SHOWN]]
    return f"the file has {', '.join(shown) or 'no array at all'}{', …' if len(names) > SHOWN else ''}"


def _check(store: WeightStore, op: lr.LayerOp, field: str, spec: WeightSpec) -> Iterator[tuple[str, str | None]]:
    layer, name = op.layer.data, spec.name
    if prod(spec.shape) > LARGEST:
        yield f"weight '{name}' of layer '{layer}' would be {show(spec.shape)}: too many numbers", None
        return
    try:
        store.expect(spec)
    except ValueError as error:
        yield str(error), "give one of the layers a weight of another name"
        return
    if store.is_random:
        return
    if name not in store:
        hint = did_you_mean(name, store.names())
        if field == "bias" and not isinstance(op, lr.BatchNormOp):
            hint = hint if hint and not name.startswith(layer) else "say `bias: false` if the layer has none"
        yield f"there is no weight '{name}' for layer '{layer}'", hint or _listed(store.names())
        return
    if (shape := store.shape(name)) != spec.shape:
        yield f"weight '{name}' of layer '{layer}' is {show(shape)}, expected {show(spec.shape)}", None
        return
    try:
        array = store[name]
    except WeightError as error:
        yield str(error), "in torch, `tensor.float()` makes numbers that lrc reads"
        return
    if not (finite := np.isfinite(array)).all():
        place = tuple(int(i) for i in np.unravel_index(int(np.argmin(finite)), array.shape))
        what = "not a number" if np.isnan(array[place]) else "infinite"
        count = int(array.size - np.count_nonzero(finite))
        more = f" (and {count - 1} more)" if count > 1 else ""
        yield f"weight '{name}' of layer '{layer}' is {what} at {show(place)}{more}", None
        return
    if spec.role == "variance" and array.min() < 0:
        yield f"variance '{name}' of layer '{layer}' is negative at [{int(array.argmin())}]", None
    if spec.sparsity is not None and (violation := find_violation(array, spec.sparsity)) is not None:
        yield f"weight '{name}' of layer '{layer}' is not pruned as declared: {violation}", None
