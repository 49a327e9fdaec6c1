// RUN: lrc-opt %s -p materialize-padding --split-input-file | filecheck %s

// The network's input may be negative: its padding becomes numbers.

// CHECK-LABEL: @negative
// CHECK-NEXT:    %0 = lr.pad "pool.pad"(%x) pads [1, 0, 1, 0] {value = 0xfff0000000000000 : f64}
// CHECK-SAME:      tensor<1x4x8x8xf32> -> tensor<1x4x10x8xf32>
// CHECK-NEXT:    %y = lr.max_pool "pool"(%0) kernel [3, 2] strides [2, 2] pads [0, 0, 0, 0]
// CHECK-SAME:      tensor<1x4x10x8xf32> -> tensor<1x4x4x4xf32>
lr.model @negative {weights = #lr.store<none>} (%x : tensor<1x4x8x8xf32>) {
  %y = lr.max_pool "pool"(%x) kernel [3, 2] strides [2, 2] pads [1, 0, 1, 0]
       : tensor<1x4x8x8xf32> -> tensor<1x4x4x4xf32>
  lr.output %y {names = ["y"]} : tensor<1x4x4x4xf32>
}

// -----

// CHECK-LABEL: @no_padding
// CHECK-NEXT:    lr.max_pool "pool"(%x)
lr.model @no_padding {weights = #lr.store<none>} (%x : tensor<1x4x8x8xf32>) {
  %y = lr.max_pool "pool"(%x) kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0]
       : tensor<1x4x8x8xf32> -> tensor<1x4x4x4xf32>
  lr.output %y {names = ["y"]} : tensor<1x4x4x4xf32>
}

// -----

// Zeros around numbers that are at least zero are as good as no numbers, through whatever keeps the sign.

// CHECK-LABEL: @after_relu
// CHECK-NEXT:    lr.activation "relu"
// CHECK-NEXT:    lr.max_pool "first"{{.*}} pads [1, 1, 1, 1]
// CHECK-NEXT:    lr.upsample "up"
// CHECK-NEXT:    lr.max_pool "second"{{.*}} pads [1, 1, 1, 1]
lr.model @after_relu {weights = #lr.store<none>} (%x : tensor<1x4x8x8xf32>) {
  %a = lr.activation "relu"(%x) <relu> : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
  %b = lr.max_pool "first"(%a) kernel [3, 3] strides [2, 2] pads [1, 1, 1, 1]
       : tensor<1x4x8x8xf32> -> tensor<1x4x4x4xf32>
  %c = lr.upsample "up"(%b) by [2, 2] : tensor<1x4x4x4xf32> -> tensor<1x4x8x8xf32>
  %y = lr.max_pool "second"(%c) kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1]
       : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
  lr.output %y {names = ["y"]} : tensor<1x4x8x8xf32>
}

// -----

// An average pooling counts its padding as zeros: nothing to do.

// CHECK-LABEL: @average
// CHECK-NEXT:    lr.avg_pool "pool"(%x) kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1]
lr.model @average {weights = #lr.store<none>} (%x : tensor<1x4x8x8xf32>) {
  %y = lr.avg_pool "pool"(%x) kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1]
       : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
  lr.output %y {names = ["y"]} : tensor<1x4x8x8xf32>
}

// -----

// Activations with negative results, and sums in which only one side is never negative.

// CHECK-LABEL: @leaky
// CHECK:         lr.pad "pool.pad"
// CHECK:         lr.pad "sum_pool.pad"
lr.model @leaky {weights = #lr.store<none>} (%x : tensor<1x4x8x8xf32>) {
  %a = lr.activation "leaky"(%x) <leaky_relu 0.1> : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
  %b = lr.max_pool "pool"(%a) kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1]
       : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
  %c = lr.activation "relu"(%b) <relu> : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
  %d = lr.add "sum"(%a, %c) : tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
  %y = lr.max_pool "sum_pool"(%d) kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1]
       : tensor<1x4x8x8xf32> -> tensor<1x4x8x8xf32>
  lr.output %y {names = ["y"]} : tensor<1x4x8x8xf32>
}

// -----

// CHECK-LABEL: @sequence
// CHECK-NEXT:    lr.pad "pool.pad"(%x) pads [0, 1] {{.*}} : tensor<1x4x8xf32> -> tensor<1x4x9xf32>
// CHECK-NEXT:    lr.max_pool "pool"({{.*}}) kernel [3] strides [2] pads [0, 0] : tensor<1x4x9xf32> -> tensor<1x4x4xf32>
lr.model @sequence {weights = #lr.store<none>} (%x : tensor<1x4x8xf32>) {
  %y = lr.max_pool "pool"(%x) kernel [3] strides [2] pads [0, 1] : tensor<1x4x8xf32> -> tensor<1x4x4xf32>
  lr.output %y {names = ["y"]} : tensor<1x4x4xf32>
}
