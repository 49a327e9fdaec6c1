"""What is left of a network when layers go: readers of a value that has gone read another one, or a new input."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import count

from lrc.reduction.case import Case, CaseLayer


def kept(case: Case, keep: Collection[str], stand_in: Mapping[str, str] | None = None) -> Case:
    """The network of these layers alone.

    What they read of other layers is what stands in for it, a value before it, or else a new input of its shape, named
    after it as the language allows. Values that nobody reads any more are new outputs.
    """
    known = {*keep, *case.inputs}
    shapes, instead = case.shapes, stand_in or {}

    def found(name: str) -> str:
        while name not in known and name in instead:
            name = instead[name]
        return name

    layers = tuple(replace(layer, reads=tuple(map(found, layer.reads))) for layer in case.layers if layer.name in keep)
    read = list(dict.fromkeys(name for layer in layers for name in layer.reads))
    taken = {part for name in known for part in (name, name.partition(".")[0])}
    new: dict[str, str] = {}
    for name in read:
        if name not in known:
            new[name] = next(fresh for fresh in numbered(re.sub(r"\W", "_", name)) if fresh not in taken)
            taken.add(new[name])
    layers = tuple(replace(layer, reads=tuple(new.get(name, name) for name in layer.reads)) for layer in layers)
    outputs = {found(value): name for name, value in reversed(case.outputs) if found(value) in keep}
    ends = [layer.name for layer in layers if layer.name in outputs or layer.name not in read]
    free = (name for name in numbered("y") if name not in {*taken, *outputs.values()})
    names = tuple((outputs[end] if end in outputs else next(free), end) for end in ends)
    inputs = {new.get(name, name): shapes[name] for name in [*case.inputs, *new] if name in read}
    return replace(case, inputs=inputs, layers=layers, outputs=names)


def live(case: Case, outputs: Collection[str]) -> Case:
    """The network of some outputs alone, without the layers and inputs that those do not need."""
    needed = {value for name, value in case.outputs if name in outputs}
    for layer in reversed(case.layers):
        if layer.name in needed:
            needed.update(layer.reads)
    return replace(
        case,
        inputs={name: shape for name, shape in case.inputs.items() if name in needed},
        layers=tuple(layer for layer in case.layers if layer.name in needed),
        outputs=tuple((name, value) for name, value in case.outputs if name in outputs),
    )


def passed_by(case: Case, layer: CaseLayer) -> str | None:
    """The first value that a layer reads which could stand for what it gives: one of its shape."""
    shapes = case.shapes
    return next((name for name in layer.reads if shapes[name] == shapes[layer.name]), None)


def numbered(name: str) -> Iterator[str]:
    """A name, and others that begin with it: x, x1, x2, …"""
    yield name
    yield from (f"{name}{number}" for number in count(1))
