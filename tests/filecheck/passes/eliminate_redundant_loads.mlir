// RUN: lrc-opt %s -p eliminate-redundant-loads | filecheck %s

// Two taps in one column read the same row for neighbouring rows of output; the loop says what was saved.
// CHECK-LABEL: @kernel_level
// CHECK: %x0 = kernel.load %w[0, 0]
// CHECK-NEXT: %x1 = kernel.load %w[1, 0]
// CHECK-NEXT: %y1 = kernel.load %w[2, 0]
// CHECK-NEXT: %a0 = vector.fma %x0, %t, %s0
// CHECK-NEXT: %a1 = vector.fma %x1, %t, %s1
// CHECK-NEXT: %b0 = vector.fma %x1, %t, %a0
// CHECK-NEXT: %b1 = vector.fma %y1, %t, %a1
// CHECK: loads_before = 4 : i64, multiplications = 4 : i64, loads_after = 3 : i64, shuffles = 0 : i64
kernel.func @kernel_level(%buffer: memref<?xf32>, %t: vector<4xf32>, %n: index) {
  kernel.grid (%i) in (%n) {
    %c1 = arith.constant 1 : index
    %w = kernel.window %buffer[%i] : memref<?xf32> -> !kernel.window<16>
    %r0, %r1 = scf.for %k = %i to %n step %c1 iter_args(%s0 = %t, %s1 = %t) -> (vector<4xf32>, vector<4xf32>) {
      %x0 = kernel.load %w[0, 0] : !kernel.window<16> -> vector<4xf32>
      %x1 = kernel.load %w[1, 0] : !kernel.window<16> -> vector<4xf32>
      %y0 = kernel.load %w[1, 0] : !kernel.window<16> -> vector<4xf32>
      %y1 = kernel.load %w[2, 0] : !kernel.window<16> -> vector<4xf32>
      %a0 = vector.fma %x0, %t, %s0 : vector<4xf32>
      %a1 = vector.fma %x1, %t, %s1 : vector<4xf32>
      %b0 = vector.fma %y0, %t, %a0 : vector<4xf32>
      %b1 = vector.fma %y1, %t, %a1 : vector<4xf32>
      scf.yield %b0, %b1 : vector<4xf32>, vector<4xf32>
    }
    "test.op"(%r0, %r1) : (vector<4xf32>, vector<4xf32>) -> ()
  }
}

// Equal shuffles of equal vectors become one as well.
// CHECK-LABEL: @shuffles
// CHECK: %s = vector.shuffle
// CHECK-NEXT: "test.op"(%s, %s)
kernel.func @shuffles(%a: vector<4xf32>, %b: vector<4xf32>, %n: index) {
  kernel.grid (%i) in (%n) {
    %s = vector.shuffle %a, %b [1, 2, 3, 4] : vector<4xf32>, vector<4xf32>
    %t = vector.shuffle %a, %b [1, 2, 3, 4] : vector<4xf32>, vector<4xf32>
    "test.op"(%s, %t) : (vector<4xf32>, vector<4xf32>) -> ()
  }
}

// Another row, column, window, width, stride or number of lanes is another load.
// CHECK-LABEL: @different
// CHECK: "test.op"(%a, %b, %c, %d, %e, %f, %g)
kernel.func @different(%buffer: memref<?xf32>, %n: index) {
  kernel.grid (%i) in (%n) {
    %w = kernel.window %buffer[%i] : memref<?xf32> -> !kernel.window<16>
    %v = kernel.window %buffer[%n] : memref<?xf32> -> !kernel.window<16>
    %a = kernel.load %w[0, 0] : !kernel.window<16> -> vector<4xf32>
    %b = kernel.load %w[1, 0] : !kernel.window<16> -> vector<4xf32>
    %c = kernel.load %w[0, 1] : !kernel.window<16> -> vector<4xf32>
    %d = kernel.load %v[0, 0] : !kernel.window<16> -> vector<4xf32>
    %e = kernel.load %w[0, 0] stride 2 : !kernel.window<16> -> vector<4xf32>
    %f = kernel.load %w[0, 0] lanes %i : !kernel.window<16> -> vector<4xf32>
    %g = kernel.load %w[0, 0] : !kernel.window<16> -> vector<8xf32>
    "test.op"(%a, %b, %c, %d, %e, %f, %g) : (vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<8xf32>) -> ()
  }
}

// After a store, memory may hold something else.
// CHECK-LABEL: @store_between
// CHECK: "test.op"(%a, %b)
kernel.func @store_between(%buffer: memref<?xf32>, %n: index) {
  kernel.grid (%i) in (%n) {
    %w = kernel.window %buffer[%i] : memref<?xf32> -> !kernel.window<16>
    %a = kernel.load %w[0, 0] : !kernel.window<16> -> vector<4xf32>
    kernel.store %a, %w[0, 1] : vector<4xf32>, !kernel.window<16>
    %b = kernel.load %w[0, 0] : !kernel.window<16> -> vector<4xf32>
    "test.op"(%a, %b) : (vector<4xf32>, vector<4xf32>) -> ()
  }
}

// A function without a grid is no kernel: it stays as it is.
// CHECK-LABEL: @no_kernel
// CHECK: "test.op"(%a, %b)
func.func @no_kernel(%buffer: memref<?xf32>, %i: index) {
  %w = kernel.window %buffer[%i] : memref<?xf32> -> !kernel.window<16>
  %a = kernel.load %w[0, 0] : !kernel.window<16> -> vector<4xf32>
  %b = kernel.load %w[0, 0] : !kernel.window<16> -> vector<4xf32>
  "test.op"(%a, %b) : (vector<4xf32>, vector<4xf32>) -> ()
  func.return
}

// Filter level: jammed filters read the same input, each with a weight of its own.
// CHECK-LABEL: @filter_level
// CHECK: %x0 = kernel.load %w[0, 0]
// CHECK-NEXT: vector.fma %x0, %t, %s0
// CHECK-NEXT: vector.fma %x0, %u, %s1
// CHECK: loads_before = 2 : i64, multiplications = 2 : i64, loads_after = 1 : i64
kernel.func @filter_level(%buffer: memref<?xf32>, %t: vector<4xf32>, %u: vector<4xf32>, %n: index) {
  kernel.grid (%i) in (%n) {
    %c1 = arith.constant 1 : index
    %w = kernel.window %buffer[%i] : memref<?xf32> -> !kernel.window<16>
    %r0, %r1 = scf.for %k = %i to %n step %c1 iter_args(%s0 = %t, %s1 = %t) -> (vector<4xf32>, vector<4xf32>) {
      %x0 = kernel.load %w[0, 0] : !kernel.window<16> -> vector<4xf32>
      %a0 = vector.fma %x0, %t, %s0 : vector<4xf32>
      %x1 = kernel.load %w[0, 0] : !kernel.window<16> -> vector<4xf32>
      %a1 = vector.fma %x1, %u, %s1 : vector<4xf32>
      scf.yield %a0, %a1 : vector<4xf32>, vector<4xf32>
    }
    "test.op"(%r0, %r1) : (vector<4xf32>, vector<4xf32>) -> ()
  }
}

// A single number that is stored changes memory as well, and so may what says nothing of itself; reading does not.
// CHECK-LABEL: @other_writers
// CHECK: memref.store
// CHECK-NEXT: %b = kernel.load %w[0, 0]
// CHECK: "test.op"(%a, %b, %b)
// CHECK-NEXT: %d = kernel.load %w[0, 0]
// CHECK-NEXT: "test.op"(%d)
kernel.func @other_writers(%buffer: memref<?xf32>, %number: f32, %n: index) {
  kernel.grid (%i) in (%n) {
    %w = kernel.window %buffer[%i] : memref<?xf32> -> !kernel.window<16>
    %a = kernel.load %w[0, 0] : !kernel.window<16> -> vector<4xf32>
    memref.store %number, %buffer[%i] : memref<?xf32>
    %b = kernel.load %w[0, 0] : !kernel.window<16> -> vector<4xf32>
    %read = memref.load %buffer[%i] : memref<?xf32>
    %vector = vector.load %buffer[%i] : memref<?xf32>, vector<4xf32>
    %c = kernel.load %w[0, 0] : !kernel.window<16> -> vector<4xf32>
    "test.op"(%a, %b, %c) : (vector<4xf32>, vector<4xf32>, vector<4xf32>) -> ()
    %d = kernel.load %w[0, 0] : !kernel.window<16> -> vector<4xf32>
    "test.op"(%d) : (vector<4xf32>) -> ()
  }
}

// Both arms of a branch are its body: what they do counts together.
// CHECK-LABEL: @arms
// CHECK: loads_before = 3 : i64, multiplications = 3 : i64, loads_after = 2 : i64, shuffles = 0 : i64
kernel.func @arms(%buffer: memref<?xf32>, %t: vector<4xf32>, %which: i1, %n: index) {
  kernel.grid (%i) in (%n) {
    %w = kernel.window %buffer[%i] : memref<?xf32> -> !kernel.window<16>
    %r = scf.if %which -> (vector<4xf32>) {
      %x = kernel.load %w[0, 0] : !kernel.window<16> -> vector<4xf32>
      %y = kernel.load %w[0, 0] : !kernel.window<16> -> vector<4xf32>
      %a = vector.fma %x, %t, %t : vector<4xf32>
      %b = vector.fma %y, %t, %a : vector<4xf32>
      scf.yield %b : vector<4xf32>
    } else {
      %x = kernel.load %w[1, 0] : !kernel.window<16> -> vector<4xf32>
      %a = vector.fma %x, %t, %t : vector<4xf32>
      scf.yield %a : vector<4xf32>
    }
    "test.op"(%r) : (vector<4xf32>) -> ()
  }
}
