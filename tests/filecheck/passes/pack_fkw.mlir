// RUN: lrc-opt %s -p pack-fkw --split-input-file --verify-diagnostics | filecheck %s

// Two filters of two kernels, patterns "10" and "01". Filter 1 is stored first. In its row the kernel of pattern 0,
// on channel 1, comes before that of pattern 1, on channel 0.
// CHECK-LABEL: @sorted_by_pattern
// CHECK: fkw.conv2d "a"(%x) kernel [1, 2]
// CHECK-SAME: patterns = #pattern.set<["10", "01"]>
// CHECK-SAME: offset = dense<[0, 2, 3]> : tensor<3xui16>
// CHECK-SAME: reorder = dense<[1, 0]> : tensor<2xui8>
// CHECK-SAME: index = dense<[1, 0, 1]> : tensor<3xui8>
// CHECK-SAME: stride = dense<{{\[\[0, 1, 2\], \[0, 0, 1\]\]}}> : tensor<2x3xui8>
// CHECK-SAME: weight = dense<{{\[\[3.000000e\+00\], \[2.000000e\+00\], \[1.000000e\+00\]\]}}> : tensor<3x1xf32>
lr.model @sorted_by_pattern (%x : tensor<1x2x1x2xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {
    weight = dense<[[[[0.0, 0.0]], [[0.0, 1.0]]], [[[0.0, 2.0]], [[3.0, 0.0]]]]> : tensor<2x2x1x2xf32>, patterns = #pattern.set<["10", "01"]>,
    assignment = dense<[[0, 2], [2, 1]]> : tensor<2x2xui8>, order = dense<[1, 0]> : tensor<2xi32>,
    schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 64>} : tensor<1x2x1x2xf32> -> tensor<1x2x1x1xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x1x1xf32>
}

// -----

// Blocks of two channels: a row for each block and filter, and the index counts from the block's first channel.
// CHECK-LABEL: @channel_blocks
// CHECK: offset = dense<[0, 2, 4, 5, 6]> : tensor<5xui16>
// CHECK-SAME: index = dense<[0, 1, 0, 1, 0, 0]>
// CHECK-SAME: stride = dense<{{\[\[0, 2\], \[0, 2\], \[0, 1\], \[0, 1\]\]}}>
// CHECK-SAME: weight = dense<{{\[\[1.0.*\], \[2.0.*\], \[4.0.*\], \[5.0.*\], \[3.0.*\], \[6.0.*\]\]}}> : tensor<6x1xf32>
lr.model @channel_blocks (%x : tensor<1x3x1x1xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {
    weight = dense<[[[[1.0]], [[2.0]], [[3.0]]], [[[4.0]], [[5.0]], [[6.0]]]]> : tensor<2x3x1x1xf32>, patterns = #pattern.set<["1"]>,
    assignment = dense<1> : tensor<2x3xui8>,
    schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 2>} : tensor<1x3x1x1xf32> -> tensor<1x2x1x1xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x1x1xf32>
}

// -----

// Jammed filters share a row: one index for both, and their weights beside each other.
// CHECK-LABEL: @jam
// CHECK: offset = dense<[0, 2]> : tensor<2xui16>
// CHECK-SAME: reorder = dense<[0, 1]>
// CHECK-SAME: index = dense<[0, 1]>
// CHECK-SAME: stride = dense<{{\[\[0, 2\]\]}}>
// CHECK-SAME: weight = dense<{{\[\[1.0.*, 3.0.*\], \[2.0.*, 4.0.*\]\]}}> : tensor<2x2xf32>
lr.model @jam (%x : tensor<1x2x1x1xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {
    weight = dense<[[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]]> : tensor<2x2x1x1xf32>, patterns = #pattern.set<["1"]>,
    assignment = dense<1> : tensor<2x2xui8>,
    schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 64, jam = 2>} : tensor<1x2x1x1xf32> -> tensor<1x2x1x1xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x1x1xf32>
}

// -----

// Depthwise: the index is the channel of the whole input, blocks or not.
// CHECK-LABEL: @depthwise
// CHECK: offset = dense<[0, 1, 2, 3]>
// CHECK-SAME: index = dense<[0, 1, 2]>
lr.model @depthwise (%x : tensor<1x3x1x1xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 3 {
    weight = dense<[[[[1.0]]], [[[2.0]]], [[[3.0]]]]> : tensor<3x1x1x1xf32>, patterns = #pattern.set<["1"]>,
    assignment = dense<1> : tensor<3x1xui8>,
    schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 1>} : tensor<1x3x1x1xf32> -> tensor<1x3x1x1xf32>
  lr.output %a {names = ["a"]} : tensor<1x3x1x1xf32>
}

// -----

// A pattern with fewer taps than the others is filled up with zeros.
// CHECK-LABEL: @unequal_patterns
// CHECK: weight = dense<{{\[\[1.0.*, 2.0.*\], \[3.0.*, 0.0.*\]\]}}> : tensor<2x2xf32>
lr.model @unequal_patterns (%x : tensor<1x2x1x2xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {
    weight = dense<[[[[1.0, 2.0]], [[0.0, 3.0]]]]> : tensor<1x2x1x2xf32>, patterns = #pattern.set<["11", "01"]>,
    assignment = dense<[[1, 2]]> : tensor<1x2xui8>,
    schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 64>} : tensor<1x2x1x2xf32> -> tensor<1x1x1x1xf32>
  lr.output %a {names = ["a"]} : tensor<1x1x1x1xf32>
}

// -----

// Weights of the store: the arrays get names there.
// CHECK-LABEL: @named
// CHECK: offset = #lr.weight<"a.fkw.offset">, reorder = #lr.weight<"a.fkw.reorder">
// CHECK-SAME: index = #lr.weight<"a.fkw.index">, stride = #lr.weight<"a.fkw.stride">, weight = #lr.weight<"a.fkw.weight">
lr.model @named {weights = #lr.store<random 0>} (%x : tensor<1x1x1x1xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {
    weight = #lr.weight<"a.weight">, patterns = #pattern.set<["1"]>, assignment = dense<1> : tensor<2x1xui8>,
    schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 64>} : tensor<1x1x1x1xf32> -> tensor<1x2x1x1xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x1x1xf32>
}

// -----

// CHECK: net.lr:7:3: layer 'a' has no schedule, which decides how its weights are stored
lr.model @no_schedule (%x : tensor<1x1x1x1xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {
    weight = dense<1.0> : tensor<1x1x1x1xf32>, patterns = #pattern.set<["1"]>, assignment = dense<1> : tensor<1x1xui8>} : tensor<1x1x1x1xf32> -> tensor<1x1x1x1xf32> loc("net.lr":7:3)
  lr.output %a {names = ["a"]} : tensor<1x1x1x1xf32>
}

// -----

// CHECK: layer 'a': filters 0 and 1 are to be jammed, but their kernels differ
lr.model @jam_of_different_filters (%x : tensor<1x2x1x1xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {
    weight = dense<0.0> : tensor<2x2x1x1xf32>, patterns = #pattern.set<["1"]>, assignment = dense<[[1, 0], [0, 1]]> : tensor<2x2xui8>,
    schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 64, jam = 2>} : tensor<1x2x1x1xf32> -> tensor<1x2x1x1xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x1x1xf32>
}

// -----

// CHECK: layer 'a': 1 weights lie outside the patterns that their kernels are assigned
lr.model @weights_outside (%x : tensor<1x1x1x2xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {
    weight = dense<1.0> : tensor<1x1x1x2xf32>, patterns = #pattern.set<["10"]>, assignment = dense<1> : tensor<1x1xui8>,
    schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 64>} : tensor<1x1x1x2xf32> -> tensor<1x1x1x1xf32>
  lr.output %a {names = ["a"]} : tensor<1x1x1x1xf32>
}
