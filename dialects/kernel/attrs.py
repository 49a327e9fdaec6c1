"""Types and attributes of the loop level."""

from __future__ import annotations

from xdsl.dialects.builtin import IntAttr
from xdsl.ir import Data, ParametrizedAttribute, TypeAttribute
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer

from lrc.dialects.values.layouts import Layout


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
class WindowType(ParametrizedAttribute, TypeAttribute):
    """A place in a buffer of float32 from which loads and stores count rows and columns.

    Rows are `row_stride` elements apart: the place [row, column] is `row * row_stride + column` elements
    behind the window's own: `!kernel.window<240>`.
    """

    name = "kernel.window"
    row_stride: IntAttr

    def __init__(self, row_stride: int | IntAttr) -> None:
        super().__init__(IntAttr(row_stride) if isinstance(row_stride, int) else row_stride)

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> list[IntAttr]:
        with parser.in_angle_brackets():
            return [IntAttr(parser.parse_integer(allow_boolean=False))]

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(str(self.row_stride.data))
