"""Running a module of the lr, pattern or fkw level: all layers in float64, one after the other."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from numpy.typing import ArrayLike
from xdsl.dialects.builtin import ModuleOp
from xdsl.interpreter import Interpreter
from xdsl.ir import SSAValue

from lrc.dialects import lr
from lrc.dialects.fkw.ops import Conv2dOp as FkwConv2dOp
from lrc.dialects.lr.base import shape_of
from lrc.dialects.lr.store import WeightStore, array_of
from lrc.dialects.pattern.ops import Conv2dOp as PatternConv2dOp
from lrc.interpreters.errors import located
from lrc.interpreters.fkw import FkwFunctions, unpacked_weights
from lrc.interpreters.lr import LrFunctions
from lrc.interpreters.pattern import PatternFunctions, kept_weights
from lrc.interpreters.reference import Array, float64

Given = Callable[[str], ArrayLike | None]
"""What is to stand for the output of a layer when others read it; None leaves what was computed."""


class Evaluation(NamedTuple):
    """One layer: what it read and what comes out of that, exactly."""

    op: lr.LayerOp
    operands: tuple[Array, ...]
    result: Array

    @property
    def layer(self) -> str:
        """The layer's name."""
        return self.op.layer.data


def interpreter(module: ModuleOp) -> Interpreter:
    """An interpreter that knows the operations of all graph levels and the weights of the module's model.

    Raises ValueError if there is not one model.
    """
    store = lr.find_model(module).store
    result = Interpreter(module)
    for functions in (LrFunctions(store), PatternFunctions(store), FkwFunctions(store)):
        result.register_implementations(functions)
    return result


def run(module: ModuleOp, inputs: Sequence[ArrayLike]) -> tuple[Array, ...]:
    """The outputs of the model in `module` for `inputs`, each [1, C, …], in the order of its names.

    Raises ValueError if the inputs are not as many, or not as large, as the model's, and UserError, with the place of
    the layer, if an array is missing.
    """
    environment = _environment(module, inputs)
    for _ in _evaluate(module, environment, None):
        pass
    return _outputs(module, environment)


def walk(module: ModuleOp, inputs: Sequence[ArrayLike], given: Given | None = None) -> Iterator[Evaluation]:
    """Every layer in order, evaluated on what `given` has for the layers that it reads.

    With `given` the tensors that emitted code computed, each layer is judged by itself: its result here is what
    exact arithmetic makes of the very numbers that the emitted code had. `given` is asked for a layer when the next
    evaluation is, so that a caller may decide after seeing the result. Raises ValueError as `run` does.
    """
    return _evaluate(module, _environment(module, inputs), given)


def applied_weights(op: lr.ConvolutionOp, store: WeightStore) -> Array:
    """The weights [Co, Ci / groups, kh, kw] that a convolution applies, zero where there is none, at any level; those
    of an lr.conv1d are [Co, Ci / groups, k].

    Raises ValueError for an operation of another dialect, WeightError if an array is missing.
    """
    match op:
        case FkwConv2dOp():
            return unpacked_weights(op, store)
        case PatternConv2dOp():
            return kept_weights(op, store)
        case lr.ConvOp():
            return float64(array_of(op.weight, store))
        case _:
            raise ValueError(f"no weights are known of {op.name}")


def _environment(module: ModuleOp, inputs: Sequence[ArrayLike]) -> dict[SSAValue, Array]:
    model = lr.find_model(module)
    if len(inputs) != len(model.inputs):
        raise ValueError(f"{len(inputs)} inputs for a model that takes {len(model.inputs)}: {', '.join(model.inputs)}")
    environment: dict[SSAValue, Array] = {}
    for name, argument, array in zip(model.inputs, model.block.args, map(float64, inputs), strict=True):
        if array.shape != shape_of(argument):
            raise ValueError(f"input '{name}' has shape {list(array.shape)}, expected {list(shape_of(argument))}")
        environment[argument] = array
    return environment


def _evaluate(module: ModuleOp, environment: dict[SSAValue, Array], given: Given | None) -> Iterator[Evaluation]:
    functions = interpreter(module)
    for op in lr.find_model(module).block.ops:
        if isinstance(op, lr.LayerOp):
            operands = tuple(environment[operand] for operand in op.operands)
            with located(op):
                (result,) = functions.run_op(op, operands)
            yield Evaluation(op, operands, result)
            seen = None if given is None else given(op.layer.data)
            environment[op.output] = result if seen is None else float64(seen).reshape(result.shape)


def _outputs(module: ModuleOp, environment: dict[SSAValue, Array]) -> tuple[Array, ...]:
    output = lr.find_model(module).block.last_op
    return () if output is None else tuple(environment[value] for value in output.operands)
