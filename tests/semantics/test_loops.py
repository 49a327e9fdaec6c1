"""The interpreter of the loop level: what its operations mean, and what it does not let pass."""

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser
from xdsl.universe import Universe
from xdsl.utils.exceptions import InterpretationError

from lrc.dialects.lr.weights import WeightStore
from lrc.interpreters.loops import call, run


def read(text: str) -> ModuleOp:
    context = Context()
    for name, dialect in Universe.get_multiverse().all_dialects.items():
        context.register_dialect(name, dialect)
    module = Parser(context, text).parse_module()
    module.verify()
    return module


SCALE = """
func.func @scale(%x: memref<?xf32>, %y: memref<?xf32>, %rows: index, %width: index) {
  %stride = arith.constant 6 : index
  kernel.grid (%i) in (%rows) {
    %first = arith.muli %i, %stride : index
    %from = kernel.window %x[%first] : memref<?xf32> -> !kernel.window<6>
    %to = kernel.window %y[%first] : memref<?xf32> -> !kernel.window<6>
    %two = arith.constant 2.0 : f32
    %twos = vector.broadcast %two : f32 to vector<4xf32>
    %v = kernel.load %from[0, 0] lanes %width : !kernel.window<6> -> vector<4xf32>
    %w = arith.mulf %v, %twos : vector<4xf32>
    kernel.store %w, %to[0, 1] lanes %width : vector<4xf32>, !kernel.window<6>
  }
  func.return
}
func.func @all(%x: memref<?xf32>, %y: memref<?xf32>) {
  %rows = arith.constant 2 : index
  %three = arith.constant 3 : index
  kernel.launch @scale(%x, %y, %rows, %three) over (%rows) : memref<?xf32>, memref<?xf32>, index, index
  func.return
}
"""


def test_launch_of_a_grid() -> None:
    (y,) = run(read(SCALE), "all", [np.arange(12)], [12], WeightStore.empty())
    nothing = np.nan
    expected = [nothing, 0, 2, 4, 0, nothing, nothing, 12, 14, 16, 0, nothing]
    np.testing.assert_array_equal(y, expected)


@pytest.mark.parametrize("width", [0, -1])
def test_no_lanes_read_and_write_nothing(width: int) -> None:
    x, y = np.zeros(0), np.zeros(0)
    call(read(SCALE), "scale", [x, y, 1, width], WeightStore.empty())


@pytest.mark.parametrize(("x", "y"), [(9, 12), (10, 10)])
def test_no_access_outside_a_buffer(x: int, y: int) -> None:
    with pytest.raises(InterpretationError, match="not within a buffer"):
        call(read(SCALE), "scale", [np.zeros(x), np.zeros(y), 2, 4], WeightStore.empty())


LOADS = """
func.func @loads(%x: memref<?xf32>, %y: memref<?xf32>, %places: memref<?xui8>, %first: index) {
  %c0 = arith.constant 0 : index
  %place = kernel.load_index %places[%c0] : memref<?xui8>
  %from = kernel.window %x[%first] : memref<?xf32> -> !kernel.window<8>
  %to = kernel.window %y[%c0] : memref<?xf32> -> !kernel.window<4>
  %a = kernel.load %from[0, 0] aligned : !kernel.window<8> -> vector<4xf32>
  %row = kernel.row %from[1, 1] : !kernel.window<8> -> !kernel.window<8>
  %b = kernel.load %row[0, 0] stride 2 : !kernel.window<8> -> vector<4xf32>
  %c = vector.shuffle %a, %b [3, 4, 5, 6] : vector<4xf32>, vector<4xf32>
  kernel.store %a, %to[0, 0] : vector<4xf32>, !kernel.window<4>
  kernel.store %b, %to[1, 0] : vector<4xf32>, !kernel.window<4>
  kernel.store %c, %to[2, 0] : vector<4xf32>, !kernel.window<4>
  func.return
}
"""


def test_aligned_and_strided_loads() -> None:
    y = np.zeros(12)
    call(read(LOADS), "loads", [np.arange(20.0), y, np.array([200], np.uint8), 0], WeightStore.empty())
    np.testing.assert_array_equal(y.reshape(3, 4), [[0, 1, 2, 3], [9, 11, 13, 15], [3, 9, 11, 13]])


def test_aligned_loads_are_aligned() -> None:
    with pytest.raises(InterpretationError, match="no aligned place for 4 lanes"):
        call(read(LOADS), "loads", [np.arange(20.0), np.zeros(12), np.zeros(1, np.uint8), 2], WeightStore.empty())
