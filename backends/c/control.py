"""Loops and branches as C."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import scf
from xdsl.dialects.builtin import StringAttr
from xdsl.ir import Block, Operation, SSAValue

from lrc.backends.c.expressions import Text, runs_once
from lrc.backends.c.vectors import VectorPrinter
from lrc.backends.c.writer import Arms
from lrc.backends.literals import in_comment


class ControlPrinter(VectorPrinter):
    """Prints loops and branches. What they carry is one C variable each, updated in place."""

    @Arms
    def emit(self, op: Operation) -> None:
        """Print one operation."""
        super().emit(op)

    @emit.register
    def _(self, op: scf.ForOp) -> None:
        index, *carried = op.body.block.args
        self.carry(op, carried)
        first, last, step = self.of(op.lb), self.of(op.ub), self.text(op.step)
        with self.names.scope():
            name = self.names.fresh(index.name_hint)
            self.expressions[index] = Text(name)
            increment = f"{name}++" if step == "1" else f"{name} += {step}"
            with self.braces(f"for (ptrdiff_t {name} = {first}; {name} < {last:+}; {increment})"):
                if isinstance(pattern := op.attributes.get("pattern"), StringAttr):
                    self.line(f"/* pattern {in_comment(pattern.data)} */")
                self.block_into([self.text(argument) for argument in carried], op.body.block)

    def carry(self, op: scf.ForOp, carried: Sequence[SSAValue]) -> None:
        """A C variable for each value that a loop carries: the one that held its start, if nobody else needs it."""
        for result, argument, start in zip(op.results, carried, op.iter_args, strict=True):
            name = self.text(start)
            if not (name in self.variables and start.has_one_use() and runs_once(op, start)):
                name = self.variable(argument.type, argument.name_hint, name)
            self.expressions[argument] = self.expressions[result] = Text(name)

    def block_into(self, variables: Sequence[str], block: Block) -> None:
        """The operations of a block; what it yields goes into variables."""
        self.block(block)
        if isinstance(block.last_op, scf.YieldOp):
            self.assign(variables, block.last_op.arguments)

    @emit.register
    def _(self, op: scf.IfOp) -> None:
        names = self.unchanged(op)
        in_place = bool(names)
        if not in_place:
            names = [self.variable(result.type, result.name_hint) for result in op.results]
        for result, name in zip(op.results, names, strict=True):
            self.expressions[result] = Text(name)
        blocks = op.false_region.blocks
        has_else = bool(blocks) and not in_place and not is_empty(blocks[0])
        with self.braces(f"if ({self.of(op.cond)})", closed=not has_else):
            self.block_into(names, op.true_region.block)
        if has_else:
            with self.braces("} else"):
                self.block_into(names, blocks[0])

    def unchanged(self, op: scf.IfOp) -> list[str]:
        """The variables that an `if` changes or leaves as they are, or none if it does anything else.

        `x = c ? f(x) : x` is `if (c) x = f(x)`, as long as nobody needs the x from before.
        """
        last = op.false_region.block.last_op if op.false_region.blocks else None
        if not isinstance(last, scf.YieldOp) or last is not op.false_region.block.first_op:
            return []
        names = [self.text(value) for value in last.arguments]
        mine = all(
            runs_once(op, value) and all(op.is_ancestor(use.operation) for use in value.uses)
            for value in last.arguments
        )
        return names if mine and len(set(names) & self.variables) == len(last.arguments) else []

    @emit.register
    def _(self, op: scf.YieldOp) -> None:
        """What a region yields is printed by the operation around it."""


def is_empty(block: Block) -> bool:
    """Whether a block does nothing and yields nothing."""
    return isinstance(block.first_op, scf.YieldOp) and not block.first_op.arguments
