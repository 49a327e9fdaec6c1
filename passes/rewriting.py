"""What rewrites share."""

from xdsl.ir import Operation, SSAValue
from xdsl.pattern_rewriter import PatternRewriter
from xdsl.rewriter import InsertPoint, Rewriter

from lrc.dialects.lr.base import LayerOp, value_name
from lrc.dialects.lr.model import ModelOp


def replace_keeping_location(rewriter: PatternRewriter, op: Operation, new: Operation) -> None:
    """Replace an operation by one that stands for the same line of the user's file."""
    new.location = op.location
    rewriter.replace(op, new)


class NewLayers:
    """Layers that a pass adds to a model, each right behind the value that it reads."""

    def __init__(self, model: ModelOp) -> None:
        self.model = model
        self.names = {op.layer.data for op in model.block.ops if isinstance(op, LayerOp)}

    def name(self, value: SSAValue, suffix: str) -> str:
        """`VALUE.SUFFIX`, or more if a layer has that name."""
        owner, model = value.owner, self.model
        source = owner.layer.data if isinstance(owner, LayerOp) else model.inputs[model.block.args.index(value)]
        name = f"{source}.{suffix}"
        while name in self.names:
            name += "_"
        self.names.add(name)
        return name

    def insert_behind(self, value: SSAValue, layer: LayerOp) -> None:
        """Put a layer in behind the value that it reads; it stands for the same line of the user's file."""
        owner = value.owner
        is_layer = isinstance(owner, LayerOp)
        layer.location = owner.location if is_layer else self.model.location
        Rewriter.insert_op(layer, InsertPoint.after(owner) if is_layer else InsertPoint.at_start(self.model.block))
        layer.output.name_hint = value_name(layer.layer.data)
