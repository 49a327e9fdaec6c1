"""The ways to make a failing network smaller. Each gives candidates, the boldest first; nobody knows yet whether they
are networks at all, or still fail."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np
from xdsl.dialects.builtin import IntegerAttr, i64

from lrc.dialects import lr
from lrc.reduction.case import Array, Case, CaseLayer
from lrc.reduction.fields import SIMPLER
from lrc.reduction.graph import kept, live, numbered, passed_by

Step = Callable[[Case], Iterator[Case]]

SEEDS = 4
"""How many seeds are tried for weights that are drawn anew."""

LETTERS = "abcdefghijklmnopqrst"
"""What layers are called, unless there are more; x and y are inputs and outputs."""

PIECES = 8
"""Into how many pieces an array is cut at most to look for numbers that do not matter."""


def fewer_passes(case: Case) -> Iterator[Case]:
    """One pass alone, or without some of them."""
    for each in case.passes:
        yield replace(case, passes=(each,))
    for start, end in _chunks(len(case.passes)):
        yield replace(case, passes=case.passes[:start] + case.passes[end:])


def smaller_pictures(case: Case) -> Iterator[Case]:
    """Fewer rows and columns: of all inputs, then those of one number of them, then of one input."""
    sizes = {size for shape in case.inputs.values() for size in shape[2:]}
    yield from (_resized(case, change) for change in _decreases(sizes))
    for name, shape in case.inputs.items():
        for axis in range(2, len(shape)):
            for less in _smaller(shape[axis]):
                yield replace(case, inputs={**case.inputs, name: (*shape[:axis], less, *shape[axis + 1 :])})


def part_of_it(case: Case) -> Iterator[Case]:
    """Without the layers at the beginning, or at the end; inputs stand for what was before."""
    names = [layer.name for layer in case.layers]
    for count in _smaller(len(names)):
        yield kept(case, set(names[-count:]))
        yield kept(case, set(names[:count]))


def fewer_layers(case: Case) -> Iterator[Case]:
    """Without some layers in the middle: what they read takes their place where it can, or an input does."""
    passing = {layer.name: name for layer in case.layers if (name := passed_by(case, layer)) is not None}
    for start, end in _chunks(len(case.layers)):
        keep = {layer.name for layer in (*case.layers[:start], *case.layers[end:])}
        yield kept(case, keep, passing)
        yield kept(case, keep)


def fewer_outputs(case: Case) -> Iterator[Case]:
    """One output alone, or without one, and without what only others needed."""
    names = [name for name, _ in case.outputs]
    for name in names:
        yield live(case, {name})
    for name in names:
        yield live(case, set(names) - {name})


def fewer_inputs(case: Case) -> Iterator[Case]:
    """One input for two, and without those that nothing reads."""
    yield live(case, {name for name, _ in case.outputs})
    for first, second in combinations(case.inputs, 2):
        if case.inputs[first] == case.inputs[second]:
            yield _reading(case, {second: first})


def earlier_reads(case: Case) -> Iterator[Case]:
    """Layers read an earlier value of that shape than they do, an input best of all."""
    shapes, names = case.shapes, [*case.inputs, *(layer.name for layer in case.layers)]
    for old in reversed(names):
        same = [name for name in names[: names.index(old)] if shapes[name] == shapes[old]]
        yield from (_reading(case, {old: new}) for new in same[:2])


def fewer_channels(case: Case) -> Iterator[Case]:
    """Fewer channels of inputs, filters, units and groups: of one number everywhere, then at one place."""
    numbers = {shape[1] for shape in case.inputs.values()} | {layer.width for layer in case.layers if layer.width}
    yield from (_with_channels(case, change) for change in _decreases(numbers))
    for name, shape in case.inputs.items():
        for less in _smaller(shape[1]):
            yield replace(case, inputs={**case.inputs, name: (shape[0], less, *shape[2:])})
    for layer in case.layers:
        for less in _smaller(layer.width or 1):
            yield _with_layers(case, {layer.name: replace(layer, width=less)})


def simpler_layers(case: Case) -> Iterator[Case]:
    """Without a bias, a sparsity, a stride, … of all layers at once, then of one."""
    for simpler in SIMPLER:
        changed = {layer.name: new for layer in case.layers if (new := simpler(layer)) is not None}
        if len(changed) > 1:
            yield _with_layers(case, changed)
        for name, layer in changed.items():
            yield _with_layers(case, {name: layer})


def plainer_weights(case: Case) -> Iterator[Case]:
    """Random weights for given ones; else ones, integers, and zeros for a part of them."""
    if case.seed != 0:
        yield replace(case, seed=0, arrays={})
    if case.seed is None:
        yield from (replace(case, arrays=arrays) for arrays in _plainer(case.arrays))


def plainer_inputs(case: Case) -> Iterator[Case]:
    """Random inputs for given ones; else ones, integers, and zeros for a part of them."""
    if case.tensors:
        yield replace(case, tensors={})
    for name in case.tensors:
        yield replace(case, tensors={other: case.tensors[other] for other in case.tensors if other != name})
    yield from (replace(case, tensors=tensors) for tensors in _plainer(case.tensors))


def plain_names(case: Case) -> Iterator[Case]:
    """A model m, inputs x, layers a, b, c, …, outputs y, and weights that are called as their layers."""
    inputs = dict(zip(case.inputs, numbered("x"), strict=False))
    letters = LETTERS if len(case.layers) <= len(LETTERS) else numbered("a")
    new = inputs | dict(zip((layer.name for layer in case.layers), letters, strict=False))
    arrays: dict[str, Array] = {}
    layers: list[CaseLayer] = []
    for layer in case.layers:
        fields = dict(layer.fields)
        for field, weight in layer.fields.items():
            if isinstance(weight, lr.WeightAttr):
                known = f"{new[layer.name]}.{ {'mean': 'running_mean', 'variance': 'running_var'}.get(field, field) }"
                fields[field] = lr.WeightAttr(known)
                if weight.data in case.arrays:
                    arrays[known] = case.arrays[weight.data]
        layers.append(replace(layer, name=new[layer.name], reads=tuple(new[n] for n in layer.reads), fields=fields))
    plain = replace(
        case,
        name="m",
        inputs={inputs[name]: shape for name, shape in case.inputs.items()},
        layers=tuple(layers),
        outputs=tuple((name, new[value]) for name, (_, value) in zip(numbered("y"), case.outputs, strict=False)),
        arrays=arrays,
        tensors={inputs[name]: array for name, array in case.tensors.items() if name in inputs},
    )
    yield plain
    if case.seed is not None:  # other names are other random weights, which may not show the failure
        yield from (replace(plain, seed=seed) for seed in range(SEEDS) if seed != case.seed)


STEPS: tuple[Step, ...] = (
    smaller_pictures,
    part_of_it,
    fewer_passes,
    fewer_layers,
    fewer_outputs,
    fewer_inputs,
    earlier_reads,
    fewer_channels,
    simpler_layers,
    plainer_weights,
    plainer_inputs,
    plain_names,
)
"""All of them: first those that make the next try cheap."""


def _smaller(number: int) -> Iterator[int]:
    """Numbers below one: 1, then about half of it, and so on up to the next smaller one."""
    less = number - 1
    while less >= 1:
        yield number - less
        less //= 2


def _decreases(numbers: Collection[int]) -> Iterator[Callable[[int], int]]:
    """What becomes of each of some numbers: all of them less in proportion, then those that are the same one."""
    largest = max(numbers, default=1)
    for most in _smaller(largest):
        yield lambda number, most=most: max(1, number * most // largest)
    for old in sorted(numbers, reverse=True):
        for new in _smaller(old):
            yield lambda number, old=old, new=new: new if number == old else number


def _chunks(count: int) -> Iterator[tuple[int, int]]:
    """What to leave out of a list: its halves, its quarters, … its items, the last first."""
    size = count // 2
    while size >= 1:
        yield from ((max(0, end - size), end) for end in range(count, 0, -size))
        size //= 2


def _resized(case: Case, change: Callable[[int], int]) -> Case:
    inputs = {name: (*shape[:2], *map(change, shape[2:])) for name, shape in case.inputs.items()}
    return replace(case, inputs=inputs)


def _with_layers(case: Case, changed: Mapping[str, CaseLayer]) -> Case:
    return replace(case, layers=tuple(changed.get(layer.name, layer) for layer in case.layers))


def _with_channels(case: Case, change: Callable[[int], int]) -> Case:
    """Other numbers of channels; as many groups as channels stay that."""
    inputs = {name: (shape[0], change(shape[1]), *shape[2:]) for name, shape in case.inputs.items()}
    layers = {layer.name: replace(layer, width=layer.width and change(layer.width)) for layer in case.layers}
    for name, layer in layers.items():
        groups = layer.fields.get("groups")
        if isinstance(groups, IntegerAttr) and groups.value.data > 1:
            fields = {**layer.fields, "groups": IntegerAttr(change(groups.value.data), i64)}
            layers[name] = replace(layer, fields=fields)
    return _with_layers(replace(case, inputs=inputs), layers)


def _reading(case: Case, instead: Mapping[str, str]) -> Case:
    """Layers that read other values, of which those are inputs that are left."""
    layers = tuple(
        replace(layer, reads=tuple(instead.get(name, name) for name in layer.reads)) for layer in case.layers
    )
    return live(replace(case, layers=layers), {name for name, _ in case.outputs})


def _plainer(arrays: Mapping[str, Array]) -> Iterator[dict[str, Array]]:
    for change in (np.zeros_like, np.ones_like, np.round):
        yield {name: change(array) for name, array in arrays.items()}
    for name, array in arrays.items():
        for change in (np.zeros_like, np.ones_like, np.round):
            yield {**arrays, name: change(array)}
        yield {**arrays, name: (array != 0).astype(array.dtype)}
        places = np.flatnonzero(array)
        for start, end in _chunks(min(len(places), PIECES)):
            pieces = np.array_split(places, min(len(places), PIECES))
            fewer = array.copy().reshape(-1)
            fewer[np.concatenate(pieces[start:end])] = 0
            yield {**arrays, name: fewer.reshape(array.shape)}
