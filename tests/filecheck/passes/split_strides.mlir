// RUN: lrc-opt %s -p 'set-machine{machine=neon},split-strides' --split-input-file | filecheck %s
// RUN: lrc-opt %s -p 'set-machine{machine=c},split-strides' --split-input-file | filecheck %s --check-prefix=SCALAR

// What several layers read in the same steps is picked once; a layer that reads all of it reads what it did.
// CHECK-LABEL: @shared
// CHECK-NEXT: %x.every2x2 = lr.max_pool "x.every2x2"(%x) kernel [1, 1] strides [2, 2] pads [0, 0, 0, 0] : tensor<1x1x7x5xf16> -> tensor<1x1x4x3xf16>
// CHECK-NEXT: %a = pattern.conv2d "a"(%x.every2x2) kernel [1, 1] strides [1, 1] {{.*}} : tensor<1x1x4x3xf16> -> tensor<1x2x4x3xf16>
// CHECK-NEXT: %b = pattern.conv2d "b"(%x.every2x2) plus %a {{.*}} strides [1, 1] {{.*}} : tensor<1x1x4x3xf16> -> tensor<1x2x4x3xf16>
// CHECK-NEXT: pattern.conv2d "c"(%x) kernel [1, 1] strides [1, 1]
// SCALAR-LABEL: @shared
// SCALAR-NEXT: pattern.conv2d "a"(%x) kernel [1, 1] strides [2, 2]
lr.model @shared (%x : tensor<1x1x7x5xf16>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 1] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {
    weight = dense<1.0> : tensor<2x1x1x1xf32>, patterns = #pattern.set<["1"]>, assignment = dense<1> : tensor<2x1xui8>} : tensor<1x1x7x5xf16> -> tensor<1x2x4x3xf16>
  %b = pattern.conv2d "b"(%x) plus %a : tensor<1x2x4x3xf16> kernel [1, 1] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {
    weight = dense<1.0> : tensor<2x1x1x1xf32>, patterns = #pattern.set<["1"]>, assignment = dense<1> : tensor<2x1xui8>} : tensor<1x1x7x5xf16> -> tensor<1x2x4x3xf16>
  %c = pattern.conv2d "c"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {
    weight = dense<1.0> : tensor<4x1x1x1xf32>, patterns = #pattern.set<["1"]>, assignment = dense<1> : tensor<4x1xui8>} : tensor<1x1x7x5xf16> -> tensor<1x4x7x5xf16>
  lr.output %b, %c {names = ["b", "c"]} : tensor<1x2x4x3xf16>, tensor<1x4x7x5xf16>
}

// -----

// The picture is the result of a layer, the steps are others in rows and columns, and a sequence has columns alone.
// CHECK-LABEL: @steps
// CHECK-NEXT: %r = lr.activation "r"
// CHECK-NEXT: lr.max_pool "r.every1x3"(%r) kernel [1, 1] strides [1, 3]
// CHECK: %s = lr.activation "s"
// CHECK-NEXT: lr.max_pool "s.every1x2"(%s) kernel [1] strides [2] pads [0, 0] : tensor<1x1x5xf32> -> tensor<1x1x3xf32>
// CHECK: pattern.conv2d "b"(%s.every1x2) kernel [1, 1] strides [1, 1] {{.*}} : tensor<1x1x3xf32> -> tensor<1x4x3xf32>
lr.model @steps (%x : tensor<1x1x7x5xf32>, %l : tensor<1x1x5xf32>) {
  %r = lr.activation "r"(%x) <relu> : tensor<1x1x7x5xf32> -> tensor<1x1x7x5xf32>
  %a = pattern.conv2d "a"(%r) kernel [1, 1] strides [1, 3] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {
    weight = dense<1.0> : tensor<4x1x1x1xf32>, patterns = #pattern.set<["1"]>, assignment = dense<1> : tensor<4x1xui8>} : tensor<1x1x7x5xf32> -> tensor<1x4x7x2xf32>
  %s = lr.activation "s"(%l) <relu> : tensor<1x1x5xf32> -> tensor<1x1x5xf32>
  %b = pattern.conv2d "b"(%s) kernel [1, 1] strides [1, 2] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {
    weight = dense<1.0> : tensor<4x1x1x1xf32>, patterns = #pattern.set<["1"]>, assignment = dense<1> : tensor<4x1xui8>} : tensor<1x1x5xf32> -> tensor<1x4x3xf32>
  lr.output %a, %b {names = ["a", "b"]} : tensor<1x4x7x2xf32>, tensor<1x4x3xf32>
}

// -----

// Rows cost nothing to leave out. Three kernels read too little, also if others are removed. What is around a picture is
// in no copy of it. A schedule was chosen for the picture as it is.
// CHECK-LABEL: @left_alone
// CHECK-NOT: lr.max_pool
lr.model @left_alone (%x : tensor<1x1x6x6xf32>) {
  %a = pattern.conv2d "rows"(%x) kernel [1, 1] strides [2, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {
    weight = dense<1.0> : tensor<4x1x1x1xf32>, patterns = #pattern.set<["1"]>, assignment = dense<1> : tensor<4x1xui8>} : tensor<1x1x6x6xf32> -> tensor<1x4x3x6xf32>
  %b = pattern.conv2d "few"(%x) kernel [1, 1] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {
    weight = dense<1.0> : tensor<4x1x1x1xf32>, patterns = #pattern.set<["1"]>, assignment = dense<[[1], [1], [0], [1]]> : tensor<4x1xui8>} : tensor<1x1x6x6xf32> -> tensor<1x4x3x3xf32>
  %c = pattern.conv2d "padded"(%x) kernel [1, 1] strides [2, 2] pads [1, 1, 0, 0] dilations [1, 1] groups 1 {
    weight = dense<1.0> : tensor<4x1x1x1xf32>, patterns = #pattern.set<["1"]>, assignment = dense<1> : tensor<4x1xui8>} : tensor<1x1x6x6xf32> -> tensor<1x4x4x4xf32>
  %d = pattern.conv2d "scheduled"(%x) kernel [1, 1] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {
    weight = dense<1.0> : tensor<4x1x1x1xf32>, patterns = #pattern.set<["1"]>, assignment = dense<1> : tensor<4x1xui8>,
    schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 1, group = 4>} : tensor<1x1x6x6xf32> -> tensor<1x4x3x3xf32>
  lr.output %a, %b, %c, %d {names = ["a", "b", "c", "d"]} : tensor<1x4x3x6xf32>, tensor<1x4x3x3xf32>, tensor<1x4x4x4xf32>, tensor<1x4x3x3xf32>
}
