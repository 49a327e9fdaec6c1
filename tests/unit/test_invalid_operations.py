"""Operations of the loop level that make no sense are refused when they are verified."""

import pytest
from xdsl.utils.exceptions import VerifyException

from lrc.compilation.compiler import make_context
from lrc.files.located import LocatedParser, verify

TEXT = """\
func.func @copy(%x: memref<?xf32>, %places: memref<?xui8>, %rows: index) {
  %zero = arith.constant 0 : index
  kernel.grid (%i) in (%rows) {
    %from = kernel.window %x[%i] : memref<?xf32> -> !kernel.window<4>
    %a = kernel.load %from[0, 0] : !kernel.window<4> -> vector<4xf32>
    %b = neon.fma_lane %a, %a[3], %a
    kernel.store %b, %from[0, 4] : vector<4xf32>, !kernel.window<4>
  }
  func.return
}
func.func @all(%x: memref<?xf32>, %places: memref<?xui8>) attributes {arena_bytes = 64 : i64} {
  %one = arith.constant 1 : index
  %y = kernel.arena 4 : memref<?xf32>
  kernel.launch @copy(%x, %places, %one) over (%one) : memref<?xf32>, memref<?xui8>, index
  kernel.launch @copy(%y, %places, %one) over (%one) : memref<?xf32>, memref<?xui8>, index
  func.return
}
"""

WRONG = {
    "an argument of another type": (
        "@copy(%x, %places, %one) over (%one) : memref<?xf32>, memref<?xui8>, index",
        "@copy(%x, %x, %one) over (%one) : memref<?xf32>, memref<?xf32>, index",
    ),
    "arguments in another order": (
        "@copy(%x, %places, %one) over (%one) : memref<?xf32>, memref<?xui8>, index",
        "@copy(%places, %x, %one) over (%one) : memref<?xui8>, memref<?xf32>, index",
    ),
    "an argument too few": (
        "@copy(%x, %places, %one) over (%one) : memref<?xf32>, memref<?xui8>, index",
        "@copy(%x, %places) over (%one) : memref<?xf32>, memref<?xui8>",
    ),
    "a lane behind the last": ("%a[3]", "%a[4]"),
    "a lane before the first": ("%a[3]", "%a[-1]"),
    "lanes at one place": ("%from[0, 0] :", "%from[0, 0] stride 0 :"),
    "lanes backwards": ("%from[0, 0] :", "%from[0, 0] stride -1 :"),
    "a vector of rows": (
        "%b = neon",
        "%c = kernel.load %from[0, 0] : !kernel.window<4> -> vector<2x2xf32>\n    %b = neon",
    ),
    "a buffer within a number": ("kernel.arena 4", "kernel.arena 6"),
    "a buffer before the arena": ("kernel.arena 4", "kernel.arena -4"),
    "a point without a size": ("(%i) in (%rows)", "(%i) in (%rows, %rows)"),
    "no function": ("kernel.launch @copy(%y", "kernel.launch @net(%y"),
}
"""What is wrong -> what stands there instead of what is right."""


def check(text: str) -> None:
    verify(LocatedParser(make_context(), text, "loops.mlir").parse_module())


def test_the_text_is_right() -> None:
    check(TEXT)


@pytest.mark.parametrize("what", WRONG)
def test_what_makes_no_sense(what: str) -> None:
    right, wrong = WRONG[what]
    assert right in TEXT
    model = """
lr.model @net {weights = #lr.store<none>} (%x : tensor<1x2xf32>) {
  %y = lr.softmax "y"(%x) : tensor<1x2xf32> -> tensor<1x2xf32>
  lr.output %y {names = ["y"]} : tensor<1x2xf32>
}
"""
    with pytest.raises(VerifyException, match=r"^loops.mlir:\d+:\d+: "):
        check(TEXT.replace(right, wrong, 1) + model)
