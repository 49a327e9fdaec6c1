"""Metamorphic relations: networks that are written differently and have to give the same.

Whoever has no second opinion of what a network gives still knows that it must not change with the order of filters, or
with a zero that is written out. A relation takes a module of the lr level and numbers to choose by, and makes another
module of it (`Related`), or None if there is no layer that it could be applied to. `holds` (`preserving.py`) says
whether both give the same. Another relation is another function in `RELATIONS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, cast

import numpy as np
from xdsl.dialects.builtin import ArrayAttr, ModuleOp, StringAttr

from lrc.dialects import lr
from lrc.dialects.lr.attrs import SparsityAttr, TuningAttr, ints
from lrc.dialects.lr.base import shape_of
from lrc.dialects.lr.model import store_of
from lrc.dialects.lr.store import derived
from lrc.dialects.values.patterns import Sparsity
from lrc.dialects.values.schedules import LOADS, MOST_SUMS, ORDERS, Load, Tuning
from lrc.dialects.values.shapes import Window
from lrc.interpreters.reference import Array
from lrc.testing.checks.moves import CannotMove, Move, follow, numbers
from lrc.testing.plain import sharing


@dataclass(frozen=True)
class Related:
    """A network that has to give what another one gives, layer by layer, as far as they are in both.

    `what` says what is different, in words. `moves` has the layers and inputs whose channels stand in another order or
    are larger, `names` the new names of layers, inputs and outputs. Float32 code gives the same bits for every layer
    but those of `rounded`, which round otherwise; for none, if that is None. `threads` share each layer.
    """

    module: ModuleOp
    what: str
    moves: Mapping[str, Move] = field(default_factory=dict[str, Move])
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    rounded: frozenset[str] | None = frozenset()
    threads: int = 1

    def called(self, name: str) -> str:
        """What a layer, an input or an output is called here."""
        return self.names.get(name, name)

    def moved(self, name: str, value: Array) -> Array:
        """What a layer or an input has to give here, if it gives `value` in the other network."""
        return self.moves[name](value) if name in self.moves else value


VECTOR: Final = 16
"""The longest vectors that a machine has, in floats: those of the others divide them."""

Relation = Callable[[ModuleOp, np.random.Generator], Related | None]


def permuted_filters(module: ModuleOp, random: np.random.Generator) -> Related | None:
    """The filters of a layer, or the channels of an input, stand in another order."""

    def permutation(channels: int, groups: int) -> Move:
        size = channels // groups
        order = [group * size + random.permutation(size) for group in range(groups)]
        return Move(np.concatenate(order), np.ones(channels))

    return _moved(module, random, "the channels of '{}' in another order", permutation)


def scaled_weights(module: ModuleOp, random: np.random.Generator) -> Related | None:
    """What a layer gives is multiplied by powers of two, by which those that read it divide."""

    def powers(channels: int, groups: int) -> Move:
        return Move(np.arange(channels), np.ldexp(1.0, random.integers(-3, 4, channels)))

    return _moved(module, random, "the channels of '{}' times powers of two", powers)


def zeros_for_masks(module: ModuleOp, random: np.random.Generator) -> Related | None:
    """Where a sparsity was declared the zeros are written out, or are to be found; where none was, they are found."""
    changed = module.clone()
    if not (layers := _convolutions(changed)):
        return None
    for op in layers:
        declared = None if op.sparsity is None else op.sparsity.data
        others = [each for each in (None, Sparsity("auto")) if each != declared]
        sparsity = others[random.integers(len(others))]
        op.sparsity = None if sparsity is None else SparsityAttr(sparsity)
        if op.tuning is not None:  # filters may not share the kernels that are found
            op.tuning = TuningAttr(replace(op.tuning.data, unroll=None))
    return Related(changed, "sparsities that are not declared", rounded=None)


def split_channels(module: ModuleOp, random: np.random.Generator) -> Related | None:
    """A layer becomes the sum of two: one has the weights of the first channels, one those of the others."""
    changed = module.clone()
    if (op := _whole(changed, random, lambda op: shape_of(op.input)[1])) is None:
        return None
    name, weight, bias = op.layer.data, *_arrays(op, lr.find_model(changed).store)
    cut = int(random.integers(1, shape_of(op.input)[1]))
    first, last = weight.copy(), weight.copy()
    first[:, cut:], last[:, :cut] = 0, 0
    function = None if op.activation is None else op.activation.data
    parts = [_part(op, f"{name}.first", first, bias, None), _part(op, f"{name}.last", last, None, None)]
    _replace(op, *parts, lr.AddOp(name, parts[0].output, parts[1].output, activation=function))
    return Related(changed, f"the channels that '{name}' reads in two sums", rounded=None)


def split_filters(module: ModuleOp, random: np.random.Generator) -> Related | None:
    """A layer becomes two, of which one has the first filters, one the others, joined."""
    changed = module.clone()
    if (op := _whole(changed, random, lambda op: shape_of(op.output)[1])) is None:
        return None
    name, weight, bias = op.layer.data, *_arrays(op, lr.find_model(changed).store)
    cut = int(random.integers(1, len(weight)))
    function = None if op.activation is None else op.activation.data
    parts = [
        _part(op, f"{name}.{which}", weight[part], None if bias is None else bias[part], function)
        for which, part in (("first", slice(cut)), ("last", slice(cut, None)))
    ]
    _replace(op, *parts, lr.ConcatOp(name, [part.output for part in parts]))
    return Related(changed, f"the filters of '{name}' in two layers", rounded=None)


def tuned(module: ModuleOp, random: np.random.Generator) -> Related | None:
    """Every convolution is told how to run."""
    changed = module.clone()
    if not (layers := _convolutions(changed)):
        return None
    for op in layers:
        filters, channels, *_ = op.weight_shape()
        shared = sharing(op.sparsity and op.sparsity.data, filters // op.group_count)
        rows, vectors, group, block = (int(n) for n in random.integers(1, [5, 3, filters + 1, channels + 1]))
        most = MOST_SUMS // (rows * vectors * VECTOR)  # where a vector has one number
        jams = [j for j in range(1, 5) if j == 1 or (j <= most and shared % j == 0)]
        wishes = Tuning(
            unroll=(jams[random.integers(len(jams))], rows, VECTOR * vectors),
            tile=(group, block),
            permute=str(random.choice(ORDERS)),
            load=cast(Load, str(random.choice(LOADS))),
        )
        left_out = dict.fromkeys(name for name in ("unroll", "tile", "permute", "load") if random.integers(3) == 0)
        op.tuning = TuningAttr(replace(wishes, **left_out))
    return Related(changed, "another tuning", rounded=None)


def unfused(module: ModuleOp, random: np.random.Generator) -> Related | None:
    """Every layer is an output, so that none can become part of another."""
    changed = module.clone()
    model = lr.find_model(changed)
    end = cast(lr.OutputOp, model.block.last_op)
    seen = [op for op in _layers(changed) if op.output not in end.values]
    if not seen:
        return None
    names = [StringAttr(f"{op.layer.data}.seen") for op in seen]
    end.operands = [*end.values, *(op.output for op in seen)]
    end.names = ArrayAttr([*end.names, *names])
    return Related(changed, "every layer an output", rounded=None)


def padded(module: ModuleOp, random: np.random.Generator) -> Related | None:
    """Convolutions and means of a padded picture read a larger one, whose frame is written out."""
    changed = module.clone()
    layers = [op for op in _layers(changed) if isinstance(op, lr.ConvOp | lr.AvgPoolOp) and any(op.window.pads)]
    for op in layers:
        window, name = op.window, op.layer.data
        frame = lr.PadOp(f"{name}.frame", op.input, window.pads)
        if isinstance(op, lr.AvgPoolOp):
            _replace(op, frame, lr.AvgPoolOp(name, frame.output, Window(window.kernel, window.strides)))
        else:
            bare = op.clone()
            bare.operands = [frame.output, *op.operands[1:]]
            bare.properties["pads"] = ints([0] * len(op.pads))
            _replace(op, frame, bare)
    return Related(changed, "frames of zeros for padding", rounded=None) if layers else None


def renamed(module: ModuleOp, random: np.random.Generator) -> Related:
    """Layers, inputs and outputs have other names, in another order of the alphabet."""
    changed = module.clone()
    model = lr.find_model(changed)
    end, layers = cast(lr.OutputOp, model.block.last_op), _layers(changed)
    old = [*model.inputs, *(name.data for name in end.names), *(op.layer.data for op in layers)]
    places = random.permutation(len(old))
    names = {name: f"n{place}" for name, place in zip(dict.fromkeys(old), places, strict=False)}
    model.input_names = ArrayAttr([StringAttr(names[name]) for name in model.inputs])
    end.names = ArrayAttr([StringAttr(names[name.data]) for name in end.names])
    for op in layers:
        op.layer = StringAttr(names[op.layer.data])
    return Related(changed, "other names", names=names)


def repeated(module: ModuleOp, random: np.random.Generator) -> Related:
    """The same network once more."""
    return Related(module.clone(), "the same once more")


def threaded(module: ModuleOp, random: np.random.Generator) -> Related:
    """Several threads share each layer."""
    threads = int(random.integers(2, 5))
    return Related(module.clone(), f"{threads} threads", threads=threads)


RELATIONS: Final[Mapping[str, Relation]] = {
    relation.__name__: relation
    for relation in (
        permuted_filters,
        scaled_weights,
        zeros_for_masks,
        split_channels,
        split_filters,
        tuned,
        unfused,
        padded,
        renamed,
        repeated,
        threaded,
    )
}
"""All relations by name."""

Weighted = lr.ConvOp | lr.LinearOp


def _moved(
    module: ModuleOp, random: np.random.Generator, what: str, make: Callable[[int, int], Move]
) -> Related | None:
    """The network with a move that `make` gives for (channels, groups), at the first place where one can begin."""
    model = lr.find_model(module)
    places: list[tuple[str, int, int]] = [
        (name, shape_of(value)[1], 1) for name, value in zip(model.inputs, model.block.args, strict=True)
    ]
    for op in _layers(module):
        groups = op.group_count if isinstance(op, lr.ConvOp) else 1
        places.append((op.layer.data, shape_of(op.output)[1], groups))
    random.shuffle(places)
    for name, channels, groups in places:
        move = make(channels, groups)
        if not (move.permutes or move.scales):
            continue
        try:
            moved = follow(module, name, move)
        except CannotMove:
            continue
        return Related(moved.module, what.format(name), moved.moves, rounded=moved.rounded)
    return None


def _layers(module: ModuleOp) -> list[lr.LayerOp]:
    return [op for op in lr.find_model(module).block.ops if isinstance(op, lr.LayerOp)]


def _convolutions(module: ModuleOp) -> list[lr.ConvOp]:
    return [op for op in _layers(module) if isinstance(op, lr.ConvOp)]


def _whole(module: ModuleOp, random: np.random.Generator, parts: Callable[[Weighted], int]) -> Weighted | None:
    """Any layer with weights, of one group and without a sum of its own, that has two parts at least."""
    fitting = [
        op
        for op in _layers(module)
        if (isinstance(op, lr.ConvOp) and op.group_count == 1 and op.residual is None) or isinstance(op, lr.LinearOp)
        if parts(op) > 1
    ]
    return fitting[random.integers(len(fitting))] if fitting else None


def _arrays(op: Weighted, store: lr.WeightStore) -> tuple[Array, Array | None]:
    """The weight and the bias of a layer."""
    return numbers(op, "weight", store), None if op.bias is None else numbers(op, "bias", store)


def _part(op: Weighted, name: str, weight: Array, bias: Array | None, function: lr.Activation | None) -> Weighted:
    """A layer like `op`, with other weights, whose zeros are found; a tuning need not fit those."""
    store = store_of(op)
    own = derived(op.weight, f"{name}.weight", weight.astype(np.float32), store)
    added = None if bias is None else derived(op.weight, f"{name}.bias", bias.astype(np.float32), store)
    if isinstance(op, lr.LinearOp):
        return lr.LinearOp(name, op.input, units=len(weight), weight=own, bias=added, activation=function)
    return type(op)(
        name,
        op.input,
        filters=len(weight),
        weight=own,
        bias=added,
        window=op.window,
        activation=function,
        sparsity=Sparsity("auto"),
    )


def _replace(op: lr.LayerOp, *others: lr.LayerOp) -> None:
    """Put layers in the place of one; the last of them gives what that gave."""
    block = op.parent_block()
    assert block is not None
    block.insert_ops_before(others, op)
    op.output.replace_all_uses_with(others[-1].output)
    op.detach()
    op.erase()
