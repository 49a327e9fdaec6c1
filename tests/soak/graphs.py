"""Drawn networks and kernels through the passes over the graph and over loops, one after the other and alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from lrc.compilation import pipelines
from lrc.dialects.values.machines import MACHINES
from lrc.testing import RELATIONS, features, holds, kernels, loops_preserve_meaning, modules, passes_preserve_meaning
from soak.drawing import draw
from soak.slices import Slice

LAYERS = 3
"""About so many of a network: more find little more, and take longer."""

COUNTED = 20
"""What one of so many networks has is counted: that takes as long as a pass."""

ALONE = 8
"""One of so many networks is looked at after each pass: that takes four times as long."""

FRESH = 10
"""Of each example behind so many of a round Hypothesis makes five that hardly differ."""

OVER_LOOPS = ("legalize-loads", "eliminate-redundant-loads", "order-body")


@dataclass(frozen=True)
class Together(ModulePass):
    """Some passes as one."""

    name = "together"
    parts: tuple[ModulePass, ...]

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for each in self.parts:
            each.apply(ctx, op)


def passes(work: Slice) -> None:
    """Networks through all passes over the graph, as they are for the machine of a target.

    What all of them make together must mean the same; for one of a few networks, what each of them makes.
    """
    machines = sorted(MACHINES)
    chains = {each: pipelines.parse(pipelines.specification(each, "fkw")).passes for each in machines}

    def check(example: tuple[ModuleOp, str]) -> None:
        module, machine = example
        work.count("modules through passes over the graph")
        if work.outcome.counts["modules through passes over the graph"] % COUNTED == 0:
            work.count("networks whose features were counted")
            work.draws(features(module))
        try:
            passes_preserve_meaning(module, [Together(chains[machine])])
        except AssertionError:
            passes_preserve_meaning(module, chains[machine])  # which says more
            raise
        if work.outcome.counts["modules through passes over the graph"] % ALONE == 0:
            work.count("networks looked at after each pass")
            passes_preserve_meaning(module, chains[machine])

    draw(work, st.tuples(modules(LAYERS), st.sampled_from(machines)), check)


def relations(work: Slice) -> None:
    """Networks that were changed in a way that changes nothing, and what passes make of them."""

    def check(example: tuple[ModuleOp, str, int]) -> None:
        module, relation, seed = example
        work.count("modules through relations")
        work.count(f"changed by {relation}", holds(module, relation, seed=seed, level="fkw"))

    draw(work, st.tuples(modules(LAYERS), st.sampled_from(sorted(RELATIONS)), st.integers(0, 99)), check)


def loops(work: Slice) -> None:
    """Networks as loops for a machine, interpreted one operation at a time."""

    def check(example: tuple[ModuleOp, str]) -> None:
        module, machine = example
        work.count("modules through passes over their loops")
        loops_preserve_meaning(module, machine)

    draw(work, st.tuples(modules(2), st.sampled_from(sorted(MACHINES))), check, 20)


def written_kernels(work: Slice) -> None:
    """Kernels that lrc would not write itself, through the passes over loops in any order, and those behind them."""
    target = ("legalize-neon", "plan-memory")
    parsed = {name: pipelines.parse(name).passes[0] for name in (*OVER_LOOPS, *target)}

    def check(example: tuple[ModuleOp, Sequence[str]]) -> None:
        module, order = example
        work.count("kernels through passes over loops in any order")
        if work.outcome.counts["kernels through passes over loops in any order"] % COUNTED == 0:
            work.count("kernels whose features were counted")
            work.draws(features(module))
        passes_preserve_meaning(module, [parsed[name] for name in (*order, *target)])

    orders = st.permutations(OVER_LOOPS) | st.permutations(OVER_LOOPS[1:] * 2)
    drawn = kernels() | kernels(smooth=True)
    draw(work, st.tuples(drawn, orders), check, FRESH)
