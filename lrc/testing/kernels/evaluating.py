"""What a module of functions computes, and whether passes over loops leave it at that.

A function, a kernel or a network says by an attribute what it can be called with, one entry for each of its arguments:

    func.func @run(%x: memref<?xf32>, %indices: memref<?xui8>, %n: index)
        attributes {arguments = [64 : i64, array<i64: 0, 2, 5>, 3 : i64]}

that is how many elements a buffer of floats has, which numbers an array of unsigned ones holds, what an index is. The
floats are small integers, drawn from a seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from xdsl.context import Context
from xdsl.dialects.builtin import ArrayAttr, DenseArrayBase, Float32Type, IntegerAttr, IntegerType, MemRefType, ModuleOp
from xdsl.ir import Attribute
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import InterpretationError, VerifyException
from xdsl.utils.hints import isa

from lrc.dialects.lr.store import StoreAttr, WeightStore
from lrc.interpreters import loops
from lrc.interpreters.steps import Callee

ARGUMENTS: Final = "arguments"

Results = dict[str, list[Any]]
"""For each function that says its arguments, what they are once it has been called."""


def functions_preserve_meaning(
    module: ModuleOp, passes: Sequence[ModulePass], context: Context | None = None, seed: int = 0
) -> None:
    """Check that passes, run one after the other, leave a valid module whose functions write the same numbers.

    Numbers are float64, and not one may differ, unless the pass says that it `reorders_sums`. `module` stays as it is.
    Raises AssertionError that names the pass, and ValueError if the module itself cannot be run.
    """
    module = module.clone()
    try:
        expected = results(module, seed)
    except InterpretationError as error:
        raise ValueError(f"the module cannot be run before any pass: {error}") from error
    for each in passes:
        try:
            each.apply(context or Context(), module)
            module.verify()
            found = results(module, seed)
        except (InterpretationError, VerifyException) as error:
            raise AssertionError(f"{each.name} makes a module that cannot be run: {error}") from error
        _same(each, expected, found)
        expected = found


def results(module: ModuleOp, seed: int = 0) -> Results:
    """Call every function that says its arguments. Raises InterpretationError if one cannot be run, and ValueError if
    no function says so."""
    store = module.attributes.get("weights")
    arrays = store.data if isinstance(store, StoreAttr) else WeightStore.empty()
    found: Results = {}
    for function in module.ops:
        if isinstance(function, Callee) and ARGUMENTS in function.attributes:
            name = function.sym_name.data
            found[name] = arguments_of(function, seed)
            loops.call(module, name, found[name], arrays)
    if not found:
        raise ValueError(f"no function of the module has the attribute '{ARGUMENTS}': see {__name__}")
    return found


def arguments_of(function: Callee, seed: int = 0) -> list[Any]:
    """What a function is to be called with, as `loops.call` takes it. Raises ValueError if its attribute does not fit
    its arguments."""
    entries, types = function.attributes[ARGUMENTS], [argument.type for argument in function.body.block.args]
    if not isa(entries, ArrayAttr[Attribute]) or len(entries) != len(types):
        raise ValueError(
            f"@{function.sym_name.data} has {len(types)} arguments: '{ARGUMENTS}' needs one entry for each"
        )
    numbers = np.random.default_rng(seed)
    return [_argument(entry, type, numbers) for entry, type in zip(entries, types, strict=True)]


def _argument(entry: Attribute, type: Attribute, numbers: np.random.Generator) -> Any:
    match entry:
        case IntegerAttr() if isa(type, MemRefType[Float32Type]):
            return numbers.integers(-3, 4, entry.value.data).astype(np.float64)
        case IntegerAttr():
            return entry.value.data
        case _ if isa(entry, DenseArrayBase[IntegerType]):
            return np.array(entry.get_values(), np.uint32)
        case _:
            raise ValueError(f"{entry} says of no argument of type {type} what it is")


def _same(each: ModulePass, expected: Results, found: Results) -> None:
    """Raises AssertionError unless both are the same."""
    if expected.keys() != found.keys():
        raise AssertionError(f"{each.name} leaves functions {list(found)} of {list(expected)}")
    exact = not getattr(each, "reorders_sums", False)
    for name, arrays in expected.items():
        for i, (before, after) in enumerate(zip(arrays, found[name], strict=True)):
            equal = np.equal(before, after) | (np.isnan(before) & np.isnan(after))
            if not exact:
                equal |= np.isclose(before, after, rtol=1e-9, atol=1e-9)
            if not np.all(equal):
                place = np.flatnonzero(~equal)[0]
                raise AssertionError(
                    f"{each.name} changes what @{name} writes: element {place} of argument {i} is "
                    f"{after[place]} instead of {before[place]}"
                )
