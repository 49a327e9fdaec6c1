"""The network, printed op by op as the C function that launches the kernels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from xdsl.ir import Block, Operation, SSAValue
from xdsl.utils.exceptions import DiagnosticException

from lrc.backends.c.expressions import PRECEDENCE, Text
from lrc.backends.c.kernels import fields_of
from lrc.backends.c.scalars import ScalarPrinter
from lrc.backends.c.writer import Arms
from lrc.backends.names import ProgramNames
from lrc.dialects import kernel

MOST_LAUNCHES: Final = 256
"""Launches in a C function: compilers take a time for it that is quadratic in them."""


@dataclass(eq=False, repr=False)
class HostPrinter(ScalarPrinter):
    """Prints a network as C; a printer prints one text.

    `program` has the names of what is in it, `weights` for each constant array the C expression of its place, `layers`
    the number of each layer. Raises DiagnosticException for an operation that has no C.
    """

    program: ProgramNames = field(kw_only=True)
    weights: Mapping[str, str] = field(kw_only=True)
    layers: Mapping[str, int] = field(kw_only=True)

    def __post_init__(self) -> None:
        self.names = self.program.variables()

    @Arms
    def emit(self, op: Operation) -> None:
        """Print one operation."""
        super().emit(op)

    def network(self, network: kernel.NetworkOp) -> str:
        """The function that launches the kernels; a long one calls others, for parts of the network."""
        names = self.program
        block, name = network.body.block, f"{names.model}_graph"
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
        if (callee := op.kernel) is None:
            raise DiagnosticException(f"there is no kernel @{op.callee.root_reference.data}")
        name, fields, given = self.program.kernels[callee.sym_name.data], fields_of(callee), op.values
        with self.braces(""):
            self.line(f"const struct {name}_arguments arguments = {{")
            with self.indented():
                for argument_name in callee.arguments:
                    self.line(f".{fields[argument_name]} = {self.of(given[argument_name])},")
            self.line("};")
            points = " * ".join(f"{self.of(size):*}" for size in op.sizes)
            self.line(f"LAUNCH({name}, &arguments, (size_t)({points}));")
            if op.layer is not None and op.buffer is not None:
                self.line(f"LAYER({self.layers[op.layer.data]}, {self.of(op.buffer)});")


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
