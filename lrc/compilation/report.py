"""What a compilation did, read off the module between its passes: nothing here decides anything.

`Observer` is the callback of a pass pipeline; the `Report` that it fills is what `lrc compile` prints, what
`metadata.json` holds and what the tests of size and speed look at.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from xdsl.dialects.builtin import IntAttr, IntegerAttr, ModuleOp
from xdsl.ir import Attribute
from xdsl.passes import ModulePass

from lrc.compilation.pipelines import OPTIONAL, STAGES, reached
from lrc.dialects import kernel, lr
from lrc.dialects.fkw import ops as fkw
from lrc.dialects.lr.base import LayerOp, shape_of
from lrc.dialects.pattern import ops as pattern
from lrc.dialects.pattern.attrs import ScheduleAttr
from lrc.dialects.values import zeros
from lrc.dialects.values.packing import unpack
from lrc.dialects.values.patterns import Sparsity
from lrc.dialects.values.zeros import UnusedZeros
from lrc.passes.diagnose import machine_of
from lrc.passes.lowering.layers import layer_of
from lrc.passes.packed.tile import unsuited

FLOAT_BYTES = 4
GRAPH_PASSES = frozenset({*STAGES["lr"], *OPTIONAL})
DENSE_ALWAYS = UnusedZeros("fully connected layers are executed dense", "zeros in convolutions are made use of")
COUNTS = ("multiplications", "loads_before", "loads_after", "shuffles")


@dataclass
class LayerReport:
    """One layer of the compiled network.

    `weights` is how many it would have if it were dense, `executed` by how many of them the emitted code multiplies,
    and `nonzero` how many of them are not zero; where that is far fewer, `unused_zeros` says why. `unused_tuning` says
    why the tuning that its author wrote is not one for this machine, if it is none. `fkw_bytes` is what it takes as
    scheduled, `csr_bytes` what its nonzero weights take as compressed sparse rows. The last four count what
    the bodies of its kernel do: vector multiplications, vector loads before and after load redundancy elimination (a
    load of stride s is s of them), and shuffles.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    weights: int = 0
    executed: int = 0
    nonzero: int = 0
    unused_zeros: UnusedZeros | None = None
    fkw_bytes: int = 0
    csr_bytes: int = 0
    schedule: str | None = None
    unused_tuning: str | None = None
    kernel: str | None = None
    multiplications: int = 0
    loads_before: int = 0
    loads_after: int = 0
    shuffles: int = 0

    @property
    def is_pruned(self) -> bool:
        """Whether the emitted code skips weights."""
        return self.executed < self.weights

    @property
    def rate(self) -> float:
        """How many times fewer multiplications are executed than if the layer were dense."""
        return self.weights / max(self.executed, 1)


@dataclass
class Report:
    """What happened to a network on its way to a target.

    Of the `layers_written` so many were fused into others, and passes added others, such as the padding of a pooling.
    `live_bytes` is the largest sum of tensors that live at once, without any padding, and `arena_bytes` what the
    emitted code asks for. `kept_float32` are the layers that compute with float32 because narrower numbers might end,
    and how large theirs may become.
    """

    model: str
    target: str
    layers: list[LayerReport] = field(default_factory=list[LayerReport])
    layers_written: int = 0
    layers_fused: int = 0
    layers_added: int = 0
    live_bytes: int = 0
    arena_bytes: int = 0
    weights_bytes: int = 0
    seconds: float = 0.0
    kept_float32: dict[str, float] = field(default_factory=dict[str, float])

    def total(self, count: str, pruned_only: bool = False) -> int:
        """The sum of a layer's number over all layers, or over the pruned ones."""
        return sum(getattr(layer, count) for layer in self.layers if layer.is_pruned or not pruned_only)

    def to_json(self) -> dict[str, Any]:
        """The report as what `json.dumps` takes."""
        return asdict(self) | {"layers": [asdict(layer) | {"rate": round(layer.rate, 3)} for layer in self.layers]}


@dataclass
class Observer:
    """Fills a report while a pipeline runs: give it to `PassPipeline` as the callback."""

    report: Report
    layers: int = 0
    declared: dict[str, Sparsity] = field(default_factory=dict[str, Sparsity])
    unused_tunings: dict[str, str | None] = field(default_factory=dict[str, str | None])

    def __call__(self, previous: ModulePass | None, module: ModuleOp, following: ModulePass | None) -> None:
        if previous is None:
            self._see_source(module)
        elif previous.name in GRAPH_PASSES:
            self._count_layers(lr.find_model(module))
        if following is not None and following.name == "assign-patterns":
            self._see_declared(lr.find_model(module))
        match previous.name if previous else None:
            case "tile":
                self._see_tunings(module)
            case "pack-fkw":
                self._see_graph(lr.find_model(module))
            case "eliminate-redundant-loads":
                self._see_kernels(module)
            case "plan-memory":
                self._see_memory(module)
            case _:
                pass

    def _see_source(self, module: ModuleOp) -> None:
        """What can be told of a module of whatever level, before any pass."""
        network = kernel.find_network(module)
        if network is not None:
            self.report.layers = [describe_loops(launch, layer) for launch, layer in network.completed]
            self.layers = self.report.layers_written = len(self.report.layers)
            self._see_kernels(module)
            self._see_memory(module)
            return
        model = lr.find_model(module)
        self.layers = self.report.layers_written = sum(isinstance(op, LayerOp) for op in model.block.ops)
        if reached(module) == "pack-fkw":
            self._see_graph(model)

    def _count_layers(self, model: lr.ModelOp) -> None:
        before, self.layers = self.layers, sum(isinstance(op, LayerOp) for op in model.block.ops)
        self.report.layers_fused += max(before - self.layers, 0)
        self.report.layers_added += max(self.layers - before, 0)

    def _see_declared(self, model: lr.ModelOp) -> None:
        convolutions = [op for op in model.block.ops if isinstance(op, lr.ConvOp)]
        self.declared = {op.layer.data: op.sparsity.data if op.sparsity else Sparsity() for op in convolutions}

    def _see_tunings(self, module: ModuleOp) -> None:
        machine = machine_of(module)
        convolutions = [op for op in module.walk() if isinstance(op, pattern.Conv2dOp)]
        self.unused_tunings = {op.layer.data: unsuited(op, machine) for op in convolutions}

    def _see_graph(self, model: lr.ModelOp) -> None:
        layers = [op for op in model.block.ops if isinstance(op, LayerOp)]
        self.report.layers = [describe(op, model.store, self.declared.get(op.layer.data)) for op in layers]
        for layer in self.report.layers:
            layer.unused_tuning = self.unused_tunings.get(layer.name)

    def _see_kernels(self, module: ModuleOp) -> None:
        counts: dict[str, dict[str, int]] = {}
        for function in kernel.kernels_of(module.ops):
            bodies = [op.attributes for op in function.walk() if COUNTS[0] in op.attributes]
            counts[function.sym_name.data] = {count: sum(_number(body[count]) for body in bodies) for count in COUNTS}
        by_name = {layer.name: layer for layer in self.report.layers}
        for launch in module.walk():
            if isinstance(launch, kernel.LaunchOp) and launch.layer and (layer := by_name.get(launch.layer.data)):
                layer.kernel = launch.callee.root_reference.data
                for count, number in counts.get(layer.kernel, {}).items():
                    setattr(layer, count, number)

    def _see_memory(self, module: ModuleOp) -> None:
        for network in module.ops:
            if isinstance(network, kernel.NetworkOp) and network.arena_bytes and network.live_bytes:
                self.report.arena_bytes = network.arena_bytes.value.data
                self.report.live_bytes = network.live_bytes.value.data


def _number(attribute: Attribute) -> int:
    """The number of an attribute. Raises ValueError if it is none."""
    match attribute:
        case IntAttr(data=number) | IntegerAttr(value=IntAttr(data=number)):
            return number
        case _:
            raise ValueError(f"{attribute} is no number")


def describe_loops(launch: kernel.LaunchOp, told: kernel.LayerAttr) -> LayerReport:
    """What can be said of a layer that a launch completes: what is told of it."""
    layout = launch.layout
    return LayerReport(
        name=told.layer.data,
        kind=told.kind.data,
        shape=() if layout is None else (1, *layout.shape),
        weights=told.weights.data,
        executed=told.executed.data,
        nonzero=told.nonzero.data,
        schedule=str(told.schedule.data) if isinstance(told.schedule, ScheduleAttr) else None,
    )


def describe(op: LayerOp, store: lr.WeightStore, declared: Sparsity | None = None) -> LayerReport:
    """What can be said of a layer, for which that sparsity was declared, once its weights are packed."""
    told = layer_of(op, store)
    report = LayerReport(op.layer.data, told.kind.data, shape_of(op.output))
    report.weights, report.executed, report.nonzero = (
        count.data for count in (told.weights, told.executed, told.nonzero)
    )
    if isinstance(op, fkw.Conv2dOp):
        packed, dense, patterns = op.arrays(store), op.weight_shape(), op.patterns.data
        if declared is not None and zeros.matter(report.nonzero, report.executed):
            weights = unpack(packed, patterns, dense[1], block=op.schedule.data.block, groups=op.group_count)
            report.unused_zeros = zeros.explain(weights, declared)
        report.fkw_bytes = packed.bytes
        report.csr_bytes = report.nonzero * 2 * FLOAT_BYTES + (dense[0] + 1) * FLOAT_BYTES
        report.schedule = str(op.schedule.data)
    elif report.weights and zeros.matter(report.nonzero, report.executed):
        report.unused_zeros = DENSE_ALWAYS
    return report
