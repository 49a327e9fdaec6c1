// RUN: ROUNDTRIP
// RUN: GENERIC

lr.model @every_layer {weights = #lr.store<random 7>, device = "kryo485"} (%x : tensor<1x4x8x8xf32>, %v : tensor<1x6xf32>) {
  %c = lr.conv2d "c"(%x) kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] groups 1 {weight = #lr.weight<"c.weight">, bias = #lr.weight<"c.bias">} : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
  %pruned = lr.conv2d "pruned"(%x) kernel [3, 3] strides [2, 2] pads [0, 0, 1, 1] dilations [1, 1] groups 1 {weight = #lr.weight<"pruned.weight">, sparsity = #lr.sparsity<pattern ["110/110/000"], keep = 0.5, budget = layer>, tuning = #lr.tuning<unroll = [1, 4, 8], permute = cohwci>} : tensor<1x4x8x8xf32> -> tensor<1x8x4x4xf32>
  %depthwise = lr.conv2d "depthwise"(%c) plus %x : tensor<1x4x8x8xf32> then <relu6> kernel [3, 3] strides [1, 1] pads [2, 2, 2, 2] dilations [2, 2] groups 4 {weight = #lr.weight<"depthwise.weight">} : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
  %inline = lr.conv2d "inline"(%c) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = dense<1.0> : tensor<2x4x1x1xf32>} : tensor<1x4x8x8xf32> -> tensor<1x2x8x8xf32>
  %bn = lr.batch_norm "bn"(%depthwise) {weight = #lr.weight<"bn.weight">, bias = #lr.weight<"bn.bias">, mean = #lr.weight<"bn.running_mean">, variance = #lr.weight<"bn.running_var">, epsilon = 0.001 : f64} : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
  %leaky = lr.activation "leaky"(%bn) <leaky_relu 0.1> : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
  %sum = lr.add "sum"(%leaky, %c) then <relu> : tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
  %mean = lr.global_avg_pool "mean"(%sum) : tensor<1x4x8x8xf32> -> tensor<1x4x1x1xf32>
  %scaled = lr.mul "scaled"(%sum, %mean) : tensor<1x4x8x8xf32>, tensor<1x4x1x1xf32> -> tensor<1x4x8x8xf32>
  %both = lr.concat "both"(%scaled, %inline) : tensor<1x4x8x8xf32>, tensor<1x2x8x8xf32> -> tensor<1x6x8x8xf32>
  %max = lr.max_pool "max"(%both) kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] : tensor<1x6x8x8xf32> -> tensor<1x6x4x4xf32>
  %avg = lr.avg_pool "avg"(%max) kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] : tensor<1x6x4x4xf32> -> tensor<1x6x4x4xf32>
  %up = lr.upsample "up"(%avg) by [2, 1] : tensor<1x6x4x4xf32> -> tensor<1x6x8x4xf32>
  %framed = lr.pad "framed"(%up) pads [0, 1, 0, 2] {value = 0.0 : f64} : tensor<1x6x8x4xf32> -> tensor<1x6x8x7xf32>
  %flat = lr.flatten "flat"(%framed) : tensor<1x6x8x7xf32> -> tensor<1x336xf32>
  %fc = lr.linear "fc"(%flat) then <tanh> {weight = #lr.weight<"fc.weight">, bias = #lr.weight<"fc.bias">} : tensor<1x336xf32> -> tensor<1x6xf32>
  %p = lr.softmax "p"(%fc) : tensor<1x6xf32> -> tensor<1x6xf32>
  lr.output %p, %pruned {names = ["p", "pruned"]} : tensor<1x6xf32>, tensor<1x8x4x4xf32>
}

// CHECK-LABEL: lr.model @every_layer {weights = #lr.store<random 7>, device = "kryo485", inputs = ["x", "v"]} (%x: tensor<1x4x8x8xf32>, %v: tensor<1x6xf32>) {
// CHECK-NEXT: %c = lr.conv2d "c"(%x) kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] groups 1 {weight = #lr.weight<"c.weight">, bias = #lr.weight<"c.bias">} : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
// CHECK-NEXT: %pruned = lr.conv2d "pruned"(%x) kernel [3, 3] strides [2, 2] pads [0, 0, 1, 1] dilations [1, 1] groups 1 {weight = #lr.weight<"pruned.weight">, sparsity = #lr.sparsity<pattern ["110/110/000"], keep = 0.5, budget = layer>, tuning = #lr.tuning<unroll = [1, 4, 8], permute = cohwci>} : tensor<1x4x8x8xf32> -> tensor<1x8x4x4xf32>
// CHECK-NEXT: %depthwise = lr.conv2d "depthwise"(%c) plus %x : tensor<1x4x8x8xf32> then <relu6> kernel [3, 3] strides [1, 1] pads [2, 2, 2, 2] dilations [2, 2] groups 4 {weight = #lr.weight<"depthwise.weight">} : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
// CHECK-NEXT: %inline = lr.conv2d "inline"(%c) {{.*}}weight = dense<1.000000e+00> : tensor<2x4x1x1xf32>
// CHECK-NEXT: %bn = lr.batch_norm "bn"(%depthwise) {{.*}}epsilon = 1.000000e-03 : f64
// CHECK-NEXT: %leaky = lr.activation "leaky"(%bn) <leaky_relu 0.1>
// CHECK-NEXT: %sum = lr.add "sum"(%leaky, %c) then <relu> : tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
// CHECK-NEXT: %mean = lr.global_avg_pool "mean"(%sum) : tensor<1x4x8x8xf32> -> tensor<1x4x1x1xf32>
// CHECK-NEXT: %scaled = lr.mul "scaled"(%sum, %mean) : tensor<1x4x8x8xf32>, tensor<1x4x1x1xf32> -> tensor<1x4x8x8xf32>
// CHECK-NEXT: %both = lr.concat "both"(%scaled, %inline) : tensor<1x4x8x8xf32>, tensor<1x2x8x8xf32> -> tensor<1x6x8x8xf32>
// CHECK-NEXT: %max = lr.max_pool "max"(%both) kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0]
// CHECK-NEXT: %avg = lr.avg_pool "avg"(%max) kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1]
// CHECK-NEXT: %up = lr.upsample "up"(%avg) by [2, 1]
// CHECK-NEXT: %framed = lr.pad "framed"(%up) pads [0, 1, 0, 2] {value = 0.000000e+00 : f64}
// CHECK-NEXT: %flat = lr.flatten "flat"(%framed)
// CHECK-NEXT: %fc = lr.linear "fc"(%flat) then <tanh> {weight = #lr.weight<"fc.weight">, bias = #lr.weight<"fc.bias">}
// CHECK-NEXT: %p = lr.softmax "p"(%fc)
// CHECK-NEXT: lr.output %p, %pruned {names = ["p", "pruned"]} : tensor<1x6xf32>, tensor<1x8x4x4xf32>

// GENERIC: "lr.model"() <{sym_name = "every_layer", weights = #lr.store<random 7>, device = "kryo485", input_names = ["x", "v"]}>

// Values of other ranks: over a sequence lists have one number, and two for its ends.
lr.model @ranks {weights = #lr.store<random 7>} (%s : tensor<1x4x9xf32>, %v : tensor<1x2x3x4x5xf32>) {
  %c = lr.conv1d "c"(%s) plus %s : tensor<1x4x9xf32> then <relu> kernel [3] strides [1] pads [2, 2] dilations [2] groups 2 {weight = #lr.weight<"c.weight">, sparsity = #lr.sparsity<pattern ["110"]>} : tensor<1x4x9xf32> -> tensor<1x4x9xf32>
  %max = lr.max_pool "max"(%c) kernel [3] strides [2] pads [0, 1] : tensor<1x4x9xf32> -> tensor<1x4x4xf32>
  %up = lr.upsample "up"(%max) by [2] : tensor<1x4x4xf32> -> tensor<1x4x8xf32>
  %framed = lr.pad "framed"(%up) pads [1, 0] {value = 0.0 : f64} : tensor<1x4x8xf32> -> tensor<1x4x9xf32>
  %mean = lr.global_avg_pool "mean"(%framed) : tensor<1x4x9xf32> -> tensor<1x4x1xf32>
  %scaled = lr.mul "scaled"(%framed, %mean) : tensor<1x4x9xf32>, tensor<1x4x1xf32> -> tensor<1x4x9xf32>
  %vmean = lr.global_avg_pool "vmean"(%v) : tensor<1x2x3x4x5xf32> -> tensor<1x2x1x1x1xf32>
  %sum = lr.add "sum"(%v, %vmean) : tensor<1x2x3x4x5xf32>, tensor<1x2x1x1x1xf32> -> tensor<1x2x3x4x5xf32>
  %both = lr.concat "both"(%sum, %v) : tensor<1x2x3x4x5xf32>, tensor<1x2x3x4x5xf32> -> tensor<1x4x3x4x5xf32>
  lr.output %scaled, %both {names = ["a", "b"]} : tensor<1x4x9xf32>, tensor<1x4x3x4x5xf32>
}

// CHECK-LABEL: lr.model @ranks
// CHECK-NEXT: %c = lr.conv1d "c"(%s) plus %s : tensor<1x4x9xf32> then <relu> kernel [3] strides [1] pads [2, 2] dilations [2] groups 2 {weight = #lr.weight<"c.weight">, sparsity = #lr.sparsity<pattern ["110"]>} : tensor<1x4x9xf32> -> tensor<1x4x9xf32>
// CHECK-NEXT: %max = lr.max_pool "max"(%c) kernel [3] strides [2] pads [0, 1] : tensor<1x4x9xf32> -> tensor<1x4x4xf32>
// CHECK-NEXT: %up = lr.upsample "up"(%max) by [2] : tensor<1x4x4xf32> -> tensor<1x4x8xf32>
// CHECK-NEXT: %framed = lr.pad "framed"(%up) pads [1, 0]
// CHECK-NEXT: %mean = lr.global_avg_pool "mean"(%framed) : tensor<1x4x9xf32> -> tensor<1x4x1xf32>
// CHECK-NEXT: %scaled = lr.mul "scaled"(%framed, %mean)
// CHECK-NEXT: %vmean = lr.global_avg_pool "vmean"(%v) : tensor<1x2x3x4x5xf32> -> tensor<1x2x1x1x1xf32>
// CHECK-NEXT: %sum = lr.add "sum"(%v, %vmean)
// CHECK-NEXT: %both = lr.concat "both"(%sum, %v)
