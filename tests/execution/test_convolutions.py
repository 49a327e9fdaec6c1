"""Convolutions as C, against the float64 reference within the computed bound: every shape, load and epilogue."""

import numpy as np
import pytest
from variants import VARIANTS, Programs, asked_for, check, model, picture, programs

from lrc.dialects.values.activations import ACTIVATION_KINDS
from lrc.dialects.values.shapes import Window

PATTERNS = '#lr.sparsity<pattern ["110/110/000", "011/011/000", "000/011/011"], keep = 0.5, budget = filter>'
PAIRS = f"{PATTERNS.removesuffix('>')}, share = 2>"
UNEQUAL = '#lr.sparsity<pattern ["111/000/000", "010/010/000"], keep = 0.3, budget = layer>'
LARGE = f'#lr.sparsity<pattern ["{"/".join(["1" * 9] * 8 + ["0" * 9])}", "{"/".join(["101111111"] * 9)}"]>'
BANDS = f'#lr.sparsity<pattern ["{"/".join(["1" * 9] * 4 + ["101111111"] * 2 + ["111111110"] * 3)}"]>'
KERNELS = "#lr.sparsity<connectivity, keep = 0.5, budget = layer>"


def dense(array: object) -> str:
    """Weights that stand in the text."""
    weights = np.asarray(array, np.float32)
    return f"dense<{weights.tolist()}> : tensor<{'x'.join(map(str, weights.shape))}xf32>"


def convolution(
    size: tuple[int, int, int],
    filters: int,
    kernel: tuple[int, int] = (3, 3),
    *,
    strides: tuple[int, int] = (1, 1),
    pads: tuple[int, int, int, int] = (1, 1, 1, 1),
    dilations: tuple[int, int] = (1, 1),
    groups: int = 1,
    then: str | None = None,
    residual: bool = False,
    weight: str = '#lr.weight<"w">',
    bias: bool = True,
    sparsity: str | None = None,
    tuning: str | None = None,
) -> str:
    """A network of one convolution, and of a second input if there is a residual."""
    window = Window(kernel, strides, pads, dilations)
    _, height, width = size
    x, y = picture(*size), picture(filters, *window.output(height, width))
    properties = {"weight": weight, "bias": '#lr.weight<"b">' if bias else None, "sparsity": sparsity}
    properties["tuning"] = f"#lr.tuning<{tuning}>" if tuning else None
    given = ", ".join(f"{name} = {value}" for name, value in properties.items() if value is not None)
    body = (
        f'  %y = lr.conv2d "y"(%x) {f"plus %r : {y}" if residual else ""} {f"then <{then}>" if then else ""} '
        f"kernel {list(kernel)} strides {list(strides)} pads {list(pads)} dilations {list(dilations)} "
        f"groups {groups} {{{given}}} : {x} -> {y}"
    )
    return model(body, f"%x : {x}, %r : {y}" if residual else f"%x : {x}", y)


def chain(size: int) -> str:
    """Two convolutions: the second reads what the first leaves around its picture."""
    x, window = picture(2, size, size), "kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] groups 1"
    tuning = "tuning = #lr.tuning<unroll = [1, 1, 16]>"
    body = f"""
  %a = lr.conv2d "a"(%x) then <sigmoid> {window} {{weight = #lr.weight<"v">, {tuning}}} : {x} -> {x}
  %y = lr.conv2d "y"(%a) {window} {{weight = #lr.weight<"w">, {tuning}}} : {x} -> {x}"""
    return model(body, f"%x : {x}", x)


NO_PADS = (0, 0, 0, 0)
EMPTY_FILTER = np.stack([np.zeros((2, 3, 3)), np.ones((2, 3, 3)), np.zeros((2, 3, 3))])
ALIKE = np.broadcast_to(np.arange(1, 19).reshape(2, 3, 3), (4, 2, 3, 3))

CASES = {
    **{f"dense_{n}": convolution((2, n, n), 3) for n in (1, 3, 7, 17)},
    **{f"pattern_{n}": convolution((4, n, n), 3, sparsity=PATTERNS) for n in (1, 3, 7, 17)},
    "unequal_patterns": convolution((4, 5, 9), 5, sparsity=UNEQUAL),
    "connectivity": convolution((5, 4, 4), 6, (1, 1), pads=NO_PADS, sparsity=KERNELS),
    "wide_index": convolution((300, 1, 1), 2, (1, 1), pads=NO_PADS),
    **{
        f"stride_{s}_{load}": convolution((2, 9, 17), 2, strides=(s, s), tuning=f"load = {load}")
        for s in (1, 2, 3)
        for load in ("direct", "aligned", "rows")
    },
    "strides_differ": convolution((2, 8, 19), 2, strides=(1, 3)),
    "stem": convolution((3, 15, 17), 2, (7, 7), strides=(2, 2), pads=(3, 3, 3, 3)),
    "column": convolution((2, 9, 5), 2, (5, 1), pads=(2, 0, 2, 0)),
    "row": convolution((2, 5, 19), 2, (1, 4), pads=(0, 1, 0, 2)),
    **{
        f"dilation_{load}": convolution((2, 9, 18), 2, dilations=(2, 3), pads=(2, 3, 2, 3), tuning=f"load = {load}")
        for load in ("direct", "aligned", "rows")
    },
    "pads_differ": convolution((2, 6, 17), 2, pads=(0, 2, 1, 0)),
    "no_pads": convolution((2, 7, 18), 2, pads=NO_PADS),
    "groups": convolution((4, 5, 7), 6, groups=2),
    "depthwise": convolution((3, 7, 17), 3, groups=3),
    "depthwise_stride": convolution((3, 7, 17), 3, groups=3, strides=(2, 2)),
    "depthwise_many": convolution((3, 5, 5), 6, groups=3, sparsity=PATTERNS),
    "no_bias": convolution((2, 5, 5), 2, bias=False),
    **{
        f"then_{kind}": convolution((2, 5, 17), 2, then=f"{kind} 0.1" if kind == "leaky_relu" else kind)
        for kind in ACTIVATION_KINDS
    },
    "residual": convolution((2, 5, 17), 3, residual=True),
    "residual_relu": convolution((2, 5, 17), 3, residual=True, then="relu", strides=(2, 2)),
    "empty_filter": convolution((2, 5, 5), 3, weight=dense(EMPTY_FILTER), sparsity="#lr.sparsity<auto>"),
    "empty_layer": convolution((2, 5, 5), 3, weight=dense(0 * EMPTY_FILTER), sparsity="#lr.sparsity<auto>"),
    "empty_without_bias": convolution((2, 3, 3), 3, weight=dense(0 * EMPTY_FILTER), bias=False),
    "blocks": convolution((7, 6, 9), 3, residual=True, then="relu", tuning="tile = [2, 3]"),
    "blocks_of_patterns": convolution((7, 6, 17), 5, sparsity=PATTERNS, tuning="tile = [2, 2], permute = cohwci"),
    "blocks_of_one": convolution((3, 4, 4), 4, then="sigmoid", tuning="tile = [1, 1]"),
    **{
        f"jam_{jam}_{load}": convolution((4, 5, 17), 4, tuning=f"unroll = [{jam}, 1, 16], load = {load}")
        for jam, load in ((2, "direct"), (2, "aligned"), (4, "rows"))
    },
    "jam_blocks": convolution((5, 4, 16), 4, residual=True, tuning="unroll = [2, 1, 16], tile = [2, 2]"),
    "jam_alike": convolution((2, 4, 17), 4, weight=dense(ALIKE), tuning="unroll = [4, 1, 16]"),
    "jam_pairs": convolution((5, 7, 17), 6, sparsity=PAIRS, tuning="unroll = [2, 2, 16]"),
    **{
        f"tile_{rows}x{columns}": convolution((2, 7, 33), 2, tuning=f"unroll = [1, {rows}, {columns}]")
        for rows, columns in ((1, 32), (3, 16))
    },
    **{
        f"large_{load}": convolution((2, 9, 18), 2, (9, 9), pads=(4, 4, 4, 4), tuning=f"load = {load}")
        for load in ("aligned", "rows")
    },
    "large_depthwise": convolution((3, 20, 17), 3, (31, 31), pads=(15, 15, 15, 15), groups=3),
    "large_stride": convolution((2, 12, 19), 2, (9, 9), pads=(4, 4, 4, 4), strides=(2, 3)),
    "large_dilation": convolution((1, 20, 40), 2, (8, 9), pads=(3, 4, 2, 5), dilations=(2, 3)),
    "large_jam": convolution((2, 9, 17), 4, (9, 9), pads=(4, 4, 4, 4), tuning="unroll = [2, 1, 16]"),
    "large_jam_bands": convolution(
        (2, 9, 17), 4, (9, 9), pads=(4, 4, 4, 4), sparsity=BANDS, tuning="unroll = [2, 1, 16]"
    ),
    "large_patterns": convolution((2, 9, 17), 3, (9, 9), pads=(4, 4, 4, 4), sparsity=LARGE),
    **{
        f"long_row_{load}": convolution(
            (2, 3, 90), 2, (1, 71), pads=(0, 35, 0, 35), dilations=(1, 2), tuning=f"load = {load}"
        )
        for load in ("direct", "aligned")
    },
    **{f"chain_{n}": chain(n) for n in (1, 17)},
}


THREADED = ("pattern_17", "stride_2_direct", "depthwise", "blocks_of_patterns", "jam_blocks", "chain_17")


@pytest.fixture(scope="session")
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Programs:
    return programs(asked_for(request, CASES), tmp_path_factory)


@pytest.mark.parametrize("variant", [variant for variant in VARIANTS if variant != "two_threads"])
@pytest.mark.parametrize("case", CASES)
def test_compiled(case: str, variant: str, program: Programs) -> None:
    check(program(variant), case)


def test_two_threads(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Points of a grid that run at the same time write nowhere twice."""
    program = programs({case: CASES[case] for case in THREADED}, tmp_path_factory)("two_threads")
    for case in THREADED:
        check(program, case)
