"""`lrc-opt -t c` prints the kernels of a module, as its machine spells them, and nothing else."""

from io import StringIO

import pytest
from xdsl.utils.exceptions import DiagnosticException

import lrc
from lrc.backends.c.isa import isa_of
from lrc.backends.c.kernels import KernelPrinter
from lrc.backends.c.target import CTarget
from lrc.backends.names import kernel_names
from lrc.compilation import compiler
from lrc.dialects.kernel import kernels_of
from lrc.dialects.values.machines import machine_named

NETWORK = """
model net {
  weights random(seed: 0)
  input x: f32[1, 3, 5, 6]
  a: conv2d(x) { filters: 4, kernel: 3, pad: 1 }
  b: sigmoid(a)
  output y = b
}
"""


@pytest.mark.parametrize("machine", ["neon", "avx2", "avx512", "c"])
def test_every_kernel_is_printed_for_its_machine(machine: str) -> None:
    module = lrc.parse(NETWORK)
    passes = compiler.pipelines.specification(machine)
    compiler.pipelines.parse(passes).apply(compiler.make_context(), module)
    printed = StringIO()
    CTarget().emit(compiler.make_context(), module, printed)
    kernels = kernels_of(module.ops)
    names = kernel_names(each.sym_name.data for each in kernels)
    assert len(kernels) >= 3
    assert printed.getvalue() == "".join(
        KernelPrinter(isa=isa_of(machine_named(machine)), kernels=names).function(each) for each in kernels
    )


def test_a_module_for_no_machine_is_refused() -> None:
    with pytest.raises(DiagnosticException, match="the module is for no machine"):
        CTarget().emit(compiler.make_context(), lrc.parse(NETWORK), StringIO())
