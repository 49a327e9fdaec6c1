"""Programs as people write them, against what they mean; and modules of every level, written and read again."""

import warnings

from hypothesis import strategies as st
from xdsl.dialects.builtin import ModuleOp

from lrc import frontend
from lrc.compilation.pipelines import LEVELS
from lrc.diagnostics import LrcWarning
from lrc.dialects.values.machines import MACHINES
from lrc.testing import DrawnProgram, formats, means, modules, programs, roundtrips
from soak.drawing import draw
from soak.slices import Slice

FORMATTED = 4
"""One of so many programs is formatted as well, and read again."""


def written_programs(work: Slice) -> None:
    """Programs through the frontend: the module is the one that they mean; layout changes nothing."""
    warnings.simplefilter("ignore", LrcWarning)

    def check(program: DrawnProgram) -> None:
        work.count("programs through the frontend")
        means(program.text, program.module, program.arrays)
        if work.outcome.counts["programs through the frontend"] % FORMATTED == 0:
            work.count("programs formatted")
            formats(program.text)
            means(frontend.format(program.text), program.module, program.arrays)

    draw(work, programs(), check, files=lambda program: {"net.lr": program.text.encode()})


def levels(work: Slice) -> None:
    """Modules of all levels, for all machines, through their texts."""
    warnings.simplefilter("ignore", LrcWarning)

    def check(module: ModuleOp) -> None:
        work.count("modules through texts of their level")
        work.count("networks written as .lr", roundtrips(module))

    places = st.tuples(st.sampled_from(LEVELS), st.sampled_from(sorted(MACHINES)))
    drawn = places.flatmap(lambda place: modules(3, level=place[0], machine=place[1]))
    draw(work, drawn, check, files=lambda module: {"module.txt": str(module).encode()})
