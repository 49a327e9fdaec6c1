"""Operations of the pattern dialect."""

from collections.abc import Iterator

import numpy as np
from xdsl.ir import Attribute
from xdsl.irdl import irdl_op_definition, opt_prop_def, prop_def
from xdsl.utils.exceptions import VerifyException

from lrc.dialects.lr.attrs import WEIGHT, TuningAttr, WeightLike
from lrc.dialects.lr.base import CONVOLUTION_FORMAT, ConvolutionOp, spec_of, window_properties
from lrc.dialects.lr.model import store_of
from lrc.dialects.lr.store import Array, WeightSpec, array_of, is_at_hand
from lrc.dialects.pattern.attrs import PatternSetAttr, ScheduleAttr
from lrc.dialects.values.patterns import PatternSet


@irdl_op_definition
class Conv2dOp(ConvolutionOp):
    """A convolution that knows which of its weights survive. What it reads is a picture, or a sequence as a picture of
    one row: the window has rows and columns, and the weight is [Co, Ci / groups, kh, kw].

    `assignment` [Co, Ci / groups] names the pattern of each kernel: 0 for a removed kernel, p + 1 for
    `patterns[p]`. Weights outside are zero. A dense layer has one full pattern everywhere.

    `order` [Co] is the order in which filters are to be stored, stored position -> filter; without it
    they stay where they are. `schedule` is how the layer is cut for the machine, `tuning` what its author
    asked for.

        %y = pattern.conv2d "conv1"(%x) then <relu> kernel [3, 3] … groups 1
             {weight = #lr.weight<"conv1.weight">, patterns = #pattern.set<["110/110/000"]>,
              assignment = #lr.weight<"conv1.assignment">} : tensor<1x3x8x8xf32> -> tensor<1x4x8x8xf32>
    """

    name = "pattern.conv2d"

    weight = prop_def(WEIGHT)
    patterns = prop_def(PatternSetAttr)
    assignment = prop_def(WEIGHT)
    order = opt_prop_def(WEIGHT)
    tuning = opt_prop_def(TuningAttr)
    schedule = opt_prop_def(ScheduleAttr)

    assembly_format = CONVOLUTION_FORMAT

    def __init__(
        self,
        convolution: ConvolutionOp,
        *,
        weight: WeightLike,
        patterns: PatternSet,
        assignment: WeightLike,
        tuning: TuningAttr | None = None,
    ) -> None:
        """The given convolution, of any dialect and rank, with these weights."""
        super().__init__(
            operands=[convolution.input, convolution.residual],
            result_types=[convolution.output.type],
            properties={
                **common_properties(convolution),
                "weight": weight,
                "patterns": PatternSetAttr(patterns),
                "assignment": assignment,
                "tuning": tuning,
            },
        )

    def weight_specs(self) -> Iterator[tuple[str, WeightLike, WeightSpec]]:
        """The weight [Co, Ci / groups, kh, kw] and the bias [Co]; the arrays of integers have checks of their own."""
        shape = self.weight_shape()
        yield "weight", self.weight, spec_of(self.weight, shape, "weight")
        if self.bias is not None:
            yield "bias", self.bias, spec_of(self.bias, shape[:1], "bias")

    def verify_(self) -> None:
        super().verify_()
        store = store_of(self)
        try:
            self.patterns.data.check_fit(self.window.kernel)
            if is_at_hand(self.assignment, store):
                self.check_assignment(array_of(self.assignment, store))
            if self.order is not None and is_at_hand(self.order, store):
                self.check_order(array_of(self.order, store))
        except ValueError as error:
            raise VerifyException(str(error)) from None

    def check_assignment(self, assignment: Array) -> None:
        """Raises ValueError if there is not one pattern of the set for each kernel of the layer."""
        (filters, channels, *_), count = self.weight_shape(), len(self.patterns.data)
        if assignment.shape != (filters, channels):
            raise ValueError(f"assignment is {list(assignment.shape)}, expected {[filters, channels]}")
        if assignment.dtype.kind not in "iu":
            raise ValueError(f"assignment has numbers of type {assignment.dtype}, expected integers")
        for f, c in np.argwhere((assignment < 0) | (assignment > count))[:1]:
            raise ValueError(f"filter {f} chooses pattern {assignment[f, c]} for channel {c}, but the set has {count}")

    def check_order(self, order: Array) -> None:
        """Raises ValueError if a filter is missing or stands twice."""
        filters = self.weight_shape()[0]
        if order.dtype.kind not in "iu" or not np.array_equal(np.sort(order, axis=None), np.arange(filters)):
            raise ValueError(f"order is no permutation of filters 0 to {filters - 1}")


def common_properties(convolution: ConvolutionOp) -> dict[str, Attribute | None]:
    """What all forms of a convolution of pictures say, whatever form their weights have."""
    return {
        "layer": convolution.layer,
        **window_properties(convolution.window, axes=2),
        "groups": convolution.groups,
        "bias": convolution.bias,
        "activation": convolution.activation,
    }
