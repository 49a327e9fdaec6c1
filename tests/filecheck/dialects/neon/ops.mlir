// RUN: ROUNDTRIP
// RUN: GENERIC

func.func @all(%x: vector<4xf32>, %w: vector<4xf32>, %acc: vector<4xf32>) {
  // CHECK: %a = neon.fma_lane %x, %w[2], %acc
  // GENERIC: %a = "neon.fma_lane"(%x, %w, %acc) <{lane = 2 : i64}> : (vector<4xf32>, vector<4xf32>, vector<4xf32>) -> vector<4xf32>
  %a = neon.fma_lane %x, %w[2], %acc
  // CHECK-NEXT: %e = neon.even_lanes %x, %w
  // GENERIC: %e = "neon.even_lanes"(%x, %w) : (vector<4xf32>, vector<4xf32>) -> vector<4xf32>
  %e = neon.even_lanes %x, %w
  // CHECK-NEXT: %o = neon.odd_lanes %x, %w
  // GENERIC: %o = "neon.odd_lanes"(%x, %w) : (vector<4xf32>, vector<4xf32>) -> vector<4xf32>
  %o = neon.odd_lanes %x, %w
  func.return
}
