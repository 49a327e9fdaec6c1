// RUN: lrc-opt %s -p assign-patterns --split-input-file --verify-diagnostics | filecheck %s

// Kernel by kernel: the pattern's number in the set, counted from 1; 0 where the kernel was removed.
// CHECK-LABEL: @pattern
// CHECK: pattern.conv2d "a"(%x) then <relu> kernel [2, 2]
// CHECK-SAME: patterns = #pattern.set<["10/01", "01/10"]>
// CHECK-SAME: assignment = dense<{{\[\[2, 0\], \[1, 1\]\]}}> : tensor<2x2xui8>
lr.model @pattern (%x : tensor<1x2x3x3xf32>) {
  %a = lr.conv2d "a"(%x) then <relu> kernel [2, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = dense<[[[[0.0, 1.0], [2.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]], [[[3.0, 0.0], [0.0, 4.0]], [[0.0, 0.0], [0.0, 5.0]]]]> : tensor<2x2x2x2xf32>, sparsity = #lr.sparsity<pattern ["10/01", "01/10"], keep = 0.75, budget = layer>} : tensor<1x2x3x3xf32> -> tensor<1x2x2x2xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x2x2xf32>
}

// -----

// One full pattern everywhere; a kernel of zeros was not declared to be removed.
// CHECK-LABEL: @dense
// CHECK: patterns = #pattern.set<["1"]>, assignment = dense<1> : tensor<2x2xui8>
lr.model @dense (%x : tensor<1x2x2x2xf32>) {
  %a = lr.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = dense<[[[[1.0]], [[0.0]]], [[[2.0]], [[3.0]]]]> : tensor<2x2x1x1xf32>} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x2x2xf32>
}

// -----

// CHECK-LABEL: @connectivity
// CHECK: patterns = #pattern.set<["1"]>, assignment = dense<{{\[\[1, 0\], \[0, 1\]\]}}> : tensor<2x2xui8>
lr.model @connectivity (%x : tensor<1x2x2x2xf32>) {
  %a = lr.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = dense<[[[[1.0]], [[0.0]]], [[[0.0]], [[3.0]]]]> : tensor<2x2x1x1xf32>, sparsity = #lr.sparsity<connectivity, keep = 0.5, budget = filter>} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x2x2xf32>
}

// -----

// Filters that share their kernels keep what one of them does, whatever is zero by chance: filters 0 and 1 two kernels
// together, filters 2 and 3 the pattern that fits both.
// CHECK-LABEL: @shared
// CHECK: assignment = dense<{{\[\[2, 1\], \[2, 1\], \[0, 2\], \[0, 2\]\]}}> : tensor<4x2xui8>
lr.model @shared (%x : tensor<1x2x1x3xf32>) {
  %a = lr.conv2d "a"(%x) kernel [1, 3] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = dense<[[[[0.0, 0.0, 1.0]], [[0.0, 0.0, 0.0]]], [[[0.0, 2.0, 0.0]], [[3.0, 0.0, 0.0]]], [[[0.0, 0.0, 0.0]], [[0.0, 4.0, 0.0]]], [[[0.0, 0.0, 0.0]], [[0.0, 5.0, 6.0]]]]> : tensor<4x2x1x3xf32>, sparsity = #lr.sparsity<pattern ["110", "011"], share = 2>} : tensor<1x2x1x3xf32> -> tensor<1x4x1x1xf32>
  lr.output %a {names = ["a"]} : tensor<1x4x1x1xf32>
}

// -----

// Depthwise: a filter has one channel.
// CHECK-LABEL: @depthwise
// CHECK: groups 2 {{.*}} patterns = #pattern.set<["11/11"]>, assignment = dense<1> : tensor<2x1xui8>
lr.model @depthwise (%x : tensor<1x2x2x2xf32>) {
  %a = lr.conv2d "a"(%x) kernel [2, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 2 {weight = dense<1.0> : tensor<2x1x2x2xf32>} : tensor<1x2x2x2xf32> -> tensor<1x2x1x1xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x1x1xf32>
}

// -----

// Auto: the masks that occur, without those that lie within another one.
// CHECK-LABEL: @auto_pattern
// CHECK: patterns = #pattern.set<["01/10", "10/01"]>, assignment = dense<{{\[\[1, 0\], \[2, 2\]\]}}>
lr.model @auto_pattern (%x : tensor<1x2x2x2xf32>) {
  %a = lr.conv2d "a"(%x) kernel [2, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = dense<[[[[0.0, 1.0], [2.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]], [[[3.0, 0.0], [0.0, 4.0]], [[0.0, 0.0], [0.0, 5.0]]]]> : tensor<2x2x2x2xf32>, sparsity = #lr.sparsity<auto>} : tensor<1x2x2x2xf32> -> tensor<1x2x1x1xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x1x1xf32>
}

// -----

// CHECK-LABEL: @auto_dense
// CHECK: patterns = #pattern.set<["11/11"]>, assignment = dense<1> : tensor<1x2xui8>
lr.model @auto_dense (%x : tensor<1x2x2x2xf32>) {
  %a = lr.conv2d "a"(%x) kernel [2, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = dense<[[[[1.0, 1.0], [1.0, 1.0]], [[0.0, 0.0], [0.0, 5.0]]]]> : tensor<1x2x2x2xf32>, sparsity = #lr.sparsity<auto>} : tensor<1x2x2x2xf32> -> tensor<1x1x1x1xf32>
  lr.output %a {names = ["a"]} : tensor<1x1x1x1xf32>
}

// -----

// What the layer says besides stays with it.
// CHECK-LABEL: @all_the_rest
// CHECK: pattern.conv2d "a"(%x) plus %r : tensor<1x2x2x2xf32> then <relu6> kernel [1, 1] strides [2, 2] pads [0, 1, 1, 0] dilations [1, 1] groups 1
// CHECK-SAME: bias = #lr.weight<"b">, weight = #lr.weight<"w">
// CHECK-SAME: assignment = #lr.weight<"a.assignment">, tuning = #lr.tuning<unroll = [1, 4, 8]>
lr.model @all_the_rest {weights = #lr.store<random 0>} (%x : tensor<1x2x3x3xf32>, %r : tensor<1x2x2x2xf32>) {
  %a = lr.conv2d "a"(%x) plus %r : tensor<1x2x2x2xf32> then <relu6> kernel [1, 1] strides [2, 2] pads [0, 1, 1, 0] dilations [1, 1] groups 1 {weight = #lr.weight<"w">, bias = #lr.weight<"b">, sparsity = #lr.sparsity<connectivity, keep = 0.5>, tuning = #lr.tuning<unroll = [1, 4, 8]>} : tensor<1x2x3x3xf32> -> tensor<1x2x2x2xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x2x2xf32>
}

// -----

// CHECK: net.lr:7:3: layer 'a' breaks its sparsity at filter 1, channel 0, tap (0, 1): no pattern of the set keeps all weights of this kernel
lr.model @no_such_pattern (%x : tensor<1x1x2x2xf32>) {
  %a = lr.conv2d "a"(%x) kernel [2, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = dense<[[[[1.0, 0.0], [0.0, 1.0]]], [[[1.0, 2.0], [0.0, 3.0]]]]> : tensor<2x1x2x2xf32>, sparsity = #lr.sparsity<pattern ["10/01"]>} : tensor<1x1x2x2xf32> -> tensor<1x2x1x1xf32> loc("net.lr":7:3)
  lr.output %a {names = ["a"]} : tensor<1x2x1x1xf32>
}

// -----

// CHECK: layer 'a' breaks its sparsity at filter 1, channel 1, tap (0, 0): the filter has 2 kernels, but keep = 0.5 of 2, rounded up, allows 1
lr.model @too_many_kernels (%x : tensor<1x2x2x2xf32>) {
  %a = lr.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = dense<[[[[1.0]], [[0.0]]], [[[2.0]], [[3.0]]]]> : tensor<2x2x1x1xf32>, sparsity = #lr.sparsity<connectivity, keep = 0.5, budget = filter>} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x2x2xf32>
}

// -----

// CHECK: net.lr:7:3: layer 'a' breaks its sparsity at filter 1, channel 1, tap (0, 0): filters 0 to 1 share 2 kernels, but keep = 0.5 of 2, rounded up, allows 1
lr.model @kernels_of_its_own (%x : tensor<1x2x2x2xf32>) {
  %a = lr.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = dense<[[[[1.0]], [[0.0]]], [[[0.0]], [[3.0]]]]> : tensor<2x2x1x1xf32>, sparsity = #lr.sparsity<connectivity, keep = 0.5, share = 2>} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32> loc("net.lr":7:3)
  lr.output %a {names = ["a"]} : tensor<1x2x2x2xf32>
}

// -----

// CHECK: layer 'a': each of 2 groups has 1 filter, which cannot share their kernels 2 at a time
lr.model @shared_across_groups (%x : tensor<1x2x2x2xf32>) {
  %a = lr.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 2 {weight = dense<1.0> : tensor<2x1x1x1xf32>, sparsity = #lr.sparsity<connectivity, keep = 1.0, share = 2>} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x2x2xf32>
}

// -----

// CHECK: layer 'a': patterns of 2x2 do not fit a kernel of 1x1
lr.model @other_kernel (%x : tensor<1x1x2x2xf32>) {
  %a = lr.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = dense<1.0> : tensor<1x1x1x1xf32>, sparsity = #lr.sparsity<pattern ["10/01"]>} : tensor<1x1x2x2xf32> -> tensor<1x1x2x2xf32>
  lr.output %a {names = ["a"]} : tensor<1x1x2x2xf32>
}

// -----

// CHECK: net.lr:7:3: the weights have no array named 'w'
lr.model @missing (%x : tensor<1x1x2x2xf32>) {
  %a = lr.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = #lr.weight<"w">} : tensor<1x1x2x2xf32> -> tensor<1x1x2x2xf32> loc("net.lr":7:3)
  lr.output %a {names = ["a"]} : tensor<1x1x2x2xf32>
}

// -----

// A sequence is a picture of one row, and its kernels have one row: the weight is [2, 2, 1, 2] from here on.
// CHECK-LABEL: @sequence
// CHECK: pattern.conv2d "a"(%x) kernel [1, 2] strides [1, 2] pads [0, 1, 0, 0] dilations [1, 1] groups 1
// CHECK-SAME: tensor<2x2x1x2xf32>
// CHECK-SAME: patterns = #pattern.set<["10", "01"]>, assignment = dense<{{\[\[1, 0\], \[2, 1\]\]}}> : tensor<2x2xui8>
// CHECK-SAME: tensor<1x2x5xf32> -> tensor<1x2x3xf32>
lr.model @sequence (%x : tensor<1x2x5xf32>) {
  %a = lr.conv1d "a"(%x) kernel [2] strides [2] pads [1, 0] dilations [1] groups 1 {weight = dense<[[[1.0, 0.0], [0.0, 0.0]], [[0.0, 2.0], [3.0, 0.0]]]> : tensor<2x2x2xf32>, sparsity = #lr.sparsity<pattern ["10", "01"], keep = 0.75, budget = layer>} : tensor<1x2x5xf32> -> tensor<1x2x3xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x3xf32>
}
