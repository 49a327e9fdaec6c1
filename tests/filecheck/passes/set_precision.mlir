// RUN: lrc-opt %s -p 'set-machine{machine=neon},set-precision{precision=f16 keep="kept"}' --split-input-file | filecheck %s

// A convolution computes with float16, its weights rounded; what is read and given outside stays float32. Numbers that
// float16 has are left where they are: 0.1 is not one of them, 0.5 is.
// CHECK-LABEL: @outside
// CHECK-SAME: (%x: tensor<1x1x2x2xf32>)
// CHECK-NEXT: %x.f16 = lr.cast "x.f16"(%x) : tensor<1x1x2x2xf32> -> tensor<1x1x2x2xf16>
// CHECK-NEXT: %c = lr.conv2d "c"(%x.f16) {{.*}}weight = dense<0.0999755859> : tensor<1x1x1x1xf32>, bias = dense<5.000000e-01> : tensor<1xf32>} : tensor<1x1x2x2xf16> -> tensor<1x1x2x2xf16>
// CHECK-NEXT: %c.f32 = lr.cast "c.f32"(%c) : tensor<1x1x2x2xf16> -> tensor<1x1x2x2xf32>
// CHECK-NEXT: %kept = lr.activation "kept"(%c.f32) <relu> : tensor<1x1x2x2xf32> -> tensor<1x1x2x2xf32>
// CHECK-NEXT: lr.output %kept
lr.model @outside (%x : tensor<1x1x2x2xf32>) {
  %c = lr.conv2d "c"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1
       {weight = dense<0.1> : tensor<1x1x1x1xf32>, bias = dense<0.5> : tensor<1xf32>} : tensor<1x1x2x2xf32> -> tensor<1x1x2x2xf32>
  %kept = lr.activation "kept"(%c) <relu> : tensor<1x1x2x2xf32> -> tensor<1x1x2x2xf32>
  lr.output %kept {names = ["y"]} : tensor<1x1x2x2xf32>
}

// -----

// What is to be kept stays float32, and so does what adds up many numbers; each value is cast once for all readers. A
// layer that has the name of a cast keeps it. What is flattened stays as it is.
// CHECK-LABEL: @islands
// CHECK-NEXT: %x.f16_ = lr.cast "x.f16_"(%x)
// CHECK-NEXT: %a = lr.activation "x.f16"(%x.f16_) <relu> : tensor<1x4x2x2xf16>
// CHECK-NEXT: %x.f16.f32 = lr.cast "x.f16.f32"(%a) :
// CHECK-NEXT: %kept = lr.activation "kept"(%x.f16.f32) <relu6> : tensor<1x4x2x2xf32> -> tensor<1x4x2x2xf32>
// CHECK-NEXT: %kept.f16 = lr.cast "kept.f16"(%kept) :
// CHECK-NEXT: %s = lr.add "s"(%a, %kept.f16) : tensor<1x4x2x2xf16>, tensor<1x4x2x2xf16> -> tensor<1x4x2x2xf16>
// CHECK-NEXT: %s.f32 = lr.cast "s.f32"(%s) :
// CHECK-NEXT: %g = lr.global_avg_pool "g"(%s.f32) : tensor<1x4x2x2xf32>
// CHECK-NEXT: %f = lr.flatten "f"(%g) : tensor<1x4x1x1xf32> -> tensor<1x4xf32>
// CHECK-NEXT: %p = lr.softmax "p"(%f) : tensor<1x4xf32>
// CHECK-NEXT: %h = lr.flatten "h"(%s) : tensor<1x4x2x2xf16> -> tensor<1x16xf16>
// CHECK-NEXT: %h.f32 = lr.cast "h.f32"(%h) :
// CHECK-NEXT: lr.output %p, %s.f32, %h.f32
lr.model @islands (%x : tensor<1x4x2x2xf32>) {
  %a = lr.activation "x.f16"(%x) <relu> : tensor<1x4x2x2xf32> -> tensor<1x4x2x2xf32>
  %kept = lr.activation "kept"(%a) <relu6> : tensor<1x4x2x2xf32> -> tensor<1x4x2x2xf32>
  %s = lr.add "s"(%a, %kept) : tensor<1x4x2x2xf32>, tensor<1x4x2x2xf32> -> tensor<1x4x2x2xf32>
  %g = lr.global_avg_pool "g"(%s) : tensor<1x4x2x2xf32> -> tensor<1x4x1x1xf32>
  %f = lr.flatten "f"(%g) : tensor<1x4x1x1xf32> -> tensor<1x4xf32>
  %p = lr.softmax "p"(%f) : tensor<1x4xf32> -> tensor<1x4xf32>
  %h = lr.flatten "h"(%s) : tensor<1x4x2x2xf32> -> tensor<1x16xf32>
  lr.output %p, %s, %h {names = ["p", "s", "h"]} : tensor<1x4xf32>, tensor<1x4x2x2xf32>, tensor<1x16xf32>
}

// -----

// A frame of a number that float16 does not have stays float32; it has minus infinity.
// CHECK-LABEL: @frames
// CHECK-NEXT: lr.cast "x.f16"
// CHECK-NEXT: lr.pad "a"({{.*}} : tensor<1x1x2x2xf16> -> tensor<1x1x3x2xf16>
// CHECK-NEXT: lr.cast "a.f32"
// CHECK-NEXT: lr.pad "b"({{.*}} : tensor<1x1x3x2xf32> -> tensor<1x1x4x2xf32>
// CHECK-NEXT: lr.activation "kept"({{.*}} : tensor<1x1x4x2xf32> -> tensor<1x1x4x2xf32>
// CHECK-NEXT: lr.output
lr.model @frames (%x : tensor<1x1x2x2xf32>) {
  %a = lr.pad "a"(%x) pads [1, 0, 0, 0] {value = 0xFFF0000000000000 : f64} : tensor<1x1x2x2xf32> -> tensor<1x1x3x2xf32>
  %b = lr.pad "b"(%a) pads [1, 0, 0, 0] {value = 0.1 : f64} : tensor<1x1x3x2xf32> -> tensor<1x1x4x2xf32>
  %kept = lr.activation "kept"(%b) <relu> : tensor<1x1x4x2xf32> -> tensor<1x1x4x2xf32>
  lr.output %kept {names = ["y"]} : tensor<1x1x4x2xf32>
}

// -----

// The weights of a convolution of a sequence are rounded as well.
// CHECK-LABEL: @sequence
// CHECK: lr.conv1d "c"({{.*}}weight = dense<0.0999755859>
lr.model @sequence (%x : tensor<1x1x2xf32>) {
  %c = lr.conv1d "c"(%x) kernel [1] strides [1] pads [0, 0] dilations [1] groups 1
       {weight = dense<0.1> : tensor<1x1x1xf32>} : tensor<1x1x2xf32> -> tensor<1x1x2xf32>
  %kept = lr.activation "kept"(%c) <relu> : tensor<1x1x2xf32> -> tensor<1x1x2xf32>
  lr.output %kept {names = ["y"]} : tensor<1x1x2xf32>
}
