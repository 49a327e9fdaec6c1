// RUN: ROUNDTRIP
// RUN: GENERIC

func.func @all(%x: vector<4xf32>, %w: vector<4xf32>, %acc: vector<4xf32>) {
  // CHECK: %a = neon.fma_lane %x, %w[2], %acc : vector<4xf32>, vector<4xf32>
  // GENERIC: %a = "neon.fma_lane"(%x, %w, %acc) <{lane = 2 : i64}> : (vector<4xf32>, vector<4xf32>, vector<4xf32>) -> vector<4xf32>
  %a = neon.fma_lane %x, %w[2], %acc : vector<4xf32>, vector<4xf32>
  // CHECK-NEXT: %e = neon.even_lanes %x, %w : vector<4xf32>
  // GENERIC: %e = "neon.even_lanes"(%x, %w) : (vector<4xf32>, vector<4xf32>) -> vector<4xf32>
  %e = neon.even_lanes %x, %w : vector<4xf32>
  // CHECK-NEXT: %o = neon.odd_lanes %x, %w : vector<4xf32>
  // GENERIC: %o = "neon.odd_lanes"(%x, %w) : (vector<4xf32>, vector<4xf32>) -> vector<4xf32>
  %o = neon.odd_lanes %x, %w : vector<4xf32>
  func.return
}

func.func @halves(%x: vector<8xf16>, %w: vector<4xf16>) {
  // CHECK: %a = neon.fma_lane %x, %w[3], %x : vector<8xf16>, vector<4xf16>
  %a = neon.fma_lane %x, %w[3], %x : vector<8xf16>, vector<4xf16>
  // CHECK-NEXT: %b = neon.fma_lane %x, %x[7], %a : vector<8xf16>, vector<8xf16>
  %b = neon.fma_lane %x, %x[7], %a : vector<8xf16>, vector<8xf16>
  // CHECK-NEXT: %k = neon.keep %b : vector<8xf16>
  %k = neon.keep %b : vector<8xf16>
  // CHECK-NEXT: %e = neon.even_lanes %a, %k : vector<8xf16>
  %e = neon.even_lanes %a, %k : vector<8xf16>
  func.return
}
