// RUN: lrc-opt %s --split-input-file --verify-diagnostics --parsing-diagnostics | filecheck %s

%x = "test.op"() : () -> tensor<1x3x8x8xf32>
%y = lr.conv2d "conv1"(%x) kernel [3, 3] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = #lr.weight<"w">} : tensor<1x3x8x8xf32> -> tensor<1x4x8x8xf32>
// CHECK: layer 'conv1' gives [1, 4, 6, 6], but its type says [1, 4, 8, 8]

// -----

%x = "test.op"() : () -> tensor<1x3x8x8xf32>
%y = lr.conv2d "conv1"(%x) kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] groups 2 {weight = #lr.weight<"w">} : tensor<1x3x8x8xf32> -> tensor<1x4x8x8xf32>
// CHECK: layer 'conv1': 3 input channels of [1, 3, 8, 8] do not divide into 2 groups

// -----

%x = "test.op"() : () -> tensor<1x3x8x8xf32>
%y = lr.conv2d "conv1"(%x) kernel [3] strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] groups 1 {weight = #lr.weight<"w">} : tensor<1x3x8x8xf32> -> tensor<1x4x8x8xf32>
// CHECK: kernel has 1 numbers, expected 2

// -----

%x = "test.op"() : () -> tensor<1x3x8x8xf32>
%y = lr.conv2d "conv1"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = dense<1.0> : tensor<4x2x1x1xf32>} : tensor<1x3x8x8xf32> -> tensor<1x4x8x8xf32>
// CHECK: layer 'conv1' has a weight of [4, 2, 1, 1], expected [4, 3, 1, 1]

// -----

%x = "test.op"() : () -> tensor<1x3x8x8xf32>
%r = "test.op"() : () -> tensor<1x3x8x8xf32>
%y = lr.conv2d "conv1"(%x) plus %r : tensor<1x3x8x8xf32> kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = #lr.weight<"w">} : tensor<1x3x8x8xf32> -> tensor<1x4x8x8xf32>
// CHECK: layer 'conv1': adds [1, 3, 8, 8] to [1, 4, 8, 8]

// -----

%a, %b = "test.op"() : () -> (tensor<1x3x8x8xf32>, tensor<1x3x4x4xf32>)
%y = lr.add "sum"(%a, %b) : tensor<1x3x8x8xf32>, tensor<1x3x4x4xf32> -> tensor<1x3x8x8xf32>
// CHECK: layer 'sum': [1, 3, 8, 8] and [1, 3, 4, 4] do not fit

// -----

%x = "test.op"() : () -> tensor<1x3x8x8xf32>
%y = lr.activation "act"(%x) <gelu> : tensor<1x3x8x8xf32> -> tensor<1x3x8x8xf32>
// CHECK: unknown activation 'gelu'

// -----

%x = "test.op"() : () -> tensor<1x3x8x8xf32>
%y = lr.activation "act"(%x) <relu 0.5> : tensor<1x3x8x8xf32> -> tensor<1x3x8x8xf32>
// CHECK: 'relu' has no slope

// -----

%x = "test.op"() : () -> tensor<1x3x8x8xf32>
%y = lr.linear "fc"(%x) {weight = #lr.weight<"w">} : tensor<1x3x8x8xf32> -> tensor<1x4xf32>
// CHECK: layer 'fc': takes a vector [1, C], not [1, 3, 8, 8]; flatten it first

// -----

lr.model @batch {weights = #lr.store<none>} (%x : tensor<2x3x8x8xf32>) {
  %y = lr.softmax "y"(%x) : tensor<2x3x8x8xf32> -> tensor<2x3x8x8xf32>
  lr.output %y {names = ["y"]} : tensor<2x3x8x8xf32>
}
// CHECK: input 'x' is tensor<2x3x8x8xf32>, but a batch is one picture

// -----

lr.model @names {weights = #lr.store<none>} (%x : tensor<1x3x8x8xf32>) {
  %y = lr.softmax "y"(%x) : tensor<1x3x8x8xf32> -> tensor<1x3x8x8xf32>
  lr.output %y {names = ["y", "z"]} : tensor<1x3x8x8xf32>
}
// CHECK: 2 names for 1 outputs

// -----

lr.model @nowhere {weights = #lr.store<file "nowhere.safetensors">} (%x : tensor<1x3x8x8xf32>) {
  lr.output %x {names = ["y"]} : tensor<1x3x8x8xf32>
}
// CHECK: there is no weight file 'nowhere.safetensors'

// -----

lr.model @alike {weights = #lr.store<none>, inputs = ["x"]} (%x : tensor<1x3x8x8xf32>) {
  %y = lr.softmax "y"(%x) : tensor<1x3x8x8xf32> -> tensor<1x3x8x8xf32>
  lr.output %y {names = ["x"]} : tensor<1x3x8x8xf32>
}
// CHECK: two inputs or outputs are called 'x'

// -----

%x = "test.op"() : () -> tensor<1x3x8x8xf32>
%y = lr.conv1d "a"(%x) kernel [3] strides [1] pads [0, 0] dilations [1] groups 1 {weight = #lr.weight<"w">} : tensor<1x3x8x8xf32> -> tensor<1x4x6xf32>
// CHECK: layer 'a': takes a sequence [1, C, L], not [1, 3, 8, 8]

// -----

%x = "test.op"() : () -> tensor<1x3x8xf32>
%y = lr.conv1d "a"(%x) kernel [1, 3] strides [1] pads [0, 0] dilations [1] groups 1 {weight = #lr.weight<"w">} : tensor<1x3x8xf32> -> tensor<1x4x6xf32>
// CHECK: kernel has 2 numbers, expected 1

// -----

%x = "test.op"() : () -> tensor<1x3x8xf32>
%y = lr.max_pool "a"(%x) kernel [2] strides [2] pads [0, 0, 0, 0] : tensor<1x3x8xf32> -> tensor<1x3x4xf32>
// CHECK: pads has 4 numbers, expected 2

// -----

%x = "test.op"() : () -> tensor<1x3x2x8x8xf32>
%y = lr.max_pool "a"(%x) kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] : tensor<1x3x2x8x8xf32> -> tensor<1x3x2x4x4xf32>
// CHECK: layer 'a': takes a picture [1, C, H, W] or a sequence [1, C, L], not [1, 3, 2, 8, 8]

// -----

%x = "test.op"() : () -> tensor<1x3x2x2x8x8xf32>
%y = lr.activation "a"(%x) <relu> : tensor<1x3x2x2x8x8xf32> -> tensor<1x3x2x2x8x8xf32>
// CHECK: values are [1, C] to [1, C, D, H, W]
