"""The layer graph: what a `.lr` file says, as operations."""

from xdsl.ir import Dialect

from lrc.dialects.lr.attrs import ActivationAttr, MachineAttr, SparsityAttr, TuningAttr, WeightAttr, WeightLike
from lrc.dialects.lr.base import ConvolutionOp, LayerOp, WindowOp
from lrc.dialects.lr.model import (
    ModelOp,
    OutputOp,
    apart,
    find_machine,
    find_model,
    input_shapes,
    output_shapes,
    stores_of,
)
from lrc.dialects.lr.ops import (
    ActivationOp,
    AddOp,
    AvgPoolOp,
    BatchNormOp,
    ConcatOp,
    Conv2dOp,
    FlattenOp,
    GlobalAvgPoolOp,
    LinearOp,
    MaxPoolOp,
    MulOp,
    PadOp,
    SoftmaxOp,
    UpsampleOp,
)
from lrc.dialects.lr.store import StoreAttr, WeightStore
from lrc.dialects.values.activations import Activation

__all__ = [
    "LR",
    "Activation",
    "ActivationAttr",
    "ActivationOp",
    "AddOp",
    "AvgPoolOp",
    "BatchNormOp",
    "ConcatOp",
    "Conv2dOp",
    "ConvolutionOp",
    "FlattenOp",
    "GlobalAvgPoolOp",
    "LayerOp",
    "LinearOp",
    "MachineAttr",
    "MaxPoolOp",
    "ModelOp",
    "MulOp",
    "OutputOp",
    "PadOp",
    "SoftmaxOp",
    "SparsityAttr",
    "StoreAttr",
    "TuningAttr",
    "UpsampleOp",
    "WeightAttr",
    "WeightLike",
    "WeightStore",
    "WindowOp",
    "apart",
    "find_machine",
    "find_model",
    "input_shapes",
    "output_shapes",
    "stores_of",
]

LR = Dialect(
    "lr",
    [
        ModelOp,
        OutputOp,
        Conv2dOp,
        LinearOp,
        BatchNormOp,
        ActivationOp,
        AddOp,
        MulOp,
        ConcatOp,
        MaxPoolOp,
        AvgPoolOp,
        GlobalAvgPoolOp,
        UpsampleOp,
        FlattenOp,
        SoftmaxOp,
        PadOp,
    ],
    [ActivationAttr, MachineAttr, SparsityAttr, StoreAttr, TuningAttr, WeightAttr],
)
