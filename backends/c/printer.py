"""The loop level, printed op by op as C11.

One arm for each operation. Index arithmetic that is used once is printed inside the expression that
uses it; everything else becomes a variable with the name it had in the IR. Sums carried by a loop are
one C variable each, updated in place. Vectors are spelled by a table (`VectorIsa`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import singledispatchmethod
from io import StringIO

from xdsl.dialects import arith, func, math, memref, scf, vector
from xdsl.dialects.builtin import Float32Type, FloatAttr, IndexType, IntegerAttr, IntegerType, MemRefType, VectorType
from xdsl.ir import Attribute, Block, BlockArgument, Operation, SSAValue
from xdsl.traits import SymbolTable
from xdsl.utils.base_printer import BasePrinter
from xdsl.utils.exceptions import DiagnosticException

from lrc.backends.c.isa import SCALAR, VectorIsa
from lrc.backends.emitted import c_identifier
from lrc.dialects import kernel, neon
from lrc.dialects.kernel.attrs import WindowType

PRECEDENCE = {"atom": 0, "postfix": 1, "unary": 2, "*": 3, "/": 3, "+": 4, "-": 4, "<": 6, "==": 7, "?": 13}
"""C's operators, the tightest first."""

ARITHMETIC = {
    arith.AddiOp: "+",
    arith.SubiOp: "-",
    arith.MuliOp: "*",
    arith.DivSIOp: "/",
    arith.AddfOp: "+",
    arith.SubfOp: "-",
    arith.MulfOp: "*",
    arith.DivfOp: "/",
}
COMPARISONS = {0: "==", 1: "!=", 2: "<", 3: "<=", 4: ">", 5: ">="}
RESERVED = frozenset(
    {
        *("vec", "load", "store", "broadcast", "choose", "maximum", "minimum", "exponential"),
        *("point", "begin", "end", "arguments", "a", "m", "bool", "exp", "tanh"),
    }
)
"""Names that a variable must not have: those of the unit around it."""


@dataclass(frozen=True)
class Text:
    """A C expression and how tightly it binds."""

    text: str
    precedence: int = 0

    def within(self, precedence: int) -> str:
        """The expression as an operand of an operator that binds as given, in parentheses if it needs them."""
        return f"({self.text})" if self.precedence > precedence else self.text


@dataclass(eq=False, repr=False)
class CPrinter(BasePrinter):
    """Prints functions of the loop level as C.

    `prefix` is put before the names of functions; `weights` gives for each constant array the C expression
    of its place, `layers` the number of each layer. Raises DiagnosticException for an operation that has no C.
    """

    isa: VectorIsa = field(kw_only=True)
    prefix: str = field(default="", kw_only=True)
    weights: Mapping[str, str] = field(default_factory=dict[str, str], kw_only=True)
    layers: Mapping[str, int] = field(default_factory=dict[str, int], kw_only=True)
    expressions: dict[SSAValue, Text] = field(default_factory=dict[SSAValue, Text], init=False)
    used: set[str] = field(default_factory=set[str], init=False)

    # names and expressions

    def fresh(self, hint: str | None) -> str:
        """A C name close to `hint` that this function has not used yet."""
        base = c_identifier(hint or "t")
        name, n = base, 0
        while name in self.used or name in RESERVED:
            n += 1
            name = f"{base}_{n}"
        self.used.add(name)
        return name

    def of(self, value: SSAValue) -> Text:
        """The C expression of a value."""
        if value not in self.expressions:
            raise DiagnosticException(f"a value of '{_maker(value)}' is used before it is printed")
        return self.expressions[value]

    def text(self, value: SSAValue, precedence: int = 99) -> str:
        """The C text of a value as an operand of an operator that binds as given."""
        return self.of(value).within(precedence)

    def type_of(self, type: Attribute) -> str:
        """The C type of a value."""
        match type:
            case VectorType():
                if type.get_shape() != (self.isa.lanes,):
                    raise DiagnosticException(f"{self.isa.name} has no vectors of {type.get_shape()} floats")
                return self.isa.type
            case Float32Type():
                return "float"
            case IndexType():
                return "ptrdiff_t"
            case IntegerType():
                return "bool" if type.width.data == 1 else f"uint{type.width.data}_t"
            case _:
                raise DiagnosticException(f"no C type for {type}")

    def pointer_type(self, buffer: SSAValue) -> str:
        """The C type of a buffer or window; const unless something is stored through it."""
        element = buffer.type.element_type if isinstance(buffer.type, MemRefType) else Float32Type()
        return f"{'' if is_written(buffer) else 'const '}{self.type_of(element)} *"

    def line(self, text: str) -> None:
        """A line of C at the current depth."""
        self.print_string("\n")
        self.print_string(text)

    def define(self, value: SSAValue, expression: Text, *, inline: bool = False) -> None:
        """Make `expression` the meaning of `value`: in place if it may be, else by a variable."""
        if value.first_use is None:
            return
        if inline and used_once_here(value):
            self.expressions[value] = expression
            return
        pointer = isinstance(value.type, MemRefType | WindowType)
        type = self.pointer_type(value) + "const " if pointer else f"const {self.type_of(value.type)} "
        name = self.fresh(value.name_hint)
        self.line(f"{type}{name} = {expression.text};")
        self.expressions[value] = Text(name)

    # operations

    @singledispatchmethod
    def emit(self, op: Operation) -> None:
        """Print one operation."""
        if type(op) in ARITHMETIC:
            self.arithmetic(op, ARITHMETIC[type(op)])
        else:
            raise DiagnosticException(f"there is no C for '{op.name}'")

    def block(self, block: Block) -> None:
        """Print the operations of a block."""
        for op in block.ops:
            self.emit(op)

    def arithmetic(self, op: Operation, operator: str) -> None:
        """a + b and the like, on indices, floats and vectors."""
        left, right = op.operands
        binding = PRECEDENCE[operator]
        text = f"{self.text(left, binding)} {operator} {self.text(right, binding - 1)}"
        self.define(op.results[0], Text(text, binding), inline=isinstance(left.type, IndexType))

    @emit.register
    def _(self, op: arith.ConstantOp) -> None:
        if isinstance(op.value, IntegerAttr):
            number = op.value.value.data
            self.expressions[op.result] = Text(str(number), 0 if number >= 0 else PRECEDENCE["unary"])
        elif isinstance(op.value, FloatAttr):
            self.expressions[op.result] = float_literal(op.value.value.data)
        else:
            raise DiagnosticException(f"no C for a constant {op.value}")

    @emit.register
    def _(self, op: arith.CmpiOp) -> None:
        operator = COMPARISONS[op.predicate.value.data]
        binding = PRECEDENCE["==" if operator in ("==", "!=") else "<"]
        text = f"{self.text(op.lhs, binding - 1)} {operator} {self.text(op.rhs, binding - 1)}"
        self.define(op.result, Text(text, binding), inline=True)

    @emit.register
    def _(self, op: arith.MinSIOp) -> None:
        a, b = self.text(op.lhs, 5), self.text(op.rhs, 5)
        self.define(op.result, Text(f"{a} < {b} ? {a} : {b}", PRECEDENCE["?"]))

    @emit.register
    def _(self, op: arith.IndexCastOp) -> None:
        # indices are signed and as wide as a pointer: no number is lost
        self.expressions[op.result] = self.of(op.input)

    @emit.register
    def _(self, op: arith.SIToFPOp) -> None:
        text = f"({self.type_of(op.result.type)}){self.text(op.input, PRECEDENCE['unary'])}"
        self.define(op.result, Text(text, PRECEDENCE["unary"]), inline=True)

    def table(self, result: SSAValue, operation: str, *operands: SSAValue, inline: bool = False) -> None:
        """A value that the table of the instruction set spells."""
        try:
            text = self.isa.text(operation, *(self.text(o) for o in operands))
        except KeyError:
            raise DiagnosticException(f"{self.isa.name} has no C for '{operation}'") from None
        self.define(result, Text(text, PRECEDENCE["postfix"]), inline=inline)

    @emit.register
    def _(self, op: arith.MaximumfOp) -> None:
        self.extremum(op, "maximumf", ">")

    @emit.register
    def _(self, op: arith.MinimumfOp) -> None:
        self.extremum(op, "minimumf", "<")

    def extremum(self, op: arith.MaximumfOp | arith.MinimumfOp, operation: str, operator: str) -> None:
        """The larger or smaller of two, on vectors or on floats."""
        if isinstance(op.result.type, VectorType):
            self.table(op.result, operation, op.lhs, op.rhs)
        else:
            a, b = self.text(op.lhs, 5), self.text(op.rhs, 5)
            self.define(op.result, Text(f"{a} {operator} {b} ? {a} : {b}", PRECEDENCE["?"]))

    @emit.register
    def _(self, op: math.ExpOp) -> None:
        self.function_of(op.result, op.operand, "exp", "expf")

    @emit.register
    def _(self, op: math.TanhOp) -> None:
        self.function_of(op.result, op.operand, "tanh", "tanhf")

    def function_of(self, result: SSAValue, operand: SSAValue, operation: str, scalar: str) -> None:
        """A function of one vector or one float."""
        if isinstance(result.type, VectorType):
            self.table(result, operation, operand)
        else:
            self.define(result, Text(f"{scalar}({self.text(operand)})", PRECEDENCE["postfix"]))

    @emit.register
    def _(self, op: vector.BroadcastOp) -> None:
        constant = isinstance(op.source.owner, arith.ConstantOp)
        self.table(op.vector, "broadcast", op.source, inline=constant)

    @emit.register
    def _(self, op: vector.ShuffleOp) -> None:
        mask = ", ".join(str(i) for i in op.mask.get_values())
        text = self.isa.text("shuffle", self.text(op.v1), self.text(op.v2), mask)
        self.define(op.result, Text(text, PRECEDENCE["postfix"]))

    @emit.register
    def _(self, op: vector.ReductionOp) -> None:
        if op.kind.data != "add":
            raise DiagnosticException(f"there is no C for a reduction by {op.kind.data}")
        self.table(op.dest, "add across", op.vector)

    @emit.register
    def _(self, op: vector.FMAOp) -> None:
        self.accumulate(op.acc, op.res, "fma", self.text(op.lhs, 3), self.text(op.rhs, 2))

    @emit.register
    def _(self, op: neon.FmaLaneOp) -> None:
        lane = str(op.lane.value.data)
        self.accumulate(op.acc, op.res, "fma lane", self.text(op.vector), self.text(op.weights), lane)

    def accumulate(self, sum: SSAValue, result: SSAValue, operation: str, *operands: str) -> None:
        """sum += …, in the variable of the sum if this is its last use."""
        name = self.text(sum)
        if not (sum.has_one_use() and name in self.variables):
            fresh = self.fresh(result.name_hint)
            self.line(f"{self.type_of(result.type)} {fresh} = {name};")
            self.variables.add(fresh)
            name = fresh
        self.line(f"{self.isa.text(operation, name, *operands)};")
        self.expressions[result] = Text(name)

    @emit.register
    def _(self, op: vector.LoadOp) -> None:
        place = f"&{self.text(op.base, 1)}[{self.text(op.indices[0])}]"
        self.define(op.result, Text(self.isa.text("load", place), PRECEDENCE["postfix"]))

    @emit.register
    def _(self, op: memref.LoadOp) -> None:
        text = f"{self.text(op.memref, 1)}[{self.text(op.indices[0])}]"
        self.define(op.res, Text(text, PRECEDENCE["postfix"]), inline=True)

    @emit.register
    def _(self, op: memref.StoreOp) -> None:
        self.line(f"{self.text(op.memref, 1)}[{self.text(op.indices[0])}] = {self.text(op.value)};")

    @emit.register
    def _(self, op: kernel.LoadIndexOp) -> None:
        text = f"{self.text(op.array, 1)}[{self.text(op.position)}]"
        # a number of 32 bits may exceed what its own type promotes to
        self.define(op.result, Text(f"(ptrdiff_t){text}", PRECEDENCE["unary"]), inline=True)

    @emit.register
    def _(self, op: kernel.WindowOp) -> None:
        text = f"{self.text(op.buffer, PRECEDENCE['+'])} + ({self.text(op.offset)})"
        self.define(op.result, Text(text, PRECEDENCE["+"]))

    @emit.register
    def _(self, op: kernel.RowOp) -> None:
        name = self.fresh(op.result.name_hint)
        offset = self.place(op.window, op.row.value.data, op.column.value.data)
        self.line(f"{self.pointer_type(op.result)}{name} = {offset};")
        self.line(f'__asm__("" : "+r"({name}));')
        self.expressions[op.result] = Text(name)

    def place(self, window: SSAValue, row: int, column: int) -> str:
        """The address of a constant place of a window."""
        assert isinstance(window.type, WindowType)
        offset = row * window.type.row_stride.data + column
        base = self.text(window, 4)
        return base if not offset else f"{base} {'+' if offset > 0 else '-'} {abs(offset)}"

    @emit.register
    def _(self, op: kernel.LoadOp) -> None:
        if op.lane_stride != 1 and op.width > 1:
            raise DiagnosticException("a load with a stride has to be legalized before it is printed")
        address = self.place(op.window, *op.place)
        if op.lanes is not None:
            text = self.isa.text("load lanes", address, self.text(op.lanes))
        else:
            text = self.isa.text("load aligned" if op.aligned else "load", address)
        self.define(op.result, Text(text, PRECEDENCE["unary"]), inline=is_only_yielded(op.result))

    @emit.register
    def _(self, op: kernel.StoreOp) -> None:
        operands = [self.place(op.window, *op.place), self.text(op.value)]
        if op.lanes is not None:
            self.line(self.isa.text("store lanes", *operands, self.text(op.lanes)) + ";")
        else:
            self.line(self.isa.text("store", *operands) + ";")

    # control flow

    @emit.register
    def _(self, op: scf.ForOp) -> None:
        index, *carried = op.body.block.args
        self.carry(op.results, carried, op.iter_args)
        name = self.fresh(index.name_hint)
        self.expressions[index] = Text(name)
        step = self.text(op.step)
        increment = f"{name}++" if step == "1" else f"{name} += {step}"
        self.line(f"for (ptrdiff_t {name} = {self.text(op.lb)}; {name} < {self.text(op.ub, 5)}; {increment}) {{")
        with self.indented():
            self.block(op.body.block)
            last = op.body.block.last_op
            if isinstance(last, scf.YieldOp):
                self.hand_over(last.arguments, carried)
        self.line("}")

    def carry(self, results: Sequence[SSAValue], carried: Sequence[SSAValue], starts: Sequence[SSAValue]) -> None:
        """A C variable for each value that a loop carries: the one that held its start, if nobody else needs it."""
        for result, argument, start in zip(results, carried, starts, strict=True):
            name = self.text(start)
            if not (name in self.variables and start.has_one_use()):
                name = self.fresh(argument.name_hint)
                self.line(f"{self.type_of(argument.type)} {name} = {self.text(start)};")
                self.variables.add(name)
            self.expressions[argument] = self.expressions[result] = Text(name)

    def hand_over(self, values: Sequence[SSAValue], variables: Sequence[SSAValue]) -> None:
        """variable = value, for those that do not live in the variable already."""
        moves = [(self.text(v), self.text(a)) for v, a in zip(variables, values, strict=True)]
        for variable, value in moves:
            if variable != value:
                self.line(f"{variable} = {value};")

    @emit.register
    def _(self, op: scf.IfOp) -> None:
        last = op.false_region.block.last_op if op.false_region.blocks else None
        otherwise = last.arguments if isinstance(last, scf.YieldOp) else ()
        passed_on = [o for o in otherwise if o.owner is not op.false_region.blocks[0]] if otherwise else []
        # `if` that changes values or leaves them as they are: change them in place
        in_place = bool(otherwise) and len(op.false_region.block.ops) == 1 and len(passed_on) == len(otherwise)
        in_place = in_place and all(self.text(o) in self.variables for o in otherwise)
        names: list[str] = []
        for i, result in enumerate(op.results):
            name = self.text(otherwise[i]) if in_place else self.fresh(result.name_hint)
            if not in_place:
                self.line(f"{self.type_of(result.type)} {name};")
                self.variables.add(name)
            names.append(name)
            self.expressions[result] = Text(name)
        self.line(f"if ({self.text(op.cond)}) {{")
        self.branch(op.true_region.block, names)
        if op.false_region.blocks and not in_place and not self.is_empty(op.false_region.block):
            self.line("} else {")
            self.branch(op.false_region.block, names)
        self.line("}")

    @staticmethod
    def is_empty(block: Block) -> bool:
        """Whether a block does nothing and yields nothing."""
        return isinstance(block.first_op, scf.YieldOp) and not block.first_op.arguments

    def branch(self, block: Block, names: Sequence[str]) -> None:
        """One branch of an `if`: its operations, then what it yields."""
        with self.indented():
            self.block(block)
            last = block.last_op
            if isinstance(last, scf.YieldOp):
                for name, value in zip(names, last.arguments, strict=True):
                    if name != self.text(value):
                        self.line(f"{name} = {self.text(value)};")

    @emit.register
    def _(self, op: scf.YieldOp | func.ReturnOp) -> None:
        """What a region yields is printed by the operation around it."""

    # functions

    variables: set[str] = field(default_factory=set[str], init=False)

    def begin_function(self) -> None:
        """Forget the names of the function before."""
        self.expressions.clear()
        self.used.clear()
        self.variables.clear()

    def declaration(self, function: func.FuncOp) -> str:
        """The struct of a kernel's arguments, and the kernel's prototype."""
        self.begin_function()
        name = f"{self.prefix}{function.sym_name.data}"
        self.line(f"struct {name}_arguments {{")
        with self.indented():
            for argument in function.body.block.args:
                self.line(f"{self.argument_type(argument)}{self.fresh(argument.name_hint)};")
        self.line("};")
        self.line(f"void {name}(const void *arguments, size_t begin, size_t end);")
        return self.printed()

    def argument_type(self, argument: SSAValue) -> str:
        """The C type of an argument of a kernel, up to its name."""
        pointer = isinstance(argument.type, MemRefType)
        return self.pointer_type(argument) if pointer else self.type_of(argument.type) + " "

    def printed(self) -> str:
        """What was printed so far."""
        assert isinstance(self.stream, StringIO)
        return self.stream.getvalue().lstrip("\n") + "\n"

    def function(self, function: func.FuncOp) -> str:
        """A kernel as C."""
        self.kernel(function)
        return self.printed()

    def kernel(self, function: func.FuncOp) -> None:
        """A kernel, as a function over part of the points of its grid."""
        self.begin_function()
        name = f"{self.prefix}{function.sym_name.data}"
        self.line(f"void {name}(const void *arguments, size_t begin, size_t end)")
        self.line("{")
        with self.indented():
            self.line(f"const struct {name}_arguments *const a = arguments;")
            for argument in function.body.block.args:
                # The first extent of a grid stands in no text: who launches the kernel counts the points.
                if all(isinstance(use.operation, kernel.GridOp) and use.index == 0 for use in argument.uses):
                    continue
                hint = self.fresh(argument.name_hint)
                pointer = isinstance(argument.type, MemRefType)
                type = f"{self.argument_type(argument)}const" if pointer else f"const {self.type_of(argument.type)}"
                self.line(f"{type} {hint} = a->{hint};")
                self.expressions[argument] = Text(hint)
            self.block(function.body.block)
        self.line("}")

    @emit.register
    def _(self, op: kernel.GridOp) -> None:
        self.line("for (size_t point = begin; point < end; point++) {")
        with self.indented():
            rest = "(ptrdiff_t)point"
            for size, index in reversed(list(zip(op.sizes, op.body.block.args, strict=True))):
                name = self.fresh(index.name_hint)
                self.expressions[index] = Text(name)
                if index is op.body.block.args[0]:
                    if index.first_use is not None:
                        self.line(f"const ptrdiff_t {name} = {rest};")
                    continue
                extent = self.text(size, 2)
                if index.first_use is not None:
                    self.line(f"const ptrdiff_t {name} = {rest} % {extent};")
                rest = f"{rest} / {extent}"
            self.block(op.body.block)
        self.line("}")

    # the function that runs the network

    def graph(self, function: func.FuncOp, signature: str, parameters: Sequence[str]) -> str:
        """The function that launches the kernels, under a C signature that names its parameters."""
        self.begin_function()
        self.used.update(parameters)
        for name, argument in zip(parameters, function.body.block.args, strict=True):
            self.expressions[argument] = Text(name)
        self.line(f"{signature} {{")
        with self.indented():
            self.block(function.body.block)
        self.line("}")
        return self.printed()

    @emit.register
    def _(self, op: kernel.WeightsOp) -> None:
        self.expressions[op.result] = Text(self.weights[op.weight.data], PRECEDENCE["postfix"])

    @emit.register
    def _(self, op: kernel.ArenaOp) -> None:
        name = self.fresh(op.result.name_hint)
        assert isinstance(op.result.type, MemRefType)
        self.line(f"{self.type_of(op.result.type.element_type)} *const {name} = ARENA({op.offset.value.data});")
        self.expressions[op.result] = Text(name)

    @emit.register
    def _(self, op: kernel.LaunchOp) -> None:
        callee = SymbolTable.lookup_symbol(op, op.callee)
        if not isinstance(callee, func.FuncOp):
            raise DiagnosticException(f"there is no kernel @{op.callee.root_reference.data}")
        name = f"{self.prefix}{callee.sym_name.data}"
        fields = field_names(callee)
        self.line("{")
        with self.indented():
            self.line(f"const struct {name}_arguments arguments = {{")
            with self.indented():
                for field_name, value in zip(fields, op.arguments, strict=True):
                    self.line(f".{field_name} = {self.text(value)},")
            self.line("};")
            points = " * ".join(self.text(size, PRECEDENCE["*"]) for size in op.sizes)
            self.line(f"LAUNCH({name}, &arguments, (size_t)({points}));")
            if op.layer is not None and op.layer.data in self.layers:
                number = self.layers[op.layer.data]
                self.line(f"LAYER({number}, {self.text(self.result_of(op))});")
        self.line("}")

    @staticmethod
    def result_of(op: kernel.LaunchOp) -> SSAValue:
        """The buffer of the layer that a launch completes."""
        for value in op.arguments:
            if isinstance(value.owner, kernel.ArenaOp) and value.owner.attributes.get("layer") == op.layer:
                return value
        raise DiagnosticException(f"layer {op.layer} has no buffer")


def field_names(function: func.FuncOp) -> list[str]:
    """The names of a kernel's arguments in its C struct."""
    printer = CPrinter(StringIO(), isa=SCALAR)
    return [printer.fresh(argument.name_hint) for argument in function.body.block.args]


def is_read(argument: SSAValue) -> bool:
    """Whether a kernel's code reads an argument: it does not ask how far a grid's first dimension goes."""
    return any(not isinstance(use.operation, kernel.GridOp) or use.index > 0 for use in argument.uses)


def used_once_here(value: SSAValue) -> bool:
    """Whether a value has one use, and that in its own block: printing it there moves no work."""
    if not value.has_one_use() or isinstance(value, BlockArgument):
        return False
    (use,) = value.uses
    owner = value.owner
    return isinstance(owner, Operation) and use.operation.parent is owner.parent


def is_only_yielded(value: SSAValue) -> bool:
    """Whether a value's one use is the end of its block."""
    return used_once_here(value) and isinstance(value.get_user_of_unique_use(), scf.YieldOp)


def is_written(buffer: SSAValue) -> bool:
    """Whether something is stored through a buffer or a window."""
    for use in buffer.uses:
        op = use.operation
        if isinstance(op, memref.StoreOp) and op.memref is buffer:
            return True
        if isinstance(op, kernel.StoreOp) and op.window is buffer:
            return True
        if isinstance(op, kernel.WindowOp | kernel.RowOp | memref.ViewOp) and is_written(op.results[0]):
            return True
    return False


def float_literal(value: float) -> Text:
    """A float32 constant: shortest text that reads back as the same number."""
    import numpy as np

    number = np.float32(value)
    if np.isinf(number):
        return Text("-INFINITY" if number < 0 else "INFINITY", PRECEDENCE["unary"])
    text = np.format_float_scientific(number, unique=True, trim="0") if abs(number) >= 1e7 else repr(float(str(number)))
    return Text(f"{text}f", PRECEDENCE["unary"] if number < 0 else 0)


def _maker(value: SSAValue) -> str:
    return value.owner.name if isinstance(value.owner, Operation) else "a block argument"
