"""Every layer but the convolutions, as loops and as C, against the float64 reference within the computed bound."""

import numpy as np
import pytest
from harness import interpret, reference
from variants import (
    VARIANTS,
    Programs,
    asked_for,
    check,
    check_what_is_not_a_number,
    inputs_of,
    lowered,
    model,
    picture,
    programs,
)


def pool(kind: str, size: tuple[int, int, int], kernel: int, stride: int, pad: int) -> str:
    c, h, w = size
    rows, columns = ((n + 2 * pad - kernel) // stride + 1 for n in (h, w))
    x, y = picture(c, h, w), picture(c, rows, columns)
    window = f"kernel [{kernel}, {kernel}] strides [{stride}, {stride}] pads [{pad}, {pad}, {pad}, {pad}]"
    return model(f'%y = lr.{kind} "y"(%x) {window} : {x} -> {y}', f"%x : {x}", y)


def rectangular_mean(size: tuple[int, int, int]) -> str:
    """A mean whose windows are wider than high."""
    c, height, width = size
    x, y = picture(c, height, width), picture(c, height - 1, width - 2)
    return model(
        f'%y = lr.avg_pool "y"(%x) kernel [2, 3] strides [1, 1] pads [0, 0, 0, 0] : {x} -> {y}', f"%x : {x}", y
    )


def unary(op: str, size: tuple[int, ...], result: tuple[int, ...] | None = None, rest: str = "") -> str:
    x, y = picture(*size), picture(*(result or size))
    return model(f'%y = lr.{op} "y"(%x) {rest} : {x} -> {y}', f"%x : {x}", y)


def binary(op: str, left: tuple[int, ...], right: tuple[int, ...], result: tuple[int, ...], then: str = "") -> str:
    a, b, y = picture(*left), picture(*right), picture(*result)
    return model(f'%y = lr.{op} "y"(%a, %b) {then} : {a}, {b} -> {y}', f"%a : {a}, %b : {b}", y)


def linear(inputs: int, outputs: int, then: str = "", bias: bool = True) -> str:
    weights = '{weight = #lr.weight<"w">, bias = #lr.weight<"b">}' if bias else '{weight = #lr.weight<"w">}'
    return unary("linear", (inputs,), (outputs,), f"{then} {weights}")


def batch_norm(size: tuple[int, ...]) -> str:
    names = {"weight": "w", "bias": "b", "mean": "m", "variance": "v"}
    properties = ", ".join(f'{name} = #lr.weight<"{weight}">' for name, weight in names.items())
    return unary("batch_norm", size, rest=f"{{{properties}, epsilon = 1.0e-05 : f64}}")


def halos(size: tuple[int, int, int]) -> str:
    """A layer whose result is read with padding: everything around its pictures must be zero."""
    x = picture(*size)
    body = f"""
  %a = lr.activation "a"(%x) <sigmoid> : {x} -> {x}
  %b = lr.concat "b"(%a) : {x} -> {x}
  %c = lr.avg_pool "c"(%a) kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] : {x} -> {x}
  %d = lr.avg_pool "d"(%b) kernel [5, 5] strides [1, 1] pads [2, 2, 2, 2] : {x} -> {x}
  %y = lr.add "y"(%c, %d) : {x}, {x} -> {x}"""
    return model(body, f"%x : {x}", x)


def activated_and_pooled(activation: str, size: tuple[int, int, int], pooling: str) -> str:
    """A pooling of what an activation gives, which keeps the size of the pictures."""
    x, (kind, window) = picture(*size), pooling.split(maxsplit=1)
    body = f"""
  %a = lr.activation "a"(%x) <{activation}> : {x} -> {x}
  %y = lr.{kind} "y"(%a) {window} : {x} -> {x}"""
    return model(body, f"%x : {x}", x)


def below_zero(size: tuple[int, int, int], kernel: int) -> str:
    """A pooling of numbers that are all negative: -x * x."""
    (c, h, w), rest = size, "strides [1, 1] pads [0, 0, 0, 0]"
    x, y = picture(c, h, w), picture(c, h - kernel + 1, w - kernel + 1)
    weight = f"dense<-1.0> : tensor<{c}x1x1x1xf32>"
    body = f"""
  %a = lr.mul "a"(%x, %x) : {x}, {x} -> {x}
  %b = lr.conv2d "b"(%a) kernel [1, 1] {rest} dilations [1, 1] groups {c} {{weight = {weight}}} : {x} -> {x}
  %y = lr.max_pool "y"(%b) kernel [{kernel}, {kernel}] {rest} : {x} -> {y}"""
    return model(body, f"%x : {x}", y)


def add_broadcast_to_conv(left: tuple[int, int, int], right: tuple[int, int, int]) -> str:
    """A sum of a convolution and what is broadcast, or is broadcast to: no residual that the convolution could add."""
    (c, h, w), a, b = left, picture(*left), picture(*right)
    y = picture(c, max(h, right[1]), max(w, right[2]))
    rest = f"kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups {c}"
    weight = f"{{weight = dense<2.0> : tensor<{c}x1x1x1xf32>}}"
    body = f"""
  %c = lr.conv2d "c"(%a) {rest} {weight} : {a} -> {a}
  %y = lr.add "y"(%c, %b) : {a}, {b} -> {y}"""
    return model(body, f"%a : {a}, %b : {b}", y)


def softmax_far_apart(channels: int) -> str:
    """A softmax of numbers whose exponentials are no float32: 256 * x * x."""
    x, weight = picture(channels, 1, 1), f"dense<256.0> : tensor<{channels}x1x1x1xf32>"
    rest = f"kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups {channels} {{weight = {weight}}}"
    body = f"""
  %a = lr.mul "a"(%x, %x) : {x}, {x} -> {x}
  %b = lr.conv2d "b"(%a) {rest} : {x} -> {x}
  %y = lr.softmax "y"(%b) : {x} -> {x}"""
    return model(body, f"%x : {x}", x)


def concat(*channels: int, size: tuple[int, int]) -> str:
    types = [picture(c, *size) for c in channels]
    y = picture(sum(channels), *size)
    names = [f"%x{chr(97 + i)}" for i in range(len(types))]
    inputs = ", ".join(f"{n} : {t}" for n, t in zip(names, types, strict=True))
    return model(f'%y = lr.concat "y"({", ".join(names)}) : {", ".join(types)} -> {y}', inputs, y)


NEVER_NEGATIVE = activated_and_pooled("relu", (2, 5, 7), "max_pool kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1]")
"""A pooling that takes the zeros around a picture which is never negative for its padding."""

UNEVEN_HALOS = activated_and_pooled("sigmoid", (2, 5, 7), "avg_pool kernel [4, 4] strides [1, 1] pads [1, 1, 2, 2]")
"""A layer whose result is read with more zeros below and on the right than above and on the left."""

CASES = {
    **{f"max_pool_{w}": pool("max_pool", (3, 5, w), 2, 2, 0) for w in (2, 7, 17, 32, 33)},
    "max_pool_k3s2p1": pool("max_pool", (2, 9, 17), 3, 2, 1),
    "max_pool_k3s1p1": pool("max_pool", (2, 3, 3), 3, 1, 1),
    "max_pool_k3s3": pool("max_pool", (2, 9, 53), 3, 3, 0),
    "max_pool_large": pool("max_pool", (2, 9, 23), 7, 1, 3),
    "max_pool_below_zero": below_zero((2, 5, 9), 2),
    "max_pool_large_below_zero": below_zero((2, 7, 9), 6),
    "max_pool_of_relu": NEVER_NEGATIVE,
    "avg_pool_k2s2": pool("avg_pool", (3, 4, 17), 2, 2, 0),
    "avg_pool_k3s1p1": pool("avg_pool", (3, 7, 7), 3, 1, 1),
    "avg_pool_k3s2p1": pool("avg_pool", (2, 17, 35), 3, 2, 1),
    "avg_pool_rectangular": rectangular_mean((2, 5, 9)),
    "avg_pool_large": pool("avg_pool", (2, 17, 17), 6, 3, 1),
    "avg_pool_one": pool("avg_pool", (1, 1, 1), 1, 1, 0),
    **{f"global_{w}": unary("global_avg_pool", (3, 4, w), (3, 1, 1)) for w in (1, 7, 16, 17)},
    **{
        f"activation_{kind.split()[0]}": unary("activation", (2, 3, 17), rest=f"<{kind}>")
        for kind in ("relu", "relu6", "leaky_relu 0.1", "sigmoid", "tanh", "hard_sigmoid", "hard_swish", "swish")
    },
    "activation_steep": unary("activation", (2, 3, 17), rest="<leaky_relu 2.0>"),
    "activation_falling": unary("activation", (2, 3, 17), rest="<leaky_relu -0.5>"),
    "activation_vector": unary("activation", (19,), rest="<sigmoid>"),
    "add": binary("add", (2, 3, 17), (2, 3, 17), (2, 3, 17), "then <relu>"),
    "add_broadcast": binary("add", (3, 1, 1), (3, 3, 7), (3, 3, 7)),
    "add_broadcast_to_conv": add_broadcast_to_conv((3, 3, 7), (3, 1, 1)),
    "add_conv_broadcast": add_broadcast_to_conv((3, 1, 1), (3, 3, 7)),
    "mul_broadcast": binary("mul", (3, 2, 16), (3, 1, 1), (3, 2, 16), "then <hard_swish>"),
    "mul_points": binary("mul", (3, 1, 1), (3, 1, 1), (3, 1, 1)),
    "mul_vectors": binary("mul", (33,), (33,), (33,)),
    "batch_norm": batch_norm((3, 4, 7)),
    "batch_norm_vector": batch_norm((19,)),
    **{f"flatten_{c}_{w}": unary("flatten", (c, 3, w), (c * 3 * w,)) for c, w in ((1, 1), (2, 7), (3, 16), (2, 17))},
    "concat": concat(1, 3, 2, size=(3, 7)),
    "concat_whole": concat(2, 2, size=(2, 16)),
    "concat_vectors": binary("concat", (5,), (20,), (25,)),
    "upsample": unary("upsample", (2, 3, 7), (2, 6, 14), "by [2, 2]"),
    "upsample_unequal": unary("upsample", (1, 1, 3), (1, 1, 15), "by [1, 5]"),
    "pad": unary("pad", (2, 3, 7), (2, 6, 11), "pads [1, 3, 2, 1] {value = -1.5 : f64}"),
    **{f"linear_{i}_{o}": linear(i, o) for i, o in ((1, 1), (3, 7), (8, 17), (17, 64), (32, 100), (7, 160))},
    "linear_relu": linear(12, 33, "then <relu>", bias=False),
    **{f"softmax_{n}": unary("softmax", (n,)) for n in (1, 7, 17)},
    "softmax_picture": unary("softmax", (5, 3, 7)),
    "softmax_far_apart": softmax_far_apart(7),
    "halos": halos((3, 3, 7)),
    "halos_whole": halos((2, 2, 16)),
    "halos_one": halos((1, 1, 1)),
    "halos_uneven": UNEVEN_HALOS,
}


@pytest.mark.parametrize("machine", ["neon"])
@pytest.mark.parametrize("case", CASES)
def test_interpreted(case: str, machine: str) -> None:
    network = lowered(CASES[case], machine)
    inputs = inputs_of(network)
    for found, expected in zip(interpret(network, inputs), reference(network, inputs), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.fixture(scope="session")
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Programs:
    return programs(asked_for(request, CASES), tmp_path_factory)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("case", CASES)
def test_compiled(case: str, variant: str, program: Programs) -> None:
    check(program(variant), case)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("case", CASES)
def test_what_is_not_a_number_stays_that(case: str, variant: str, program: Programs) -> None:
    check_what_is_not_a_number(program(variant), case)
