"""Property-based testing of passes and targets: Hypothesis strategies for networks, and what must hold of them.

    from hypothesis import given
    from lrc.testing import modules, passes_preserve_meaning

    @given(modules())
    def test_my_pass(module):
        passes_preserve_meaning(module, [MyPass()])

Needs Hypothesis: `pip install lrc[testing]`. Importing this loads settings under which such a test has the time that
it takes, unless the user's own are loaded (`lrc.testing.profile`).
"""

from lrc.testing import profile
from lrc.testing.arrays import inputs, statistics, weights
from lrc.testing.checks.preserving import holds, loops_preserve_meaning, passes_preserve_meaning, targets_agree
from lrc.testing.checks.relations import RELATIONS
from lrc.testing.checks.robustness import tolerates
from lrc.testing.checks.roundtrips import formats, means, roundtrips
from lrc.testing.features import features
from lrc.testing.kernels.drawing import kernels
from lrc.testing.networks.drawing import modules
from lrc.testing.plain import masks, pattern_sets, sparsities, tunings, windows
from lrc.testing.programs.drawing import DrawnProgram, programs

__all__ = [
    "RELATIONS",
    "DrawnProgram",
    "features",
    "formats",
    "holds",
    "inputs",
    "kernels",
    "loops_preserve_meaning",
    "masks",
    "means",
    "modules",
    "passes_preserve_meaning",
    "pattern_sets",
    "programs",
    "roundtrips",
    "sparsities",
    "statistics",
    "targets_agree",
    "tolerates",
    "tunings",
    "weights",
    "windows",
]

profile.load()
