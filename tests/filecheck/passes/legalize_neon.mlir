// RUN: lrc-opt %s -p legalize-neon | filecheck %s

// Four weights side by side come with one load, and are multiplied by lane.
// CHECK-LABEL: @four_weights
// CHECK: %w = vector.load %weight[%k]
// CHECK-NOT: vector.broadcast
// CHECK: neon.fma_lane %x, %w[0], %s
// CHECK-NEXT: neon.fma_lane %x, %w[1]
// CHECK-NEXT: neon.fma_lane %x, %w[2]
// CHECK-NEXT: neon.fma_lane %x, %w[3]
func.func @four_weights(%weight: memref<?xf32>, %x: vector<4xf32>, %n: index) {
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
  func.return
}

// Two weights fill no vector: they stay as they are.
// CHECK-LABEL: @two_weights
// CHECK-NOT: neon.fma_lane
// CHECK: vector.fma %x, %v0, %s
// CHECK-NEXT: vector.fma %x, %v1, %a
func.func @two_weights(%weight: memref<?xf32>, %x: vector<4xf32>, %n: index) {
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
  func.return
}
