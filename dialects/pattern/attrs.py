"""Attributes of the pattern dialect: each wraps one plain value and prints as it does."""

from xdsl.ir import Data
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer

from lrc.dialects.text import parse_plain
from lrc.dialects.values.patterns import PatternSet
from lrc.dialects.values.schedules import Schedule


@irdl_attr_definition
class PatternSetAttr(Data[PatternSet]):
    """The masks of a layer: `#pattern.set<["110/110/000", "011/011/000"]>`."""

    name = "pattern.set"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> PatternSet:
        return parse_plain(parser, PatternSet.parse)

    def print_parameter(self, printer: Printer) -> None:
        printer.print_string(f"<{self.data}>")


@irdl_attr_definition
class ScheduleAttr(Data[Schedule]):
    """How a layer is cut for the machine: `#pattern.schedule<algorithm = direct, tile = [7, 2], lanes = 16, …>`."""

    name = "pattern.schedule"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> Schedule:
        return parse_plain(parser, lambda text: Schedule.parse(f"<{text}>"))

    def print_parameter(self, printer: Printer) -> None:
        printer.print_string(str(self.data))
