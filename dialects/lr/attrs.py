"""Attributes of the layer graph."""

from collections.abc import Sequence

from xdsl.dialects.builtin import DenseArrayBase, DenseIntOrFPElementsAttr, IntegerType, i64
from xdsl.ir import Data
from xdsl.irdl import AnyOf, BaseAttr, irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer

from lrc.dialects.text import parse_plain
from lrc.dialects.values.activations import Activation
from lrc.dialects.values.machines import Machine, machine_named
from lrc.dialects.values.patterns import Sparsity
from lrc.dialects.values.schedules import Tuning


@irdl_attr_definition
class ActivationAttr(Data[Activation]):
    """An element-wise function, `#lr.activation<relu>` or `#lr.activation<leaky_relu 0.1>`."""

    name = "lr.activation"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> Activation:
        with parser.in_angle_brackets():
            start = parser.pos
            kind = parser.parse_identifier()
            slope = parser.parse_optional_number()
            try:
                return Activation(kind, 0.0 if slope is None else float(slope))
            except ValueError as error:
                parser.raise_error(str(error), start, parser.pos)

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(str(self.data))


@irdl_attr_definition
class MachineAttr(Data[Machine]):
    """The machine that a module is for, `#lr.machine<kryo485>`; `#lr.machine<zen4 native>` builds its own code."""

    name = "lr.machine"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> Machine:
        return parse_plain(parser, machine_named)

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(str(self.data))


@irdl_attr_definition
class SparsityAttr(Data[Sparsity]):
    """How a layer was pruned: `#lr.sparsity<pattern ["110/110/000"], keep = 0.25, budget = filter>`."""

    name = "lr.sparsity"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> Sparsity:
        return parse_plain(parser, Sparsity.parse)

    def print_parameter(self, printer: Printer) -> None:
        printer.print_string(f"<{self.data}>")


@irdl_attr_definition
class TuningAttr(Data[Tuning]):
    """What a layer's author asks of its schedule: `#lr.tuning<unroll = [1, 4, 8], permute = hwcico>`."""

    name = "lr.tuning"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> Tuning:
        return parse_plain(parser, lambda text: Tuning.parse(f"<{text}>"))

    def print_parameter(self, printer: Printer) -> None:
        printer.print_string(str(self.data))


@irdl_attr_definition
class WeightAttr(Data[str]):
    """The name of an array in the model's weight store, `#lr.weight<"conv1.weight">`."""

    name = "lr.weight"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> str:
        with parser.in_angle_brackets():
            return parser.parse_str_literal()

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string_literal(self.data)


WeightLike = WeightAttr | DenseIntOrFPElementsAttr
"""Where a layer's numbers are: in the store under a name, or in the text (`dense<…>`, for tests)."""

WEIGHT: AnyOf[WeightAttr | DenseIntOrFPElementsAttr] = AnyOf((BaseAttr(WeightAttr), BaseAttr(DenseIntOrFPElementsAttr)))
"""The constraint of a property that is WeightLike."""

INTS = DenseArrayBase.constr(i64)
"""The constraint of a property that is a list of integers."""

Ints = DenseArrayBase[IntegerType]


def weight_like(weight: WeightLike | str) -> WeightLike:
    """A weight from an attribute, or from its name in the store."""
    return WeightAttr(weight) if isinstance(weight, str) else weight


def optional_weight(weight: WeightLike | str | None) -> WeightLike | None:
    """`weight_like`, or None for None."""
    return None if weight is None else weight_like(weight)


def ints(values: Sequence[int]) -> Ints:
    """A list of integers as an attribute; back with `.get_values()`."""
    return DenseArrayBase.from_list(i64, values)
