// RUN: lrc-opt %s -p assign-patterns,reorder-filters --split-input-file | filecheck %s

// Longest filters first: those of three kernels, 0 and 2, then those of two, 1 and 3.
// CHECK-LABEL: @by_length
// CHECK: order = dense<[0, 2, 1, 3]> : tensor<4xi32>
lr.model @by_length (%x : tensor<1x4x2x2xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = dense<0.0> : tensor<4x4x1x1xf32>, patterns = #pattern.set<["1"]>, assignment = dense<[[1, 0, 1, 1], [1, 0, 0, 1], [1, 0, 1, 1], [0, 1, 1, 0]]> : tensor<4x4xui8>} : tensor<1x4x2x2xf32> -> tensor<1x4x2x2xf32>
  lr.output %a {names = ["a"]} : tensor<1x4x2x2xf32>
}

// -----

// Within a length, what is alike stands together: 0 shares two kernels with 2, and 1 with 3.
// CHECK-LABEL: @by_similarity
// CHECK: order = dense<[0, 2, 1, 3]> : tensor<4xi32>
lr.model @by_similarity (%x : tensor<1x3x1x2xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = dense<0.0> : tensor<4x3x1x2xf32>, patterns = #pattern.set<["10", "01"]>, assignment = dense<[[1, 1, 1], [2, 2, 2], [1, 1, 2], [2, 2, 1]]> : tensor<4x3xui8>} : tensor<1x3x1x2xf32> -> tensor<1x4x1x1xf32>
  lr.output %a {names = ["a"]} : tensor<1x4x1x1xf32>
}

// -----

// Filters that share their kernels stay side by side, between those of another length and those of other kernels.
// CHECK-LABEL: @pairs
// CHECK: order = dense<[2, 3, 0, 1, 4, 5]> : tensor<6xi32>
lr.model @pairs (%x : tensor<1x3x1x2xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = dense<0.0> : tensor<6x3x1x2xf32>, patterns = #pattern.set<["10", "01"]>, assignment = dense<[[1, 0, 2], [1, 0, 2], [1, 1, 1], [1, 1, 1], [0, 1, 2], [0, 1, 2]]> : tensor<6x3xui8>} : tensor<1x3x1x2xf32> -> tensor<1x6x1x1xf32>
  lr.output %a {names = ["a"]} : tensor<1x6x1x1xf32>
}

// -----

// The same channels with other patterns are not alike.
// CHECK-LABEL: @patterns_count
// CHECK: order = dense<[0, 2, 1]> : tensor<3xi32>
lr.model @patterns_count (%x : tensor<1x2x1x2xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = dense<0.0> : tensor<3x2x1x2xf32>, patterns = #pattern.set<["10", "01"]>, assignment = dense<[[1, 0], [2, 0], [1, 0]]> : tensor<3x2xui8>} : tensor<1x2x1x2xf32> -> tensor<1x3x1x1xf32>
  lr.output %a {names = ["a"]} : tensor<1x3x1x1xf32>
}

// -----

// Filters of different convolution groups are kept apart, though the last one is longest.
// CHECK-LABEL: @groups
// CHECK: order = dense<[1, 0, 3, 2]> : tensor<4xi32>
lr.model @groups (%x : tensor<1x4x2x2xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 2 {weight = dense<0.0> : tensor<4x2x1x1xf32>, patterns = #pattern.set<["1"]>, assignment = dense<[[0, 0], [1, 0], [1, 0], [1, 1]]> : tensor<4x2xui8>} : tensor<1x4x2x2xf32> -> tensor<1x4x2x2xf32>
  lr.output %a {names = ["a"]} : tensor<1x4x2x2xf32>
}

// -----

// Dense filters are all alike and stay in place.
// CHECK-LABEL: @dense
// CHECK: order = dense<[0, 1]> : tensor<2xi32>
lr.model @dense (%x : tensor<1x2x2x2xf32>) {
  %a = lr.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = dense<1.0> : tensor<2x2x1x1xf32>} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x2x2xf32>
}

// -----

// An order has a name where the weights have one.
// CHECK-LABEL: @named
// CHECK: order = #lr.weight<"a.order">
lr.model @named {weights = #lr.store<random 0>} (%x : tensor<1x2x2x2xf32>) {
  %a = lr.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = #lr.weight<"a.weight">} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x2x2xf32>
}

// -----

// Not: an order that is there already.
// CHECK-LABEL: @ordered
// CHECK: order = dense<[1, 0]> : tensor<2xi32>
lr.model @ordered (%x : tensor<1x1x2x2xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = dense<0.0> : tensor<2x1x1x1xf32>, patterns = #pattern.set<["1"]>, assignment = dense<1> : tensor<2x1xui8>, order = dense<[1, 0]> : tensor<2xi32>} : tensor<1x1x2x2xf32> -> tensor<1x2x2x2xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x2x2xf32>
}
