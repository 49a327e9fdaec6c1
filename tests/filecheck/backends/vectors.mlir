// RUN: lrc-opt %s -p 'set-machine{machine=neon}' -t 'c' --split-input-file --verify-diagnostics | filecheck %s

// CHECK: void places(
// CHECK: const float *const w = in + i;
// CHECK: const float32x4_t x = vld1q_f32(w + 33);
// CHECK: vst1q_f32(o - 16, x);
kernel.func @places(%in: memref<?xf32>, %out: memref<?xf32>, %n: index) {
  kernel.grid (%i) in (%n) {
    %w = kernel.window %in[%i] : memref<?xf32> -> !kernel.window<16>
    %o = kernel.window %out[%i] : memref<?xf32> -> !kernel.window<16>
    %x = kernel.load %w[2, 1] : !kernel.window<16> -> vector<4xf32>
    kernel.store %x, %o[-1, 0] : vector<4xf32>, !kernel.window<16>
  }
}

// -----

// Lanes behind the end of the picture are neither read nor left as they are.
// CHECK: void ragged(
// CHECK: const float32x4_t x = load_lanes(w, n);
// CHECK: store_lanes(o, x, n);
kernel.func @ragged(%in: memref<?xf32>, %out: memref<?xf32>, %n: index) {
  kernel.grid (%i) in (%n) {
    %w = kernel.window %in[%i] : memref<?xf32> -> !kernel.window<16>
    %o = kernel.window %out[%i] : memref<?xf32> -> !kernel.window<16>
    %x = kernel.load %w[0, 0] lanes %n : !kernel.window<16> -> vector<4xf32>
    kernel.store %x, %o[0, 0] lanes %n : vector<4xf32>, !kernel.window<16>
  }
}

// -----

// Sums are updated in place, by a broadcast weight or by a lane.
// CHECK: void multiply(
// CHECK: const float32x4_t x = vld1q_f32(w);
// CHECK: t = vfmaq_f32(t, x, {{.*}});
// CHECK-NEXT: t = vfmaq_laneq_f32(t, x, x, 2);
kernel.func @multiply(%in: memref<?xf32>, %out: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  kernel.grid (%i) in (%n) {
    %w = kernel.window %in[%i] : memref<?xf32> -> !kernel.window<16>
    %o = kernel.window %out[%i] : memref<?xf32> -> !kernel.window<16>
    %zero = arith.constant 0.0 : f32
    %start = vector.broadcast %zero : f32 to vector<4xf32>
    %s = scf.for %k = %c0 to %n step %c1 iter_args(%t = %start) -> (vector<4xf32>) {
      %x = kernel.load %w[0, 0] : !kernel.window<16> -> vector<4xf32>
      %weight = memref.load %in[%k] : memref<?xf32>
      %v = vector.broadcast %weight : f32 to vector<4xf32>
      %a = vector.fma %x, %v, %t : vector<4xf32>
      %b = neon.fma_lane %x, %x[2], %a : vector<4xf32>, vector<4xf32>
      scf.yield %b : vector<4xf32>
    }
    kernel.store %s, %o[0, 0] : vector<4xf32>, !kernel.window<16>
  }
}

// -----

// A row pointer that the compiler cannot see through.
// CHECK: void row(
// CHECK: const float *r = w + 32;
// CHECK-NEXT: __asm__("" : "+r"(r));
// CHECK-NEXT: const float32x4_t x = vld1q_f32(r + 1);
kernel.func @row(%in: memref<?xf32>, %out: memref<?xf32>, %n: index) {
  kernel.grid (%i) in (%n) {
    %w = kernel.window %in[%i] : memref<?xf32> -> !kernel.window<16>
    %o = kernel.window %out[%i] : memref<?xf32> -> !kernel.window<16>
    %r = kernel.row %w[2, 0] : !kernel.window<16> -> !kernel.window<16>
    %x = kernel.load %r[0, 1] : !kernel.window<16> -> vector<4xf32>
    kernel.store %x, %o[0, 0] : vector<4xf32>, !kernel.window<16>
  }
}

// -----

// There is no way round what a machine does not have.
// CHECK: neon has no vectors of (8,) floats
kernel.func @too_wide(%in: memref<?xf32>, %out: memref<?xf32>, %n: index) {
  kernel.grid (%i) in (%n) {
    %w = kernel.window %in[%i] : memref<?xf32> -> !kernel.window<16>
    %o = kernel.window %out[%i] : memref<?xf32> -> !kernel.window<16>
    %x = kernel.load %w[0, 0] : !kernel.window<16> -> vector<8xf32>
    kernel.store %x, %o[0, 0] : vector<8xf32>, !kernel.window<16>
  }
}

// -----

// Eight halves fill a register. C's operators would compute with them in float32.
// CHECK: void halves(
// CHECK: float16_t *const w = in + i;
// CHECK: const float16x8_t x = vld1q_f16(w + 33);
// CHECK: const float16x8_t y = kept_f16(x);
// CHECK: const float16x8_t s = vaddq_f16(y, vdupq_n_f16((float16_t)0.099975586f));
// CHECK: const float16x8_t e = exponential_f16(s);
// CHECK: const float16x4_t four = vld1_f16(&in[i]);
// CHECK: = vfmaq_lane_f16({{.*}}, four, 3);
// CHECK: vst1q_f16(w, {{.*}});
kernel.func @halves(%in: memref<?xf16>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  kernel.grid (%i) in (%n) {
    %w = kernel.window %in[%i] : memref<?xf16> -> !kernel.window<16 x f16>
    %x = kernel.load %w[2, 1] : !kernel.window<16 x f16> -> vector<8xf16>
    %y = neon.keep %x : vector<8xf16>
    %tenth = arith.constant 0.1 : f16
    %tenths = vector.broadcast %tenth : f16 to vector<8xf16>
    %s = arith.addf %y, %tenths : vector<8xf16>
    %e = math.exp %s : vector<8xf16>
    %four = vector.load %in[%i] : memref<?xf16>, vector<4xf16>
    %sum = neon.fma_lane %s, %four[3], %e : vector<8xf16>, vector<4xf16>
    kernel.store %sum, %w[0, 0] : vector<8xf16>, !kernel.window<16 x f16>
  }
}
