"""The interpreter of the loop level: what its operations mean, and what it does not let pass."""

import numpy as np
import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser
from xdsl.universe import Universe
from xdsl.utils.exceptions import InterpretationError

from lrc.dialects.lr.store import WeightStore, fingerprint
from lrc.dialects.values.elements import F32
from lrc.dialects.values.layouts import Axis, Layout
from lrc.interpreters.loops import call, picture, run


def read(text: str) -> ModuleOp:
    context = Context()
    for name, dialect in Universe.get_multiverse().all_dialects.items():
        context.register_dialect(name, dialect)
    module = Parser(context, text).parse_module()
    module.verify()
    return module


SCALE = """
kernel.func @scale(%x: memref<?xf32>, %y: memref<?xf32>, %rows: index, %width: index) {
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
}
kernel.network @all(%x: "x" tensor<1x12xf32>) -> (%y: "y" tensor<1x12xf32>) {
  %rows = arith.constant 2 : index
  %three = arith.constant 3 : index
  kernel.launch @scale(y = %y, width = %three, x = %x) over (rows = %rows)
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


@pytest.mark.parametrize("width", [0, 1, 3, 4])
def test_lanes_outside_the_picture_are_zero(width: int) -> None:
    whole = SCALE.replace("%to[0, 1] lanes %width", "%to[0, 1]")
    x, y = np.arange(1.0, 7), np.full(6, 9.0)
    call(read(whole), "scale", [x, y, 1, width], WeightStore.empty())
    assert y.tolist() == [9, *(2 * x[:width]), *[0] * (4 - width), 9]


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


A, B, C = np.array([1.0, -2.0, 3.0, 5.0]), np.array([7.0, 11.0, -13.0, 17.0]), np.array([0.25, 0.5, 2.0, -4.0])
"""What `%a`, `%b` and `%c` are, and `%s` is the number 3."""

OPERATIONS = {
    "%r = arith.addf %a, %b : vector<4xf32>": A + B,
    "%r = arith.subf %a, %b : vector<4xf32>": A - B,
    "%r = arith.mulf %a, %b : vector<4xf32>": A * B,
    "%r = arith.divf %a, %b : vector<4xf32>": A / B,
    "%r = arith.negf %a : vector<4xf32>": -A,
    "%r = arith.maximumf %a, %b : vector<4xf32>": np.array([7, 11, 3, 17]),
    "%r = arith.minimumf %a, %b : vector<4xf32>": np.array([1, -2, -13, 5]),
    "%r = arith.constant dense<[1.0, 2.0, 3.0, 4.5]> : vector<4xf32>": np.array([1, 2, 3, 4.5]),
    "%r = math.exp %a : vector<4xf32>": np.exp(A),
    "%r = math.tanh %a : vector<4xf32>": np.tanh(A),
    "%r = math.fma %a, %b, %c : vector<4xf32>": A * B + C,
    "%r = vector.fma %a, %b, %c : vector<4xf32>": A * B + C,
    "%r = vector.broadcast %s : f32 to vector<4xf32>": np.full(4, 3.0),
    "%r = vector.shuffle %a, %b [7, 0, 2, 5] : vector<4xf32>, vector<4xf32>": np.array([17, 1, 3, 11]),
    "%r = neon.fma_lane %a, %b[2], %c : vector<4xf32>, vector<4xf32>": A * B[2] + C,
    "%r = neon.even_lanes %a, %b : vector<4xf32>": np.array([1, 3, 7, -13]),
    "%r = neon.odd_lanes %a, %b : vector<4xf32>": np.array([-2, 5, 11, 17]),
}

NUMBERS = {
    "vector.reduction <add>, %a : vector<4xf32> into f32": 7,
    "vector.reduction <add>, %a, %s : vector<4xf32> into f32": 10,
    "vector.reduction <maximumf>, %a : vector<4xf32> into f32": 5,
    "vector.reduction <maximumf>, %b, %s : vector<4xf32> into f32": 17,
    "vector.reduction <minimumf>, %a, %s : vector<4xf32> into f32": -2,
    "arith.maximumf %s, %t : f32": 3,
    "arith.minimumf %s, %t : f32": -0.5,
    "arith.divf %s, %t : f32": -6,
    "arith.negf %s : f32": -3,
    "math.exp %t : f32": np.exp(-0.5),
}

INDICES = {
    "arith.minsi %lanes, %one : index": 1,
    "arith.maxsi %lanes, %one : index": 4,
    "arith.addi %lanes, %one : index": 5,
    "arith.subi %one, %lanes : index": -3,
    "arith.muli %lanes, %lanes : index": 16,
}

SPREAD = "%r = vector.broadcast %n : f32 to vector<4xf32>"
FLOAT = "%k = arith.index_cast %i : index to i64\n  %n = arith.sitofp %k : i64 to f32"

RESULTS = (
    OPERATIONS
    | {f"%n = {number}\n  {SPREAD}": np.full(4, value) for number, value in NUMBERS.items()}
    | {f"%i = {index}\n  {FLOAT}\n  {SPREAD}": np.full(4, value) for index, value in INDICES.items()}
)


@pytest.mark.parametrize("operation", RESULTS)
def test_arithmetic(operation: str) -> None:
    text = f"""
func.func @f(%x: memref<?xf32>, %y: memref<?xf32>) {{
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %lanes = arith.constant 4 : index
  %eight = arith.constant 8 : index
  %s = arith.constant 3.0 : f32
  %t = arith.constant -0.5 : f32
  %a = vector.load %x[%zero] : memref<?xf32>, vector<4xf32>
  %b = vector.load %x[%lanes] : memref<?xf32>, vector<4xf32>
  %c = vector.load %x[%eight] : memref<?xf32>, vector<4xf32>
  {operation}
  %to = kernel.window %y[%zero] : memref<?xf32> -> !kernel.window<4>
  kernel.store %r, %to[0, 0] : vector<4xf32>, !kernel.window<4>
  func.return
}}
"""
    (y,) = run(read(text), "f", [np.concatenate([A, B, C])], [4], WeightStore.empty())
    np.testing.assert_allclose(y, RESULTS[operation], rtol=1e-15)


@pytest.mark.parametrize("operation", ["maximumf", "minimumf"])
def test_what_is_no_number_stays_so(operation: str) -> None:
    text = f"""
func.func @f(%x: memref<?xf32>, %y: memref<?xf32>) {{
  %zero = arith.constant 0 : index
  %from = kernel.window %x[%zero] : memref<?xf32> -> !kernel.window<4>
  %to = kernel.window %y[%zero] : memref<?xf32> -> !kernel.window<4>
  %a = kernel.load %from[0, 0] : !kernel.window<4> -> vector<4xf32>
  %b = kernel.load %from[1, 0] : !kernel.window<4> -> vector<4xf32>
  %r = arith.{operation} %a, %b : vector<4xf32>
  kernel.store %r, %to[0, 0] : vector<4xf32>, !kernel.window<4>
  func.return
}}
"""
    x = [np.nan, 1, np.nan, 2, 3, np.nan, np.nan, 4]
    (y,) = run(read(text), "f", [np.array(x)], [4], WeightStore.empty())
    assert np.isnan(y).tolist() == [True, True, True, False]


ORDER = """
kernel.func @points(%x: memref<?xf32>, %y: memref<?xf32>, %rows: index, %columns: index) {
  %zero = arith.constant 0 : index
  %stride = arith.constant 3 : index
  kernel.grid (%i, %j) in (%rows, %columns) {
    %row = arith.muli %i, %stride : index
    %place = arith.addi %row, %j : index
    %v = memref.load %x[%place] : memref<?xf32>
    memref.store %v, %y[%zero] : memref<?xf32>
  }
}
"""


def test_points_of_a_grid_are_visited_last_to_first() -> None:
    """A kernel whose points write to one place gives another result than code that visits them in order."""
    x, y = np.arange(6.0), np.full(1, np.nan)
    call(read(ORDER), "points", [x, y, 2, 3], WeightStore.empty())
    assert y == [0]
    call(read(ORDER), "points", [x[::-1].copy(), y, 2, 3], WeightStore.empty())
    assert y == [5]
    call(read(ORDER), "points", [x, y, 0, 3], WeightStore.empty())
    assert y == [5]


def test_every_point_of_a_grid_is_visited() -> None:
    x, y = np.arange(1.0, 7), np.zeros(6)
    call(read(ORDER.replace("%y[%zero]", "%y[%place]")), "points", [x, y, 2, 3], WeightStore.empty())
    np.testing.assert_array_equal(y, x)


@pytest.mark.parametrize("rows", [3, 9])
def test_numbers_are_within_their_buffer(rows: int) -> None:
    with pytest.raises(InterpretationError, match=r"element \[\d+\] is not within a buffer of \[6\]"):
        call(read(ORDER), "points", [np.arange(6.0), np.zeros(1), rows, 3], WeightStore.empty())
    before = ORDER.replace("%place = arith.addi %row, %j", "%place = arith.subi %row, %j")
    with pytest.raises(InterpretationError, match=r"element \[-1\] is not within a buffer of \[6\]"):
        call(read(before), "points", [np.arange(6.0), np.zeros(1), 1, 2], WeightStore.empty())
    with pytest.raises(InterpretationError, match=r"element \[0\] is not within a buffer of \[0\]"):
        call(read(ORDER), "points", [np.arange(6.0), np.zeros(0), 1, 1], WeightStore.empty())


LEFTOVERS = """
kernel.network @f(%x: "x" tensor<1x2xf32>) -> (%y: "y" tensor<1x4xf32>) arena 32 {
  %zero = arith.constant 0 : index
  %four = arith.constant 4 : index
  %buffer = BUFFER
  %from = kernel.window %x[%zero] : memref<?xf32> -> !kernel.window<4>
  %within = kernel.window %buffer[%zero] : memref<?xf32> -> !kernel.window<4>
  %to = kernel.window %y[%zero] : memref<?xf32> -> !kernel.window<4>
  %a = kernel.load %from[0, 0] lanes %four : !kernel.window<4> -> vector<2xf32>
  kernel.store %a, %within[0, 1] : vector<2xf32>, !kernel.window<4>
  %b = kernel.load %within[0, 0] : !kernel.window<4> -> vector<4xf32>
  kernel.store %b, %to[0, 0] : vector<4xf32>, !kernel.window<4>
}
"""


@pytest.mark.parametrize("buffer", ["memref.alloc(%four)", "kernel.arena 0", "kernel.arena 16"])
def test_what_nobody_wrote_is_no_number(buffer: str) -> None:
    text = LEFTOVERS.replace("BUFFER", f"{buffer} : memref<?xf32>")
    (y,) = run(read(text), "f", [np.array([1.0, 2.0])], [4], WeightStore.empty())
    np.testing.assert_array_equal(y, [np.nan, 1, 2, np.nan])


@pytest.mark.parametrize("offset", [20, 28])
def test_no_access_outside_the_arena(offset: int) -> None:
    text = LEFTOVERS.replace("BUFFER", f"kernel.arena {offset} : memref<?xf32>")
    with pytest.raises(InterpretationError, match="not within a buffer"):
        run(read(text), "f", [np.array([1.0, 2.0])], [4], WeightStore.empty())


SHARED = """
kernel.network @f() -> (%y: "y" tensor<1x1xf32>) arena 32 {
  %zero = arith.constant 0 : index
  %two = arith.constant 2 : index
  %first = kernel.arena 8 : memref<?xf32>
  %second = kernel.arena 16 : memref<?xf32>
  %n = arith.constant 5.0 : f32
  memref.store %n, %first[%two] : memref<?xf32>
  %m = memref.load %second[%zero] : memref<?xf32>
  memref.store %m, %y[%zero] : memref<?xf32>
}
"""


def test_places_of_the_arena_are_bytes_that_may_be_shared() -> None:
    (y,) = run(read(SHARED), "f", [], [1], WeightStore.empty())
    assert y == [5]


WEIGHTS, INDEX = np.array([[1, 2], [3, 4]], np.float32), np.array([0, 2], np.uint8)

STORED = f"""
func.func @f(%y: memref<?xf32>, %count: index) {{
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %w = kernel.weights "w"[4] : memref<?xf32>
  %index = kernel.weights "index"[2] hash "{fingerprint(INDEX)}" : memref<?xui8>
  %place = kernel.load_index %index[%one] : memref<?xui8>
  %v = vector.load %w[%place] : memref<?xf32>, vector<2xf32>
  %to = kernel.window %y[%zero] : memref<?xf32> -> !kernel.window<2>
  kernel.store %v, %to[1, 0] lanes %count : vector<2xf32>, !kernel.window<2>
  func.return
}}
"""


@pytest.mark.parametrize(
    ("count", "expected"), [(0, [9, 9, 9, 9]), (1, [9, 9, 3, 0]), (2, [9, 9, 3, 4]), (5, [9, 9, 3, 4])]
)
def test_arrays_of_the_store(count: int, expected: list[float]) -> None:
    store = WeightStore.empty()
    store.put("w", WEIGHTS)
    store.put("index", INDEX)
    y = np.full(4, 9.0)
    call(read(STORED), "f", [y, count], store)
    assert y.tolist() == expected


def test_vectors_are_loaded_within_their_array() -> None:
    store = WeightStore.empty()
    store.put("w", np.array([1, 2, 3], np.float32))
    store.put("index", np.array([0, 2], np.uint8))
    with pytest.raises(InterpretationError, match="elements 2 to 3 are not within a buffer of 3"):
        call(read(STORED), "f", [np.zeros(4), 2], store)


def test_windows_start_within_their_buffer() -> None:
    """A window may lie before its buffer, as long as nothing there is touched."""
    text = SCALE.replace(
        "%first] : memref<?xf32> -> !kernel.window<6>", "%before] : memref<?xf32> -> !kernel.window<6>"
    )
    text = text.replace("%from =", "%before = arith.constant -1 : index\n    %from =")
    with pytest.raises(InterpretationError, match="elements -1 to 2 are not within"):
        call(read(text), "scale", [np.zeros(12), np.zeros(12), 1, 3], WeightStore.empty())


def test_pictures_lie_where_their_layout_says() -> None:
    layout = Layout(F32, (Axis(2, 20), Axis(2, 5, 1, 1), Axis(3)), lead=1, tail=2)
    found = picture(np.arange(float(layout.size)), layout)
    assert found.tolist() == [[[6, 7, 8], [11, 12, 13]], [[26, 27, 28], [31, 32, 33]]]
