// RUN: lrc-opt %s -p plan-memory --split-input-file --verify-diagnostics | filecheck %s

// %a is dead when %c is made: they share their place. 1000 floats are 4000 bytes, the next line of 64 starts at 4032.
// CHECK-LABEL: @chain
// CHECK-SAME: arena_bytes = 8064
// CHECK: %a = kernel.arena 0
// CHECK-NEXT: %b = kernel.arena 4032
// CHECK-NEXT: %c = kernel.arena 0
func.func @chain(%x: memref<?xf32>) {
  %n = arith.constant 1000 : index
  %a = memref.alloc(%n) : memref<?xf32>
  %b = memref.alloc(%n) : memref<?xf32>
  %c = memref.alloc(%n) : memref<?xf32>
  kernel.launch @k(%x, %a) over(%n) : memref<?xf32>, memref<?xf32>
  kernel.launch @k(%a, %b) over(%n) : memref<?xf32>, memref<?xf32>
  kernel.launch @k(%b, %c) over(%n) : memref<?xf32>, memref<?xf32>
  kernel.launch @k(%c, %x) over(%n) : memref<?xf32>, memref<?xf32>
  func.return
}

// -----

// %a is read once more at the end: it keeps its place, and %c needs one of its own.
// CHECK-LABEL: @long_life
// CHECK-SAME: arena_bytes = 12096
// CHECK: %a = kernel.arena 0
// CHECK-NEXT: %b = kernel.arena 4032
// CHECK-NEXT: %c = kernel.arena 8064
func.func @long_life(%x: memref<?xf32>) {
  %n = arith.constant 1000 : index
  %a = memref.alloc(%n) : memref<?xf32>
  %b = memref.alloc(%n) : memref<?xf32>
  %c = memref.alloc(%n) : memref<?xf32>
  kernel.launch @k(%x, %a) over(%n) : memref<?xf32>, memref<?xf32>
  kernel.launch @k(%a, %b) over(%n) : memref<?xf32>, memref<?xf32>
  kernel.launch @k(%b, %c) over(%n) : memref<?xf32>, memref<?xf32>
  kernel.launch @k(%c, %a) over(%n) : memref<?xf32>, memref<?xf32>
  func.return
}

// -----

// No buffers, no arena.
// CHECK-LABEL: @nothing
// CHECK-NOT: arena
func.func @nothing(%x: memref<?xf32>, %n: index) {
  kernel.launch @k(%x, %x) over(%n) : memref<?xf32>, memref<?xf32>
  func.return
}

// -----

// CHECK: the size of a buffer is no constant: only those that lower-to-loops makes can be planned
func.func @unknown_size(%x: memref<?xf32>, %n: index) {
  %a = memref.alloc(%n) : memref<?xf32>
  kernel.launch @k(%x, %a) over(%n) : memref<?xf32>, memref<?xf32>
  func.return
}

// -----

// A window into a buffer is the buffer: it lives as long as what is read through it.
// CHECK-LABEL: @windows
// CHECK: kernel.arena 0
// CHECK: kernel.arena 64
func.func @windows(%y: memref<?xf32>) {
  %zero = arith.constant 0 : index
  %size = arith.constant 16 : index
  %a = memref.alloc(%size) : memref<?xf32>
  %w = kernel.window %a[%zero] : memref<?xf32> -> !kernel.window<4>
  %b = memref.alloc(%size) : memref<?xf32>
  "test.op"(%b) : (memref<?xf32>) -> ()
  %v = kernel.load %w[0, 0] : !kernel.window<4> -> vector<4xf32>
  "test.op"(%v) : (vector<4xf32>) -> ()
  func.return
}
