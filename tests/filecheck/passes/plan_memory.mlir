// RUN: lrc-opt %s -p plan-memory --split-input-file --verify-diagnostics | filecheck %s

// %a is dead when %c is made: they share their place. 1000 floats are 4000 bytes, the next line of 64 starts at 4032.
// CHECK-LABEL: @chain
// CHECK-SAME: arena 8064
// CHECK: %a = kernel.arena 0
// CHECK-NEXT: %b = kernel.arena 4032
// CHECK-NEXT: %c = kernel.arena 0
kernel.func @k(%from: memref<?xf32>, %to: memref<?xf32>, %count: index) {
  kernel.grid (%i) in (%count) {
  }
}
kernel.network @chain(%x: "x" tensor<1x1000xf32>) -> () {
  %n = arith.constant 1000 : index
  %a = memref.alloc(%n) : memref<?xf32>
  %b = memref.alloc(%n) : memref<?xf32>
  %c = memref.alloc(%n) : memref<?xf32>
  kernel.launch @k(from = %x, to = %a) over (count = %n)
  kernel.launch @k(from = %a, to = %b) over (count = %n)
  kernel.launch @k(from = %b, to = %c) over (count = %n)
  kernel.launch @k(from = %c, to = %x) over (count = %n)
}

// -----

// %a is read once more at the end: it keeps its place, and %c needs one of its own.
// CHECK-LABEL: @long_life
// CHECK-SAME: arena 12096
// CHECK: %a = kernel.arena 0
// CHECK-NEXT: %b = kernel.arena 4032
// CHECK-NEXT: %c = kernel.arena 8064
kernel.func @k(%from: memref<?xf32>, %to: memref<?xf32>, %count: index) {
  kernel.grid (%i) in (%count) {
  }
}
kernel.network @long_life(%x: "x" tensor<1x1000xf32>) -> () {
  %n = arith.constant 1000 : index
  %a = memref.alloc(%n) : memref<?xf32>
  %b = memref.alloc(%n) : memref<?xf32>
  %c = memref.alloc(%n) : memref<?xf32>
  kernel.launch @k(from = %x, to = %a) over (count = %n)
  kernel.launch @k(from = %a, to = %b) over (count = %n)
  kernel.launch @k(from = %b, to = %c) over (count = %n)
  kernel.launch @k(from = %c, to = %a) over (count = %n)
}

// -----

// No buffers: an arena of no bytes. A function that is no network has none.
// CHECK-LABEL: @nothing
// CHECK-SAME: arena 0 live 0
kernel.network @nothing(%x: "x" tensor<1x4xf32>) -> () {
}
// CHECK-LABEL: @no_network
// CHECK: memref.alloc
func.func @no_network(%n: index) {
  %a = memref.alloc(%n) : memref<?xf32>
  func.return
}

// -----

// What has its place keeps it.
// CHECK-LABEL: @planned
// CHECK-SAME: arena 256 live 64
// CHECK: kernel.arena 64
kernel.network @planned(%x: "x" tensor<1x4xf32>) -> () arena 256 live 64 {
  %a = kernel.arena 64 : memref<?xf32>
}

// -----

// CHECK: this buffer has no place in the arena, others have: give it one, or take theirs
kernel.network @half(%x: "x" tensor<1x4xf32>) -> () arena 256 {
  %n = arith.constant 1000 : index
  %a = kernel.arena 64 : memref<?xf32>
  %b = memref.alloc(%n) : memref<?xf32>
}

// -----

// CHECK: this buffer is made inside of another operation: only a network's own can be planned
kernel.network @inside(%x: "x" tensor<1x4xf32>) -> () {
  %n = arith.constant 4 : index
  scf.for %i = %n to %n step %n {
    %b = memref.alloc(%n) : memref<?xf32>
  }
}

// -----

// CHECK: the size of a buffer is no constant: only those that lower-to-loops makes can be planned
kernel.network @unknown_size(%x: "x" tensor<1x4xf32>) -> () {
  %c = arith.constant 1000 : index
  %n = arith.addi %c, %c : index
  %a = memref.alloc(%n) : memref<?xf32>
}

// -----

// A window into a buffer is the buffer: it lives as long as what is read through it.
// CHECK-LABEL: @windows
// CHECK: kernel.arena 0
// CHECK: kernel.arena 64
kernel.network @windows(%y: "y" tensor<1x4xf32>) -> () {
  %zero = arith.constant 0 : index
  %size = arith.constant 16 : index
  %a = memref.alloc(%size) : memref<?xf32>
  %w = kernel.window %a[%zero] : memref<?xf32> -> !kernel.window<4>
  %b = memref.alloc(%size) : memref<?xf32>
  "test.op"(%b) : (memref<?xf32>) -> ()
  %v = kernel.load %w[0, 0] : !kernel.window<4> -> vector<4xf32>
  "test.op"(%v) : (vector<4xf32>) -> ()
}
