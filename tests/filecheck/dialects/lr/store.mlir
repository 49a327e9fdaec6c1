// RUN: lrc-opt %s | lrc-opt | filecheck %s

lr.model @file {weights = #lr.store<file "zoo:digits.safetensors">} (%x : tensor<1x3x8x8xf32>) {
  lr.output %x {names = ["y"]} : tensor<1x3x8x8xf32>
}

lr.model @drawn {weights = #lr.store<random 7>} (%x : tensor<1x3x8x8xf32>) {
  lr.output %x {names = ["y"]} : tensor<1x3x8x8xf32>
}

lr.model @incomplete {weights = #lr.store<random 7 without ["a.bias", "b.bias"]>} (%x : tensor<1x3x8x8xf32>) {
  lr.output %x {names = ["y"]} : tensor<1x3x8x8xf32>
}

// CHECK: lr.model @file {weights = #lr.store<file "zoo:digits.safetensors">, inputs = ["x"]}
// CHECK: lr.model @drawn {weights = #lr.store<random 7>, inputs = ["x"]}
// CHECK: lr.model @incomplete {weights = #lr.store<random 7 without ["a.bias", "b.bias"]>, inputs = ["x"]}
