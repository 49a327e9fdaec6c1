"""What a layer can say less of. Each function gives a layer that says less, or None if this one does not say it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Any

from xdsl.dialects.builtin import FloatAttr, IntegerAttr, f64, i64
from xdsl.ir import Attribute

from lrc.dialects import lr
from lrc.dialects.lr.attrs import ActivationAttr, SparsityAttr, TuningAttr, ints
from lrc.dialects.values.patterns import PatternSet
from lrc.reduction.case import CaseLayer, numbers_of

Simpler = Callable[[CaseLayer], CaseLayer | None]


def _without(field: str) -> Simpler:
    """Without a property that need not be there."""

    def simpler(layer: CaseLayer) -> CaseLayer | None:
        if field not in layer.fields or (field, layer.kind) in NEEDED:
            return None
        return replace(layer, fields={name: value for name, value in layer.fields.items() if name != field})

    return simpler


NEEDED = (("activation", lr.ActivationOp), ("bias", lr.BatchNormOp))
"""Properties that are optional in other layers only."""


def _numbers(change: Callable[[Mapping[str, Sequence[int]]], Mapping[str, Sequence[int]]]) -> Simpler:
    """With other numbers in its lists: kernel, strides, pads, dilations, scale."""

    def simpler(layer: CaseLayer) -> CaseLayer | None:
        lists = {name: numbers for name, value in layer.fields.items() if (numbers := numbers_of(value))}
        new = {name: list(value) for name, value in change(lists).items() if name in lists}
        if all(lists[name] == value for name, value in new.items()):
            return None
        return _with(layer, **{name: ints(value) for name, value in new.items()})

    return simpler


def _with(layer: CaseLayer, **changed: Attribute) -> CaseLayer:
    return replace(layer, fields={**layer.fields, **changed})


def _smaller_kernel(lists: Mapping[str, Any]) -> Mapping[str, Sequence[int]]:
    """One row and column less, and of the padding as much as keeps the size."""
    kernel, pads = lists.get("kernel", ()), lists.get("pads", ())
    before, after = pads[: len(pads) // 2], pads[len(pads) // 2 :]
    return {"kernel": [max(1, n - 1) for n in kernel], "pads": [*before, *(max(0, n - 1) for n in after)]}


def _least(names: Mapping[str, int], lists: Mapping[str, Any]) -> Mapping[str, Sequence[int]]:
    """Some of the lists with the same number everywhere."""
    return {name: [least] * len(lists.get(name, ())) for name, least in names.items()}


def _least_at(place: int, name: str, lists: Mapping[str, Any], least: int = 1) -> Mapping[str, Sequence[int]]:
    """One of the lists with the least number at one place."""
    found = list(lists.get(name, ()))
    return {name: [*found[:place], least, *found[place + 1 :]] if place < len(found) else found}


def one_group(layer: CaseLayer) -> CaseLayer | None:
    """A convolution of all channels."""
    groups = layer.fields.get("groups")
    many = isinstance(groups, IntegerAttr) and groups.value.data > 1
    return _with(layer, groups=IntegerAttr(1, i64)) if many else None


def a_relu(layer: CaseLayer) -> CaseLayer | None:
    """The simplest activation."""
    known = layer.fields.get("activation")
    if not isinstance(known, ActivationAttr) or known.data.kind == "relu":
        return None
    return _with(layer, activation=ActivationAttr(lr.Activation("relu")))


def one_pattern(layer: CaseLayer) -> CaseLayer | None:
    """Of several patterns the first."""
    known = layer.fields.get("sparsity")
    if not isinstance(known, SparsityAttr) or known.data.patterns is None or len(known.data.patterns.masks) == 1:
        return None
    return _with(layer, sparsity=SparsityAttr(replace(known.data, patterns=PatternSet(known.data.patterns.masks[:1]))))


def all_kernels(layer: CaseLayer) -> CaseLayer | None:
    """Patterns, and no kernel removed."""
    known = layer.fields.get("sparsity")
    if not isinstance(known, SparsityAttr) or known.data.patterns is None or known.data.keep is None:
        return None
    return _with(layer, sparsity=SparsityAttr(replace(known.data, keep=None, budget="filter")))


def kernels_of_its_own(layer: CaseLayer) -> CaseLayer | None:
    """No kernels that filters share."""
    known = layer.fields.get("sparsity")
    if not isinstance(known, SparsityAttr) or known.data.share == 1:
        return None
    return _with(layer, sparsity=SparsityAttr(replace(known.data, share=1)))


def _without_wish(name: str) -> Simpler:
    """One wish for the schedule less."""

    def simpler(layer: CaseLayer) -> CaseLayer | None:
        known = layer.fields.get("tuning")
        if not isinstance(known, TuningAttr) or getattr(known.data, name) is None:
            return None
        left = replace(known.data, **{name: None})
        return _with(layer, tuning=TuningAttr(left)) if any(getattr(left, f.name) for f in fields(left)) else None

    return simpler


def usual_epsilon(layer: CaseLayer) -> CaseLayer | None:
    """The epsilon that a batch norm has if nobody says another."""
    known, usual = layer.fields.get("epsilon"), FloatAttr(1e-5, f64)
    return _with(layer, epsilon=usual) if isinstance(known, FloatAttr) and known != usual else None


SIMPLER: tuple[Simpler, ...] = (
    _without("sparsity"),
    _without("tuning"),
    _without("bias"),
    _without("activation"),
    _numbers(partial(_least, {"kernel": 1, "pads": 0})),
    _numbers(partial(_least, {"strides": 1})),
    _numbers(partial(_least, {"dilations": 1})),
    _numbers(partial(_least, {"pads": 0})),
    _numbers(_smaller_kernel),
    *(_numbers(partial(_least_at, i, "kernel")) for i in range(2)),
    *(_numbers(partial(_least_at, i, "strides")) for i in range(2)),
    *(_numbers(partial(_least_at, i, "pads", least=0)) for i in range(4)),
    _numbers(partial(_least, {"scale": 1})),
    *(_numbers(partial(_least_at, i, "scale")) for i in range(2)),
    one_group,
    a_relu,
    one_pattern,
    all_kernels,
    kernels_of_its_own,
    *map(_without_wish, ("unroll", "tile", "permute", "load")),
    usual_epsilon,
)
"""All of them, those that leave out most first."""
