"""`lrc-opt -t c`: the kernels of a module as C, without the folder around them."""

from dataclasses import dataclass
from typing import IO

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import DiagnosticException
from xdsl.utils.target import Target

from lrc.backends.c.isa import isa_of
from lrc.backends.c.kernels import KernelPrinter
from lrc.backends.names import kernel_names
from lrc.dialects.kernel import kernels_of
from lrc.dialects.lr.model import find_machine


@dataclass(frozen=True)
class CTarget(Target):
    """Prints each kernel of a module at the loop level as a C function, as the module's machine spells it."""

    name = "c"

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        """Write the kernels to `output`. Raises DiagnosticException if the module says no machine."""
        if (machine := find_machine(module)) is None:
            raise DiagnosticException("the module is for no machine: run set-machine first")
        kernels = kernels_of(module.ops)
        names = kernel_names(kernel.sym_name.data for kernel in kernels)
        for kernel in kernels:
            output.write(KernelPrinter(isa=isa_of(machine), kernels=names).function(kernel))
