// RUN: ROUNDTRIP
// RUN: GENERIC

lr.model @convolutions {weights = #lr.store<none>} (%x : tensor<1x2x4x4xf32>) {
  // CHECK: %a = pattern.conv2d "least"(%x) kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] groups 1
  // CHECK-SAME: {weight = #lr.weight<"w">, patterns = #pattern.set<["110/110/000", "010/111/000"]>, assignment = #lr.weight<"a">}
  // GENERIC: "pattern.conv2d"(%x) <{layer = "least"
  %a = pattern.conv2d "least"(%x) kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] groups 1
       {weight = #lr.weight<"w">, patterns = #pattern.set<["110/110/000", "010/111/000"]>, assignment = #lr.weight<"a">}
       : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>

  // CHECK: %b = pattern.conv2d "most"(%a) plus %x : tensor<1x2x4x4xf32> then <relu> kernel [1, 1]
  // CHECK-SAME: tuning = #lr.tuning<unroll = [1, 4, 8], tile = [64, 128], permute = hwcico, load = aligned>
  // CHECK-SAME: schedule = #pattern.schedule<algorithm = direct, tile = [7, 2], lanes = 16, block = 128, jam = 1, group = 64, order = hwcico, load = aligned>
  // GENERIC: "pattern.conv2d"(%a, %x) <{layer = "most"
  %b = pattern.conv2d "most"(%a) plus %x : tensor<1x2x4x4xf32> then <relu> kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1
       {weight = dense<1.0> : tensor<2x2x1x1xf32>, bias = dense<0.0> : tensor<2xf32>, patterns = #pattern.set<["1"]>,
        assignment = dense<[[1, 0], [0, 1]]> : tensor<2x2xui8>, order = dense<[1, 0]> : tensor<2xi32>,
        tuning = #lr.tuning<unroll = [1, 4, 8], tile = [64, 128], permute = hwcico, load = aligned>,
        schedule = #pattern.schedule<algorithm = direct, tile = [7, 2], lanes = 16, block = 128, load = aligned>}
       : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  lr.output %b {names = ["y"]} : tensor<1x2x4x4xf32>
}

// CHECK: dense = #lr.sparsity<dense>
// CHECK-SAME: auto = #lr.sparsity<auto>
// CHECK-SAME: pattern = #lr.sparsity<pattern ["110/110/000", "010/111/000"]>
// CHECK-SAME: both = #lr.sparsity<pattern ["10/01"], keep = 0.25, budget = layer>
// CHECK-SAME: connectivity = #lr.sparsity<connectivity, keep = 0.5, budget = filter>
// CHECK-SAME: pairs = #lr.sparsity<pattern ["10/01"], share = 2>
// CHECK-SAME: quads = #lr.sparsity<connectivity, keep = 0.5, budget = filter, share = 4>
// CHECK-SAME: alone = #lr.sparsity<connectivity, keep = 0.5, budget = filter>}
builtin.module attributes {
  dense = #lr.sparsity<dense>,
  auto = #lr.sparsity<auto>,
  pattern = #lr.sparsity<pattern ["110/110/000", "010/111/000"]>,
  both = #lr.sparsity<pattern ["10/01"], keep = 0.25, budget = layer>,
  connectivity = #lr.sparsity<connectivity, keep = 0.5>,
  pairs = #lr.sparsity<pattern ["10/01"], share = 2>,
  quads = #lr.sparsity<connectivity, keep = 0.5, share = 4>,
  alone = #lr.sparsity<connectivity, keep = 0.5, share = 1>
} {}
