"""Operations of the fkw dialect."""

from collections.abc import Iterator

from xdsl.irdl import irdl_op_definition, prop_def
from xdsl.utils.exceptions import VerifyException

from lrc.dialects.elements import element_of
from lrc.dialects.fkw.consistency import check
from lrc.dialects.lr.attrs import WEIGHT, WeightLike
from lrc.dialects.lr.base import CONVOLUTION_FORMAT, ConvolutionOp, spec_of
from lrc.dialects.lr.model import store_of
from lrc.dialects.lr.store import WeightError, WeightSpec, WeightStore, array_of, is_at_hand
from lrc.dialects.pattern.attrs import PatternSetAttr, ScheduleAttr
from lrc.dialects.pattern.ops import common_properties
from lrc.dialects.values.packing import FKW


@irdl_op_definition
class Conv2dOp(ConvolutionOp):
    """A convolution with its weights packed in the order in which its schedule reads them.

    `offset`, `reorder`, `index`, `stride` and `weight` are the arrays of `lrc.dialects.values.packing.FKW`;
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
        """The packed arrays. Raises WeightError if the store lacks one, or they do not fit the layer and each other."""
        fkw = FKW(**{name: array_of(weight, store) for name, weight in self.array_properties().items()})
        (filters, channels, *_), schedule = self.weight_shape(), self.schedule.data
        try:
            check(
                fkw,
                self.patterns.data,
                filters,
                channels,
                jam=schedule.jam,
                block=schedule.block,
                groups=self.group_count,
                element=element_of(self.output),
            )
        except ValueError as error:
            raise WeightError(f"layer '{self.layer.data}': {error}") from None
        return fkw

    def weight_specs(self) -> Iterator[tuple[str, WeightLike, WeightSpec]]:
        """The bias [Co]; the packed arrays are held against each other when the layer is verified."""
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
        store = store_of(self)
        if all(is_at_hand(array, store) for array in self.array_properties().values()):
            try:
                self.arrays(store)
            except WeightError as error:
                raise VerifyException(str(error)) from None
