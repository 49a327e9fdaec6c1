"""`lrc-opt -t c`: a module at the loop level as C, in one file that compiles as it is."""

from dataclasses import dataclass
from typing import IO

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.target import Target

from lrc.backends.c.emit import kernels_alone, one_file
from lrc.dialects.kernel import NetworkOp


@dataclass(frozen=True)
class CTarget(Target):
    """Prints the network of a module, its kernels and the runtime as C, as the module's machine spells it; of a module
    without a network the kernels alone.

    `lrc-opt -t c -o FOLDER/` writes the whole folder, as `lrc compile` does.
    """

    name = "c"

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        """Write the C to `output`. Raises DiagnosticException for what has no C."""
        has_network = any(isinstance(op, NetworkOp) for op in module.ops)
        output.write(one_file(module) if has_network else kernels_alone(module))
