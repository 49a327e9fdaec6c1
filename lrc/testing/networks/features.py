"""What a network has, counted: which motifs, which extremes. It looks at the module, whoever made it.

A test of drawn networks asks it what was drawn (`tests/semantics/test_drawn.py`), and a report of a long run counts it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, SSAValue

from lrc.dialects import lr
from lrc.dialects.lr.attrs import ActivationAttr
from lrc.dialects.lr.base import shape_of
from lrc.dialects.lr.store import WeightStore, array_of
from lrc.dialects.values.activations import Activation
from lrc.interpreters import walk
from lrc.verification.verify import random_inputs

Found = Iterator[str]

RANKS = {2: ("vector",), 3: ("sequence",), 4: (), 5: ("volume",)}
"""What a value of each rank is counted as; most are pictures."""

MANY = 3
"""Readers of a value that is read by many."""


def features(module: ModuleOp) -> Counter[str]:
    """How often a network of the `lr` level, as its author wrote it, has what compilers get wrong.

    Some features are found in the graph, others in the weights, the last ones in the values that the layers have for
    random inputs. Raises ValueError if there is no model, as `interpreters.run` does if an array is missing.
    """
    model = lr.find_model(module)
    found = Counter[str]()
    for op in model.block.ops:
        for of_operation in (_motifs, _convolution, _window, _numbers, _other_layers):
            found.update(of_operation(op, model.store))
    found.update(_of_model(model))
    found.update(_clipped(module))
    return found


def _of_model(model: lr.ModelOp) -> Found:
    layers = [op for op in model.block.ops if isinstance(op, lr.LayerOp)]
    yield from ["layer"] * len(layers)
    outputs = set(model.block.last_op.operands) if model.block.last_op else set[SSAValue]()
    yield from ["several inputs"] * (len(model.block.args) > 1) + ["several outputs"] * (len(outputs) > 1)
    for value in [*model.block.args, *(op.output for op in layers)]:
        shape, readers = shape_of(value), {use.operation for use in value.uses}
        if value in outputs and len(readers) > 1:
            yield "output that is read inside"
        if len(readers) >= MANY:
            yield "value read by many"
        if shape[1] in (255, 256, 257):
            yield f"{shape[1]} channels"
        yield from RANKS[len(shape)]
        if len(shape) == 4 and shape[2:] == (1, 1):
            yield "picture of one element"
    chain = max((_chain(op) for op in layers), default=0)
    if chain > 1:
        yield f"residual chain of {min(chain, 3)}"


def _reader(value: SSAValue) -> Operation | None:
    """The only layer that reads a value."""
    (use, *others) = list(value.uses) or [None]
    return None if use is None or others else use.operation


def _behind(op: Operation | None, kind: type[lr.LayerOp]) -> lr.LayerOp | None:
    """The layer of that kind that alone reads what an operation gives."""
    reader = _reader(op.output) if isinstance(op, lr.LayerOp) else None
    return reader if isinstance(reader, kind) else None


def _through(value: SSAValue) -> SSAValue:
    """What an activation or batch norm reads, or a value that is neither's."""
    while isinstance(op := value.owner, lr.ActivationOp | lr.BatchNormOp):
        value = op.input
    return value


def _is_convolved(value: SSAValue, source: SSAValue) -> bool:
    """Whether a value is made of another by convolutions, and what goes with them."""
    depth = 0
    while value is not source and isinstance(op := value.owner, lr.ConvOp | lr.ActivationOp | lr.BatchNormOp):
        depth += isinstance(op, lr.ConvOp)
        value = op.input
    return value is source and depth > 0


def _skipped(op: Operation) -> SSAValue | None:
    """Where a residual block begins that ends with this sum: x of x + f(x), or of g(x) + f(x)."""
    if not isinstance(op, lr.AddOp) or shape_of(op.lhs) != shape_of(op.rhs):
        return None
    for skip, other in ((op.lhs, op.rhs), (op.rhs, op.lhs)):
        sources = [skip]
        if isinstance(skip.owner, lr.ConvOp) and skip.owner.window.kernel == (1, 1):
            sources.append(skip.owner.input)
        for source in sources:
            if _is_convolved(other, source):
                return source
    return None


def _chain(op: Operation) -> int:
    """How many residual blocks stand one behind the other, of which this sum ends the last."""
    length = 0
    while (source := _skipped(op)) is not None:
        length += 1
        if not isinstance(before := _through(source).owner, Operation):
            break
        op = before
    return length


def _motifs(op: Operation, store: WeightStore) -> Found:
    if isinstance(op, lr.ConvOp):
        name = "conv-bn" if (norm := _behind(op, lr.BatchNormOp)) else "conv"
        if _behind(norm or op, lr.ActivationOp):
            yield f"{name}-act"
            if norm and op.bias is None:
                yield "conv-bn-act without bias"
        if norm is not None:
            yield "conv-bn"
        first = _through(op.input).owner
        if op.window.kernel == (1, 1) and isinstance(first, lr.ConvOp) and _is_depthwise(first):
            yield "depthwise separable"
    if isinstance(op, lr.AddOp) and _skipped(op) is not None:
        yield "residual block"
        yield from ["residual block, pre-activation"] * (_behind(op, lr.ActivationOp) is None)
    if isinstance(op, lr.AddOp) and all(isinstance(each.owner, lr.ConvOp) for each in op.operands):
        yield "sum of two convolutions"
        if not all(each.has_one_use() for each in op.operands):
            yield "sum of two convolutions, one read elsewhere"
        if _behind(op, lr.ActivationOp):
            yield "sum of two convolutions, activation"
    if isinstance(op, lr.AddOp | lr.MulOp):
        what = "sum" if isinstance(op, lr.AddOp) else "product"
        if shape_of(op.lhs) != shape_of(op.rhs):
            yield f"{what} with a number for each channel"
        if op.lhs is op.rhs:
            yield f"{what} of a value and itself"
        if isinstance(op, lr.MulOp) and any(_is_excitation(each) for each in op.operands):
            yield "squeeze and excite"
    if isinstance(op, lr.ConcatOp):
        yield "concat"
        if any(isinstance(use.operation, lr.WindowedOp) and any(use.operation.window.pads) for use in op.output.uses):
            yield "concat into padding"
        if len(set(op.inputs)) < len(op.inputs):
            yield "concat of a value and itself"


def _is_depthwise(op: lr.ConvOp) -> bool:
    return op.group_count == shape_of(op.input)[1] > 1


def _is_excitation(value: SSAValue) -> bool:
    act = value.owner
    conv = act.input.owner if isinstance(act, lr.ActivationOp) else None
    return isinstance(conv, lr.ConvOp) and isinstance(conv.input.owner, lr.GlobalAvgPoolOp)


def _convolution(op: Operation, store: WeightStore) -> Found:
    if not isinstance(op, lr.ConvOp):
        return
    channels, filters, groups = shape_of(op.input)[1], shape_of(op.output)[1], op.group_count
    if isinstance(op, lr.Conv1dOp):
        yield "conv of a sequence"
    if groups > 1:
        yield "depthwise" if groups == channels else "groups"
        yield from ["depthwise multiplier"] * (groups == channels and filters > channels)
    if max(op.window.dilations) > 1:
        yield "dilation"
    if op.sparsity is not None:
        sparsity = op.sparsity.data
        yield f"sparsity {sparsity.kind}"
        yield from ["budget of a layer"] * (sparsity.budget == "layer" and sparsity.keep is not None)
        yield from ["shared kernels"] * (sparsity.share > 1)
        patterns = 0 if sparsity.patterns is None else len(sparsity.patterns)
        yield from ["9 to 16 patterns"] * (9 <= patterns <= 16) + ["more than 16 patterns"] * (patterns > 16)
    if op.tuning is not None:
        tuning = op.tuning.data
        if tuning.tile and tuning.tile[1] < channels // groups:
            yield "channel blocks"
        if tuning.tile and tuning.tile[0] < filters:
            yield "groups of filters"
        if tuning.unroll:
            yield "unroll"
            yield from ["jammed filters"] * (tuning.unroll[0] > 1)
        yield from [each for each in (tuning.permute, tuning.load and f"load {tuning.load}") if each]


def _window(op: Operation, store: WeightStore) -> Found:
    if not isinstance(op, lr.WindowedOp):
        return
    window = op.window
    kind = "conv" if isinstance(op, lr.ConvOp) else op.name.removeprefix("lr.").replace("_", " ")
    top, left, bottom, right = window.pads
    yield f"{kind} {window.kernel[0]}x{window.kernel[1]}"
    yield f"stride {max(window.strides)}"
    yield from ["uneven strides"] * (window.strides[0] != window.strides[1])
    if any(window.pads):
        yield f"{kind} with padding"
        yield from ["uneven padding"] * ((top, left) != (bottom, right))
    if isinstance(op, lr.ConvOp) and any(pad >= window.reach()[i % 2] for i, pad in enumerate(window.pads)):
        yield "padding as wide as the kernel"
    if isinstance(op, lr.MaxPoolOp) and any(window.pads) and isinstance(op.input.owner, lr.ActivationOp):
        yield f"{op.input.owner.activation.data.kind} into padded max pool"


def _numbers(op: Operation, store: WeightStore) -> Found:
    match op:
        case lr.ConvOp() | lr.LinearOp():
            array = array_of(op.weight, store)
            rest = tuple(range(1, array.ndim))
            empty = ~(array != 0).any(rest)
            if empty.all():
                yield "empty layer"
            elif empty.any():
                yield "empty filter"
            if len(array) > 1 and (array == array[:1]).all():
                yield "filters all alike"
            if (
                array.size > 1
                and isinstance(op, lr.ConvOp)
                and (array != 0).reshape(*array.shape[:2], -1).any(2).sum() == 1
            ):
                yield "one kernel left"
            magnitudes = np.abs(array[array != 0])
            if magnitudes.size > 1 and (magnitudes == magnitudes[0]).all():
                yield "weights of equal magnitude"
            if (magnitudes < np.finfo(np.float32).tiny).any():
                yield "subnormal weight"
            if (np.signbit(array) & (array == 0)).any():
                yield "negative zero"
        case lr.BatchNormOp():
            scale, variance = array_of(op.weight, store), array_of(op.variance, store)
            yield from ["negative gamma"] * bool((scale < 0).any()) + ["gamma 0"] * bool((scale == 0).any())
            yield from ["tiny variance"] * bool((variance < 1e-6).any())
        case _:
            pass


def _other_layers(op: Operation, store: WeightStore) -> Found:
    match op:
        case lr.ActivationOp():
            yield from _activation(op.activation.data)
        case lr.BatchNormOp() if len(shape_of(op.input)) == 2:
            yield "batch norm of a vector"
        case lr.LinearOp():
            yield "linear"
            yield from ["linear behind linear"] * isinstance(_through(op.input).owner, lr.LinearOp)
        case lr.UpsampleOp() | lr.SoftmaxOp() | lr.FlattenOp() | lr.GlobalAvgPoolOp():
            yield op.name.removeprefix("lr.")
        case _:
            pass


def _activation(function: Activation) -> Found:
    yield function.kind
    if function.kind == "leaky_relu":
        slope = function.slope
        yield from ["slope < 0"] * (slope < 0) + ["slope >= 1"] * (slope >= 1) + ["slope 0"] * (slope == 0)


LIMITS: dict[str, tuple[float, float]] = {"relu6": (0, 6), "hard_sigmoid": (-3, 3), "hard_swish": (-3, 3)}
"""Where an activation clips, from below and from above."""


def _clipped(module: ModuleOp) -> Found:
    for each in walk(module, list(random_inputs(module).values())):
        function = getattr(each.op, "activation", None)
        if isinstance(each.op, lr.ActivationOp) and isinstance(function, ActivationAttr):
            low, high = LIMITS.get(function.data.kind, (-np.inf, np.inf))
            if (each.operands[0] < low).any() and (each.operands[0] > high).any():
                yield f"clipping {function.data.kind}"
