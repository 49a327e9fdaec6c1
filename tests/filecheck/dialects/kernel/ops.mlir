// RUN: ROUNDTRIP
// RUN: GENERIC

// The layout of a tensor is the encoding of its type.
// CHECK: func.func @layout(%t: tensor<1x2x3x4xf32, #kernel.layout<"2:40 x 3:8(1,1) x 4:1(1,1) x f32, lead = 4, tail = 4, lanes = 4, arena">>)
func.func @layout(%t: tensor<1x2x3x4xf32, #kernel.layout<"2:40 x 3:8(1,1) x 4:1(1,1) x f32, lead = 4, tail = 4, lanes = 4, arena">>) {
  func.return
}

// An argument is called as its value is, unless a name stands in front of it.
// CHECK: kernel.func @all(%buffer: memref<?xf32>, %index: memref<?xui8>, %n: index, rows = %0: index) loads rows order taps {
// GENERIC: "kernel.func"() <{sym_name = "all", names = ["buffer", "index", "n", "rows"], loads = #kernel.loads<rows>, order = #kernel.order<taps>}>
kernel.func @all(%buffer: memref<?xf32>, %index: memref<?xui8>, %n: index, rows = %0: index) loads rows order taps {
  // CHECK-NEXT: kernel.grid (%y, %x) in (%0, %n) {
  // GENERIC: "kernel.grid"(%0, %n) ({
  kernel.grid (%y, %x) in (%0, %n) {
    // CHECK-NEXT: %w = kernel.window %buffer[%x] : memref<?xf32> -> !kernel.window<16>
    // GENERIC: %w = "kernel.window"(%buffer, %x) : (memref<?xf32>, index) -> !kernel.window<16>
    %w = kernel.window %buffer[%x] : memref<?xf32> -> !kernel.window<16>
    // CHECK-NEXT: %r = kernel.row %w[3, -1] : !kernel.window<16>
    %r = kernel.row %w[3, -1] : !kernel.window<16> -> !kernel.window<16>
    // CHECK-NEXT: %a = kernel.load %w[0, 15] : !kernel.window<16> -> vector<4xf32>
    // GENERIC: %a = "kernel.load"(%w) <{row = 0 : i64, column = 15 : i64
    %a = kernel.load %w[0, 15] : !kernel.window<16> -> vector<4xf32>
    // CHECK-NEXT: %b = kernel.load %w[1, 16] aligned : !kernel.window<16> -> vector<4xf32>
    %b = kernel.load %w[1, 16] aligned : !kernel.window<16> -> vector<4xf32>
    // CHECK-NEXT: %c = kernel.load %w[0, 1] stride 2 : !kernel.window<16> -> vector<4xf32>
    %c = kernel.load %w[0, 1] stride 2 : !kernel.window<16> -> vector<4xf32>
    // CHECK-NEXT: %d = kernel.load %r[0, 0] lanes %n : !kernel.window<16> -> vector<4xf32>
    %d = kernel.load %r[0, 0] lanes %n : !kernel.window<16> -> vector<4xf32>
    // CHECK-NEXT: kernel.store %a, %w[0, 0] : vector<4xf32>, !kernel.window<16>
    kernel.store %a, %w[0, 0] : vector<4xf32>, !kernel.window<16>
    // CHECK-NEXT: kernel.store %a, %w[0, 4] lanes %n : vector<4xf32>, !kernel.window<16>
    kernel.store %a, %w[0, 4] lanes %n : vector<4xf32>, !kernel.window<16>
    // CHECK-NEXT: %i = kernel.load_index %index[%x] : memref<?xui8>
    %i = kernel.load_index %index[%x] : memref<?xui8>
  }
}

// CHECK: kernel.func @attributed(%n: index) attributes {note = "kept"} {
kernel.func @attributed(%n: index) attributes {note = "kept"} {
  // CHECK-NEXT: kernel.grid (%i) in (%n) {
  kernel.grid (%i) in (%n) {
  }
}

// CHECK: kernel.func @pool(%input: memref<?xf32>, %output: memref<?xf32>, %width: index, %rows: index, %columns: index) {
kernel.func @pool(%input: memref<?xf32>, %output: memref<?xf32>, %width: index, %rows: index, %columns: index) {
  kernel.grid (%y, %x) in (%rows, %columns) {
  }
}

// Inputs and outputs have names of their own; what is told of layers stands a line for each.
// CHECK: kernel.network @tiny(%x: "x 1" tensor<1x2x3x4xf32>) -> (%y: "y" tensor<1x4xf32>) arena 8192 live 96 layers [
// CHECK-NEXT: <"a", "3x3 dense", weights = 36, executed = 36, nonzero = 30, schedule = <algorithm = direct, tile = [1, 1], lanes = 4, block = 2, jam = 1, group = 64, order = hwcico, load = direct>>,
// CHECK-NEXT: <"b", "max_pool">
// CHECK-NEXT: ] {
// GENERIC: "kernel.network"() <{sym_name = "tiny", inputs = [#kernel.port<"x 1" : tensor<1x2x3x4xf32>>], outputs = [#kernel.port<"y" : tensor<1x4xf32>>], layers = [#kernel.layer<"a", "3x3 dense", weights = 36
// GENERIC-SAME: #kernel.layer<"b", "max_pool">], arena_bytes = 8192 : i64, live_bytes = 96 : i64}> ({
kernel.network @tiny(%x: "x 1" tensor<1x2x3x4xf32>) -> (%y: "y" tensor<1x4xf32>) arena 8192 live 96 layers [
  <"a", "3x3 dense", weights = 36, executed = 36, nonzero = 30, schedule = <algorithm = direct, tile = [1, 1], lanes = 4, block = 2>>,
  <"b", "max_pool">
] {
  // CHECK-NEXT: %n = arith.constant 3 : index
  %n = arith.constant 3 : index
  // CHECK-NEXT: %w = kernel.weights "a.fkw.weight"[16] : memref<?xf32>
  %w = kernel.weights "a.fkw.weight"[16] : memref<?xf32>
  // CHECK-NEXT: %i = kernel.weights "a.fkw.index"[4] hash "00" : memref<?xui8>
  // GENERIC: "kernel.weights"() <{weight = "a.fkw.index", length = 4 : i64, hash = "00"}>
  %i = kernel.weights "a.fkw.index"[4] hash "00" : memref<?xui8>
  // CHECK-NEXT: %a = kernel.arena 4096 : memref<?xf32>
  %a = kernel.arena 4096 : memref<?xf32>
  // Arguments may stand in any order; sizes stand in the order of the grid.
  // CHECK-NEXT: kernel.launch @pool(output = %a, input = %x, width = %n) over (rows = %n, columns = %n) layer "a" in output
  // GENERIC: "kernel.launch"(%a, %x, %n, %n, %n) <{callee = @pool, names = ["output", "input", "width"], dimensions = ["rows", "columns"], layer = "a", result = "output"
  kernel.launch @pool(output = %a, input = %x, width = %n) over (rows = %n, columns = %n) layer "a" in output
  // CHECK-NEXT: kernel.launch @pool(input = %a, output = %a, width = %n) over (rows = %n, columns = %n) layer "b" in output
  kernel.launch @pool(input = %a, output = %a, width = %n) over (rows = %n, columns = %n) layer "b" in output
  // CHECK-NEXT: kernel.launch @pool(input = %a, output = %y, width = %n) over (rows = %n, columns = %n)
  kernel.launch @pool(input = %a, output = %y, width = %n) over (rows = %n, columns = %n)
}

// CHECK: kernel.network @not_planned() -> (%y: "y" tensor<1x4xf32>) {
kernel.network @not_planned() -> (%y: "y" tensor<1x4xf32>) {
}

// A window says what lies in it, unless that is float32.
// CHECK: kernel.func @halves(%x: memref<?xf16>, %n: index)
kernel.func @halves(%x: memref<?xf16>, %n: index) {
  kernel.grid (%i) in (%n) {
    // CHECK: %w = kernel.window %x[%i] : memref<?xf16> -> !kernel.window<16 x f16>
    %w = kernel.window %x[%i] : memref<?xf16> -> !kernel.window<16 x f16>
    // CHECK-NEXT: %v = kernel.load %w[0, 1] : !kernel.window<16 x f16> -> vector<8xf16>
    %v = kernel.load %w[0, 1] : !kernel.window<16 x f16> -> vector<8xf16>
    // CHECK-NEXT: kernel.store %v, %w[0, 8] : vector<8xf16>, !kernel.window<16 x f16>
    kernel.store %v, %w[0, 8] : vector<8xf16>, !kernel.window<16 x f16>
  }
}
