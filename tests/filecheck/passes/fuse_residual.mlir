// RUN: lrc-opt %s -p fuse-residual --split-input-file | filecheck %s

// CHECK-LABEL: @left
// CHECK: %a = lr.conv2d "a"(%x) plus %x : tensor<1x2x2x2xf32> kernel
// CHECK-NEXT: lr.output %a
lr.model @left {weights = #lr.store<random 0>} (%x : tensor<1x2x2x2xf32>) {
  %a = lr.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = #lr.weight<"a">} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  %s = lr.add "s"(%a, %x) : tensor<1x2x2x2xf32>, tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  lr.output %s {names = ["s"]} : tensor<1x2x2x2xf32>
}

// -----

// The sum's activation comes along.
// CHECK-LABEL: @right_with_activation
// CHECK: %a = lr.conv2d "a"(%x) plus %x : tensor<1x2x2x2xf32> then <relu> kernel
// CHECK-NEXT: lr.output %a
lr.model @right_with_activation {weights = #lr.store<random 0>} (%x : tensor<1x2x2x2xf32>) {
  %a = lr.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = #lr.weight<"a">} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  %s = lr.add "s"(%x, %a) then <relu> : tensor<1x2x2x2xf32>, tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  lr.output %s {names = ["s"]} : tensor<1x2x2x2xf32>
}

// -----

// Of two convolutions the later one takes the sum, on whichever side it stands.
// CHECK-LABEL: @two_convolutions
// CHECK: %a = lr.conv2d "a"(%x) kernel
// CHECK-NEXT: %b = lr.conv2d "b"(%x) plus %a
// CHECK-NEXT: lr.output %b
lr.model @two_convolutions {weights = #lr.store<random 0>} (%x : tensor<1x2x2x2xf32>) {
  %a = lr.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = #lr.weight<"a">} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  %b = lr.conv2d "b"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = #lr.weight<"b">} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  %s = lr.add "s"(%a, %b) : tensor<1x2x2x2xf32>, tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  lr.output %s {names = ["s"]} : tensor<1x2x2x2xf32>
}

// -----

// CHECK-LABEL: @two_convolutions_swapped
// CHECK: %a = lr.conv2d "a"(%x) kernel
// CHECK-NEXT: %b = lr.conv2d "b"(%x) plus %a
// CHECK-NEXT: lr.output %b
lr.model @two_convolutions_swapped {weights = #lr.store<random 0>} (%x : tensor<1x2x2x2xf32>) {
  %a = lr.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = #lr.weight<"a">} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  %b = lr.conv2d "b"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = #lr.weight<"b">} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  %s = lr.add "s"(%b, %a) : tensor<1x2x2x2xf32>, tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  lr.output %s {names = ["s"]} : tensor<1x2x2x2xf32>
}

// -----

// The earlier one takes it if the later one cannot, and moves behind what it adds.
// CHECK-LABEL: @moves_down
// CHECK: %b = lr.conv2d "b"(%x) then <relu>
// CHECK-NEXT: %a = lr.conv2d "a"(%x) plus %b
// CHECK-NEXT: lr.output %a
lr.model @moves_down {weights = #lr.store<random 0>} (%x : tensor<1x2x2x2xf32>) {
  %a = lr.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = #lr.weight<"a">} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  %b = lr.conv2d "b"(%x) then <relu> kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = #lr.weight<"b">} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  %s = lr.add "s"(%a, %b) : tensor<1x2x2x2xf32>, tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  lr.output %s {names = ["s"]} : tensor<1x2x2x2xf32>
}

// -----

// A convolution adds one value; the second sum stays.
// CHECK-LABEL: @two_sums
// CHECK: %a = lr.conv2d "a"(%x) plus %x
// CHECK-NEXT: lr.add "t"(%a, %x)
lr.model @two_sums {weights = #lr.store<random 0>} (%x : tensor<1x2x2x2xf32>) {
  %a = lr.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = #lr.weight<"a">} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  %s = lr.add "s"(%a, %x) : tensor<1x2x2x2xf32>, tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  %t = lr.add "t"(%s, %x) : tensor<1x2x2x2xf32>, tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  lr.output %t {names = ["t"]} : tensor<1x2x2x2xf32>
}

// -----

// Not: the convolution has an activation, which comes before the sum.
// CHECK-LABEL: @activation_first
// CHECK: lr.add "s"(%a, %x)
lr.model @activation_first {weights = #lr.store<random 0>} (%x : tensor<1x2x2x2xf32>) {
  %a = lr.conv2d "a"(%x) then <relu> kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = #lr.weight<"a">} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  %s = lr.add "s"(%a, %x) : tensor<1x2x2x2xf32>, tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  lr.output %s {names = ["s"]} : tensor<1x2x2x2xf32>
}

// -----

// Not: somebody else needs the convolution without the sum; here the sum itself, twice.
// CHECK-LABEL: @doubled
// CHECK: lr.add "s"(%a, %a)
lr.model @doubled {weights = #lr.store<random 0>} (%x : tensor<1x2x2x2xf32>) {
  %a = lr.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = #lr.weight<"a">} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  %s = lr.add "s"(%a, %a) : tensor<1x2x2x2xf32>, tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  lr.output %s {names = ["s"]} : tensor<1x2x2x2xf32>
}

// -----

// Not: the sum repeats one number of each channel over the picture.
// CHECK-LABEL: @broadcast
// CHECK: lr.add "s"(%a, %r)
lr.model @broadcast {weights = #lr.store<random 0>} (%x : tensor<1x2x2x2xf32>, %r : tensor<1x2x1x1xf32>) {
  %a = lr.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = #lr.weight<"a">} : tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  %s = lr.add "s"(%a, %r) : tensor<1x2x2x2xf32>, tensor<1x2x1x1xf32> -> tensor<1x2x2x2xf32>
  lr.output %s {names = ["s"]} : tensor<1x2x2x2xf32>
}

// -----

// Not: neither operand comes from a convolution.
// CHECK-LABEL: @no_convolution
// CHECK: lr.add "s"(%x, %x)
lr.model @no_convolution (%x : tensor<1x2x2x2xf32>) {
  %s = lr.add "s"(%x, %x) : tensor<1x2x2x2xf32>, tensor<1x2x2x2xf32> -> tensor<1x2x2x2xf32>
  lr.output %s {names = ["s"]} : tensor<1x2x2x2xf32>
}
