"""The walk along a network that becomes one of integers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil, log2, prod

import numpy as np
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue

from lrc.dialects import lr
from lrc.dialects.lr.attrs import WeightAttr, WeightLike
from lrc.dialects.lr.base import shape_of
from lrc.dialects.lr.store import StoreAttr, array_of
from lrc.interpreters import reference
from lrc.interpreters.graph import interpreter
from lrc.interpreters.reference import Array, along_channels, float64
from lrc.passes.graph.fuse_conv_bn import fold, normalization
from lrc.verification.integers.biases import FAR, SPREAD, STEP, choose, is_exact_mean, is_sound, sound, with_exact_means
from lrc.verification.integers.sums import (
    LARGEST,
    Bools,
    Floats,
    Weighted,
    balance,
    integers_of,
    largest_of,
    reach_of,
    seen_weights,
    sums_of,
    unit_of,
)

WIDEST, NARROWEST = 2**15, 2**7
"""How much the sums of a bare layer may spread: at first, and when those of later layers grow too large."""


@dataclass(frozen=True)
class IntegerNetwork:
    """A network whose results are known to the last bit.

    `module` is the given one with other arrays; `values` has the result of each layer that is exact; `inexact` says of
    every other layer why it is not. `weights` counts for each layer with weights those that were not pruned, `seen`
    tells which of them take part in an exact number that any change of them would change.
    """

    module: ModuleOp
    inputs: Mapping[str, Floats]
    values: Mapping[str, Floats]
    inexact: Mapping[str, str]
    weights: Mapping[str, int]
    seen: Mapping[str, Bools]


def draw(source: ModuleOp, turn: int = 0, seed: int = 0) -> IntegerNetwork:
    """An integer network in the shape and the masks of `source`; in even and odd turns layers change their parts.

    Raises UserError if an array is missing.
    """
    widest = WIDEST
    while True:
        try:
            return _Drawing(source, np.random.default_rng([seed, turn]), turn, widest).run()
        except _TooWideError:
            widest //= 4


class _TooWideError(Exception):
    """A sum too large for float32, which narrower ones before it may make smaller."""


@dataclass(frozen=True)
class _Open:
    """What is not yet chosen of a layer: the name of its bias, which comes on top of `offset` [C], and the array whose
    multiples scale what it gives."""

    bias: str | None
    offset: Array
    factor: tuple[str, Floats] | None


@dataclass
class _Tensor:
    """A tensor while its network is drawn.

    `array` is a multiple of `unit` everywhere, unless `reason` says why it is not known exactly. `reach` [C] is the
    largest that a partial sum of it may become, `depth` the number of biases chosen on the way. `open` is what is still
    to be chosen, `moved` are the layers, with their arrays, that this will move; `read` are the layers with weights
    whose sums show in this tensor, and where what they read is not zero.
    """

    array: Array
    unit: float
    reach: Array
    depth: int
    reason: str = ""
    open: _Open | None = None
    moved: list[tuple[str, Array]] = field(default_factory=list[tuple[str, Array]])
    read: list[tuple[Weighted, Bools]] = field(default_factory=list[tuple[Weighted, Bools]])


class _Drawing:
    """One network while it is drawn, layer by layer; a bias is chosen when the sums are known that it is added to."""

    def __init__(self, source: ModuleOp, numbers: np.random.Generator, turn: int, widest: int) -> None:
        self.numbers, self.turn, self.widest = numbers, turn, widest
        self.module = source.clone()
        self.model = lr.find_model(self.module)
        self.given, self.store = self.model.store, lr.WeightStore.empty()
        self.model.weights = StoreAttr(self.store)
        self.interpreter = interpreter(self.module)
        self.tensors: dict[SSAValue, _Tensor] = {}
        self.units: dict[str, float] = {}
        self.values: dict[str, Floats] = {}
        self.inexact: dict[str, str] = {}
        self.weights: dict[str, int] = {}
        self.seen: dict[str, Bools] = {}
        layers = [op for op in self.model.block.ops if isinstance(op, lr.LayerOp)]
        named = [weight for op in layers for _, weight, _ in op.weight_specs() if isinstance(weight, WeightAttr)]
        self.shared = {name for name, count in Counter(weight.data for weight in named).items() if count > 1}

    def run(self) -> IntegerNetwork:
        """Draw the inputs, then layer after layer."""
        inputs: dict[str, Floats] = {}
        for name, argument in zip(self.model.inputs, self.model.block.args, strict=True):
            inputs[name] = self.integers(shape_of(argument), 7)
            array = float64(inputs[name])
            self.tensors[argument] = _Tensor(array, 1, largest_of(array), 0)
        last_use = {operand: op for op in self.model.block.ops for operand in op.operands}
        for op in self.model.block.ops:
            if isinstance(op, lr.LayerOp):
                self.layer(op)
            for operand in set(op.operands):
                if last_use[operand] is op:
                    del self.tensors[operand]
        return IntegerNetwork(self.module, inputs, self.values, self.inexact, self.weights, self.seen)

    def layer(self, op: lr.LayerOp) -> None:
        """Evaluate a layer, and choose its bias unless a layer behind it decides what is best for both."""
        name = op.layer.data
        match op:
            case lr.ConvOp() | lr.LinearOp():
                tensor = self.weighted(op)
                if isinstance(op, lr.ConvOp) and op.residual is not None:
                    tensor = self.sum(name, tensor, self.tensors[op.residual])
            case lr.BatchNormOp():
                tensor = self.batch_norm(op)
            case lr.AddOp():
                tensor = self.sum(name, self.tensors[op.lhs], self.tensors[op.rhs])
            case lr.ActivationOp():
                tensor = self.tensors[op.input]
            case _:
                tensor = self.other(op)
        if isinstance(activation := getattr(op, "activation", None), lr.ActivationAttr):
            tensor = self.activate(op, tensor, activation.data)
        self.tensors[op.output] = tensor
        uses = [use.operation for use in op.output.uses]
        if len(uses) != 1 or not isinstance(uses[0], lr.BatchNormOp | lr.AddOp | lr.ActivationOp):
            self.close(tensor)
            self.show(tensor, np.ones(tensor.array.shape, np.bool_))

    def weighted(self, op: Weighted) -> _Tensor:
        """The sums of a convolution or a linear layer; its bias is open, and its weights are, as far as scale goes."""
        x = self.tensors[op.input]
        name, bias = _name(op, "weight", op.weight), None if op.bias is None else _name(op, "bias", op.bias)
        factor = None
        if name in self.store:
            weight = self.store[name]
        else:
            mask = self.mask(op)
            weight = self.integers(mask.shape, 3)
            weight *= mask
            if isinstance(op, lr.ConvOp):
                balance(weight, x.array, op.group_count)
            weight *= np.float32(1 / x.unit)
            self.units[name] = 1 / x.unit
            if name in self.shared:
                self.store.put(name, weight)
            else:
                factor = name, weight
        op.weight, op.bias = WeightAttr(name), None if bias is None else WeightAttr(bias)
        self.weights[op.layer.data] = int(np.count_nonzero(weight))
        sums, unit = sums_of(op, x.array, weight), self.units[name] * x.unit
        reach = reach_of(op, x.array, weight, limit=LARGEST * unit / 4)
        still = _Open(bias, np.zeros(len(reach)), factor)
        moved, read = [(op.layer.data, sums)], [(op, x.array != 0)]
        return _Tensor(sums, unit, reach, x.depth, x.reason, still, moved, read)

    def mask(self, op: Weighted) -> Bools:
        """Which weights are left once the batch norms behind a layer are folded into them: nothing is where a scale is
        zero, or its product with a weight too small for float32."""
        weight, layer = array_of(op.weight, self.given), op
        while (norm := _folded(layer)) is not None:
            scale, beta, mean, variance = (array_of(each, self.given) for _, each, _ in norm.weight_specs())
            factor, shift = normalization(scale, beta, mean, variance, norm.epsilon.value.data)
            weight, layer = fold(weight, np.zeros(1), factor, shift)[0].astype(np.float32), norm
        return weight != 0

    def batch_norm(self, op: lr.BatchNormOp) -> _Tensor:
        """A normalization that changes some signs and subtracts small integers; its bias and its scale are open."""
        x = self.tensors[op.input]
        before = self.close(x)
        channels, epsilon = x.array.shape[1], op.epsilon.value.data
        lowest = max(-1, ceil(log2(epsilon) / 2)) if epsilon > 0 else -1
        deviation = np.exp2(integers_of(self.numbers, lowest, max(lowest, 1), channels))
        drawn = (deviation * self.numbers.choice([-1.0, 1.0], channels)).astype(np.float32)
        names = {kind: _name(op, kind, weight) for kind, weight, _ in op.weight_specs()}
        # With epsilon the variance is deviation^2, to half a float32 place: rounded, all that follows from it is exact.
        variance = self.put(names["variance"], deviation**2 - epsilon)
        mean = self.put(names["mean"], before + x.unit * self.numbers.choice([-1.0, 1.0], channels))
        is_open = names["weight"] not in self.shared
        gamma = drawn if is_open else self.put(names["weight"], drawn)
        op.properties |= {kind: WeightAttr(name) for kind, name in names.items()}
        scale = np.rint(16 * gamma / np.sqrt(float64(variance) + epsilon)) / 16
        result = along_channels(scale, x.array) * (x.array - along_channels(float64(mean), x.array))
        # Folded into the layer before it, it moves that layer's bias as well.
        offset = scale * ((before if _is_folded(op) else 0) - mean)
        still = _Open(names["bias"], offset, (names["weight"], drawn) if is_open else None)
        unit, reach = x.unit * unit_of(scale), np.abs(scale) * (x.reach + np.abs(mean))
        return _Tensor(result, unit, reach, x.depth, x.reason, still, [(op.layer.data, result)], x.read)

    def sum(self, name: str, left: _Tensor, right: _Tensor) -> _Tensor:
        """A sum; the bias of one of its operands stays open, if it has one."""
        shape = np.broadcast_shapes(left.array.shape, right.array.shape)
        is_left = left.open is not None and left.open.bias is not None and left.array.shape == shape
        host, other = (left, right) if is_left else (right, left)
        self.close(other)
        if host.array.shape != shape:
            self.close(host)
        elif host.open is not None:  # what is added cannot be scaled
            self.put_factor(host.open)
            host.open = replace(host.open, factor=None)
        result = host.array + other.array
        reach = (host.reach if host.open else largest_of(host.array)) + largest_of(other.array)
        unit, depth, reason = min(host.unit, other.unit), max(host.depth, other.depth), host.reason or other.reason
        moved, read = [*host.moved, (name, result)], [*host.read, *other.read]
        return _Tensor(result, unit, reach, depth, reason, host.open, moved, read)

    def activate(self, op: lr.LayerOp, tensor: _Tensor, activation: lr.Activation) -> _Tensor:
        """A function of each element, behind the bias that suits it."""
        name, kind, depth = op.layer.data, activation.kind, tensor.depth
        if tensor.open is not None and tensor.open.bias is not None:
            sums = tensor.array.reshape(len(tensor.reach), -1)
            spread = (sums.max(1) - sums.min(1)).max()
            count = _averaged(op)
            is_bare = (depth + self.turn) % 2 == 0 and spread <= self.widest * tensor.unit and count == 1
            can_scale, border = tensor.open.factor is not None, _border(tensor.array)
            shift, factor = choose(sums, tensor.unit, kind, is_bare, can_scale, border, count, self.numbers)
            if count > 1 and kind in ("relu", "relu6"):
                shift = with_exact_means(sums * factor[:, None], shift, tensor.open.offset * factor, kind)
            self.close(tensor, shift, factor)
            depth += 1
        else:
            self.close(tensor)
        x = tensor.array
        result = reference.activate(x, kind, activation.slope)
        shows, unit, reason = np.ones(x.shape, np.bool_), tensor.unit, ""
        match kind:
            case "relu":
                shows = result > 0
            case "relu6":
                shows = (result > 0) & (result < 6)
            case "leaky_relu" if activation.slope == 0:
                shows = result > 0
            case "leaky_relu":
                if (x < 0).any():
                    unit *= abs(activation.slope)
                    reason = "" if log2(abs(activation.slope)).is_integer() else f"its slope rounds in '{name}'"
            case _:
                reason = "" if ((x >= FAR) | (x <= FAR + SPREAD - STEP)).all() else f"{kind} rounds in '{name}'"
                result, unit = float64(result.astype(np.float32)), min(unit, 1)
                shows = (x >= FAR) & (kind in ("swish", "hard_swish"))
        tensor.reason = tensor.reason or reason
        self.show(tensor, shows)
        self.record(name, result, tensor.reason)
        return _Tensor(result, unit, largest_of(result), depth, tensor.reason)

    def other(self, op: lr.LayerOp) -> _Tensor:
        """A layer without weights."""
        name, operands = op.layer.data, [self.tensors[operand] for operand in op.operands]
        (result,) = self.interpreter.run_op(op, tuple(x.array for x in operands))
        unit, rounds = min(x.unit for x in operands), False
        match op:
            case lr.MulOp():
                unit = prod(x.unit for x in operands)
                rounds = bool(np.abs(result).max() >= LARGEST * unit)
            case lr.AvgPoolOp() | lr.GlobalAvgPoolOp():
                count = prod(op.window.kernel) if isinstance(op, lr.AvgPoolOp) else operands[0].array[0, 0].size
                rounds = not is_exact_mean(result, count, unit).all()
                unit /= count & -count
            case lr.SoftmaxOp():
                rounds = True
            case _:
                pass
        reason = next((x.reason for x in operands if x.reason), "")
        reason = reason or (f"{op.name.split('.')[-1]} rounds in '{name}'" if rounds else "")
        self.record(name, result, reason)
        return _Tensor(result, unit, largest_of(result), max(x.depth for x in operands), reason)

    def close(self, tensor: _Tensor, shift: Array | None = None, factor: Array | None = None) -> Array:
        """Choose what is open of a tensor: it is multiplied by `factor` [C], then `shift` [C] is added; without
        these its bias is a small one. Gives what was added."""
        channels, chosen = len(tensor.reach), np.zeros(len(tensor.reach))
        if (still := tensor.open) is not None:
            factor = np.ones(channels) if factor is None else factor
            offset = still.offset * factor
            self.put_factor(still, factor)
            tensor.unit *= abs(float(factor[0]))
            if still.bias is not None:
                if shift is None:
                    shift = float64(self.integers((channels,), 3)) * tensor.unit
                    shift = np.where(is_sound(shift, offset), shift, np.copysign(shift, offset))
                chosen = float64(self.put(still.bias, sound(shift, offset, tensor.unit)))
                if not is_sound(chosen, offset).all():
                    tensor.reason = tensor.reason or f"layers share the bias of '{tensor.moved[0][0]}'"
            for _, array in tensor.moved:
                np.multiply(array, along_channels(factor, array), out=array)
                np.add(array, along_channels(chosen, array), out=array)
            tensor.reach = tensor.reach * np.abs(factor) + np.abs(chosen)
            tensor.open = None
        if tensor.moved and not tensor.reason and tensor.reach.max() >= LARGEST * tensor.unit:
            if self.widest > NARROWEST:
                raise _TooWideError
            tensor.reason = f"sums grow beyond 24 bits in '{tensor.moved[-1][0]}'"
        for name, array in tensor.moved:
            self.record(name, array, tensor.reason)
        tensor.moved = []
        return chosen

    def record(self, name: str, array: Array, reason: str) -> None:
        """Note what a layer gives, or why that is not known exactly."""
        if reason:
            self.inexact[name] = reason
            self.values.pop(name, None)
        else:
            self.values[name] = array.astype(np.float32)

    def show(self, tensor: _Tensor, shows: Bools) -> None:
        """Note which weights take part in the elements of a tensor that show every change."""
        for op, nonzero in tensor.read:
            if not tensor.reason:
                self.seen[op.layer.data] = seen_weights(op, shows, nonzero) & (array_of(op.weight, self.store) != 0)
        tensor.read = []

    def put(self, name: str, drawn: Array | Floats) -> Floats:
        """Keep an array, unless another layer that shares it has one already; gives what is kept."""
        return self.store[name if name in self.store else self.store.put(name, drawn.astype(np.float32))]

    def put_factor(self, open: _Open, factor: Array | float = 1.0) -> None:
        """Keep the array that scales a tensor, multiplied by `factor` for each channel."""
        if open.factor is not None:
            name, array = open.factor
            self.put(name, array if np.all(factor == 1) else (array.T * np.float32(factor)).T)

    def integers(self, shape: Sequence[int], largest: int) -> Floats:
        """Numbers from 1 to `largest`, each with a sign."""
        drawn = self.numbers.integers(-largest, largest, shape, np.int8)
        drawn += drawn >= 0
        return drawn.astype(np.float32)


def _folded(layer: lr.LayerOp) -> lr.BatchNormOp | None:
    """The batch norm that passes fold into a layer."""
    (reader, *others) = [use.operation for use in layer.output.uses] or [None]
    if others or not isinstance(reader, lr.BatchNormOp) or getattr(layer, "activation", None) is not None:
        return None
    return None if getattr(layer, "residual", None) is not None else reader


def _is_folded(norm: lr.BatchNormOp) -> bool:
    """Whether passes fold a batch norm into a layer with weights, perhaps behind others."""
    layer = norm.input.owner
    if not isinstance(layer, lr.LayerOp) or _folded(layer) is not norm:
        return False
    return _is_folded(layer) if isinstance(layer, lr.BatchNormOp) else isinstance(layer, Weighted)


def _name(op: lr.LayerOp, field: str, weight: WeightLike) -> str:
    """The name of an array; one that stands in the text gets one."""
    return weight.data if isinstance(weight, WeightAttr) else f"{op.layer.data}.{field}"


def _border(sums: Array) -> Bools:
    """The places of a picture, in a row, that are at its border, or at the ends of a sequence; of a vector the only
    one."""
    border = np.ones(sums.shape[2:], np.bool_)
    border[(slice(1, -1),) * border.ndim] = not border.ndim
    return border.reshape(-1)


def _averaged(op: lr.LayerOp) -> int:
    """Over how many places a layer is averaged by one that reads it; 1 if by none, or if it is a power of two, by which
    float32 divides exactly."""
    places = prod(shape_of(op.output)[2:])
    is_read = any(isinstance(use.operation, lr.GlobalAvgPoolOp) for use in op.output.uses)
    return places if is_read and places & (places - 1) else 1
