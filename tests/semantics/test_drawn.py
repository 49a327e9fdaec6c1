"""What `lrc.testing` draws: valid networks that have what compilers get wrong, each often enough."""

from collections import Counter

from hypothesis import Phase, given, settings
from xdsl.dialects.builtin import ModuleOp

from lrc.dialects import lr
from lrc.frontend.checking import check_weights
from lrc.testing import modules
from lrc.testing.features import features

DRAWN = 400

LEAST = {
    "conv-bn-act": 40,
    "conv-bn-act without bias": 10,
    "conv-act": 10,
    "depthwise separable": 2,
    "residual block": 20,
    "residual block, pre-activation": 2,
    "residual chain of 2": 1,
    "sum of two convolutions": 15,
    "sum of two convolutions, activation": 1,
    "sum of two convolutions, one read elsewhere": 2,
    "sum with a number for each channel": 1,
    "product with a number for each channel": 1,
    "squeeze and excite": 1,
    "sum of a value and itself": 1,
    "concat": 20,
    "concat into padding": 8,
    "concat of a value and itself": 2,
    "max pool with padding": 20,
    "leaky_relu into padded max pool": 1,
    "value read by many": 10,
    "output that is read inside": 20,
    "several inputs": 40,
    "several outputs": 40,
    "linear": 10,
    "linear behind linear": 1,
    "batch norm of a vector": 2,
    "softmax": 2,
    "flatten": 2,
    "upsample": 1,
    "picture of one element": 10,
    "stride 2": 10,
    "stride 3": 2,
    "uneven strides": 2,
    "dilation": 2,
    "uneven padding": 2,
    "padding as wide as the kernel": 1,
    "conv 1x1": 40,
    "conv 3x3": 40,
    "conv 5x5": 1,
    "conv 7x7": 1,
    "relu": 10,
    "tanh": 1,
    "swish": 1,
    "slope < 0": 2,
    "slope >= 1": 2,
    "slope 0": 1,
    "depthwise": 8,
    "depthwise multiplier": 1,
    "groups": 1,
    "sparsity pattern": 15,
    "sparsity connectivity": 15,
    "sparsity auto": 2,
    "budget of a layer": 2,
    "9 to 16 patterns": 1,
    "channel blocks": 2,
    "groups of filters": 2,
    "unroll": 8,
    "jammed filters": 1,
    "cohwci": 2,
    "hwcico": 2,
    "load direct": 1,
    "load aligned": 1,
    "load rows": 1,
    "empty filter": 8,
    "empty layer": 2,
    "filters all alike": 8,
    "one kernel left": 2,
    "weights of equal magnitude": 8,
    "subnormal weight": 1,
    "negative zero": 1,
    "negative gamma": 1,
    "gamma 0": 1,
    "tiny variance": 1,
}
"""In how many of `DRAWN` networks each has to occur."""

TOGETHER = {
    ("clipping relu6", "clipping hard_sigmoid", "clipping hard_swish"): 8,
    ("255 channels", "256 channels", "257 channels"): 2,
    ("conv 2x2", "conv 1x3", "conv 3x2", "conv 5x1", "conv 4x4", "conv 1x7", "conv 6x5", "conv 9x9"): 8,
}
"""In how many of them one of several has to."""

MANY = settings(max_examples=DRAWN, derandomize=True, database=None, phases=[Phase.generate], deadline=None)


def test_networks_have_what_compilers_get_wrong() -> None:
    found = Counter[str]()

    @MANY
    @given(modules())
    def draw(module: ModuleOp) -> None:
        found.update(set(features(module)))

    draw()
    wanted = {(name,): least for name, least in LEAST.items()} | TOGETHER
    lacking = [
        f"{sum(found[name] for name in names):4} of {least:4} {', '.join(names)}"
        for names, least in wanted.items()
        if sum(found[name] for name in names) < least
    ]
    assert not lacking, "\n".join(["too few:", *lacking, "", *(f"{n:4} {name}" for name, n in found.most_common())])


@settings(max_examples=100)
@given(modules())
def test_networks_are_as_an_author_may_write_them(module: ModuleOp) -> None:
    """Types fit, arrays are finite and pruned as declared, and what is drawn fits in the room that it is given."""
    module.verify()
    model = lr.find_model(module)
    assert not list(check_weights(model))
    assert 1 <= sum(isinstance(op, lr.LayerOp) for op in model.block.ops) <= 6
