"""The loop level, printed op by op as C11: kernels, and the function that launches them.

Index arithmetic that is used once is printed inside the expression that uses it; everything else becomes
a variable with the name it had in the IR. A chain of classes holds the operations, one arm for each:

    CWriter         lines, names, expressions, variables      writer.py
    ScalarPrinter   indices, floats, arrays                   scalars.py
    VectorPrinter   vectors, windows                          vectors.py
    ControlPrinter  loops and branches                        control.py
    CPrinter        functions, grids, launches                here
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import singledispatchmethod
from io import StringIO
from typing import Final

from xdsl.dialects import func
from xdsl.dialects.builtin import MemRefType
from xdsl.ir import Block, Operation, SSAValue
from xdsl.traits import SymbolTable
from xdsl.utils.exceptions import DiagnosticException

from lrc.backends.c.control import ControlPrinter
from lrc.backends.c.expressions import PRECEDENCE, Text
from lrc.backends.c.scalars import FUNCTIONS
from lrc.backends.names import Names, ProgramNames
from lrc.dialects import kernel

OWN_OF_KERNELS = frozenset({"a", "point", "arguments", "begin", "end"})
"""What a kernel calls its own parameters and variables."""


MOST_LAUNCHES: Final = 256
"""Launches in a C function: compilers take a time for it that is quadratic in them."""


@dataclass(eq=False, repr=False)
class CPrinter(ControlPrinter):
    """Prints a function of the loop level as C, or what stands for it in a header.

    A printer prints one text. `kernels` gives for each kernel the name of its function, `weights` for each constant
    array the C expression of its place, `layers` the number of each layer. Raises DiagnosticException for an
    operation that has no C.
    """

    kernels: Mapping[str, str] = field(default_factory=dict[str, str], kw_only=True)
    weights: Mapping[str, str] = field(default_factory=dict[str, str], kw_only=True)
    layers: Mapping[str, int] = field(default_factory=dict[str, int], kw_only=True)
    _printed: StringIO = field(default_factory=StringIO, init=False)

    def __post_init__(self) -> None:
        self.stream = self._printed
        self.names = Names("value", {*OWN_OF_KERNELS, *FUNCTIONS.values(), *self.isa.words})

    @singledispatchmethod
    def emit(self, op: Operation) -> None:
        """Print one operation."""
        super().emit(op)

    def printed(self) -> str:
        """What was printed so far."""
        return self._printed.getvalue().lstrip("\n") + "\n"

    # kernels

    def declaration(self, function: func.FuncOp) -> str:
        """The struct of a kernel's arguments, and the kernel's prototype."""
        name = self.kernels[function.sym_name.data]
        self.line(f"struct {name}_arguments {{")
        with self.indented():
            for field_name, argument in zip(field_names(function), function.body.block.args, strict=True):
                self.line(f"{self.declared(argument)}{field_name};")
        self.line("};")
        self.line(f"void {name}(const void *arguments, size_t begin, size_t end);")
        return self.printed()

    def declared(self, argument: SSAValue) -> str:
        """The C type of an argument of a kernel, up to its name."""
        is_buffer = isinstance(argument.type, MemRefType)
        return self.pointer_type(argument) if is_buffer else f"{self.type_of(argument.type)} "

    def function(self, function: func.FuncOp) -> str:
        """A kernel, as a function over part of the points of its grid."""
        name = self.kernels[function.sym_name.data]
        self.line(f"void {name}(const void *arguments, size_t begin, size_t end)")
        with self.braces(""):
            self.line(f"const struct {name}_arguments *const a = arguments;")
            for field_name, argument in zip(field_names(function), function.body.block.args, strict=True):
                if is_read(argument):
                    self.read(argument, field_name)
            self.block(function.body.block)
        return self.printed()

    def read(self, argument: SSAValue, field_name: str) -> None:
        """Take an argument of a kernel out of the struct."""
        name = self.names.fresh(field_name)
        is_buffer = isinstance(argument.type, MemRefType)
        type = f"{self.declared(argument)}const" if is_buffer else f"const {self.type_of(argument.type)}"
        self.line(f"{type} {name} = a->{field_name};")
        self.expressions[argument] = Text(name)

    @emit.register
    def _(self, op: kernel.GridOp) -> None:
        with self.braces("for (size_t point = begin; point < end; point++)"):
            rest = "(ptrdiff_t)point"
            indices = op.body.block.args
            for dimension in reversed(range(len(indices))):
                index, size = indices[dimension], op.sizes[dimension]
                if not is_divided(op, dimension):
                    break
                name = self.names.fresh(index.name_hint)
                self.expressions[index] = Text(name)
                if index.first_use is not None:
                    place = rest if dimension == 0 else f"{rest} % {self.of(size):unary}"
                    self.line(f"const ptrdiff_t {name} = {place};")
                if dimension > 0:
                    rest = f"{rest} / {self.of(size):unary}"
            self.block(op.body.block)

    # the function that runs the network

    def graph(self, function: func.FuncOp, names: ProgramNames) -> str:
        """The function that launches the kernels; a long one calls others, for parts of the network."""
        self.names = names.variables()
        block, name = function.body.block, f"{names.model}_graph"
        arguments: list[SSAValue] = list(block.args)
        ports = dict(zip(arguments, (*names.inputs, *names.outputs), strict=True))
        declared: dict[SSAValue, str] = dict(zip(arguments, names.parameters, strict=True))
        self.expressions |= {argument: Text(port) for argument, port in ports.items()}

        def head(name: str, arguments: Iterable[SSAValue]) -> str:
            return f"static void {name}({', '.join([f'{names.model}_t *m', *(declared[each] for each in arguments)])})"

        parts = parts_of(block)
        calls: list[str] = []
        for number, ops in enumerate(parts if len(parts) > 1 else ()):
            used = dict.fromkeys(operand for op in ops for operand in op.operands)
            taken = [argument for argument in arguments if argument in used]
            with self.braces(head(f"{name}_{number}", taken)):
                for value in used:
                    if isinstance(value.owner, kernel.ArenaOp):
                        self.emit(value.owner)
                for op in ops:
                    if not isinstance(op, kernel.ArenaOp):
                        self.emit(op)
            self.line("")
            calls.append(f"{name}_{number}({', '.join(['m', *(ports[argument] for argument in taken)])});")
        with self.braces(head(name, arguments)):
            for call in calls:
                self.line(call)
            if not calls:
                self.block(block)
        return self.printed()

    @emit.register
    def _(self, op: kernel.WeightsOp) -> None:
        self.expressions[op.result] = Text(self.weights[op.weight.data], PRECEDENCE["postfix"])

    @emit.register
    def _(self, op: kernel.ArenaOp) -> None:
        if op.result.first_use is not None:
            name = self.names.fresh(op.result.name_hint)
            self.line(f"{self.type_of(op.result.type.element_type)} *const {name} = ARENA({op.offset.value.data});")
            self.expressions[op.result] = Text(name)

    @emit.register
    def _(self, op: kernel.LaunchOp) -> None:
        callee = SymbolTable.lookup_symbol(op, op.callee)
        if not isinstance(callee, func.FuncOp):
            raise DiagnosticException(f"there is no kernel @{op.callee.root_reference.data}")
        name = self.kernels[callee.sym_name.data]
        with self.braces(""):
            self.line(f"const struct {name}_arguments arguments = {{")
            with self.indented():
                for field_name, value in zip(field_names(callee), op.arguments, strict=True):
                    self.line(f".{field_name} = {self.of(value)},")
            self.line("};")
            points = " * ".join(f"{self.of(size):*}" for size in op.sizes)
            self.line(f"LAUNCH({name}, &arguments, (size_t)({points}));")
            if op.layer is not None and op.layer.data in self.layers:
                self.line(f"LAYER({self.layers[op.layer.data]}, {self.of(result_of(op))});")


def parts_of(block: Block) -> list[list[Operation]]:
    """The operations of a network in parts of so many launches as compilers like."""
    parts: list[list[Operation]] = [[]]
    launches = 0
    for op in block.ops:
        if isinstance(op, kernel.LaunchOp):
            launches += 1
            if launches > MOST_LAUNCHES:
                parts.append([])
                launches = 1
        parts[-1].append(op)
    return parts


def field_names(function: func.FuncOp) -> list[str]:
    """The names of a kernel's arguments in its C struct."""
    names = Names("value")
    return [names.fresh(argument.name_hint) for argument in function.body.block.args]


def is_read(argument: SSAValue) -> bool:
    """Whether a kernel's code says an argument: who launches it counts the points of the grid's first dimension."""
    return any(
        not isinstance(grid := use.operation, kernel.GridOp) or (use.index > 0 and is_divided(grid, use.index))
        for use in argument.uses
    )


def is_divided(grid: kernel.GridOp, dimension: int) -> bool:
    """Whether a point of a grid is divided by the size of a dimension: for its own index, or for one further out."""
    return any(index.first_use is not None for index in grid.body.block.args[: dimension + 1])


def result_of(op: kernel.LaunchOp) -> SSAValue:
    """The buffer of the layer that a launch completes. Raises DiagnosticException if it has none."""
    for value in op.arguments:
        if isinstance(value.owner, kernel.ArenaOp) and value.owner.attributes.get("layer") == op.layer:
            return value
    raise DiagnosticException(f"layer {op.layer} has no buffer")
