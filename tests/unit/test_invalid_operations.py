"""Operations of the loop level that make no sense are refused when they are verified."""

import pytest
from xdsl.utils.exceptions import VerifyException

from lrc.compilation.compiler import make_context
from lrc.files.located import LocatedParser, verify

TEXT = """\
kernel.func @copy(%x: memref<?xf32>, %places: memref<?xui8>, %rows: index) {
  %zero = arith.constant 0 : index
  kernel.grid (%i) in (%rows) {
    %from = kernel.window %x[%i] : memref<?xf32> -> !kernel.window<4>
    %a = kernel.load %from[0, 0] : !kernel.window<4> -> vector<4xf32>
    %b = neon.fma_lane %a, %a[3], %a : vector<4xf32>, vector<4xf32>
    kernel.store %b, %from[0, 4] : vector<4xf32>, !kernel.window<4>
  }
}
kernel.func @fill(%x: memref<?xf32>, %rows: index, %columns: index) {
  kernel.grid (%i, %j) in (%rows, %columns) {
  }
}
kernel.network @all(%x: "x" tensor<1x8xf32>, %places: "places" tensor<4xui8>) -> () arena 64 {
  %one = arith.constant 1 : index
  %y = kernel.arena 4 : memref<?xf32>
  kernel.launch @copy(x = %x, places = %places) over (rows = %one)
  kernel.launch @copy(x = %y, places = %places) over (rows = %one)
  kernel.launch @fill(x = %y) over (rows = %one, columns = %one)
}
"""

WRONG = {
    "an argument of another type": ("(x = %x, places = %places)", "(x = %x, places = %x)"),
    "arguments exchanged": ("(x = %x, places = %places)", "(x = %places, places = %x)"),
    "an argument too few": ("(x = %x, places = %places)", "(x = %x)"),
    "an argument that there is not": ("(x = %x, places = %places)", "(x = %x, places = %places, y = %x)"),
    "a size of another name": ("over (rows = %one)", "over (columns = %one)"),
    "a size among the arguments": ("places = %places) over (rows = %one)", "places = %places, rows = %one) over ()"),
    "sizes in another order": ("(rows = %one, columns = %one)", "(columns = %one, rows = %one)"),
    "a network without an arena": ("-> () arena 64", "-> ()"),
    "a buffer behind the arena": ("kernel.arena 4", "kernel.arena 68"),
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
    "no kernel": ("kernel.launch @copy(x = %y", "kernel.launch @net(x = %y"),
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
