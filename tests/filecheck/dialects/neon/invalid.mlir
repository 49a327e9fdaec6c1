// RUN: lrc-opt %s --verify-diagnostics --split-input-file | filecheck %s

// CHECK: a vector of 4 lanes has no lane 4
func.func @lane(%x: vector<4xf32>, %w: vector<4xf32>, %acc: vector<4xf32>) {
  %a = neon.fma_lane %x, %w[4], %acc : vector<4xf32>, vector<4xf32>
  func.return
}

// -----

// CHECK: a vector of 4 lanes has no lane 5
func.func @lane_of_half_a_register(%x: vector<8xf16>, %w: vector<4xf16>) {
  %a = neon.fma_lane %x, %w[5], %x : vector<8xf16>, vector<4xf16>
  func.return
}

// -----

// CHECK: weights of f32 do not multiply a vector of f16
func.func @weights_of_another_type(%x: vector<8xf16>, %w: vector<4xf32>) {
  %a = neon.fma_lane %x, %w[0], %x : vector<8xf16>, vector<4xf32>
  func.return
}
