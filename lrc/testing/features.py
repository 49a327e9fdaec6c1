"""What a module has, of layers or of loops, counted."""

from collections import Counter

from xdsl.dialects.builtin import ModuleOp

from lrc.compilation.compiler import is_graph
from lrc.testing.kernels.features import features as of_kernels
from lrc.testing.networks.features import features as of_network


def features(module: ModuleOp) -> Counter[str]:
    """How often a module has what compilers get wrong: a network of the `lr` level, as its author wrote it, or
    functions of the loop level, such as `kernels()` draws.

    Raises ValueError for a network that cannot be run, as `interpreters.run` does if an array is missing.
    """
    return of_network(module) if is_graph(module) else of_kernels(module)
