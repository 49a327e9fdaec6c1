"""`lrc-opt -t c`: the kernels of a module as C, without the folder around them."""

from dataclasses import dataclass
from typing import IO

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import DiagnosticException
from xdsl.utils.target import Target

from lrc.backends.c.isa import isa_of
from lrc.backends.c.printer import CPrinter
from lrc.backends.names import kernel_names
from lrc.dialects.kernel.ops import is_kernel
from lrc.dialects.lr.model import find_machine


@dataclass(frozen=True)
class CTarget(Target):
    """Prints each kernel of a module at the loop level as a C function, as the module's machine spells it."""

    name = "c"

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        """Write the kernels to `output`. Raises DiagnosticException if the module says no machine."""
        if (machine := find_machine(module)) is None:
            raise DiagnosticException("the module is for no machine: run set-machine first")
        functions = [op for op in module.ops if isinstance(op, func.FuncOp) and is_kernel(op)]
        names = kernel_names(function.sym_name.data for function in functions)
        for function in functions:
            output.write(CPrinter(isa=isa_of(machine), kernels=names).function(function))
