"""Verifying a module of thousands of operations, most of which are alike."""

from __future__ import annotations

from xdsl.dialects import arith, memref, vector
from xdsl.ir import ErasedSSAValue, Operation

from lrc.dialects import kernel, neon

BY_TYPES = frozenset(
    {
        *(vector.FMAOp, vector.BroadcastOp, vector.ShuffleOp, vector.LoadOp),
        *(arith.ConstantOp, arith.AddiOp, arith.MuliOp, memref.LoadOp, kernel.LoadOp, neon.FmaLaneOp),
    }
)
"""Operations of which kernels have thousands, and that are right or wrong by their types, properties and attributes
alone, wherever they stand."""


def verify(module: Operation) -> None:
    """Verify an operation and all inside of it, but of those that are alike only the first: xDSL takes a tenth of a
    millisecond for each. Raises VerifyException."""
    known: set[tuple[object, ...]] = set()
    for op in module.walk():
        if is_new(op, known):
            verify_alone(op)


def is_new(op: Operation, known: set[tuple[object, ...]]) -> bool:
    """Whether an operation has to be verified, as none that is the same but for its operands has been. Types and the
    like are compared by identity, which takes no time: those of one module are mostly the same objects."""
    if type(op) not in BY_TYPES or op.next_op is None:
        return True
    operands = op.operands
    if any(isinstance(value, ErasedSSAValue) for value in operands):
        return True
    parts = [*(value.type for value in operands), None, *(result.type for result in op.results)]
    for attributes in (op.properties, op.attributes):
        parts += [None, *(part for pair in attributes.items() for part in pair)]
    key = type(op), *map(id, parts)
    if key in known:
        return False
    known.add(key)
    return True


def verify_alone(op: Operation) -> None:
    """Verify an operation, and its blocks if they are empty. Raises VerifyException."""
    op.verify(verify_nested_ops=False)
    for block in (block for region in op.regions for block in region.blocks if block.is_empty):
        block.verify()  # of others it would verify the operations
