"""assign-layout: where every number of every tensor lies, decided for the whole graph."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from lrc.dialects.elements import element_of, type_of
from lrc.dialects.kernel.attrs import LayoutAttr
from lrc.dialects.lr.base import LayerOp, shape_of
from lrc.dialects.lr.model import find_model
from lrc.passes.diagnose import fail, machine_of
from lrc.passes.packed.layouts import choose_layout, needs_of_readers, tensors


@dataclass(frozen=True)
class AssignLayoutPass(ModulePass):
    """Give every tensor of the network a layout that suits all who read and write it, as the encoding of its type."""

    name = "assign-layout"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        machine = machine_of(op)
        for value in tensors(find_model(op)):
            element = element_of(value)
            try:
                lanes = machine.lanes_of(element)
                layout = choose_layout(shape_of(value), needs_of_readers(value, lanes), lanes, element)
            except ValueError as error:
                fail(value.owner if isinstance(value.owner, LayerOp) else op, str(error))
            typed = TensorType(type_of(element), shape_of(value), LayoutAttr(layout))
            Rewriter.replace_value_with_new_type(value, typed)
