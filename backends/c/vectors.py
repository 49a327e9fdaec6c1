"""Vectors and windows as C, by the table of the instruction set."""

from __future__ import annotations

from xdsl.dialects import arith, math, vector
from xdsl.dialects.builtin import VectorType
from xdsl.ir import Operation, SSAValue
from xdsl.utils.exceptions import DiagnosticException

from lrc.backends.c.expressions import PRECEDENCE, Place, Text, runs_once
from lrc.backends.c.scalars import ScalarPrinter
from lrc.backends.c.writer import Arms
from lrc.dialects import kernel, neon

SPELLINGS: dict[type[Operation], str] = {
    neon.EvenLanesOp: "even lanes",
    neon.OddLanesOp: "odd lanes",
    neon.KeepOp: "keep",
    arith.MaximumfOp: "maximumf",
    arith.MinimumfOp: "minimumf",
    math.ExpOp: "exp",
    math.TanhOp: "tanh",
    arith.AddfOp: "addf",
    arith.SubfOp: "subf",
    arith.MulfOp: "mulf",
    arith.DivfOp: "divf",
}
"""Operation -> its name in the table, if it is one of vectors."""

OPERATORS = frozenset({"addf", "subf", "mulf", "divf"})
"""What C has operators for, where the table says nothing else."""


class VectorPrinter(ScalarPrinter):
    """Prints what loads, stores and computes vectors."""

    @Arms
    def emit(self, op: Operation) -> None:
        """Print one operation."""
        spelling, result = SPELLINGS.get(type(op)), op.results[0].type if op.results else None
        if (
            spelling is not None
            and isinstance(result, VectorType)
            and (spelling not in OPERATORS or spelling in self.vectors(op.results[0].type).texts)
        ):
            self.table(op.results[0], spelling, *map(self.of, op.operands))
        else:
            super().emit(op)

    def table(
        self, result: SSAValue, operation: str, *operands: Text, inline: bool = False, of: SSAValue | None = None
    ) -> None:
        """A value that the table of the instruction set spells, of the vectors like itself or like `of`."""
        text = self.spelled((of or result).type, operation, *operands)
        same = bool(operands) and text == operands[0].text  # a vector of one lane is its number
        binding = operands[0].precedence if same else PRECEDENCE["unary"]
        self.define(result, Text(text, binding), inline=inline)

    @emit.register
    def _(self, op: vector.BroadcastOp) -> None:
        source, constant = self.of(op.source), isinstance(op.source.owner, arith.ConstantOp)
        if constant and self.spelled(op.vector.type, "broadcast", source) == source.text:
            self.expressions[op.vector] = source
        else:
            self.table(op.vector, "broadcast", source, inline=constant)

    @emit.register
    def _(self, op: vector.ShuffleOp) -> None:
        mask = Text(", ".join(str(i) for i in op.mask.get_values()))
        self.table(op.result, "shuffle", self.of(op.v1), self.of(op.v2), mask)

    @emit.register
    def _(self, op: vector.ReductionOp) -> None:
        if op.kind.data != "add" or op.acc is not None:
            start = "" if op.acc is None else " that begins with a number"
            raise DiagnosticException(f"there is no C for a reduction by {op.kind.data}{start}")
        self.table(op.dest, "add across", self.of(op.vector), of=op.vector)

    @emit.register
    def _(self, op: vector.FMAOp) -> None:
        left, right, sum = op.operands  # thousands in a kernel, and names are slow
        self.accumulate(op, sum, "fma", self.of(left), self.of(right))

    @emit.register
    def _(self, op: neon.FmaLaneOp) -> None:
        factor, weights, sum = op.operands
        lane = Text(str(op.lane.value.data))
        spelling = "fma lane" if weights.type == factor.type else "fma lane of half"
        self.accumulate(op, sum, spelling, self.of(factor), self.of(weights), lane)

    def accumulate(self, op: Operation, sum: SSAValue, operation: str, *operands: Text) -> None:
        """sum += ..., in the variable of the sum if this is its last use."""
        name, result = self.text(sum), op.results[0]
        if not (sum.has_one_use() and name in self.variables and runs_once(op, sum)):
            name = self.variable(result.type, result.name_hint, name)
        self.line(f"{self.spelled(result.type, operation, Text(name), *operands)};")
        self.expressions[result] = Text(name)

    @emit.register
    def _(self, op: vector.LoadOp) -> None:
        address = Text(f"&{self.of(op.base):postfix}[{self.of(op.indices[0])}]", PRECEDENCE["unary"])
        self.table(op.result, "load", Place(address.text, address.precedence, address))

    @emit.register
    def _(self, op: kernel.WindowOp) -> None:
        # the offset in parentheses: part of it may point outside of the buffer
        text = f"{self.of(op.buffer):+} + {self.of(op.offset):*}"
        self.define(op.result, Text(text, PRECEDENCE["+"]))

    @emit.register
    def _(self, op: kernel.RowOp) -> None:
        name = self.names.fresh(op.result.name_hint)
        offset = self.place(op.window, op.row.value.data, op.column.value.data)
        self.line(f"{self.pointer_type(op.result)}{name} = {offset};")
        self.line(f'__asm__("" : "+r"({name}));')
        self.expressions[op.result] = Text(name)

    @emit.register
    def _(self, op: kernel.LoadOp) -> None:
        if op.lane_stride != 1 and op.width > 1:
            raise DiagnosticException("a load with a stride has to be legalized before it is printed")
        address = self.place(op.window, *op.place)
        if op.lanes is not None:
            self.table(op.result, "load lanes", address, self.of(op.lanes))
        else:
            self.table(op.result, "load aligned" if op.aligned else "load", address)

    @emit.register
    def _(self, op: kernel.StoreOp) -> None:
        address, value = self.place(op.window, *op.place), self.of(op.value)
        if op.lanes is not None:
            self.line(self.spelled(op.value.type, "store lanes", address, value, self.of(op.lanes)) + ";")
        else:
            self.line(self.spelled(op.value.type, "store", address, value) + ";")
