"""The network as a whole: its inputs, weights, layers and outputs."""

from collections import Counter
from collections.abc import Sequence

from xdsl.dialects.builtin import ArrayAttr, ModuleOp, StringAttr
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    opt_prop_def,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import IsolatedFromAbove, IsTerminator, SymbolOpInterface
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.hints import isa

from lrc.dialects.lr.attrs import MachineAttr
from lrc.dialects.lr.base import FEATURE_MAP, LayerOp, check_feature_map, shape_of
from lrc.dialects.lr.store import StoreAttr, WeightStore
from lrc.dialects.values.machines import Machine, machine_named

MACHINE = "machine"
"""The attribute of a module that says which machine it is for."""


@irdl_op_definition
class ModelOp(IRDLOperation):
    """A network: one block, whose arguments are its inputs.

        lr.model @tiny {weights = #lr.store<random 0>, device = "kryo485", inputs = ["x"]} (%x : tensor<1x3x8x8xf32>) {
          %y = lr.softmax "y"(%x) : tensor<1x3x8x8xf32> -> tensor<1x3x8x8xf32>
          lr.output %y {names = ["y"]} : tensor<1x3x8x8xf32>
        }

    `weights` is the store that its layers name their arrays in, `device` the device it is meant for. `inputs` may be
    left out of the text: the inputs are then called as the block's arguments are.
    """

    name = "lr.model"

    sym_name = prop_def(StringAttr)
    weights = prop_def(StoreAttr)
    device = opt_prop_def(StringAttr)
    input_names = prop_def(ArrayAttr[StringAttr])
    body = region_def("single_block")

    traits = traits_def(IsolatedFromAbove(), SymbolOpInterface())

    def __init__(
        self,
        name: str,
        body: Region,
        *,
        input_names: Sequence[str],
        weights: WeightStore | None = None,
        device: str | None = None,
    ) -> None:
        super().__init__(
            regions=[body],
            properties={
                "sym_name": StringAttr(name),
                "weights": StoreAttr(weights or WeightStore.empty()),
                "device": None if device is None else StringAttr(device),
                "input_names": ArrayAttr([StringAttr(name) for name in input_names]),
            },
        )

    @property
    def block(self) -> Block:
        """The one block of the body."""
        return self.body.block

    @property
    def store(self) -> WeightStore:
        """The weights as a plain value."""
        return self.weights.data

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs, in order."""
        return tuple(name.data for name in self.input_names)

    def announce_weights(self) -> None:
        """Tell the store what the layers expect of it, so that a random one can draw it. Raises ValueError if two
        layers expect different arrays of the same name, VerifyException if a layer is not valid."""
        for op in self.block.ops:
            if isinstance(op, LayerOp):
                op.verify_()
                for _, _, spec in op.weight_specs():
                    if spec.name:
                        self.store.expect(spec)

    def verify_(self) -> None:
        if self.device is not None:
            try:
                machine_named(self.device.data)
            except ValueError as error:
                raise VerifyException(str(error)) from None
        if len(self.input_names) != len(self.block.args):
            raise VerifyException(f"{len(self.input_names)} input names for {len(self.block.args)} inputs")
        for name, value in zip(self.inputs, self.block.args, strict=True):
            try:
                check_feature_map(value.type)
            except VerifyException as error:
                raise VerifyException(f"input '{name}' is {value.type}, {error}") from None
        if not isinstance(output := self.block.last_op, OutputOp):
            raise VerifyException("the last operation of a model is its lr.output")
        layers = [op.layer.data for op in self.block.ops if isinstance(op, LayerOp)]
        for what, names in ("layers", layers), ("inputs", self.inputs), ("outputs", [n.data for n in output.names]):
            for name, count in Counter(names).items():
                if count > 1:
                    raise VerifyException(f"{count} {what} are called '{name}'")
        names = [*self.inputs, *(name.data for name in self.block.last_op.names)]
        for i, name in enumerate(names):
            if name in names[:i]:
                raise VerifyException(f"two inputs or outputs are called '{name}'")

    @classmethod
    def parse(cls, parser: Parser) -> "ModelOp":
        name = parser.parse_symbol_name().data
        properties = parser.parse_optional_attr_dict()
        arguments = parser.parse_comma_separated_list(parser.Delimiter.PAREN, parser.parse_argument)
        body = parser.parse_region(arguments)
        weights, device = properties.get("weights"), properties.get("device")
        names = properties.get("inputs", ArrayAttr([StringAttr(a.name.text.removeprefix("%")) for a in arguments]))
        if not isinstance(weights, StoreAttr | None):
            parser.raise_error("weights are a #lr.store<…>")
        if not isinstance(device, StringAttr | None):
            parser.raise_error("the device is a string")
        if not isa(names, ArrayAttr[StringAttr]):
            parser.raise_error("inputs are a list of strings")
        model = cls(
            name,
            body,
            input_names=[name.data for name in names],
            weights=weights and weights.data,
            device=None if device is None else device.data,
        )
        try:
            model.announce_weights()
        except VerifyException:
            pass  # who verifies the model says so, with its place
        except ValueError as error:
            parser.raise_error(str(error))
        return model

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_symbol_name(self.sym_name.data)
        properties: dict[str, Attribute] = {"weights": self.weights}
        if self.device is not None:
            properties["device"] = self.device
        properties["inputs"] = self.input_names
        printer.print_string(" ")
        printer.print_attr_dict(properties)
        printer.print_string(" ")
        with printer.in_parens():
            printer.print_list(self.block.args, printer.print_block_argument)
        printer.print_string(" ")
        printer.print_region(self.body, print_entry_block_args=False)


@irdl_op_definition
class OutputOp(IRDLOperation):
    """The network's outputs and their names; ends a model.

    lr.output %y {names = ["y"]} : tensor<1x10xf32>
    """

    name = "lr.output"

    values = var_operand_def(FEATURE_MAP)
    names = prop_def(ArrayAttr[StringAttr])

    irdl_options = (ParsePropInAttrDict(),)
    traits = traits_def(IsTerminator())
    assembly_format = "$values attr-dict `:` type($values)"

    def __init__(self, values: Sequence[SSAValue], names: Sequence[str]) -> None:
        super().__init__(operands=[values], properties={"names": ArrayAttr([StringAttr(name) for name in names])})

    def verify_(self) -> None:
        if len(self.names) != len(self.values):
            raise VerifyException(f"{len(self.names)} names for {len(self.values)} outputs")


def find_model(module: ModuleOp) -> ModelOp:
    """The one model of a module. Raises ValueError if there is none, or another one."""
    models = [op for op in module.ops if isinstance(op, ModelOp)]
    if len(models) != 1:
        raise ValueError(f"expected one lr.model in the module, found {len(models)}")
    return models[0]


def input_shapes(module: ModuleOp) -> dict[str, tuple[int, ...]]:
    """The shapes of a network's inputs by name, in order."""
    model = find_model(module)
    return {name: shape_of(value) for name, value in zip(model.inputs, model.block.args, strict=True)}


def output_shapes(module: ModuleOp) -> dict[str, tuple[int, ...]]:
    """The shapes of a network's outputs by name, in order. Raises ValueError if it has none."""
    end = find_model(module).block.last_op
    if not isinstance(end, OutputOp):
        raise ValueError("the network has no outputs")
    return {name.data: shape_of(value) for name, value in zip(end.names, end.values, strict=True)}


def stores_of(module: ModuleOp) -> list[StoreAttr]:
    """The weight stores of a module, whether it holds a model or what that became as loops."""
    lowered = [each for each in module.attributes.values() if isinstance(each, StoreAttr)]
    return lowered + [op.weights for op in module.ops if isinstance(op, ModelOp)]


def apart(module: ModuleOp) -> ModuleOp:
    """A copy of a module with a store of its own: what passes put there is not in this one's."""
    copy = module.clone()
    for op in copy.ops:
        if isinstance(op, ModelOp):
            op.weights = StoreAttr(op.store.overlay())
    return copy


def find_machine(module: Operation) -> Machine | None:
    """The machine that a module is for; None if no pass has said it."""
    attribute = module.attributes.get(MACHINE)
    return attribute.data if isinstance(attribute, MachineAttr) else None


def store_of(op: Operation) -> WeightStore:
    """The weight store of the model around an operation; an empty one if there is no model."""
    parent = op.parent_op()
    while parent is not None and not isinstance(parent, ModelOp):
        parent = parent.parent_op()
    return WeightStore.empty() if parent is None else parent.store
