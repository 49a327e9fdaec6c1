"""Are the weights there, of the right shape, finite, and pruned as declared?"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Final

import numpy as np
from xdsl.ir import SSAValue

from lrc.diagnostics import did_you_mean
from lrc.dialects import lr
from lrc.dialects.lr.attrs import WeightAttr
from lrc.dialects.lr.store import WeightError, WeightSpec, WeightStore
from lrc.dialects.values.patterns import Mask
from lrc.dialects.values.pruning import find_violation
from lrc.dialects.values.shapes import show
from lrc.frontend.mistakes import Hint

SHOWN: Final = 4
"""How many names of a file are shown to whom none comes close."""

MOST_SHOWN: Final = 64
"""Taps of a mask that is shown."""

Finding = tuple[str, Hint]
"""What is wrong with a layer's weights, and a hint."""


def check_weights(model: lr.ModelOp) -> Iterator[tuple[lr.LayerOp, str, Hint]]:
    """Everything that is wrong with the weights that a model's layers name, each cause once: the layer, what is wrong,
    and a hint. Random weights are announced instead."""
    misshapen = set[SSAValue]()  # what has another number of channels than the arrays of the file
    for op in model.block.ops:
        if isinstance(op, lr.LayerOp):
            yield from ((op, message, hint) for message, hint in _check_layer(model.store, op, misshapen))


def _check_layer(store: WeightStore, op: lr.LayerOp, misshapen: set[SSAValue]) -> Iterator[Finding]:
    if isinstance(op, lr.ConvOp) and (misfit := _scheme_misfit(op)):
        yield misfit
        return
    specs = [(field, spec) for field, weight, spec in op.weight_specs() if isinstance(weight, WeightAttr)]
    follows = not misshapen.isdisjoint(op.operands)
    if follows and not isinstance(op, lr.ConvOp | lr.LinearOp):
        misshapen.add(op.output)
    if findings := [*_announce(store, op, specs)]:
        yield from findings
    elif store.is_random:
        return
    elif missing := [(field, spec) for field, spec in specs if spec.name not in store]:
        yield _missing(store, op, missing)
    elif wrong := [spec for _, spec in specs if store.shape(spec.name) != spec.shape]:
        if _gives_other_channels(store, op, wrong[0]):
            misshapen.add(op.output)
        if not (follows and _may_follow(store, op, wrong[0])):
            yield _another_shape(store, op, wrong)
    else:
        for _, spec in specs:
            yield from _check_numbers(store, op.layer.data, spec)


def _scheme_misfit(op: lr.ConvOp) -> Finding | None:
    """Why the declared sparsity does not fit the kernel or the filters of the layer."""
    if op.sparsity is None:
        return None
    sparsity, kernel, filters = op.sparsity.data, op.window.kernel, op.weight_shape()[0]
    try:
        sparsity.masks(kernel)
    except ValueError as error:
        return str(error), f'a mask of all of its taps is "{Mask.full(kernel)}"' if prod(kernel) <= MOST_SHOWN else None
    try:
        sparsity.check_filters(filters, op.group_count)
    except ValueError as error:
        of_group = filters // op.group_count
        fitting = max(n for n in range(1, min(sparsity.share, of_group) + 1) if of_group % n == 0)
        return str(error), f"`share: {fitting}` would fit" if fitting > 1 else "leave `share` out"
    return None


def _announce(store: WeightStore, op: lr.LayerOp, specs: list[tuple[str, WeightSpec]]) -> Iterator[Finding]:
    """Tell the store what the layer expects."""
    for _, spec in specs:
        try:
            store.expect(spec)
        except ValueError as error:
            yield str(error), "give one of the layers a weight of another name"


def _missing(store: WeightStore, op: lr.LayerOp, missing: list[tuple[str, WeightSpec]]) -> Finding:
    """What a layer lacks, and what it may have meant."""
    (field, spec), *others = missing
    layer, name = op.layer.data, spec.name

    def instead() -> str:
        hint = _near(name, store.names())
        if field == "bias" and not isinstance(op, lr.BatchNormOp):
            hint = hint if hint and not name.startswith(layer) else "say `bias: false` if the layer has none"
        return hint or _listed(store.names())

    rest = f", nor {len(others)} more that it reads" if others else ""
    return f"there is no weight '{name}' for layer '{layer}'{rest}", instead


def _near(name: str, names: tuple[str, ...]) -> str | None:
    """The name that was meant, and how to say it if another prefix makes it: `layer1.0.conv.weight` for
    `s1.conv.weight`."""
    if (hint := did_you_mean(name, names)) is None:
        return None
    ours, theirs = name.split("."), hint.split("'")[1].split(".")
    while ours and theirs and ours[-1] == theirs[-1]:
        ours, theirs = ours[:-1], theirs[:-1]
    if len(ours) == 1 and theirs and len(name.split(".")) > 1:
        return f"{hint} Then '{ours[0]}' says so: `weights: \"{'.'.join(theirs)}\"`"
    return hint


def _listed(names: tuple[str, ...]) -> str:
    """What a file has, for whom no name comes close; its beginning if that is much."""
    shown = [f"'{name}'" for name in names[:SHOWN]]
    listed = f"the file has {', '.join(shown) or 'no array at all'}{', …' if len(names) > SHOWN else ''}"
    return f'{listed}\na layer, or a call of a block, says what their names begin with: `weights: "layer1.0"`'


def _another_shape(store: WeightStore, op: lr.LayerOp, wrong: list[WeightSpec]) -> Finding:
    """The first array that has not the shape that its layer expects, and which number would fit."""
    spec, found = wrong[0], store.shape(wrong[0].name)
    rest = f" (and {len(wrong) - 1} more of its arrays do not fit)" if len(wrong) > 1 else ""
    message = f"weight '{spec.name}' of layer '{op.layer.data}' is {show(found)}, expected {show(spec.shape)}{rest}"
    hint = None
    if len(found) == len(spec.shape):
        differ = [i for i, (ours, theirs) in enumerate(zip(spec.shape, found, strict=True)) if ours != theirs]
        if isinstance(op, lr.ConvOp | lr.LinearOp) and spec.role == "weight" and differ == [0]:
            hint = f"`{'filters' if isinstance(op, lr.ConvOp) else 'units'}: {found[0]}` would fit"
        elif isinstance(op, lr.ConvOp) and spec.role == "weight" and min(differ) >= 2:
            hint = f"`kernel: {show(found[2:])}` would fit"
        elif spec.role == "weight" and differ == [1]:
            hint = f"the file's weights are for {found[1]} channels, and the layer reads {spec.shape[1]}"
    return message, hint


def _gives_other_channels(store: WeightStore, op: lr.LayerOp, spec: WeightSpec) -> bool:
    """Whether a layer's output has not the channels that its array in the file gives it."""
    return isinstance(op, lr.ConvOp | lr.LinearOp) and store.shape(spec.name)[:1] != spec.shape[:1]


def _may_follow(store: WeightStore, op: lr.LayerOp, spec: WeightSpec) -> bool:
    """Whether an array may be of another shape only because what the layer reads has other channels than it should."""
    found = store.shape(spec.name)
    if isinstance(op, lr.BatchNormOp) or len(found) != len(spec.shape):
        return isinstance(op, lr.BatchNormOp)
    is_depthwise = isinstance(op, lr.ConvOp) and op.group_count == spec.shape[0]
    hanging = 0 if is_depthwise else 1
    return all(ours == theirs or i == hanging for i, (ours, theirs) in enumerate(zip(spec.shape, found, strict=True)))


def _check_numbers(store: WeightStore, layer: str, spec: WeightSpec) -> Iterator[Finding]:
    """What is wrong with the numbers of an array of the right shape."""
    name = spec.name
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
