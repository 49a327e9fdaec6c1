// RUN: lrc-opt %s -p fuse-activation --split-input-file | filecheck %s

// CHECK-LABEL: @conv2d
// CHECK: %a = lr.conv2d "a"(%x) then <relu>
// CHECK-NEXT: lr.output %a
lr.model @conv2d {weights = #lr.store<random 0>} (%x : tensor<1x2x2x2xf32>) {
  %a = lr.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = #lr.weight<"w">} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  %b = lr.activation "b"(%a) <relu> : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  lr.output %b {names = ["b"]} : tensor<1x2x2x2xf32>
}

// -----

// The activation comes after the residual, as it did.
// CHECK-LABEL: @conv2d_with_residual
// CHECK: %a = lr.conv2d "a"(%x) plus %x : tensor<1x2x2x2xf32> then <relu>
// CHECK-NEXT: lr.output %a
lr.model @conv2d_with_residual {weights = #lr.store<random 0>} (%x : tensor<1x2x2x2xf32>) {
  %a = lr.conv2d "a"(%x) plus %x : tensor<1x2x2x2xf32> kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = #lr.weight<"w">} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  %b = lr.activation "b"(%a) <relu> : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  lr.output %b {names = ["b"]} : tensor<1x2x2x2xf32>
}

// -----

// CHECK-LABEL: @linear
// CHECK: %a = lr.linear "a"(%x) then <leaky_relu 0.1>
// CHECK-NEXT: lr.output %a
lr.model @linear {weights = #lr.store<random 0>} (%x : tensor<1x2xf32>) {
  %a = lr.linear "a"(%x) {weight = #lr.weight<"w">} : tensor<1x2xf32> -> tensor<1x2xf32>
  %b = lr.activation "b"(%a) <leaky_relu 0.1> : tensor<1x2xf32> -> tensor<1x2xf32>
  lr.output %b {names = ["b"]} : tensor<1x2xf32>
}

// -----

// CHECK-LABEL: @add
// CHECK: %a = lr.add "a"(%x, %x) then <relu6>
// CHECK-NEXT: lr.output %a
lr.model @add (%x : tensor<1x2xf32>) {
  %a = lr.add "a"(%x, %x) : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %b = lr.activation "b"(%a) <relu6> : tensor<1x2xf32> -> tensor<1x2xf32>
  lr.output %b {names = ["b"]} : tensor<1x2xf32>
}

// -----

// CHECK-LABEL: @mul
// CHECK: %a = lr.mul "a"(%x, %x) then <hard_swish>
// CHECK-NEXT: lr.output %a
lr.model @mul (%x : tensor<1x2xf32>) {
  %a = lr.mul "a"(%x, %x) : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %b = lr.activation "b"(%a) <hard_swish> : tensor<1x2xf32> -> tensor<1x2xf32>
  lr.output %b {names = ["b"]} : tensor<1x2xf32>
}

// -----

// Only the first of two: a layer has one activation.
// CHECK-LABEL: @two_activations
// CHECK: lr.add "a"(%x, %x) then <relu>
// CHECK-NEXT: lr.activation "c"(%a) <tanh>
lr.model @two_activations (%x : tensor<1x2xf32>) {
  %a = lr.add "a"(%x, %x) : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %b = lr.activation "b"(%a) <relu> : tensor<1x2xf32> -> tensor<1x2xf32>
  %c = lr.activation "c"(%b) <tanh> : tensor<1x2xf32> -> tensor<1x2xf32>
  lr.output %c {names = ["c"]} : tensor<1x2xf32>
}

// -----

// Not: x * sigmoid(x), as swish is often written, needs x itself.
// CHECK-LABEL: @used_twice
// CHECK: lr.add "a"(%x, %x) :
// CHECK-NEXT: lr.activation "b"(%a) <sigmoid>
lr.model @used_twice (%x : tensor<1x2xf32>) {
  %a = lr.add "a"(%x, %x) : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  %b = lr.activation "b"(%a) <sigmoid> : tensor<1x2xf32> -> tensor<1x2xf32>
  %c = lr.mul "c"(%a, %b) : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>
  lr.output %c {names = ["c"]} : tensor<1x2xf32>
}

// -----

// Not: a pooling has no place for an activation.
// CHECK-LABEL: @pooling
// CHECK: lr.activation "b"(%a) <relu>
lr.model @pooling (%x : tensor<1x2x2x2xf32>) {
  %a = lr.max_pool "a"(%x) kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] : tensor<1x2x2x2xf32> -> tensor<1x2x1x1xf32>
  %b = lr.activation "b"(%a) <relu> : tensor<1x2x1x1xf32> -> tensor<1x2x1x1xf32>
  lr.output %b {names = ["b"]} : tensor<1x2x1x1xf32>
}

// -----

// Not: the network's input.
// CHECK-LABEL: @input
// CHECK: lr.activation "b"(%x) <relu>
lr.model @input (%x : tensor<1x2xf32>) {
  %b = lr.activation "b"(%x) <relu> : tensor<1x2xf32> -> tensor<1x2xf32>
  lr.output %b {names = ["b"]} : tensor<1x2xf32>
}
