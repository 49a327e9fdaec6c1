// RUN: ROUNDTRIP
// RUN: GENERIC

// CHECK: func.func @all(%buffer: memref<?xf32>, %index: memref<?xui8>, %n: index, %t: tensor<1x2x3x4xf32, #kernel.layout<"2:40 x 3:8(1,1) x 4:1(1,1) x f32, lead = 4, tail = 4, lanes = 4, arena">>)
func.func @all(%buffer: memref<?xf32>, %index: memref<?xui8>, %n: index, %t: tensor<1x2x3x4xf32, #kernel.layout<"2:40 x 3:8(1,1) x 4:1(1,1) x f32, lead = 4, tail = 4, lanes = 4, arena">>) {
  // CHECK-NEXT: kernel.grid (%y, %x) in (%n, %n) {
  // GENERIC: "kernel.grid"(%n, %n) ({
  kernel.grid (%y, %x) in (%n, %n) {
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
  func.return
}

// CHECK: func.func @network(%x: memref<?xf32>, %n: index)
func.func @network(%x: memref<?xf32>, %n: index) {
  // CHECK-NEXT: %w = kernel.weights "a.fkw.weight"[16] : memref<?xf32>
  %w = kernel.weights "a.fkw.weight"[16] : memref<?xf32>
  // CHECK-NEXT: %i = kernel.weights "a.fkw.index"[4] hash "00" : memref<?xui8>
  // GENERIC: "kernel.weights"() <{weight = "a.fkw.index", length = 4 : i64, hash = "00"}>
  %i = kernel.weights "a.fkw.index"[4] hash "00" : memref<?xui8>
  // CHECK-NEXT: %a = kernel.arena 4096 : memref<?xf32>
  %a = kernel.arena 4096 : memref<?xf32>
  // CHECK-NEXT: kernel.launch @elsewhere(%x, %w, %a) over(%n, %n) layer "a" : memref<?xf32>, memref<?xf32>, memref<?xf32>
  // GENERIC: "kernel.launch"(%x, %w, %a, %n, %n) <{callee = @elsewhere, layer = "a"
  kernel.launch @elsewhere(%x, %w, %a) over(%n, %n) layer "a" : memref<?xf32>, memref<?xf32>, memref<?xf32>
  // CHECK-NEXT: kernel.launch @elsewhere(%a) over(%n) : memref<?xf32>
  kernel.launch @elsewhere(%a) over(%n) : memref<?xf32>
  func.return
}
