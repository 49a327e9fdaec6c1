"""What a compilation did, read off the module between its passes: nothing here decides anything.

`Observer` is the callback of a pass pipeline; the `Report` that it fills is what `lrc compile` prints, what
`metadata.json` holds and what the tests of size and speed look at.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from math import prod
from typing import Any

import numpy as np
from xdsl.dialects.builtin import IntAttr, IntegerAttr, ModuleOp
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute
from xdsl.passes import ModulePass

from lrc.dialects import kernel, lr
from lrc.dialects.fkw import ops as fkw
from lrc.dialects.kernel.ops import is_kernel
from lrc.dialects.lr.base import LayerOp, shape_of

FLOAT_BYTES = 4
COUNTS = ("multiplications", "loads_before", "loads_after")


@dataclass
class LayerReport:
    """One layer of the compiled network.

    `weights` is how many it would have if it were dense, `kept` how many are left. `fkw_bytes` is what it takes as
    scheduled, `csr_bytes` what the same weights take as compressed sparse rows. The last three count what the bodies
    of its kernel do: vector multiplications, and vector loads before and after load redundancy elimination.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    weights: int = 0
    kept: int = 0
    fkw_bytes: int = 0
    csr_bytes: int = 0
    schedule: str | None = None
    kernel: str | None = None
    multiplications: int = 0
    loads_before: int = 0
    loads_after: int = 0

    @property
    def is_pruned(self) -> bool:
        return self.kept < self.weights


@dataclass
class Report:
    """What happened to a network on its way to a target; `live_bytes` is the largest sum of tensors that live at
    once, without any padding, and `arena_bytes` what the emitted code asks for."""

    model: str
    target: str
    layers: list[LayerReport] = field(default_factory=list[LayerReport])
    layers_written: int = 0
    live_bytes: int = 0
    arena_bytes: int = 0
    weights_bytes: int = 0
    seconds: float = 0.0

    @property
    def layers_fused(self) -> int:
        """How many layers were taken into another one."""
        return self.layers_written - len(self.layers)

    def total(self, count: str, pruned_only: bool = False) -> int:
        """The sum of a layer's number over all layers, or over the pruned ones."""
        return sum(getattr(layer, count) for layer in self.layers if layer.is_pruned or not pruned_only)

    def to_json(self) -> dict[str, Any]:
        """The report as what `json.dumps` takes."""
        layers = [asdict(layer) | {"rate": round(layer.weights / max(layer.kept, 1), 3)} for layer in self.layers]
        return asdict(self) | {"layers_fused": self.layers_fused, "layers": layers}


@dataclass
class Observer:
    """Fills a report while a pipeline runs: give it to `PassPipeline` as the callback."""

    report: Report

    def __call__(self, previous: ModulePass | None, module: ModuleOp, following: ModulePass | None) -> None:
        match previous.name if previous else None:
            case None:
                self.report.layers_written = sum(isinstance(op, LayerOp) for op in lr.find_model(module).block.ops)
            case "pack-fkw":
                self._see_graph(lr.find_model(module))
            case "eliminate-redundant-loads":
                self._see_kernels(module)
            case "plan-memory":
                self._see_memory(module)
            case _:
                pass

    def _see_graph(self, model: lr.ModelOp) -> None:
        layers = [op for op in model.block.ops if isinstance(op, LayerOp)]
        self.report.layers = [describe(op, model.store) for op in layers]

    def _see_kernels(self, module: ModuleOp) -> None:
        counts: dict[str, dict[str, int]] = {}
        for function in module.ops:
            if isinstance(function, FuncOp) and is_kernel(function):
                bodies = [op.attributes for op in function.walk() if COUNTS[0] in op.attributes]
                counts[function.sym_name.data] = {
                    count: sum(_number(body[count]) for body in bodies) for count in COUNTS
                }
        by_name = {layer.name: layer for layer in self.report.layers}
        for launch in module.walk():
            if isinstance(launch, kernel.LaunchOp) and launch.layer and (layer := by_name.get(launch.layer.data)):
                layer.kernel = launch.callee.root_reference.data
                for count, number in counts.get(layer.kernel, {}).items():
                    setattr(layer, count, number)

    def _see_memory(self, module: ModuleOp) -> None:
        for function in module.ops:
            if "arena_bytes" in function.attributes:
                self.report.arena_bytes = _number(function.attributes["arena_bytes"])
                self.report.live_bytes = _number(function.attributes["live_bytes"])


def _number(attribute: Attribute) -> int:
    """The number of an attribute. Raises ValueError if it is none."""
    match attribute:
        case IntAttr(data=number) | IntegerAttr(value=IntAttr(data=number)):
            return number
        case _:
            raise ValueError(f"{attribute} is no number")


def describe(op: LayerOp, store: lr.WeightStore) -> LayerReport:
    """What can be said of a layer once its weights are packed."""
    report = LayerReport(op.layer.data, op.name.split(".")[-1], shape_of(op.output))
    if isinstance(op, fkw.Conv2dOp):
        packed, dense = op.arrays(store), op.weight_shape()
        report.kind = _kind(op, len(packed.index), packed.weight.shape[1])
        report.weights, report.kept = prod(dense), int(np.count_nonzero(packed.weight))
        report.fkw_bytes = packed.bytes
        report.csr_bytes = report.kept * 2 * FLOAT_BYTES + (dense[0] + 1) * FLOAT_BYTES
        report.schedule = str(op.schedule.data)
    elif specs := [spec for _, _, spec in op.weight_specs() if spec.role == "weight"]:
        report.weights = sum(prod(spec.shape) for spec in specs)
        report.kept = report.weights
    return report


def _kind(op: fkw.Conv2dOp, kernels: int, taps: int) -> str:
    """`3x3 pattern + connectivity`, `1x1 dense`, `3x3 depthwise`."""
    filters, channels, *window = op.weight_shape()
    size = "x".join(map(str, window))
    if op.group_count > 1 and channels == 1:
        return f"{size} depthwise"
    patterned = len(op.patterns.data) > 1 or taps < prod(window) * op.schedule.data.jam
    connected = kernels * op.schedule.data.jam < filters * channels
    schemes = [name for name, holds in (("pattern", patterned), ("connectivity", connected)) if holds]
    return f"{size} {' + '.join(schemes) or 'dense'}"
