"""`lrc-opt -t c`: the kernels of a module as C, without the folder around them."""

from dataclasses import dataclass
from typing import IO

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import DiagnosticException
from xdsl.utils.target import Target

from lrc.backends.c.emit import ISAS
from lrc.backends.c.printer import CPrinter
from lrc.backends.names import kernel_names
from lrc.dialects.kernel.ops import is_kernel


@dataclass(frozen=True)
class CTarget(Target):
    """Prints each kernel of a module at the loop level as a C function, in the spelling of `machine`."""

    name = "c"

    machine: str = "c"

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        if self.machine not in ISAS:
            raise DiagnosticException(f"no machine '{self.machine}': one of {', '.join(ISAS)}")
        functions = [op for op in module.ops if isinstance(op, func.FuncOp) and is_kernel(op)]
        names = kernel_names(function.sym_name.data for function in functions)
        for function in functions:
            output.write(CPrinter(isa=ISAS[self.machine], kernels=names).function(function))
