"""Drawn networks through the passes over the graph, the loops, and the texts of each level."""

from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp

from lrc import pipelines
from lrc.pipelines import TARGETS
from lrc.testing import loops_preserve_meaning, modules, passes_preserve_meaning
from soak.drawing import draw
from soak.slices import Slice

LAYERS = 5
"""Of a network: those of more find little more, and take longer."""


def passes(work: Slice) -> None:
    """Networks through all passes over the graph, as they are for a machine of a target; each must mean the same."""
    machines = {pipelines.machine_of(target) for target in TARGETS}
    chains = {each: pipelines.parse(pipelines.specification(each, "fkw")).passes for each in sorted(machines)}

    def check(example: tuple[ModuleOp, str]) -> None:
        module, machine = example
        work.count("modules through passes")
        work.count("passes checked", len(chains[machine]))
        passes_preserve_meaning(module, chains[machine])

    draw(work, st.tuples(modules(LAYERS), st.sampled_from(sorted(chains))), check)


def loops(work: Slice) -> None:
    """Networks as loops, after each pass over them, interpreted one operation at a time."""

    def check(example: tuple[ModuleOp, str]) -> None:
        module, machine = example
        work.count("modules through passes over loops")
        loops_preserve_meaning(module, machine)

    machines = st.sampled_from(["neon", "avx2", "avx512", "c"])
    draw(work, st.tuples(modules(2), machines), check, 20)
