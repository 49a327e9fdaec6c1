"""Of operations that are alike one is verified, and of those that only look alike each."""

import pytest
from xdsl.dialects import arith
from xdsl.dialects.builtin import ModuleOp
from xdsl.utils.exceptions import VerifyException

from lrc.compilation.compiler import make_context
from lrc.dialects import kernel
from lrc.dialects.verifying import is_new, verify
from lrc.files.located import LocatedParser

TEXT = """
kernel.func @k(%x: memref<?xf32>, %points: index) loads direct {
  %zero = arith.constant 0 : index
  kernel.grid (%point) in (%points) {
    %w = kernel.window %x[%zero] : memref<?xf32> -> !kernel.window<16>
    %v = kernel.load %w[0, 0] : !kernel.window<16> -> vector<4xf32>
    kernel.store %v, %w[0, 0] : vector<4xf32>, !kernel.window<16>
  }
}
"""


def module(*strides: int) -> tuple[ModuleOp, list[kernel.LoadOp]]:
    """A kernel that loads a vector from the same place, with each of these distances between its lanes."""
    parsed = LocatedParser(make_context(), TEXT, "loads.mlir").parse_module()
    (window,) = (op for op in parsed.walk() if isinstance(op, kernel.WindowOp))
    loads = [kernel.LoadOp(window.result, 0, 1, 4, stride=stride) for stride in strides]
    assert window.parent is not None
    window.parent.insert_ops_after(loads, window)
    return parsed, loads


def test_right_ones_are_right() -> None:
    found, loads = module(1, 2, 1)
    known = set[tuple[object, ...]]()
    assert [is_new(op, known) for op in loads] == [True, True, False]
    verify(found)


def test_one_that_looks_alike() -> None:
    with pytest.raises(VerifyException, match="1 element apart or more, not 0"):
        verify(module(2, 0, 2)[0])


def test_one_that_reads_something_else() -> None:
    found, (_, last) = module(1, 1)
    last.operands[0] = next(op for op in found.walk() if isinstance(op, arith.ConstantOp)).result
    with pytest.raises(VerifyException):
        verify(found)
