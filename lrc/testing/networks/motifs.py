"""What networks are made of: each motif adds a few layers to a network behind one of its values.

A motif is a function of the network and the value, which is of a rank as the tables below say; `least` is how many
layers it needs. It adds more, such as an activation, as long as there is room for them. What is for pictures takes
sequences, too, along which windows move in one row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import prod

from xdsl.ir import SSAValue

from lrc.dialects.lr.base import shape_of
from lrc.dialects.values.shapes import Window, picture
from lrc.testing.networks.building import MOST_NUMBERS, POINTWISE, SAME, Builder
from lrc.testing.plain import MANY_CHANNELS

ODD_KERNELS = ((3, 3), (3, 3), (1, 1), (5, 5), (1, 3), (7, 7))
"""What keeps the size of a picture with even padding."""

Layer = Callable[[SSAValue], SSAValue]

MOST_CHANNELS = 24
"""Of what is joined: more would only be slow."""


@dataclass(frozen=True)
class Motif:
    """`build` adds at least `least` layers; drawn `often` times as frequently as one with 1."""

    build: Callable[[Builder, SSAValue], object]
    least: int
    often: int = 1


def same(net: Builder) -> Window:
    """A window that keeps the size of a picture."""
    (kh, kw), by = net.pick(ODD_KERNELS), net.pick([1, 1, 1, 2])
    rows, columns = by * (kh // 2), by * (kw // 2)
    return Window((kh, kw), pads=(rows, columns, rows, columns), dilations=(by if kh > 1 else 1, by if kw > 1 else 1))


def size(value: SSAValue) -> tuple[int, int]:
    """Rows and columns of a picture; a sequence is one of one row."""
    _, height, width = picture(shape_of(value))
    return height, width


def fitting(net: Builder, value: SSAValue) -> list[SSAValue]:
    """What has the shape of `value`, the newest first; `value` itself is among it."""
    return [each for each in reversed(net.values) if shape_of(each) == shape_of(value)]


def finished(net: Builder, value: SSAValue) -> SSAValue:
    """A batch norm and an activation behind a layer, both, one, or none of them."""
    follows = net.pick(["", "n", "a", "na", "na", "na", "na", "na", "na", "na"])
    for each in follows[: net.room]:
        value = net.normalization(value) if each == "n" else net.activation(value)
    return value


def conv_bn_act(net: Builder, value: SSAValue) -> SSAValue:
    """conv -> batch norm -> activation, or not all of them."""
    return finished(net, net.convolution(value))


def grouped(net: Builder, value: SSAValue) -> SSAValue:
    """A convolution in groups, of one channel each or several."""
    channels = shape_of(value)[1]
    groups = net.pick([g for g in range(2, channels + 1) if channels % g == 0] or [1])
    return finished(net, net.convolution(value, filters=groups * net.pick([1, 1, 2, 3]), groups=groups))


def depthwise_separable(net: Builder, value: SSAValue) -> SSAValue:
    """A convolution of each channel by itself, with a multiplier, and one of 1x1."""
    channels = shape_of(value)[1]
    deep = net.convolution(value, filters=channels * net.pick([1, 1, 1, 2, 3]), groups=channels)
    deep = finished(net, deep) if net.room > 2 else deep
    return finished(net, net.convolution(deep, window=POINTWISE))


def residual_chain(net: Builder, value: SSAValue) -> SSAValue:
    """One to three blocks, each x + f(x): activations before or behind, the first x projected or not."""
    is_pre, projects = net.maybe(), net.room > 3 and net.maybe()
    for left in (2, 1, 0)[net.pick([1, 1, 2, 0]) :]:
        if net.room < 2 + is_pre:
            break
        spare = net.room - (2 + is_pre) * (1 + left) - projects  # what the blocks that follow do not need
        inner = net.activation(value) if is_pre else value
        if spare > 0 and net.maybe():
            inner = net.convolution(inner, window=same(net), bias=False)
            inner = net.activation(inner) if spare > 1 else inner
            spare -= 2
        inner = net.convolution(inner, filters=None if projects else shape_of(value)[1], window=same(net))
        if projects:
            value, projects = net.convolution(value, shape_of(inner)[1], POINTWISE), False
        inner, spare = (net.normalization(inner), spare - 1) if spare > 0 and net.maybe() else (inner, spare)
        value = net.sum(*net.pick([(inner, value), (value, inner)]))
        value = net.activation(value) if spare > 0 and not is_pre else value
    return value


def sum_of_convolutions(net: Builder, value: SSAValue) -> SSAValue:
    """conv(a) + conv(b), where something else may read one of the two."""
    filters, other = net.pick([2, 1, 4, 5]), net.pick(fitting(net, value))
    window = same(net)
    first, second = net.convolution(value, filters, window), net.convolution(other, filters, window)
    if net.room > 1 and net.maybe():
        net.activation(net.pick([first, second]))
    total = net.sum(first, second)
    return net.activation(total) if net.room and net.maybe() else total


def one_for_each_channel(net: Builder, value: SSAValue) -> SSAValue:
    """A sum or product with one number for each channel."""
    numbers = net.mean(value)
    if net.room > 1 and len(shape_of(value)) < 5 and net.maybe():
        numbers = net.convolution(numbers, shape_of(value)[1], POINTWISE)
    pair = net.pick([(value, numbers), (numbers, value)])
    result = net.product(*pair) if net.maybe() else net.sum(*pair)
    return net.activation(result) if net.room and net.maybe() else result


def squeeze_and_excite(net: Builder, value: SSAValue) -> SSAValue:
    """x * hard_sigmoid(conv(mean(x)))."""
    scores = net.convolution(net.mean(value), shape_of(value)[1], POINTWISE)
    return net.product(value, net.activation(scores, net.pick(["hard_sigmoid", "sigmoid"])))


def inception(net: Builder, value: SSAValue) -> SSAValue:
    """Two or three branches, joined: convolutions, poolings, the value itself."""
    branches = [net.convolution(value, window=POINTWISE)]
    for _ in range(min(net.pick([1, 2]), net.room - 1)):
        branches.append(net.convolution(value, window=same(net)) if net.maybe() else net.pool(value, SAME))
    return net.concat(net.pick([branches, branches[::-1]]))


def joined(net: Builder, value: SSAValue) -> SSAValue:
    """The value and others of its size along the channels."""
    others = [each for each in reversed(net.values) if shape_of(each)[2:] == shape_of(value)[2:]]
    parts = [value, net.pick(others), *([net.pick(others)] if net.maybe() else [])]
    if sum(shape_of(part)[1] for part in parts) > MOST_CHANNELS:
        return net.activation(value)
    return net.concat(parts)


def concat_into_padding(net: Builder, value: SSAValue) -> SSAValue:
    """What is joined is read by a layer that wants zeros around it."""
    both = joined(net, value)
    return net.pool(both, SAME) if net.maybe() else net.convolution(both, window=SAME)


def padded_pool(net: Builder, value: SSAValue) -> SSAValue:
    """A pooling of what an activation gives, below zero where the activation does."""
    value = net.activation(value, net.pick(["relu", "tanh", "swish", "hard_swish", None, None]))
    return net.pool(value, net.pick([SAME, Window((2, 2), (2, 2), (1, 1, 1, 1)), None]))


def clipped(net: Builder, value: SSAValue) -> SSAValue:
    """An activation of numbers that reach both of its ends."""
    return net.activation(net.normalization(value, "large scales"), net.pick(["relu6", "hard_sigmoid", "hard_swish"]))


def read_by_many(net: Builder, value: SSAValue) -> SSAValue:
    """A value that two to four layers read, not all of which can be fused with it."""
    value = net.convolution(value, window=SAME)
    padded: list[Layer] = [partial(net.pool, window=SAME), partial(net.convolution, window=SAME)]
    readers: list[Layer] = [net.activation, net.normalization, *padded]
    read = [net.pick(readers)(value) for _ in range(min(net.pick([2, 3, 4]), net.room))]
    return net.pick(read)


def up_and_down(net: Builder, value: SSAValue) -> SSAValue:
    """A pooling and a copy of its rows and columns, or the copy alone; joined with what fits, as in a U-Net."""
    if net.room > 1 and net.maybe():
        value = net.pool(value, Window((2, 2), (2, 2), (1, 1, 1, 1)))
    scale = net.pick([(2, 2), (1, 3)])
    if prod(shape_of(value)) * prod(scale) > MOST_NUMBERS // 4:
        return net.activation(value)
    value = net.upsampled(value, scale)
    return joined(net, value) if net.room and net.maybe() else value


def many_channels(net: Builder, value: SSAValue) -> SSAValue:
    """255 to 257 channels, of pictures of one element."""
    value = net.mean(value) if size(value) != (1, 1) else value
    many = net.draw(MANY_CHANNELS)
    wide = net.convolution(value, many, POINTWISE) if shape_of(value)[1] < 200 else value
    if net.room and net.maybe():
        wide = net.pick([net.normalization, net.activation])(wide)
    if not net.room:
        return wide
    groups = shape_of(wide)[1] if net.maybe() else 1
    return net.convolution(wide, groups if groups > 1 else 2, POINTWISE, groups)


def head(net: Builder, value: SSAValue) -> SSAValue:
    """mean, flatten, linear, probabilities; without the mean if the picture is small."""
    if prod(shape_of(value)) > 100:
        value = net.mean(value)
    value = net.flat(value)
    return dense(net, value) if net.room else value


def dense(net: Builder, value: SSAValue) -> SSAValue:
    """linear -> batch norm -> activation, of vectors; or probabilities at the end."""
    value = finished(net, net.linear(value))
    return net.softmax(value) if net.room and net.one_in(4) else value


def binary(net: Builder, value: SSAValue) -> SSAValue:
    """A sum or product of any two values of one shape, which may be one value."""
    kind = net.pick([net.sum, net.product])
    return kind(value, net.pick(fitting(net, value)))


def repeated(net: Builder, value: SSAValue) -> SSAValue:
    """Rows and columns more than once, of a picture that is small enough."""
    scale = net.pick([(2, 2), (1, 3)])
    is_small = prod(shape_of(value)) * prod(scale) <= MOST_NUMBERS // 4
    return net.upsampled(value, scale) if is_small else net.activation(value)


SINGLE: tuple[Callable[[Builder, SSAValue], SSAValue], ...] = (
    Builder.activation,
    Builder.pool,
    Builder.normalization,
    Builder.convolution,
    Builder.mean,
    Builder.softmax,
    binary,
    joined,
    repeated,
)
"""One layer each."""


def neighbours(net: Builder, value: SSAValue) -> SSAValue:
    """Two layers of any kind, one behind the other: hardly a network, but a pass has to take it."""
    first = net.pick(SINGLE)(net, value)
    return net.pick(SINGLE)(net, first)


PICTURES = (
    Motif(Builder.activation, 1),
    Motif(Builder.pool, 1),
    Motif(Builder.normalization, 1),
    Motif(Builder.convolution, 1, 2),
    Motif(conv_bn_act, 3, 18),
    Motif(grouped, 1, 2),
    Motif(binary, 1),
    Motif(joined, 1),
    Motif(up_and_down, 1, 2),
    Motif(Builder.softmax, 1),
    Motif(neighbours, 2, 8),
    Motif(padded_pool, 2, 3),
    Motif(clipped, 2, 2),
    Motif(head, 3, 2),
    Motif(depthwise_separable, 2, 2),
    Motif(concat_into_padding, 2, 2),
    Motif(residual_chain, 3, 4),
    Motif(sum_of_convolutions, 3, 5),
    Motif(one_for_each_channel, 2, 2),
    Motif(squeeze_and_excite, 4, 2),
    Motif(inception, 3, 2),
    Motif(read_by_many, 3, 2),
    Motif(many_channels, 3, 3),
)
"""What may follow a picture or a sequence, the simplest first."""

VECTORS = (
    Motif(Builder.activation, 1),
    Motif(Builder.normalization, 1),
    Motif(dense, 1, 4),
    Motif(clipped, 2),
    Motif(binary, 1),
    Motif(joined, 1),
    Motif(Builder.softmax, 1),
)
"""What may follow a vector."""

VOLUMES = (
    Motif(Builder.activation, 1),
    Motif(Builder.normalization, 1),
    Motif(Builder.mean, 1),
    Motif(binary, 1, 2),
    Motif(joined, 1, 2),
    Motif(Builder.softmax, 1),
    Motif(clipped, 2),
    Motif(one_for_each_channel, 2, 2),
    Motif(head, 3),
)
"""What may follow a volume, over which no window moves."""

OF_RANK = {2: VECTORS, 3: PICTURES, 4: PICTURES, 5: VOLUMES}
"""What may follow a value of each rank."""
