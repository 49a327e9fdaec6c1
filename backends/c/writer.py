"""What the printers of all operations share: expressions, variables, types, places."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any, TypeVar

from xdsl.dialects.builtin import Float16Type, Float32Type, IndexType, IntegerType, MemRefType, VectorType
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.utils.exceptions import DiagnosticException
from xdsl.utils.hints import isa

from lrc.backends.c.expressions import PRECEDENCE, Place, Text, ends_its_block, is_written, used_once_here
from lrc.backends.c.isa import NUMBERS, VectorIsa, Vectors
from lrc.backends.names import Names
from lrc.dialects.elements import element_of
from lrc.dialects.kernel.attrs import WindowType

Arm = TypeVar("Arm", bound=Callable[[Any, Any], None])


class Arms:
    """A method that does what is registered for the class of an operation, or else what it is itself.

    `functools.singledispatchmethod` makes something that looks like a function whenever it is asked for: that takes
    longer than to print an operation.
    """

    def __init__(self, otherwise: Callable[[Any, Operation], None]) -> None:
        self._arms = singledispatch(otherwise)

    def register(self, arm: Arm) -> Arm:
        """Make a method the arm of the class, or of the classes, that its argument is annotated with."""
        self._arms.register(arm)
        return arm

    def __get__(self, instance: object, owner: type | None = None) -> Callable[[Operation], None]:
        return lambda op: self._arms.dispatch(type(op))(instance, op)


@dataclass(eq=False, repr=False)
class CWriter:
    """Writes C line by line, and knows the C expression of every value that has been printed.

    `lines`: what was printed; `expressions`: value -> its C; `variables`: names of variables that change, which nothing
    else may be called by. Raises DiagnosticException for what has no C.
    """

    isa: VectorIsa = field(kw_only=True)
    names: Names = field(init=False)
    expressions: dict[SSAValue, Text] = field(default_factory=dict[SSAValue, Text], init=False)
    variables: set[str] = field(default_factory=set[str], init=False)
    lines: list[str] = field(default_factory=list[str], init=False)
    depth: int = field(default=0, init=False)

    def printed(self) -> str:
        """What was printed so far."""
        return "\n".join([*self.lines, ""])

    @Arms
    def emit(self, op: Operation) -> None:
        """Print one operation."""
        raise DiagnosticException(f"there is no C for '{op.name}'")

    def block(self, block: Block) -> None:
        """Print the operations of a block."""
        for op in block.ops:
            self.emit(op)

    def line(self, text: str) -> None:
        """A line of C at the current depth."""
        self.lines.append("  " * self.depth + text)

    @contextmanager
    def indented(self) -> Generator[None]:
        """Lines one step further in."""
        self.depth += 1
        yield
        self.depth -= 1

    @contextmanager
    def braces(self, head: str, *, closed: bool = True) -> Generator[None]:
        """`head {`, what is printed inside, and `}` if `closed`; the names given inside are forgotten behind it."""
        self.line(f"{head} {{".lstrip())
        variables = set(self.variables)
        with self.names.scope(), self.indented():
            yield
        self.variables = variables
        if closed:
            self.line("}")

    # expressions

    def of(self, value: SSAValue) -> Text:
        """The C expression of a value."""
        if value not in self.expressions:
            maker = f"'{value.owner.name}'" if isinstance(value.owner, Operation) else "a block argument"
            raise DiagnosticException(f"a value of {maker} is used before it is printed")
        return self.expressions[value]

    def text(self, value: SSAValue) -> str:
        """The C text of a value where any expression may stand."""
        return self.of(value).text

    def vectors(self, type: Attribute) -> Vectors:
        """How the instruction set spells vectors of a type."""
        element = element_of(type)
        assert isinstance(type, VectorType)
        shape = type.get_shape()
        found = self.isa.of(element, shape[0]) if len(shape) == 1 else None
        if found is None:
            raise DiagnosticException(f"{self.isa.name} has no vectors of {shape} {NUMBERS[element]}")
        return found

    def spelled(self, type: Attribute, operation: str, *operands: Text) -> str:
        """The C of an operation on vectors of a type, as the instruction set spells it."""
        try:
            return self.vectors(type).text(operation, *operands)
        except KeyError:
            raise DiagnosticException(f"{self.isa.name} has no C for '{operation}'") from None

    def place(self, window: SSAValue, row: int, column: int) -> Place:
        """The address of a constant place of a window."""
        assert isinstance(window.type, WindowType)
        base, offset = self.of(window), row * window.type.row_stride.data + column
        text = f"{base:+} {'+' if offset > 0 else '-'} {abs(offset)}" if offset else base.text
        return Place(text, PRECEDENCE["+"] if offset else base.precedence, base, offset)

    # variables

    def define(self, value: SSAValue, expression: Text, *, inline: bool = False) -> None:
        """Make `expression` the meaning of `value`: in place if it may be and its use is here, else by a variable."""
        if value.first_use is None:
            return
        if (inline and used_once_here(value)) or ends_its_block(value):
            self.expressions[value] = expression
            return
        pointer = isinstance(value.type, MemRefType | WindowType)
        type = self.pointer_type(value) + "const " if pointer else f"const {self.type_of(value.type)} "
        name = self.names.fresh(value.name_hint)
        self.line(f"{type}{name} = {expression};")
        self.expressions[value] = Text(name)

    def variable(self, type: Attribute, hint: str | None, start: str | None = None) -> str:
        """A variable that may change."""
        name = self.names.fresh(hint)
        self.variables.add(name)
        self.line(f"{self.type_of(type)} {name};" if start is None else f"{self.type_of(type)} {name} = {start};")
        return name

    def assign(self, variables: Sequence[str], values: Sequence[SSAValue]) -> None:
        """Every variable becomes its value, all at once; those that are their value already are left alone."""
        moves = [(n, v) for n, v in zip(variables, values, strict=True) if n != self.text(v)]
        texts = [self.text(value) for _, value in moves]
        if any(name in re.findall(r"\w+", later) for i, (name, _) in enumerate(moves) for later in texts[i + 1 :]):
            held = [self.names.fresh(f"next_{name}") for name, _ in moves]
            for name, (_, value), text in zip(held, moves, texts, strict=True):
                self.line(f"const {self.type_of(value.type)} {name} = {text};")
            texts = held
        for (name, _), text in zip(moves, texts, strict=True):
            self.line(f"{name} = {text};")

    # types

    def type_of(self, type: Attribute) -> str:
        """The C type of a value."""
        match type:
            case VectorType():
                return self.vectors(type).type
            case Float32Type() | Float16Type():
                if (element := element_of(type)) not in self.isa.numbers:
                    raise DiagnosticException(f"{self.isa.name} has no {element.about}")
                return self.isa.numbers[element]
            case IndexType():
                return "ptrdiff_t"
            case IntegerType():
                return "bool" if type.width.data == 1 else f"uint{type.width.data}_t"
            case _:
                raise DiagnosticException(f"there is no C type for {type}")

    def pointer_type(self, buffer: SSAValue) -> str:
        """The C type of a buffer or window, up to its name; const unless something is stored through it."""
        type = buffer.type
        element: Attribute
        if isa(type, MemRefType[Attribute]):
            element = type.element_type
        else:
            assert isinstance(type, WindowType)
            element = type.element
        return f"{'' if is_written(buffer) else 'const '}{self.type_of(element)} *"
