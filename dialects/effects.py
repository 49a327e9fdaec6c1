"""What operations do to memory, as they declare it: passes over loops and printers ask here, and move nothing across
what says nothing.

An operation of somebody's own takes part by its traits (`xdsl.traits`): `Pure`, `MemoryReadEffect` and the like. Which
buffer is written is not asked: two of them, or two windows, may be the same memory.
"""

from functools import cache

from xdsl.dialects import vector
from xdsl.ir import Block, Operation
from xdsl.traits import MemoryAllocEffect, MemoryEffect, MemoryEffectKind, MemoryReadEffect, NoMemoryEffect, get_effects

HARMLESS = (MemoryEffectKind.READ, MemoryEffectKind.ALLOC)

READING = (NoMemoryEffect, MemoryReadEffect, MemoryAllocEffect)

SILENT = (vector.LoadOp, vector.ReductionOp)
"""Operations of xDSL that write nothing and do not say so."""


def may_write(op: Operation) -> bool:
    """Whether memory may hold something else once an operation, or anything inside of it, has run."""
    if never_writes(type(op)):
        return False
    effects = get_effects(op)
    return effects is None or any(effect.kind not in HARMLESS for effect in effects)


@cache
def never_writes(kind: type[Operation]) -> bool:
    """Whether an operation of this kind writes nothing, whatever it looks like and whatever is inside of it."""
    effects = kind.get_traits_of_type(MemoryEffect)
    return kind in SILENT or (bool(effects) and all(isinstance(effect, READING) for effect in effects))


def blocks(function: Operation) -> list[Block]:
    """All blocks inside of a function, as they are now: the outer ones first."""
    found = [block for region in function.regions for block in region.blocks]
    for block in found:
        found += [inner for op in block.ops for region in op.regions for inner in region.blocks]
    return found


def stretches(block: Block) -> list[list[Operation]]:
    """The operations of a block between those that may write, or have blocks of their own, which are left out: while
    one stretch runs, no memory changes."""
    found: list[list[Operation]] = [[]]
    for op in block.ops:
        if op.regions or may_write(op):
            found.append([])
        else:
            found[-1].append(op)
    return found
