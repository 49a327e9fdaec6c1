"""Indices, single numbers and arrays as C."""

from __future__ import annotations

from xdsl.dialects import arith, math, memref
from xdsl.dialects.builtin import FloatAttr, IntegerAttr
from xdsl.ir import Attribute, Operation
from xdsl.utils.exceptions import DiagnosticException

from lrc.backends.c.expressions import INLINE, PRECEDENCE, Text, float_literal, is_written, may_wait
from lrc.backends.c.writer import Arms, CWriter
from lrc.dialects import kernel
from lrc.dialects.elements import element_of
from lrc.dialects.values.elements import F32

ARITHMETIC: dict[type[Operation], str] = {
    arith.AddiOp: "+",
    arith.SubiOp: "-",
    arith.MuliOp: "*",
    arith.DivSIOp: "/",
    arith.AddfOp: "+",
    arith.SubfOp: "-",
    arith.MulfOp: "*",
    arith.DivfOp: "/",
}
"""Operation -> operator; those of floats serve vectors as well."""

RIGHT_OPERAND = {"+": "*", "-": "*", "*": "unary", "/": "unary"}
"""Operator -> one that binds a step tighter: a - (b - c) needs its parentheses."""

COMPARISONS = {0: "==", 1: "!=", 2: "<", 3: "<=", 4: ">", 5: ">="}
"""Predicate of arith.cmpi -> operator."""

FUNCTIONS = {math.ExpOp: "expf", math.TanhOp: "tanhf"}
"""Operation -> function of the C library for one float."""


class ScalarPrinter(CWriter):
    """Prints the arithmetic of indices and floats, and what reads and writes one number."""

    @Arms
    def emit(self, op: Operation) -> None:
        """Print one operation."""
        if type(op) in ARITHMETIC:
            self.arithmetic(op, ARITHMETIC[type(op)])
        else:
            super().emit(op)

    def arithmetic(self, op: Operation, operator: str) -> None:
        """a + b and the like, on indices, floats and vectors."""
        left, right = map(self.of, op.operands)
        text = f"{format(left, operator)} {operator} {format(right, RIGHT_OPERAND[operator])}"
        self.define(op.results[0], Text(text, PRECEDENCE[operator]), inline=isinstance(op, INLINE))

    @emit.register
    def _(self, op: arith.ConstantOp) -> None:
        if isinstance(op.value, IntegerAttr):
            number = op.value.value.data
            self.expressions[op.result] = Text(str(number), PRECEDENCE["atom" if number >= 0 else "unary"])
        elif isinstance(op.value, FloatAttr):
            self.expressions[op.result] = self.literal(op.value.value.data, op.result.type)
        else:
            raise DiagnosticException(f"there is no C for a constant {op.value}")

    def literal(self, value: float, type: Attribute) -> Text:
        """A constant of a type."""
        if (element := element_of(type)) is F32:
            return float_literal(value)
        return Text(f"({self.type_of(type)}){float_literal(value, element):unary}", PRECEDENCE["unary"])

    @emit.register
    def _(self, op: arith.ExtFOp | arith.TruncFOp) -> None:
        text = f"({self.type_of(op.result.type)}){self.of(op.input):unary}"
        self.define(op.result, Text(text, PRECEDENCE["unary"]), inline=True)

    @emit.register
    def _(self, op: arith.CmpiOp) -> None:
        operator = COMPARISONS.get(op.predicate.value.data)
        if operator is None:
            raise DiagnosticException("there is no C for a comparison without signs")
        text = f"{self.of(op.lhs):+} {operator} {self.of(op.rhs):+}"
        self.define(op.result, Text(text, PRECEDENCE["==" if operator in ("==", "!=") else "<"]), inline=True)

    @emit.register
    def _(self, op: arith.MinSIOp) -> None:
        a, b = self.of(op.lhs), self.of(op.rhs)
        self.define(op.result, Text(f"{a:+} < {b:+} ? {a:+} : {b:+}", PRECEDENCE["?"]))

    @emit.register
    def _(self, op: arith.SelectOp) -> None:
        condition, a, b = self.of(op.cond), self.of(op.lhs), self.of(op.rhs)
        self.define(op.result, Text(f"{condition:==} ? {a:==} : {b:==}", PRECEDENCE["?"]))

    @emit.register
    def _(self, op: arith.MaximumfOp | arith.MinimumfOp) -> None:
        # what is not a number stays that, whichever of both it is
        a, b, operator = self.of(op.lhs), self.of(op.rhs), "<" if isinstance(op, arith.MaximumfOp) else ">"
        text = f"{a:+} {operator} {b:+} || {b:+} != {b:+} ? {b:+} : {a:+}"
        self.define(op.result, Text(text, PRECEDENCE["?"]))

    @emit.register
    def _(self, op: arith.IndexCastOp) -> None:
        # indices are signed and as wide as a pointer: no number is lost
        self.expressions[op.result] = self.of(op.input)

    @emit.register
    def _(self, op: arith.SIToFPOp) -> None:
        text = f"({self.type_of(op.result.type)}){self.of(op.input):unary}"
        self.define(op.result, Text(text, PRECEDENCE["unary"]), inline=True)

    @emit.register
    def _(self, op: math.ExpOp | math.TanhOp) -> None:
        text = f"{FUNCTIONS[type(op)]}({self.of(op.operand)})"
        self.define(op.result, Text(text, PRECEDENCE["postfix"]))

    @emit.register
    def _(self, op: memref.LoadOp) -> None:
        text = f"{self.of(op.memref):postfix}[{self.of(op.indices[0])}]"
        # of what this kernel stores into, numbers are variables in any case
        inline = not is_written(op.memref) and may_wait(op.res)
        self.define(op.res, Text(text, PRECEDENCE["postfix"]), inline=inline)

    @emit.register
    def _(self, op: memref.StoreOp) -> None:
        self.line(f"{self.of(op.memref):postfix}[{self.of(op.indices[0])}] = {self.of(op.value)};")

    @emit.register
    def _(self, op: kernel.LoadIndexOp) -> None:
        text = f"{self.of(op.array):postfix}[{self.of(op.position)}]"
        # a number of 32 bits may exceed what its own type promotes to
        self.define(op.result, Text(f"(ptrdiff_t){text}", PRECEDENCE["unary"]), inline=may_wait(op.result))
