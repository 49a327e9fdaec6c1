"""Types and attributes of the loop level."""

from __future__ import annotations

from typing import Literal, TypeVar, get_args

from xdsl.dialects.builtin import IntAttr, NoneAttr, StringAttr, TensorType, f32
from xdsl.ir import Attribute, Data, ParametrizedAttribute, TypeAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.hints import isa

from lrc.dialects.elements import FloatType
from lrc.dialects.pattern.attrs import ScheduleAttr
from lrc.dialects.values.layouts import Layout
from lrc.dialects.values.machines import Load
from lrc.dialects.values.schedules import LOADS

Order = Literal["places", "taps"]
"""Which comes first in the body of a kernel: the vectors loaded by their places, or the taps as they are written.

Jammed filters use each tap's weights once and for many vectors, so it is the weights that have to die young.
"""

ORDERS = get_args(Order)


@irdl_attr_definition
class LayoutAttr(Data[Layout]):
    """The layout of a tensor, as the encoding of its type.

    `tensor<1x3x5x5xf32, #kernel.layout<"3x5x5, top = 1, bottom = 1, row_stride = 8, lead = 4, tail = 4, lanes = 4">>`
    """

    name = "kernel.layout"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> Layout:
        with parser.in_angle_brackets():
            start = parser.pos
            text = parser.parse_str_literal()
            try:
                return Layout.parse(text)
            except ValueError as error:
                parser.raise_error(str(error), start, parser.pos)

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string_literal(str(self.data).strip("<>"))


@irdl_attr_definition
class LoadsAttr(Data[Load]):
    """How the loads of a kernel are to be written: `#kernel.loads<rows>`."""

    name = "kernel.loads"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> Load:
        with parser.in_angle_brackets():
            return cls.parse_word(parser)

    @staticmethod
    def parse_word(parser: AttrParser) -> Load:
        """One of the ways. Raises ParseError for another word."""
        return one_of(parser, LOADS)

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(self.data)


@irdl_attr_definition
class OrderAttr(Data[Order]):
    """Which order the bodies of a kernel are to be brought into: `#kernel.order<taps>`."""

    name = "kernel.order"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> Order:
        with parser.in_angle_brackets():
            return cls.parse_word(parser)

    @staticmethod
    def parse_word(parser: AttrParser) -> Order:
        """One of the orders. Raises ParseError for another word."""
        return one_of(parser, ORDERS)

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(self.data)


Word = TypeVar("Word", bound=str)


def one_of(parser: AttrParser, words: tuple[Word, ...]) -> Word:
    """The one of these words that stands here. Raises ParseError if none does."""
    start = parser.pos
    found = parser.parse_optional_identifier()
    for word in words:
        if word == found:
            return word
    parser.raise_error(f"one of {', '.join(words)} expected", start, parser.pos)


def tensor_type(parser: AttrParser) -> TensorType:
    """The type of a tensor. Raises ParseError for another."""
    start = parser.pos
    type = parser.parse_type()
    if not isa(type, TensorType):
        parser.raise_error("the type of a tensor expected", start, parser.pos)
    return type


@irdl_attr_definition
class PortAttr(ParametrizedAttribute):
    """An input or output of a network, its numbers one after the other: `#kernel.port<"x" : tensor<1x3x5x5xf32>>`."""

    name = "kernel.port"
    port: StringAttr
    type: TensorType

    @classmethod
    def of(cls, name: str, type: Attribute) -> PortAttr:
        """The port of that name and type, which has no layout: its numbers lie one after the other."""
        assert isa(type, TensorType)
        return cls(StringAttr(name), TensorType(type.element_type, type.get_shape()))

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> list[Attribute]:
        with parser.in_angle_brackets():
            name = parser.parse_str_literal()
            parser.parse_punctuation(":")
            return [StringAttr(name), tensor_type(parser)]

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string_literal(self.port.data)
            printer.print_string(" : ")
            printer.print_attribute(self.type)


COUNTS = ("weights", "executed", "nonzero")
"""The numbers of a layer."""


@irdl_attr_definition
class LayerAttr(ParametrizedAttribute):
    """What is told of a layer of the network, once it is loops: its name, and what kind of layer it was.

    Of the `weights` that it would have if it were dense, the kernel multiplies by those `executed`, of which some are
    `nonzero`; a layer without weights has none of these numbers.

    `#kernel.layer<"conv1", "3x3 pattern", weights = 288, executed = 128, nonzero = 128, schedule = <algorithm = …>>`
    """

    name = "kernel.layer"
    layer: StringAttr
    kind: StringAttr
    weights: IntAttr
    executed: IntAttr
    nonzero: IntAttr
    schedule: ScheduleAttr | NoneAttr

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> list[Attribute]:
        with parser.in_angle_brackets():
            texts = [StringAttr(parser.parse_str_literal())]
            parser.parse_punctuation(",")
            texts.append(StringAttr(parser.parse_str_literal()))
            counts = [0, 0, 0]
            schedule: Attribute = NoneAttr()
            while parser.parse_optional_punctuation(","):
                word = one_of(parser, (*COUNTS, "schedule"))
                parser.parse_punctuation("=")
                if word == "schedule":
                    schedule = ScheduleAttr(ScheduleAttr.parse_parameter(parser))
                else:
                    counts[COUNTS.index(word)] = parser.parse_integer(allow_boolean=False, allow_negative=False)
            return [*texts, *map(IntAttr, counts), schedule]

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string_literal(self.layer.data)
            printer.print_string(", ")
            printer.print_string_literal(self.kind.data)
            if self.weights.data:
                for name, count in zip(COUNTS, (self.weights, self.executed, self.nonzero), strict=True):
                    printer.print_string(f", {name} = {count.data}")
            if isinstance(self.schedule, ScheduleAttr):
                printer.print_string(f", schedule = {self.schedule.data}")


@irdl_attr_definition
class WindowType(ParametrizedAttribute, TypeAttribute):
    """A place in a buffer from which loads and stores count rows and columns.

    Rows are `row_stride` elements apart: the place [row, column] is `row * row_stride + column` elements
    behind the window's own: `!kernel.window<240>` of float32, `!kernel.window<240 x f16>` of float16.
    """

    name = "kernel.window"
    row_stride: IntAttr
    element: FloatType

    def __init__(self, row_stride: int | IntAttr, element: FloatType = f32) -> None:
        super().__init__(IntAttr(row_stride) if isinstance(row_stride, int) else row_stride, element)

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> list[Attribute]:
        with parser.in_angle_brackets():
            row_stride = IntAttr(parser.parse_integer(allow_boolean=False))
            element = parser.parse_type() if parser.parse_optional_keyword("x") else f32
            return [row_stride, element]

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(str(self.row_stride.data))
            if self.element != f32:
                printer.print_string(f" x {self.element}")
