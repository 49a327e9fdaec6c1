// RUN: lrc-opt %s -p order-body | filecheck %s

// Each vector is multiplied right after its load, in the order of the places, and then dies.
// CHECK-LABEL: @two_rows
// CHECK: %x0 = kernel.load %w[0, 0]
// CHECK-NEXT: %a0 = vector.fma %x0, %t, %s0
// CHECK-NEXT: %x1 = kernel.load %w[1, 0]
// CHECK-NEXT: %b0 = vector.fma %x1, %t, %a0
// CHECK-NEXT: %a1 = vector.fma %x1, %t, %s1
// CHECK-NEXT: %x2 = kernel.load %w[2, 0]
// CHECK-NEXT: %b1 = vector.fma %x2, %t, %a1
// CHECK-NEXT: scf.yield %b0, %b1
kernel.func @two_rows(%buffer: memref<?xf32>, %t: vector<4xf32>, %n: index) order places {
  kernel.grid (%i) in (%n) {
    %c1 = arith.constant 1 : index
    %w = kernel.window %buffer[%i] : memref<?xf32> -> !kernel.window<16>
    %r0, %r1 = scf.for %k = %i to %n step %c1 iter_args(%s0 = %t, %s1 = %t) -> (vector<4xf32>, vector<4xf32>) {
      %x2 = kernel.load %w[2, 0] : !kernel.window<16> -> vector<4xf32>
      %x1 = kernel.load %w[1, 0] : !kernel.window<16> -> vector<4xf32>
      %x0 = kernel.load %w[0, 0] : !kernel.window<16> -> vector<4xf32>
      %a0 = vector.fma %x0, %t, %s0 : vector<4xf32>
      %a1 = vector.fma %x1, %t, %s1 : vector<4xf32>
      %b0 = vector.fma %x1, %t, %a0 : vector<4xf32>
      %b1 = vector.fma %x2, %t, %a1 : vector<4xf32>
      scf.yield %b0, %b1 : vector<4xf32>, vector<4xf32>
    }
    "test.op"(%r0, %r1) : (vector<4xf32>, vector<4xf32>) -> ()
  }
}

// What comes first in the row is multiplied first, though it was second in the sum.
// CHECK-LABEL: @columns
// CHECK: %x0 = kernel.load %w[0, 0]
// CHECK-NEXT: vector.fma %x0, %t, %s
// CHECK-NEXT: %x1 = kernel.load %w[0, 1]
// CHECK-NEXT: vector.fma %x1, %t
kernel.func @columns(%buffer: memref<?xf32>, %t: vector<4xf32>, %n: index) order places {
  kernel.grid (%i) in (%n) {
    %c1 = arith.constant 1 : index
    %w = kernel.window %buffer[%i] : memref<?xf32> -> !kernel.window<16>
    %r = scf.for %k = %i to %n step %c1 iter_args(%s = %t) -> (vector<4xf32>) {
      %x1 = kernel.load %w[0, 1] : !kernel.window<16> -> vector<4xf32>
      %a = vector.fma %x1, %t, %s : vector<4xf32>
      %x0 = kernel.load %w[0, 0] : !kernel.window<16> -> vector<4xf32>
      %b = vector.fma %x0, %t, %a : vector<4xf32>
      scf.yield %b : vector<4xf32>
    }
    "test.op"(%r) : (vector<4xf32>) -> ()
  }
}

// Nothing is multiplied: nothing moves.
// CHECK-LABEL: @no_sums
// CHECK: %b = kernel.load %w[1, 0]
// CHECK-NEXT: %a = kernel.load %w[0, 0]
// CHECK-NEXT: "test.op"(%a, %b)
kernel.func @no_sums(%buffer: memref<?xf32>, %n: index) order places {
  kernel.grid (%i) in (%n) {
    %w = kernel.window %buffer[%i] : memref<?xf32> -> !kernel.window<16>
    %b = kernel.load %w[1, 0] : !kernel.window<16> -> vector<4xf32>
    %a = kernel.load %w[0, 0] : !kernel.window<16> -> vector<4xf32>
    "test.op"(%a, %b) : (vector<4xf32>, vector<4xf32>) -> ()
  }
}

// Jammed filters: each weight serves all vectors of its tap and dies, so the vectors stay in their order.
// CHECK-LABEL: @by_taps
// CHECK: %x1 = kernel.load %w[0, 1]
// CHECK-NEXT: vector.fma %x1, %t, %s
// CHECK-NEXT: %x0 = kernel.load %w[0, 0]
// CHECK-NEXT: vector.fma %x0, %t
kernel.func @by_taps(%buffer: memref<?xf32>, %t: vector<4xf32>, %n: index) order taps {
  kernel.grid (%i) in (%n) {
    %c1 = arith.constant 1 : index
    %w = kernel.window %buffer[%i] : memref<?xf32> -> !kernel.window<16>
    %r = scf.for %k = %i to %n step %c1 iter_args(%s = %t) -> (vector<4xf32>) {
      %x0 = kernel.load %w[0, 0] : !kernel.window<16> -> vector<4xf32>
      %x1 = kernel.load %w[0, 1] : !kernel.window<16> -> vector<4xf32>
      %a = vector.fma %x1, %t, %s : vector<4xf32>
      %b = vector.fma %x0, %t, %a : vector<4xf32>
      scf.yield %b : vector<4xf32>
    }
    "test.op"(%r) : (vector<4xf32>) -> ()
  }
}

// What is stored on the way is the sum so far, from where it was: nothing moves across a store.
// CHECK-LABEL: @stores
// CHECK: %x1 = kernel.load %w[1, 0]
// CHECK-NEXT: %a = vector.fma %x1, %t, %s
// CHECK-NEXT: kernel.store %a, %w[0, 0]
// CHECK-NEXT: %x0 = kernel.load %w[0, 0]
// CHECK-NEXT: %b = vector.fma %x0, %t, %a
// CHECK-NEXT: kernel.store %b, %w[2, 0]
kernel.func @stores(%buffer: memref<?xf32>, %t: vector<4xf32>, %n: index) order places {
  kernel.grid (%i) in (%n) {
    %s = vector.fma %t, %t, %t : vector<4xf32>
    %w = kernel.window %buffer[%i] : memref<?xf32> -> !kernel.window<16>
    %x1 = kernel.load %w[1, 0] : !kernel.window<16> -> vector<4xf32>
    %a = vector.fma %x1, %t, %s : vector<4xf32>
    kernel.store %a, %w[0, 0] : vector<4xf32>, !kernel.window<16>
    %x0 = kernel.load %w[0, 0] : !kernel.window<16> -> vector<4xf32>
    %b = vector.fma %x0, %t, %a : vector<4xf32>
    kernel.store %b, %w[2, 0] : vector<4xf32>, !kernel.window<16>
  }
}

// A sum that something else reads stays what it was; so does what is multiplied with it.
// CHECK-LABEL: @read_on_the_way
// CHECK: %x1 = kernel.load %w[1, 0]
// CHECK-NEXT: %a = vector.fma %x1, %t, %t
// CHECK-NEXT: %m = arith.maximumf %a, %t
// CHECK: %b = vector.fma %x0, %m, %a
kernel.func @read_on_the_way(%buffer: memref<?xf32>, %t: vector<4xf32>, %n: index) order places {
  kernel.grid (%i) in (%n) {
    %w = kernel.window %buffer[%i] : memref<?xf32> -> !kernel.window<16>
    %x1 = kernel.load %w[1, 0] : !kernel.window<16> -> vector<4xf32>
    %a = vector.fma %x1, %t, %t : vector<4xf32>
    %m = arith.maximumf %a, %t : vector<4xf32>
    %x0 = kernel.load %w[0, 0] : !kernel.window<16> -> vector<4xf32>
    %b = vector.fma %x0, %m, %a : vector<4xf32>
    "test.op"(%b) : (vector<4xf32>) -> ()
  }
}
