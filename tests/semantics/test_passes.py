"""No pass changes what any layer of any network computes."""

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Region

from lrc import pipelines
from lrc.dialects import lr
from lrc.dialects.lr.base import tensor
from lrc.testing import loops_preserve_meaning, modules, passes_preserve_meaning

GRAPH_PASSES = pipelines.parse(pipelines.specification("neon", "fkw")).passes
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(deadline=None, max_examples=100, suppress_health_check=SLOW)
@given(modules())
def test_graph_passes(module: ModuleOp) -> None:
    passes_preserve_meaning(module, GRAPH_PASSES)


@pytest.mark.parametrize("machine", ["neon", "avx512", "c"])
@settings(
    deadline=None, max_examples=12, suppress_health_check=SLOW, phases=(Phase.explicit, Phase.reuse, Phase.generate)
)
@given(module=modules(layers=3))
def test_loop_passes(machine: str, module: ModuleOp) -> None:
    """Counterexamples are not shrunk: interpreting loops takes a second for each."""
    loops_preserve_meaning(module, machine)


@pytest.mark.parametrize("size", [1, 7, 16, 37])
def test_batch_norm_of_a_vector(size: int) -> None:
    """Its elements are its channels: each has a factor of its own, whatever lane it lies in."""
    block = Block(arg_types=[tensor((1, size))])
    norm = lr.BatchNormOp("norm", block.args[0], weight="w", bias="b", mean="m", variance="v")
    block.add_ops([norm, lr.OutputOp([norm.output], ["y"])])
    model = lr.ModelOp("vectors", Region(block), input_names=["x"], weights=lr.WeightStore.random(0))
    model.announce_weights()
    for machine in ("neon", "avx512", "c"):
        loops_preserve_meaning(ModuleOp([model.clone()]), machine)
