// RUN: lrc-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// CHECK: offset is [3], expected [5]
lr.model @two_blocks_need_two_rows_a_filter (%x : tensor<1x2x4x4xf32>) {
  %a = fkw.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {patterns = #pattern.set<["1"]>, schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 1>, offset = dense<[0, 1, 2]> : tensor<3xui16>, reorder = #lr.weight<"r">, index = #lr.weight<"i">, stride = #lr.weight<"s">, weight = #lr.weight<"w">} : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  lr.output %a {names = ["y"]} : tensor<1x2x4x4xf32>
}

// -----

// CHECK: weight is [2, 1], expected [kernels, 2]
lr.model @two_jammed_filters_need_two_weights (%x : tensor<1x2x4x4xf32>) {
  %a = fkw.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {patterns = #pattern.set<["1"]>, schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 8, jam = 2>, offset = #lr.weight<"o">, reorder = #lr.weight<"r">, index = #lr.weight<"i">, stride = #lr.weight<"s">, weight = dense<1.0> : tensor<2x1xf32>} : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  lr.output %a {names = ["y"]} : tensor<1x2x4x4xf32>
}

// -----

// CHECK: 2 filters cannot be jammed by 4
lr.model @jam (%x : tensor<1x2x4x4xf32>) {
  %a = fkw.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {patterns = #pattern.set<["1"]>, schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 8, jam = 4>, offset = #lr.weight<"o">, reorder = #lr.weight<"r">, index = #lr.weight<"i">, stride = #lr.weight<"s">, weight = #lr.weight<"w">} : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  lr.output %a {names = ["y"]} : tensor<1x2x4x4xf32>
}

// -----

// CHECK: property 'schedule' expected in operation 'fkw.conv2d'
lr.model @no_schedule (%x : tensor<1x2x4x4xf32>) {
  %a = fkw.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {patterns = #pattern.set<["1"]>, offset = #lr.weight<"o">, reorder = #lr.weight<"r">, index = #lr.weight<"i">, stride = #lr.weight<"s">, weight = #lr.weight<"w">} : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  lr.output %a {names = ["y"]} : tensor<1x2x4x4xf32>
}
