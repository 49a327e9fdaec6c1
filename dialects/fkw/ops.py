"""Operations of the fkw dialect."""

from collections.abc import Iterator

from xdsl.dialects.builtin import DenseIntOrFPElementsAttr
from xdsl.irdl import irdl_op_definition, prop_def
from xdsl.utils.exceptions import VerifyException

from lrc.dialects.fkw.values import FKW
from lrc.dialects.lr.attrs import WEIGHT, WeightLike
from lrc.dialects.lr.base import CONVOLUTION_FORMAT, ConvolutionOp, spec_of
from lrc.dialects.lr.shapes import Shape
from lrc.dialects.lr.weights import WeightError, WeightSpec, WeightStore, array_of
from lrc.dialects.pattern.attrs import PatternSetAttr, ScheduleAttr
from lrc.dialects.pattern.ops import common_properties


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
        convolution: ConvolutionOp,
        *,
        patterns: PatternSetAttr,
        schedule: ScheduleAttr,
        offset: WeightLike,
        reorder: WeightLike,
        index: WeightLike,
        stride: WeightLike,
        weight: WeightLike,
    ) -> None:
        """The given convolution, of any dialect, with these arrays."""
        super().__init__(
            operands=[convolution.input, convolution.residual],
            result_types=[convolution.output.type],
            properties={
                **common_properties(convolution),
                "patterns": patterns,
                "schedule": schedule,
                "offset": offset,
                "reorder": reorder,
                "index": index,
                "stride": stride,
                "weight": weight,
            },
        )

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
        """The packed arrays. Raises WeightError if the store lacks one, or one does not fit the schedule."""
        arrays = {name: array_of(weight, store) for name, weight in self.array_properties().items()}
        for name, array in arrays.items():
            if problem := self._misfit(name, array.shape):
                raise WeightError(f"layer '{self.layer.data}': {problem}")
        return FKW(**arrays)

    def weight_specs(self) -> Iterator[tuple[str, WeightLike, WeightSpec]]:
        if self.bias is not None:
            yield "bias", self.bias, spec_of(self.bias, self.weight_shape()[:1], "bias")

    def verify_(self) -> None:
        super().verify_()
        filters, schedule = self.weight_shape()[0], self.schedule.data
        try:
            self.patterns.data.check_fit(self.window.kernel)
        except ValueError as error:
            raise VerifyException(str(error)) from None
        if filters % schedule.jam:
            raise VerifyException(f"{filters} filters cannot be jammed by {schedule.jam}")
        for name, array in self.array_properties().items():
            if isinstance(array, DenseIntOrFPElementsAttr) and (problem := self._misfit(name, array.get_shape())):
                raise VerifyException(problem)

    def _misfit(self, name: str, shape: Shape) -> str | None:
        """What is wrong with the shape of one of the arrays; it follows from the layer and its schedule."""
        (filters, channels, *_), patterns, schedule = self.weight_shape(), self.patterns.data, self.schedule.data
        blocks = 1 if self.group_count > 1 else -(-channels // schedule.block)
        rows = blocks * (filters // schedule.jam)
        expected: dict[str, tuple[int | None, ...]] = {
            "offset": (rows + 1,),
            "reorder": (filters,),
            "index": (None,),
            "stride": (rows, len(patterns) + 1),
            "weight": (None, schedule.jam * patterns.most_taps),
        }
        sizes = expected[name]
        if len(shape) == len(sizes) and all(size in (None, found) for found, size in zip(shape, sizes, strict=True)):
            return None
        numbers = ", ".join("kernels" if size is None else str(size) for size in sizes)
        return f"{name} is {list(shape)}, expected [{numbers}]"
