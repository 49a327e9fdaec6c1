"""Operations of the fkw dialect."""

from collections.abc import Iterator

from xdsl.dialects.builtin import DenseIntOrFPElementsAttr
from xdsl.ir import Attribute, SSAValue
from xdsl.irdl import irdl_op_definition, prop_def
from xdsl.utils.exceptions import VerifyException

from lrc.dialects.fkw.values import FKW
from lrc.dialects.lr.attrs import WEIGHT, WeightLike
from lrc.dialects.lr.base import CONVOLUTION_FORMAT, ConvolutionOp, shape_of, spec_of
from lrc.dialects.lr.weights import WeightSpec, WeightStore, array_of
from lrc.dialects.pattern.attrs import PatternSetAttr, ScheduleAttr


@irdl_op_definition
class Conv2dOp(ConvolutionOp):
    """A convolution with its weights packed in the order in which its schedule reads them.

    `offset`, `reorder`, `index`, `stride` and `weight` are the arrays of `lrc.dialects.fkw.values.FKW`;
    `bias` stays in the order of the output's channels.

        %y = fkw.conv2d "conv1"(%x) then <relu> kernel [3, 3] … groups 1
             {patterns = #pattern.set<["110/110/000"]>, schedule = #pattern.schedule<…>,
              offset = #lr.weight<"conv1.fkw.offset">, …} : tensor<1x3x8x8xf32> -> tensor<1x4x8x8xf32>
    """

    name = "fkw.conv2d"

    patterns = prop_def(PatternSetAttr)
    schedule = prop_def(ScheduleAttr)
    offset = prop_def(WEIGHT)
    reorder = prop_def(WEIGHT)
    index = prop_def(WEIGHT)
    stride = prop_def(WEIGHT)
    weight = prop_def(WEIGHT)

    assembly_format = CONVOLUTION_FORMAT

    def __init__(
        self,
        input: SSAValue,
        residual: SSAValue | None,
        output_type: Attribute,
        properties: dict[str, Attribute | None],
    ):
        """Make the op from all of its properties, most of which another convolution has already."""
        super().__init__(operands=[input, residual], result_types=[output_type], properties=properties)

    def array_properties(self) -> dict[str, WeightLike]:
        """Where each of the five arrays is."""
        return {
            "offset": self.offset,
            "reorder": self.reorder,
            "index": self.index,
            "stride": self.stride,
            "weight": self.weight,
        }

    def arrays(self, store: WeightStore) -> FKW:
        """The packed arrays. Raises KeyError if the store lacks one."""
        return FKW(**{name: array_of(weight, store) for name, weight in self.array_properties().items()})

    def weight_specs(self) -> Iterator[tuple[str, WeightLike, WeightSpec]]:
        filters, patterns, schedule = shape_of(self.output)[1], self.patterns.data, self.schedule.data
        channels = self.weight_shape()[1]
        blocks = 1 if self.group_count > 1 else -(-channels // schedule.block)
        rows = blocks * (filters // schedule.jam)
        if self.bias is not None:
            yield "bias", self.bias, spec_of(self.bias, (filters,), "bias")
        yield "offset", self.offset, spec_of(self.offset, (rows + 1,), "weight")
        yield "reorder", self.reorder, spec_of(self.reorder, (filters,), "weight")
        yield "stride", self.stride, spec_of(self.stride, (rows, len(patterns) + 1), "weight")
        if isinstance(self.index, DenseIntOrFPElementsAttr):
            (kernels,) = self.index.get_shape()
            yield "weight", self.weight, spec_of(self.weight, (kernels, schedule.jam * patterns.most_taps), "weight")

    def verify_(self) -> None:
        super().verify_()
        if self.patterns.data.shape != self.window.kernel:
            raise VerifyException(f"patterns of {self.patterns.data.shape} do not fit a kernel of {self.window.kernel}")
        if shape_of(self.output)[1] % self.schedule.data.jam:
            raise VerifyException(f"{shape_of(self.output)[1]} filters cannot be jammed by {self.schedule.data.jam}")
