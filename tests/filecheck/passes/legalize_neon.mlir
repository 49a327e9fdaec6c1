// RUN: lrc-opt %s -p legalize-neon | filecheck %s

// Four weights side by side come with one load, and are multiplied by lane.
// CHECK-LABEL: @four_weights
// CHECK: %w = vector.load %weight[%k]
// CHECK-NOT: vector.broadcast
// CHECK: neon.fma_lane %x, %w[0], %s : vector<4xf32>, vector<4xf32>
// CHECK-NEXT: neon.fma_lane %x, %w[1]
// CHECK-NEXT: neon.fma_lane %x, %w[2]
// CHECK-NEXT: neon.fma_lane %x, %w[3]
kernel.func @four_weights(%weight: memref<?xf32>, %x: vector<4xf32>, %n: index) {
  kernel.grid (%i) in (%n) {
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %r = scf.for %k = %i to %n step %c1 iter_args(%s = %x) -> (vector<4xf32>) {
      %k1 = arith.addi %k, %c1 : index
      %k2 = arith.addi %k, %c2 : index
      %k3 = arith.addi %k, %c3 : index
      %w0 = memref.load %weight[%k] : memref<?xf32>
      %w1 = memref.load %weight[%k1] : memref<?xf32>
      %w2 = memref.load %weight[%k2] : memref<?xf32>
      %w3 = memref.load %weight[%k3] : memref<?xf32>
      %v0 = vector.broadcast %w0 : f32 to vector<4xf32>
      %v1 = vector.broadcast %w1 : f32 to vector<4xf32>
      %v2 = vector.broadcast %w2 : f32 to vector<4xf32>
      %v3 = vector.broadcast %w3 : f32 to vector<4xf32>
      %a = vector.fma %x, %v0, %s : vector<4xf32>
      %b = vector.fma %x, %v1, %a : vector<4xf32>
      %c = vector.fma %x, %v2, %b : vector<4xf32>
      %d = vector.fma %x, %v3, %c : vector<4xf32>
      scf.yield %d : vector<4xf32>
    }
    "test.op"(%r) : (vector<4xf32>) -> ()
  }
}

// Two weights fill no vector: they stay as they are.
// CHECK-LABEL: @two_weights
// CHECK-NOT: neon.fma_lane
// CHECK: vector.fma %x, %v0, %s
// CHECK-NEXT: vector.fma %x, %v1, %a
kernel.func @two_weights(%weight: memref<?xf32>, %x: vector<4xf32>, %n: index) {
  kernel.grid (%i) in (%n) {
    %c1 = arith.constant 1 : index
    %r = scf.for %k = %i to %n step %c1 iter_args(%s = %x) -> (vector<4xf32>) {
      %k1 = arith.addi %k, %c1 : index
      %w0 = memref.load %weight[%k] : memref<?xf32>
      %w1 = memref.load %weight[%k1] : memref<?xf32>
      %v0 = vector.broadcast %w0 : f32 to vector<4xf32>
      %v1 = vector.broadcast %w1 : f32 to vector<4xf32>
      %a = vector.fma %x, %v0, %s : vector<4xf32>
      %b = vector.fma %x, %v1, %a : vector<4xf32>
      scf.yield %b : vector<4xf32>
    }
    "test.op"(%r) : (vector<4xf32>) -> ()
  }
}

// Nine weights are two loads and a third that overlaps: it begins at the sixth, and its last lane is the ninth.
// CHECK-LABEL: @nine_weights
// CHECK: [[A:%.*]] = vector.load %weight[%k]
// CHECK: [[B:%.*]] = vector.load %weight[
// CHECK: [[FIVE:%.*]] = arith.constant 5 : index
// CHECK-NEXT: [[K:%.*]] = arith.addi %k, [[FIVE]]
// CHECK-NEXT: [[C:%.*]] = vector.load %weight[[[K]]]
// CHECK: neon.fma_lane %x, [[A]][0], %s : vector<4xf32>, vector<4xf32>
// CHECK: neon.fma_lane %x, [[A]][3]
// CHECK-NEXT: neon.fma_lane %x, [[B]][0]
// CHECK: neon.fma_lane %x, [[B]][3]
// CHECK-NEXT: neon.fma_lane %x, [[C]][3]
kernel.func @nine_weights(%weight: memref<?xf32>, %x: vector<4xf32>, %n: index) {
  kernel.grid (%i) in (%n) {
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %c4 = arith.constant 4 : index
    %c5 = arith.constant 5 : index
    %c6 = arith.constant 6 : index
    %c7 = arith.constant 7 : index
    %c8 = arith.constant 8 : index
    %r = scf.for %k = %i to %n step %c1 iter_args(%s = %x) -> (vector<4xf32>) {
      %k1 = arith.addi %k, %c1 : index
      %k2 = arith.addi %k, %c2 : index
      %k3 = arith.addi %k, %c3 : index
      %k4 = arith.addi %k, %c4 : index
      %k5 = arith.addi %k, %c5 : index
      %k6 = arith.addi %k, %c6 : index
      %k7 = arith.addi %k, %c7 : index
      %k8 = arith.addi %k, %c8 : index
      %w0 = memref.load %weight[%k] : memref<?xf32>
      %v0 = vector.broadcast %w0 : f32 to vector<4xf32>
      %w1 = memref.load %weight[%k1] : memref<?xf32>
      %v1 = vector.broadcast %w1 : f32 to vector<4xf32>
      %w2 = memref.load %weight[%k2] : memref<?xf32>
      %v2 = vector.broadcast %w2 : f32 to vector<4xf32>
      %w3 = memref.load %weight[%k3] : memref<?xf32>
      %v3 = vector.broadcast %w3 : f32 to vector<4xf32>
      %w4 = memref.load %weight[%k4] : memref<?xf32>
      %v4 = vector.broadcast %w4 : f32 to vector<4xf32>
      %w5 = memref.load %weight[%k5] : memref<?xf32>
      %v5 = vector.broadcast %w5 : f32 to vector<4xf32>
      %w6 = memref.load %weight[%k6] : memref<?xf32>
      %v6 = vector.broadcast %w6 : f32 to vector<4xf32>
      %w7 = memref.load %weight[%k7] : memref<?xf32>
      %v7 = vector.broadcast %w7 : f32 to vector<4xf32>
      %w8 = memref.load %weight[%k8] : memref<?xf32>
      %v8 = vector.broadcast %w8 : f32 to vector<4xf32>
      %a0 = vector.fma %x, %v0, %s : vector<4xf32>
      %a1 = vector.fma %x, %v1, %a0 : vector<4xf32>
      %a2 = vector.fma %x, %v2, %a1 : vector<4xf32>
      %a3 = vector.fma %x, %v3, %a2 : vector<4xf32>
      %a4 = vector.fma %x, %v4, %a3 : vector<4xf32>
      %a5 = vector.fma %x, %v5, %a4 : vector<4xf32>
      %a6 = vector.fma %x, %v6, %a5 : vector<4xf32>
      %a7 = vector.fma %x, %v7, %a6 : vector<4xf32>
      %a8 = vector.fma %x, %v8, %a7 : vector<4xf32>
      scf.yield %a8 : vector<4xf32>
    }
    "test.op"(%r) : (vector<4xf32>) -> ()
  }
}

// Every other lane of two vectors is one instruction; any other choice of lanes stays a shuffle.
// CHECK-LABEL: @unzip
// CHECK: %even = neon.even_lanes %a, %b : vector<4xf32>
// CHECK-NEXT: %odd = neon.odd_lanes %a, %b : vector<4xf32>
// CHECK-NEXT: %moved = vector.shuffle %a, %b [1, 2, 3, 4]
kernel.func @unzip(%a: vector<4xf32>, %b: vector<4xf32>, %n: index) {
  kernel.grid (%i) in (%n) {
    %even = vector.shuffle %a, %b [0, 2, 4, 6] : vector<4xf32>, vector<4xf32>
    %odd = vector.shuffle %a, %b [1, 3, 5, 7] : vector<4xf32>, vector<4xf32>
    %moved = vector.shuffle %a, %b [1, 2, 3, 4] : vector<4xf32>, vector<4xf32>
    "test.op"(%even, %odd, %moved) : (vector<4xf32>, vector<4xf32>, vector<4xf32>) -> ()
  }
}

// Weights that something is written between are not loaded later than they were.
// CHECK-LABEL: @stored_between
// CHECK-NOT: neon.fma_lane
// CHECK: "test.op"
kernel.func @stored_between(%weight: memref<?xf32>, %x: vector<4xf32>, %n: index) {
  kernel.grid (%i) in (%n) {
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %k1 = arith.addi %i, %c1 : index
    %k2 = arith.addi %i, %c2 : index
    %k3 = arith.addi %i, %c3 : index
    %w0 = memref.load %weight[%i] : memref<?xf32>
    %w1 = memref.load %weight[%k1] : memref<?xf32>
    %w2 = memref.load %weight[%k2] : memref<?xf32>
    %w3 = memref.load %weight[%k3] : memref<?xf32>
    memref.store %w0, %weight[%i] : memref<?xf32>
    %v0 = vector.broadcast %w0 : f32 to vector<4xf32>
    %v1 = vector.broadcast %w1 : f32 to vector<4xf32>
    %v2 = vector.broadcast %w2 : f32 to vector<4xf32>
    %v3 = vector.broadcast %w3 : f32 to vector<4xf32>
    %a0 = vector.fma %x, %v0, %x : vector<4xf32>
    %a1 = vector.fma %x, %v1, %a0 : vector<4xf32>
    %a2 = vector.fma %x, %v2, %a1 : vector<4xf32>
    %a3 = vector.fma %x, %v3, %a2 : vector<4xf32>
    "test.op"(%a0, %a1, %a2, %a3) : (vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>) -> ()
  }
}

// Numbers that are added to a product, not multiplied, stay as they are.
// CHECK-LABEL: @added
// CHECK-NOT: neon.fma_lane
// CHECK: "test.op"
kernel.func @added(%weight: memref<?xf32>, %x: vector<4xf32>, %n: index) {
  kernel.grid (%i) in (%n) {
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %k1 = arith.addi %i, %c1 : index
    %k2 = arith.addi %i, %c2 : index
    %k3 = arith.addi %i, %c3 : index
    %w0 = memref.load %weight[%i] : memref<?xf32>
    %w1 = memref.load %weight[%k1] : memref<?xf32>
    %w2 = memref.load %weight[%k2] : memref<?xf32>
    %w3 = memref.load %weight[%k3] : memref<?xf32>
    %v0 = vector.broadcast %w0 : f32 to vector<4xf32>
    %v1 = vector.broadcast %w1 : f32 to vector<4xf32>
    %v2 = vector.broadcast %w2 : f32 to vector<4xf32>
    %v3 = vector.broadcast %w3 : f32 to vector<4xf32>
    %a0 = vector.fma %x, %x, %v0 : vector<4xf32>
    %a1 = vector.fma %x, %x, %v1 : vector<4xf32>
    %a2 = vector.fma %x, %x, %v2 : vector<4xf32>
    %a3 = vector.fma %x, %x, %v3 : vector<4xf32>
    "test.op"(%a0, %a1, %a2, %a3) : (vector<4xf32>, vector<4xf32>, vector<4xf32>, vector<4xf32>) -> ()
  }
}

// Of float16 four weights side by side take half a register, and every second vector is kept where it is loaded.
// CHECK-LABEL: @four_weights_of_float16
// CHECK: %x = kernel.load %p[0, 0]
// CHECK-NEXT: %y = kernel.load %p[0, 8]
// CHECK-NEXT: [[KEPT:%\S+]] = neon.keep %y : vector<8xf16>
// CHECK-NEXT: %w = vector.load %weight[%k] : memref<?xf16>, vector<4xf16>
// CHECK: neon.fma_lane %x, %w[0], %s : vector<8xf16>, vector<4xf16>
// CHECK-NEXT: neon.fma_lane [[KEPT]], %w[1]
// CHECK-NEXT: neon.fma_lane %x, %w[2]
// CHECK-NEXT: neon.fma_lane [[KEPT]], %w[3]
kernel.func @four_weights_of_float16(%weight: memref<?xf16>, %in: memref<?xf16>, %start: vector<8xf16>, %n: index) {
  kernel.grid (%i) in (%n) {
    %c1 = arith.constant 1 : index
    %c2 = arith.constant 2 : index
    %c3 = arith.constant 3 : index
    %p = kernel.window %in[%i] : memref<?xf16> -> !kernel.window<16 x f16>
    %r = scf.for %k = %i to %n step %c1 iter_args(%s = %start) -> (vector<8xf16>) {
      %k1 = arith.addi %k, %c1 : index
      %k2 = arith.addi %k, %c2 : index
      %k3 = arith.addi %k, %c3 : index
      %w0 = memref.load %weight[%k] : memref<?xf16>
      %w1 = memref.load %weight[%k1] : memref<?xf16>
      %w2 = memref.load %weight[%k2] : memref<?xf16>
      %w3 = memref.load %weight[%k3] : memref<?xf16>
      %x = kernel.load %p[0, 0] : !kernel.window<16 x f16> -> vector<8xf16>
      %y = kernel.load %p[0, 8] : !kernel.window<16 x f16> -> vector<8xf16>
      %v0 = vector.broadcast %w0 : f16 to vector<8xf16>
      %v1 = vector.broadcast %w1 : f16 to vector<8xf16>
      %v2 = vector.broadcast %w2 : f16 to vector<8xf16>
      %v3 = vector.broadcast %w3 : f16 to vector<8xf16>
      %a = vector.fma %x, %v0, %s : vector<8xf16>
      %b = vector.fma %y, %v1, %a : vector<8xf16>
      %c = vector.fma %x, %v2, %b : vector<8xf16>
      %d = vector.fma %y, %v3, %c : vector<8xf16>
      scf.yield %d : vector<8xf16>
    }
    "test.op"(%r) : (vector<8xf16>) -> ()
  }
}

// Nothing is multiplied, and nothing kept; every other one of sixteen halves is one instruction.
// CHECK-LABEL: @every_other_half
// CHECK-NOT: neon.keep
// CHECK: neon.even_lanes %x, %y : vector<8xf16>
// CHECK-NEXT: neon.odd_lanes %x, %y : vector<8xf16>
kernel.func @every_other_half(%in: memref<?xf16>, %n: index) {
  kernel.grid (%i) in (%n) {
    %p = kernel.window %in[%i] : memref<?xf16> -> !kernel.window<16 x f16>
    %x = kernel.load %p[0, 0] : !kernel.window<16 x f16> -> vector<8xf16>
    %y = kernel.load %p[0, 8] : !kernel.window<16 x f16> -> vector<8xf16>
    %even = vector.shuffle %x, %y [0, 2, 4, 6, 8, 10, 12, 14] : vector<8xf16>, vector<8xf16>
    %odd = vector.shuffle %x, %y [1, 3, 5, 7, 9, 11, 13, 15] : vector<8xf16>, vector<8xf16>
    "test.op"(%even, %odd) : (vector<8xf16>, vector<8xf16>) -> ()
  }
}
