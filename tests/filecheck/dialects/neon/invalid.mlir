// RUN: lrc-opt %s --verify-diagnostics --split-input-file | filecheck %s

// CHECK: a vector of 4 lanes has no lane 4
func.func @lane(%x: vector<4xf32>, %w: vector<4xf32>, %acc: vector<4xf32>) {
  %a = neon.fma_lane %x, %w[4], %acc
  func.return
}
