"""What `lrc.testing` draws: valid networks that have what compilers get wrong, each often enough, and that shrink."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from lrc.dialects import lr
from lrc.dialects.lr.base import shape_of
from lrc.frontend.checking import check_weights
from lrc.interpreters import run, walk
from lrc.testing import features, inputs, modules, passes_preserve_meaning

DRAWN = 500

LEAST = {
    "conv-bn-act": 40,
    "conv-bn-act without bias": 10,
    "conv-act": 10,
    "residual block": 20,
    "residual chain of 2": 1,
    "sum of two convolutions": 15,
    "concat": 20,
    "concat into padding": 8,
    "max pool with padding": 20,
    "value read by many": 10,
    "output that is read inside": 20,
    "several inputs": 40,
    "several outputs": 40,
    "linear": 10,
    "batch norm of a vector": 2,
    "softmax": 2,
    "picture of one element": 10,
    "vector": 20,
    "sequence": 80,
    "volume": 10,
    "conv of a sequence": 40,
    "stride 2": 10,
    "stride 3": 2,
    "uneven strides": 2,
    "dilation": 2,
    "uneven padding": 2,
    "conv 1x1": 40,
    "conv 3x3": 40,
    "relu": 10,
    "slope < 0": 2,
    "slope >= 1": 2,
    "depthwise": 8,
    "sparsity pattern": 15,
    "sparsity connectivity": 15,
    "sparsity auto": 2,
    "budget of a layer": 2,
    "shared kernels": 2,
    "9 to 16 patterns": 1,
    "channel blocks": 2,
    "groups of filters": 2,
    "unroll": 8,
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
    "negative zero": 1,
    "negative gamma": 1,
    "gamma 0": 1,
    "tiny variance": 1,
}
"""In how many of `DRAWN` networks each has to occur."""

TOGETHER = {
    ("product with a number for each channel", "sum with a number for each channel", "squeeze and excite"): 4,
    ("sum of a value and itself", "product of a value and itself", "concat of a value and itself"): 4,
    ("sum of two convolutions, activation", "sum of two convolutions, one read elsewhere"): 4,
    ("depthwise separable", "groups", "depthwise multiplier"): 4,
    ("flatten", "linear behind linear", "upsample"): 4,
    ("clipping relu6", "clipping hard_sigmoid", "clipping hard_swish"): 8,
    ("255 channels", "256 channels", "257 channels"): 4,
    ("conv 2x2", "conv 1x3", "conv 3x2", "conv 5x1", "conv 4x4", "conv 1x7", "conv 6x5", "conv 9x9"): 8,
    ("conv 5x5", "conv 7x7"): 4,
    ("subnormal weight", "negative zero", "tiny variance"): 4,
    ("slope 0", "slope < 0", "slope >= 1"): 8,
    ("jammed filters", "load aligned", "load rows"): 8,
}
"""In how many of them one of several has to."""

NEIGHBOURS = 40
"""How many pairs of operations, the second of which reads the first, have to occur: passes look at pairs."""

MANY = settings(max_examples=DRAWN, derandomize=True, database=None, phases=[Phase.generate], deadline=None)


def test_networks_have_what_compilers_get_wrong() -> None:
    found = Counter[str]()
    neighbours = set[tuple[str, str]]()

    @MANY
    @given(modules())
    def draw(module: ModuleOp) -> None:
        found.update(set(features(module)))
        layers = [op for op in module.walk() if isinstance(op, lr.LayerOp)]
        read = ((value.owner, op) for op in layers for value in op.operands)
        neighbours.update((maker.name, op.name) for maker, op in read if isinstance(maker, lr.LayerOp))

    draw()
    assert len(neighbours) >= NEIGHBOURS, neighbours
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


@settings(max_examples=60)
@given(st.data())
def test_inputs_fit_and_overflow_nothing(data: st.DataObject) -> None:
    module = data.draw(modules())
    arrays = data.draw(inputs(module))
    for each in walk(module, list(arrays.values())):
        assert np.isfinite(each.result.astype(np.float32)).all(), each.layer


@settings(max_examples=20)
@given(st.data())
def test_some_inputs_are_not_a_number(data: st.DataObject) -> None:
    module = data.draw(modules())
    run(module, list(data.draw(inputs(module, nan=True)).values()))


@pytest.mark.parametrize("level", ["pattern", "fkw", "loops", "target"])
def test_levels(level: str) -> None:
    @settings(max_examples=5)
    @given(modules(3, level=level, machine="avx2"))
    def draw(module: ModuleOp) -> None:
        module.verify()
        assert not any(isinstance(op, lr.ConvOp) for op in module.walk())

    draw()


class LosesBias(ModulePass):
    """A convolution whose bias is forgotten."""

    name = "loses-bias"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for layer in op.walk():
            if isinstance(layer, lr.ConvOp):
                layer.properties.pop("bias", None)


def test_what_fails_shrinks_to_what_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    """To one convolution, of the least picture or sequence, that is neither pruned nor tuned."""
    monkeypatch.setenv("LRC_REPRODUCERS", "off")
    smallest: list[ModuleOp] = []

    @settings(max_examples=1000, derandomize=True, database=None, phases=[Phase.generate, Phase.shrink])
    @given(modules())
    def check(module: ModuleOp) -> None:
        try:
            passes_preserve_meaning(module, [LosesBias()])
        except AssertionError:
            smallest[:] = [module]
            raise

    with pytest.raises(AssertionError):
        check()
    (op,) = (op for op in smallest[0].walk() if isinstance(op, lr.LayerOp))
    assert isinstance(op, lr.ConvOp) and op.sparsity is None and op.tuning is None
    assert set(shape_of(op.input)) == {1}
