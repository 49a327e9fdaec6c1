// RUN: lrc-opt %s -p 'set-machine{machine=neon},assign-layout' --split-input-file | filecheck %s

// A reader with padding gets zeros around the picture; the waste lanes of a row are its right halo, and the left halo
// of the next. What nobody reads on needs none.
// CHECK-LABEL: @padding
// CHECK: (%x: tensor<1x2x8x6xf32, #kernel.layout<"2:80 x 8:8(1,1) x 6:1(1,1) x f32, lead = 4,
// CHECK: -> tensor<1x2x8x6xf32, #kernel.layout<"2:64 x 8:8 x 6:1 x f32, lead = 0,
lr.model @padding (%x : tensor<1x2x8x6xf32>) {
  %a = lr.max_pool "a"(%x) kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] : tensor<1x2x8x6xf32> -> tensor<1x2x8x6xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x8x6xf32>
}

// -----

// Rows that fill whole vectors have no lanes to waste: the halo takes another vector.
// CHECK-LABEL: @full_rows
// CHECK: (%x: tensor<1x2x8x8xf32, #kernel.layout<"2:120 x 8:12(1,1) x 8:1(1,1) x f32, lead = 4,
lr.model @full_rows (%x : tensor<1x2x8x8xf32>) {
  %a = lr.max_pool "a"(%x) kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] : tensor<1x2x8x8xf32> -> tensor<1x2x8x8xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x8x8xf32>
}

// -----

// Two readers: what the greedier one needs.
// CHECK-LABEL: @two_readers
// CHECK: (%x: tensor<1x2x8x6xf32, #kernel.layout<"2:96 x 8:8(2,2) x 6:1(1,1) x f32, lead = 4,
lr.model @two_readers (%x : tensor<1x2x8x6xf32>) {
  %a = lr.max_pool "a"(%x) kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] : tensor<1x2x8x6xf32> -> tensor<1x2x8x6xf32>
  %b = lr.max_pool "b"(%x) kernel [5, 1] strides [1, 1] pads [2, 0, 2, 0] : tensor<1x2x8x6xf32> -> tensor<1x2x8x6xf32>
  %c = lr.add "c"(%a, %b) : tensor<1x2x8x6xf32>, tensor<1x2x8x6xf32> -> tensor<1x2x8x6xf32>
  lr.output %c {names = ["c"]} : tensor<1x2x8x6xf32>
}

// -----

// Without padding no halo.
// CHECK-LABEL: @no_padding
// CHECK: (%x: tensor<1x2x8x6xf32, #kernel.layout<"2:64 x 8:8 x 6:1 x f32, lead = 0,
lr.model @no_padding (%x : tensor<1x2x8x6xf32>) {
  %a = lr.activation "a"(%x) <relu> : tensor<1x2x8x6xf32> -> tensor<1x2x8x6xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x8x6xf32>
}
