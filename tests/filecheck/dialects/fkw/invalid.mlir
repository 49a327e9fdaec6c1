// RUN: lrc-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

// CHECK: layer 'a': offset is [3], expected [5]
lr.model @two_blocks_need_two_rows_a_filter (%x : tensor<1x2x4x5xf32>) {
  %a = fkw.conv2d "a"(%x) kernel [1, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {patterns = #pattern.set<["10", "01"]>, schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 1>, offset = dense<[0, 2, 4]> : tensor<3xui16>, reorder = dense<[1, 0]> : tensor<2xui8>, index = dense<[0, 1, 0, 1]> : tensor<4xui8>, stride = dense<[[0, 1, 2], [0, 2, 2]]> : tensor<2x3xui8>, weight = dense<1.0> : tensor<4x1xf32>} : tensor<1x2x4x5xf32> -> tensor<1x2x4x4xf32>
  lr.output %a {names = ["y"]} : tensor<1x2x4x4xf32>
}

// -----

// CHECK: layer 'a': weight is [4, 1], expected [kernels, 2]
lr.model @two_jammed_filters_need_two_weights (%x : tensor<1x2x4x5xf32>) {
  %a = fkw.conv2d "a"(%x) kernel [1, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {patterns = #pattern.set<["10", "01"]>, schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 8, jam = 2>, offset = dense<[0, 4]> : tensor<2xui16>, reorder = dense<[1, 0]> : tensor<2xui8>, index = dense<[0, 1, 0, 1]> : tensor<4xui8>, stride = dense<[[0, 1, 2]]> : tensor<1x3xui8>, weight = dense<1.0> : tensor<4x1xf32>} : tensor<1x2x4x5xf32> -> tensor<1x2x4x4xf32>
  lr.output %a {names = ["y"]} : tensor<1x2x4x4xf32>
}

// -----

// CHECK: 2 filters cannot be jammed by 4
lr.model @jam (%x : tensor<1x2x4x5xf32>) {
  %a = fkw.conv2d "a"(%x) kernel [1, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {patterns = #pattern.set<["10", "01"]>, schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 8, jam = 4>, offset = dense<[0, 2, 4]> : tensor<3xui16>, reorder = dense<[1, 0]> : tensor<2xui8>, index = dense<[0, 1, 0, 1]> : tensor<4xui8>, stride = dense<[[0, 1, 2], [0, 2, 2]]> : tensor<2x3xui8>, weight = dense<1.0> : tensor<4x1xf32>} : tensor<1x2x4x5xf32> -> tensor<1x2x4x4xf32>
  lr.output %a {names = ["y"]} : tensor<1x2x4x4xf32>
}

// -----

// CHECK: property 'schedule' expected in operation 'fkw.conv2d'
lr.model @no_schedule (%x : tensor<1x2x4x5xf32>) {
  %a = fkw.conv2d "a"(%x) kernel [1, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {patterns = #pattern.set<["10", "01"]>, offset = dense<[0, 2, 4]> : tensor<3xui16>, reorder = dense<[1, 0]> : tensor<2xui8>, index = dense<[0, 1, 0, 1]> : tensor<4xui8>, stride = dense<[[0, 1, 2], [0, 2, 2]]> : tensor<2x3xui8>, weight = dense<1.0> : tensor<4x1xf32>} : tensor<1x2x4x5xf32> -> tensor<1x2x4x4xf32>
  lr.output %a {names = ["y"]} : tensor<1x2x4x4xf32>
}

// -----

// What an array says about loads and stores has to fit the layer: the first place that does not is named.
// CHECK: layer 'a': reorder[1] is 2, expected 0 to 1
lr.model @reorder_of_no_filter (%x : tensor<1x2x4x5xf32>) {
  %a = fkw.conv2d "a"(%x) kernel [1, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {patterns = #pattern.set<["10", "01"]>, schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 8>, offset = dense<[0, 2, 4]> : tensor<3xui16>, reorder = dense<[1, 2]> : tensor<2xui8>, index = dense<[0, 1, 0, 1]> : tensor<4xui8>, stride = dense<[[0, 1, 2], [0, 2, 2]]> : tensor<2x3xui8>, weight = dense<1.0> : tensor<4x1xf32>} : tensor<1x2x4x5xf32> -> tensor<1x2x4x4xf32>
  lr.output %a {names = ["y"]} : tensor<1x2x4x4xf32>
}

// -----

// CHECK: layer 'a': reorder[1] is 1, which reorder[0] is already
lr.model @filter_stored_twice (%x : tensor<1x2x4x5xf32>) {
  %a = fkw.conv2d "a"(%x) kernel [1, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {patterns = #pattern.set<["10", "01"]>, schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 8>, offset = dense<[0, 2, 4]> : tensor<3xui16>, reorder = dense<1> : tensor<2xui8>, index = dense<[0, 1, 0, 1]> : tensor<4xui8>, stride = dense<[[0, 1, 2], [0, 2, 2]]> : tensor<2x3xui8>, weight = dense<1.0> : tensor<4x1xf32>} : tensor<1x2x4x5xf32> -> tensor<1x2x4x4xf32>
  lr.output %a {names = ["y"]} : tensor<1x2x4x4xf32>
}

// -----

// CHECK: layer 'a': index[2] is 255, expected 0 to 1
lr.model @index_of_no_channel (%x : tensor<1x2x4x5xf32>) {
  %a = fkw.conv2d "a"(%x) kernel [1, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {patterns = #pattern.set<["10", "01"]>, schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 8>, offset = dense<[0, 2, 4]> : tensor<3xui16>, reorder = dense<[1, 0]> : tensor<2xui8>, index = dense<[0, 1, 255, 1]> : tensor<4xui8>, stride = dense<[[0, 1, 2], [0, 2, 2]]> : tensor<2x3xui8>, weight = dense<1.0> : tensor<4x1xf32>} : tensor<1x2x4x5xf32> -> tensor<1x2x4x4xf32>
  lr.output %a {names = ["y"]} : tensor<1x2x4x4xf32>
}

// -----

// CHECK: layer 'a': index[4] is 1, expected 0
lr.model @channel_of_the_next_block (%x : tensor<1x3x4x5xf32>) {
  %a = fkw.conv2d "a"(%x) kernel [1, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {patterns = #pattern.set<["10", "01"]>, schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 2>, offset = dense<[0, 2, 4, 5, 5]> : tensor<5xui16>, reorder = dense<[1, 0]> : tensor<2xui8>, index = dense<[0, 1, 0, 1, 1]> : tensor<5xui8>, stride = dense<[[0, 1, 2], [0, 2, 2], [0, 0, 1], [0, 0, 0]]> : tensor<4x3xui8>, weight = dense<1.0> : tensor<5x1xf32>} : tensor<1x3x4x5xf32> -> tensor<1x2x4x4xf32>
  lr.output %a {names = ["y"]} : tensor<1x2x4x4xf32>
}

// -----

// CHECK: layer 'a': index[3] is 1, expected 2 to 3
lr.model @channel_of_the_other_group (%x : tensor<1x4x4x5xf32>) {
  %a = fkw.conv2d "a"(%x) kernel [1, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 2 {patterns = #pattern.set<["10", "01"]>, schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 8>, offset = dense<[0, 2, 4]> : tensor<3xui16>, reorder = dense<[0, 1]> : tensor<2xui8>, index = dense<[0, 1, 2, 1]> : tensor<4xui8>, stride = dense<[[0, 1, 2], [0, 2, 2]]> : tensor<2x3xui8>, weight = dense<1.0> : tensor<4x1xf32>} : tensor<1x4x4x5xf32> -> tensor<1x2x4x4xf32>
  lr.output %a {names = ["y"]} : tensor<1x2x4x4xf32>
}

// -----

// CHECK: layer 'a': reorder[1] is 1, expected 0
lr.model @jammed_filters_of_two_groups (%x : tensor<1x4x4x5xf32>) {
  %a = fkw.conv2d "a"(%x) kernel [1, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 2 {patterns = #pattern.set<["10", "01"]>, schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 8, jam = 2>, offset = dense<[0, 4]> : tensor<2xui16>, reorder = dense<[0, 1]> : tensor<2xui8>, index = dense<[0, 1, 0, 1]> : tensor<4xui8>, stride = dense<[[0, 1, 4]]> : tensor<1x3xui8>, weight = dense<1.0> : tensor<4x2xf32>} : tensor<1x4x4x5xf32> -> tensor<1x2x4x4xf32>
  lr.output %a {names = ["y"]} : tensor<1x2x4x4xf32>
}

// -----

// CHECK: layer 'a': stride[0, 2] is 0, expected 1 to 4
lr.model @stride_goes_back (%x : tensor<1x2x4x5xf32>) {
  %a = fkw.conv2d "a"(%x) kernel [1, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {patterns = #pattern.set<["10", "01"]>, schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 8>, offset = dense<[0, 2, 4]> : tensor<3xui16>, reorder = dense<[1, 0]> : tensor<2xui8>, index = dense<[0, 1, 0, 1]> : tensor<4xui8>, stride = dense<[[0, 1, 0], [0, 2, 2]]> : tensor<2x3xui8>, weight = dense<1.0> : tensor<4x1xf32>} : tensor<1x2x4x5xf32> -> tensor<1x2x4x4xf32>
  lr.output %a {names = ["y"]} : tensor<1x2x4x4xf32>
}

// -----

// CHECK: layer 'a': stride[1, 0] is 1, expected 0
lr.model @stride_starts_late (%x : tensor<1x2x4x5xf32>) {
  %a = fkw.conv2d "a"(%x) kernel [1, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {patterns = #pattern.set<["10", "01"]>, schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 8>, offset = dense<[0, 2, 4]> : tensor<3xui16>, reorder = dense<[1, 0]> : tensor<2xui8>, index = dense<[0, 1, 0, 1]> : tensor<4xui8>, stride = dense<[[0, 1, 2], [1, 2, 2]]> : tensor<2x3xui8>, weight = dense<1.0> : tensor<4x1xf32>} : tensor<1x2x4x5xf32> -> tensor<1x2x4x4xf32>
  lr.output %a {names = ["y"]} : tensor<1x2x4x4xf32>
}

// -----

// CHECK: layer 'a': offset[2] is 65535, expected 4
lr.model @offset_beyond_the_kernels (%x : tensor<1x2x4x5xf32>) {
  %a = fkw.conv2d "a"(%x) kernel [1, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {patterns = #pattern.set<["10", "01"]>, schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 8>, offset = dense<[0, 2, 65535]> : tensor<3xui16>, reorder = dense<[1, 0]> : tensor<2xui8>, index = dense<[0, 1, 0, 1]> : tensor<4xui8>, stride = dense<[[0, 1, 2], [0, 2, 2]]> : tensor<2x3xui8>, weight = dense<1.0> : tensor<4x1xf32>} : tensor<1x2x4x5xf32> -> tensor<1x2x4x4xf32>
  lr.output %a {names = ["y"]} : tensor<1x2x4x4xf32>
}

// -----

// CHECK: layer 'a': offset[2] is 4, but index has 5 kernels
lr.model @kernels_that_no_row_has (%x : tensor<1x2x4x5xf32>) {
  %a = fkw.conv2d "a"(%x) kernel [1, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {patterns = #pattern.set<["10", "01"]>, schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 8>, offset = dense<[0, 2, 4]> : tensor<3xui16>, reorder = dense<[1, 0]> : tensor<2xui8>, index = dense<0> : tensor<5xui8>, stride = dense<[[0, 1, 2], [0, 2, 2]]> : tensor<2x3xui8>, weight = dense<1.0> : tensor<5x1xf32>} : tensor<1x2x4x5xf32> -> tensor<1x2x4x4xf32>
  lr.output %a {names = ["y"]} : tensor<1x2x4x4xf32>
}

// -----

// CHECK: layer 'a': index has 4 kernels, but weight has 3
lr.model @a_weight_for_each_kernel (%x : tensor<1x2x4x5xf32>) {
  %a = fkw.conv2d "a"(%x) kernel [1, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {patterns = #pattern.set<["10", "01"]>, schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 8>, offset = dense<[0, 2, 4]> : tensor<3xui16>, reorder = dense<[1, 0]> : tensor<2xui8>, index = dense<[0, 1, 0, 1]> : tensor<4xui8>, stride = dense<[[0, 1, 2], [0, 2, 2]]> : tensor<2x3xui8>, weight = dense<1.0> : tensor<3x1xf32>} : tensor<1x2x4x5xf32> -> tensor<1x2x4x4xf32>
  lr.output %a {names = ["y"]} : tensor<1x2x4x4xf32>
}

// -----

// CHECK: layer 'a': index has numbers of type float32, expected uint8 or uint16 or uint32
lr.model @index_of_floats (%x : tensor<1x2x4x5xf32>) {
  %a = fkw.conv2d "a"(%x) kernel [1, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {patterns = #pattern.set<["10", "01"]>, schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 8>, offset = dense<[0, 2, 4]> : tensor<3xui16>, reorder = dense<[1, 0]> : tensor<2xui8>, index = dense<0.0> : tensor<4xf32>, stride = dense<[[0, 1, 2], [0, 2, 2]]> : tensor<2x3xui8>, weight = dense<1.0> : tensor<4x1xf32>} : tensor<1x2x4x5xf32> -> tensor<1x2x4x4xf32>
  lr.output %a {names = ["y"]} : tensor<1x2x4x4xf32>
}

// -----

// CHECK: layer 'a': weight has numbers of type uint8, expected float32
lr.model @weight_of_integers (%x : tensor<1x2x4x5xf32>) {
  %a = fkw.conv2d "a"(%x) kernel [1, 2] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {patterns = #pattern.set<["10", "01"]>, schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 8>, offset = dense<[0, 2, 4]> : tensor<3xui16>, reorder = dense<[1, 0]> : tensor<2xui8>, index = dense<[0, 1, 0, 1]> : tensor<4xui8>, stride = dense<[[0, 1, 2], [0, 2, 2]]> : tensor<2x3xui8>, weight = dense<1> : tensor<4x1xui8>} : tensor<1x2x4x5xf32> -> tensor<1x2x4x4xf32>
  lr.output %a {names = ["y"]} : tensor<1x2x4x4xf32>
}
