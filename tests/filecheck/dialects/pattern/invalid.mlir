// RUN: lrc-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// CHECK: filter 1 chooses pattern 2 for channel 0, but the set has 1
lr.model @pattern_outside_set (%x : tensor<1x1x2x2xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = #lr.weight<"w">, patterns = #pattern.set<["1"]>, assignment = dense<[[1], [2]]> : tensor<2x1xui8>} : tensor<1x1x2x2xf32> -> tensor<1x2x2x2xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x2x2xf32>
}

// -----

// CHECK: assignment is [1, 2], expected [2, 1]
lr.model @assignment_of_another_layer (%x : tensor<1x1x2x2xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = #lr.weight<"w">, patterns = #pattern.set<["1"]>, assignment = dense<1> : tensor<1x2xui8>} : tensor<1x1x2x2xf32> -> tensor<1x2x2x2xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x2x2xf32>
}

// -----

// CHECK: patterns of 2x2 do not fit a kernel of 1x1
lr.model @patterns_of_another_kernel (%x : tensor<1x1x2x2xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = #lr.weight<"w">, patterns = #pattern.set<["10/01"]>, assignment = dense<1> : tensor<2x1xui8>} : tensor<1x1x2x2xf32> -> tensor<1x2x2x2xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x2x2xf32>
}

// -----

// CHECK: order is no permutation of filters 0 to 1
lr.model @order_with_a_gap (%x : tensor<1x1x2x2xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = #lr.weight<"w">, patterns = #pattern.set<["1"]>, assignment = dense<1> : tensor<2x1xui8>, order = dense<[0, 2]> : tensor<2xi32>} : tensor<1x1x2x2xf32> -> tensor<1x2x2x2xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x2x2xf32>
}

// -----

// CHECK: the rows of mask '110/11/000' are empty or of different length
builtin.module attributes {set = #pattern.set<["110/11/000"]>} {}

// -----

// CHECK: '12/01' is no mask: write rows of 0 and 1 divided by '/', as in 110/110/000
builtin.module attributes {set = #pattern.set<["12/01"]>} {}

// -----

// CHECK: mask '00/00' keeps no tap; a removed kernel needs no mask
builtin.module attributes {set = #pattern.set<["00/00"]>} {}

// -----

// CHECK: mask '10/01' stands twice in the pattern set
builtin.module attributes {set = #pattern.set<["10/01", "11/00", "10/01"]>} {}

// -----

// CHECK: a pattern set has masks of one shape, not of 2x2 and 3x3
builtin.module attributes {set = #pattern.set<["10/01", "111/000/000"]>} {}

// -----

// CHECK: a pattern set needs at least one mask
builtin.module attributes {set = #pattern.set<[]>} {}

// -----

// CHECK: unknown sparsity 'blocks': one of dense, pattern, connectivity, auto
builtin.module attributes {sparsity = #lr.sparsity<blocks>} {}

// -----

// CHECK: sparsity 'connectivity' needs the share of kernels to keep
builtin.module attributes {sparsity = #lr.sparsity<connectivity>} {}

// -----

// CHECK: the share of kernels to keep lies in (0, 1], unlike 1.5
builtin.module attributes {sparsity = #lr.sparsity<connectivity, keep = 1.5>} {}

// -----

// CHECK: patterns go with sparsity 'pattern', and with no other
builtin.module attributes {sparsity = #lr.sparsity<dense ["10/01"]>} {}

// -----

// CHECK: unknown budget 'network': 'filter' or 'layer'
builtin.module attributes {sparsity = #lr.sparsity<connectivity, keep = 0.5, budget = network>} {}

// -----

// CHECK: kernels are shared by 1 filter or more, not by 0
builtin.module attributes {sparsity = #lr.sparsity<connectivity, keep = 0.5, share = 0>} {}

// -----

// CHECK: sparsity 'auto' does not say how many filters share their kernels
builtin.module attributes {sparsity = #lr.sparsity<auto, share = 2>} {}
