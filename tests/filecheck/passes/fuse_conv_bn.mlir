// RUN: lrc-opt %s -p fuse-conv-bn --split-input-file --verify-diagnostics | filecheck %s

// In the batch norms below: scale = weight / sqrt(variance) = [1, 3], shift = bias - mean * scale = [-1, 2].

// A convolution without a bias gets one.
// CHECK-LABEL: @conv
// CHECK: %a = lr.conv2d "a"(%x) kernel [1, 1]
// CHECK-SAME: weight = dense<{{\[\[\[\[1.000000e\+00\]\]\], \[\[\[6.000000e\+00\]\]\]\]}}>
// CHECK-SAME: bias = dense<[-1.000000e+00, 2.000000e+00]>
// CHECK-NEXT: lr.output %a
lr.model @conv (%x : tensor<1x1x2x2xf32>) {
  %a = lr.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = dense<[[[[1.0]]], [[[2.0]]]]> : tensor<2x1x1x1xf32>} : tensor<1x1x2x2xf32> -> tensor<1x2x2x2xf32>
  %b = lr.batch_norm "b"(%a) {weight = dense<[2.0, 3.0]> : tensor<2xf32>, bias = dense<[0.0, 5.0]> : tensor<2xf32>, mean = dense<[1.0, 1.0]> : tensor<2xf32>, variance = dense<[4.0, 1.0]> : tensor<2xf32>, epsilon = 0.0 : f64} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  lr.output %b {names = ["b"]} : tensor<1x2x2x2xf32>
}

// -----

// CHECK-LABEL: @conv_with_bias
// CHECK: bias = dense<[9.000000e+00, 3.200000e+01]>
// CHECK-NOT: lr.batch_norm
lr.model @conv_with_bias (%x : tensor<1x1x2x2xf32>) {
  %a = lr.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = dense<[[[[1.0]]], [[[2.0]]]]> : tensor<2x1x1x1xf32>, bias = dense<[10.0, 10.0]> : tensor<2xf32>} : tensor<1x1x2x2xf32> -> tensor<1x2x2x2xf32>
  %b = lr.batch_norm "b"(%a) {weight = dense<[2.0, 3.0]> : tensor<2xf32>, bias = dense<[0.0, 5.0]> : tensor<2xf32>, mean = dense<[1.0, 1.0]> : tensor<2xf32>, variance = dense<[4.0, 1.0]> : tensor<2xf32>, epsilon = 0.0 : f64} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  lr.output %b {names = ["b"]} : tensor<1x2x2x2xf32>
}

// -----

// CHECK-LABEL: @depthwise
// CHECK: groups 2 {weight = dense<{{\[\[\[\[1.000000e\+00\]\]\], \[\[\[6.000000e\+00\]\]\]\]}}>
// CHECK-NOT: lr.batch_norm
lr.model @depthwise (%x : tensor<1x2x2x2xf32>) {
  %a = lr.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 2 {weight = dense<[[[[1.0]]], [[[2.0]]]]> : tensor<2x1x1x1xf32>} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  %b = lr.batch_norm "b"(%a) {weight = dense<[2.0, 3.0]> : tensor<2xf32>, bias = dense<[0.0, 5.0]> : tensor<2xf32>, mean = dense<[1.0, 1.0]> : tensor<2xf32>, variance = dense<[4.0, 1.0]> : tensor<2xf32>, epsilon = 0.0 : f64} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  lr.output %b {names = ["b"]} : tensor<1x2x2x2xf32>
}

// -----

// Epsilon is added to the variance: 3 / sqrt(1 + 8) = 1.
// CHECK-LABEL: @epsilon
// CHECK: weight = dense<{{\[\[1.000000e\+00\], \[2.000000e\+00\]\]}}>
// CHECK-NOT: lr.batch_norm
lr.model @epsilon (%x : tensor<1x1xf32>) {
  %a = lr.linear "a"(%x) {weight = dense<[[1.0], [2.0]]> : tensor<2x1xf32>} : tensor<1x1xf32> -> tensor<1x2xf32>
  %b = lr.batch_norm "b"(%a) {weight = dense<3.0> : tensor<2xf32>, bias = dense<0.0> : tensor<2xf32>, mean = dense<0.0> : tensor<2xf32>, variance = dense<1.0> : tensor<2xf32>, epsilon = 8.0 : f64} : tensor<1x2xf32> -> tensor<1x2xf32>
  lr.output %b {names = ["b"]} : tensor<1x2xf32>
}

// -----

// Two in a row: the second one finds what the first one left.
// CHECK-LABEL: @twice
// CHECK: weight = dense<4.000000e+00>
// CHECK-SAME: bias = dense<3.000000e+00>
// CHECK-NOT: lr.batch_norm
lr.model @twice (%x : tensor<1x1xf32>) {
  %a = lr.linear "a"(%x) {weight = dense<1.0> : tensor<1x1xf32>} : tensor<1x1xf32> -> tensor<1x1xf32>
  %b = lr.batch_norm "b"(%a) {weight = dense<2.0> : tensor<1xf32>, bias = dense<1.0> : tensor<1xf32>, mean = dense<0.0> : tensor<1xf32>, variance = dense<1.0> : tensor<1xf32>, epsilon = 0.0 : f64} : tensor<1x1xf32> -> tensor<1x1xf32>
  %c = lr.batch_norm "c"(%b) {weight = dense<2.0> : tensor<1xf32>, bias = dense<1.0> : tensor<1xf32>, mean = dense<0.0> : tensor<1xf32>, variance = dense<1.0> : tensor<1xf32>, epsilon = 0.0 : f64} : tensor<1x1xf32> -> tensor<1x1xf32>
  lr.output %c {names = ["c"]} : tensor<1x1xf32>
}

// -----

// Weights of the store get new names there; the old ones stay as they were.
// CHECK-LABEL: @named
// CHECK: lr.conv2d "a"
// CHECK-SAME: weight = #lr.weight<"a.weight.folded">, bias = #lr.weight<"a.bias.folded">
// CHECK-NOT: lr.batch_norm
lr.model @named {weights = #lr.store<random 0>} (%x : tensor<1x2x4x4xf32>) {
  %a = lr.conv2d "a"(%x) kernel [3, 3] strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] groups 1 {weight = #lr.weight<"a.weight">} : tensor<1x2x4x4xf32> -> tensor<1x4x2x2xf32>
  %b = lr.batch_norm "b"(%a) {weight = #lr.weight<"b.weight">, bias = #lr.weight<"b.bias">, mean = #lr.weight<"b.running_mean">, variance = #lr.weight<"b.running_var">, epsilon = 1.0e-5 : f64} : tensor<1x4x2x2xf32> -> tensor<1x4x2x2xf32>
  lr.output %b {names = ["b"]} : tensor<1x4x2x2xf32>
}

// -----

// Not: somebody else needs what comes before the norm.
// CHECK-LABEL: @used_twice
// CHECK: lr.batch_norm "b"
lr.model @used_twice {weights = #lr.store<random 0>} (%x : tensor<1x2xf32>) {
  %a = lr.linear "a"(%x) {weight = #lr.weight<"a.weight">} : tensor<1x2xf32> -> tensor<1x2xf32>
  %b = lr.batch_norm "b"(%a) {weight = #lr.weight<"b.weight">, bias = #lr.weight<"b.bias">, mean = #lr.weight<"b.mean">, variance = #lr.weight<"b.var">, epsilon = 1.0e-5 : f64} : tensor<1x2xf32> -> tensor<1x2xf32>
  lr.output %a, %b {names = ["a", "b"]} : tensor<1x2xf32>, tensor<1x2xf32>
}

// -----

// Not: an activation stands between.
// CHECK-LABEL: @activation_between
// CHECK: lr.batch_norm "b"
lr.model @activation_between {weights = #lr.store<random 0>} (%x : tensor<1x2xf32>) {
  %a = lr.linear "a"(%x) then <relu> {weight = #lr.weight<"a.weight">} : tensor<1x2xf32> -> tensor<1x2xf32>
  %b = lr.batch_norm "b"(%a) {weight = #lr.weight<"b.weight">, bias = #lr.weight<"b.bias">, mean = #lr.weight<"b.mean">, variance = #lr.weight<"b.var">, epsilon = 1.0e-5 : f64} : tensor<1x2xf32> -> tensor<1x2xf32>
  lr.output %b {names = ["b"]} : tensor<1x2xf32>
}

// -----

// Not: a residual was added in between.
// CHECK-LABEL: @residual_between
// CHECK: lr.batch_norm "b"
lr.model @residual_between {weights = #lr.store<random 0>} (%x : tensor<1x2x2x2xf32>) {
  %a = lr.conv2d "a"(%x) plus %x : tensor<1x2x2x2xf32> kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = #lr.weight<"a.weight">} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  %b = lr.batch_norm "b"(%a) {weight = #lr.weight<"b.weight">, bias = #lr.weight<"b.bias">, mean = #lr.weight<"b.mean">, variance = #lr.weight<"b.var">, epsilon = 1.0e-5 : f64} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  lr.output %b {names = ["b"]} : tensor<1x2x2x2xf32>
}

// -----

// Not: nothing with weights comes before.
// CHECK-LABEL: @input
// CHECK: lr.batch_norm "b"
lr.model @input {weights = #lr.store<random 0>} (%x : tensor<1x2xf32>) {
  %b = lr.batch_norm "b"(%x) {weight = #lr.weight<"b.weight">, bias = #lr.weight<"b.bias">, mean = #lr.weight<"b.mean">, variance = #lr.weight<"b.var">, epsilon = 1.0e-5 : f64} : tensor<1x2xf32> -> tensor<1x2xf32>
  lr.output %b {names = ["b"]} : tensor<1x2xf32>
}

// -----

// CHECK: net.lr:7:3: the weight of 'a' times the scale of 'b' would be inf, which overflows float32, at [0, 0]: look at its scale and variance, and at the weight
lr.model @no_variance (%x : tensor<1x1xf32>) {
  %a = lr.linear "a"(%x) {weight = dense<1.0> : tensor<1x1xf32>} : tensor<1x1xf32> -> tensor<1x1xf32>
  %b = lr.batch_norm "b"(%a) {weight = dense<1.0> : tensor<1xf32>, bias = dense<0.0> : tensor<1xf32>, mean = dense<0.0> : tensor<1xf32>, variance = dense<0.0> : tensor<1xf32>, epsilon = 0.0 : f64} : tensor<1x1xf32> -> tensor<1x1xf32> loc("net.lr":7:3)
  lr.output %b {names = ["b"]} : tensor<1x1xf32>
}

// -----

// CHECK: net.lr:7:3: the weight of 'a' times the scale of 'b' would be 1e+60, which overflows float32, at [0, 1]
lr.model @overflow (%x : tensor<1x2xf32>) {
  %a = lr.linear "a"(%x) {weight = dense<[[1.0, 1.0e30]]> : tensor<1x2xf32>} : tensor<1x2xf32> -> tensor<1x1xf32>
  %b = lr.batch_norm "b"(%a) {weight = dense<1.0e30> : tensor<1xf32>, bias = dense<0.0> : tensor<1xf32>, mean = dense<0.0> : tensor<1xf32>, variance = dense<1.0> : tensor<1xf32>, epsilon = 0.0 : f64} : tensor<1x1xf32> -> tensor<1x1xf32> loc("net.lr":7:3)
  lr.output %b {names = ["b"]} : tensor<1x1xf32>
}
