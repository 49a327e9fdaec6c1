"""Kernels, printed op by op as C11.

Index arithmetic that is used once is printed inside the expression that uses it; everything else becomes
a variable with the name it had in the IR. A chain of classes holds the operations, one arm for each:

    CWriter         lines, names, expressions, variables      writer.py
    ScalarPrinter   indices, floats, arrays                   scalars.py
    VectorPrinter   vectors, windows                          vectors.py
    ControlPrinter  loops and branches                        control.py
    KernelPrinter   functions, grids                          here

The network that launches them is printed by `host.HostPrinter`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from xdsl.dialects.builtin import MemRefType
from xdsl.ir import Operation, SSAValue

from lrc.backends.c.control import ControlPrinter
from lrc.backends.c.expressions import Text
from lrc.backends.c.scalars import FUNCTIONS
from lrc.backends.c.writer import Arms
from lrc.backends.names import Names
from lrc.dialects import kernel

OWN_OF_KERNELS = frozenset({"a", "point", "arguments", "begin", "end"})
"""What a kernel calls its own parameters and variables."""


@dataclass(eq=False, repr=False)
class KernelPrinter(ControlPrinter):
    """Prints a kernel as a C function, or what stands for it in a header.

    A printer prints one text. `kernels` gives for each kernel the name of its function. Raises DiagnosticException for
    an operation that has no C.
    """

    kernels: Mapping[str, str] = field(kw_only=True)

    def __post_init__(self) -> None:
        self.names = Names("value", {*OWN_OF_KERNELS, *FUNCTIONS.values(), *self.isa.words})

    @Arms
    def emit(self, op: Operation) -> None:
        """Print one operation."""
        super().emit(op)

    def declaration(self, function: kernel.KernelFuncOp) -> str:
        """The struct of a kernel's arguments, and the kernel's prototype."""
        name = self.kernels[function.sym_name.data]
        fields = fields_of(function)
        self.line(f"struct {name}_arguments {{")
        with self.indented():
            for argument_name, argument in function.arguments.items():
                self.line(f"{self.declared(argument)}{fields[argument_name]};")
        self.line("};")
        self.line(f"void {name}(const void *arguments, size_t begin, size_t end);")
        return self.printed()

    def declared(self, argument: SSAValue) -> str:
        """The C type of an argument of a kernel, up to its name."""
        is_buffer = isinstance(argument.type, MemRefType)
        return self.pointer_type(argument) if is_buffer else f"{self.type_of(argument.type)} "

    def function(self, function: kernel.KernelFuncOp) -> str:
        """A kernel, as a function over part of the points of its grid."""
        name = self.kernels[function.sym_name.data]
        self.line(f"void {name}(const void *arguments, size_t begin, size_t end)")
        with self.braces(""):
            self.line(f"const struct {name}_arguments *const a = arguments;")
            fields = fields_of(function)
            for argument_name, argument in function.arguments.items():
                if is_read(argument):
                    self.read(argument, fields[argument_name])
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


def fields_of(function: kernel.KernelFuncOp) -> dict[str, str]:
    """The names of a kernel's arguments in its C struct, by the names that they have in the kernel."""
    names = Names("value")
    return {name: names.fresh(name) for name in function.arguments}


def is_read(argument: SSAValue) -> bool:
    """Whether a kernel's code says an argument: who launches it counts the points of the grid's first dimension."""
    return any(
        not isinstance(grid := use.operation, kernel.GridOp) or (use.index > 0 and is_divided(grid, use.index))
        for use in argument.uses
    )


def is_divided(grid: kernel.GridOp, dimension: int) -> bool:
    """Whether a point of a grid is divided by the size of a dimension: for its own index, or for one further out."""
    return any(index.first_use is not None for index in grid.body.block.args[: dimension + 1])
