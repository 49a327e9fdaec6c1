// RUN: lrc-opt %s -p 'set-machine{machine=neon},assign-patterns,assign-layout,lower-to-loops' --split-input-file --verify-diagnostics | filecheck %s

// Whoever needs an array that is not there says which, and for which operation of this file.

// CHECK: missing_arrays.mlir:7:3: the weights have no array named 'a.weight'; their source is none
lr.model @patterns {weights = #lr.store<none>} (%x : tensor<1x1x2x2xf32>) {
  %a = lr.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = #lr.weight<"a.weight">} : tensor<1x1x2x2xf32> -> tensor<1x1x2x2xf32>
  lr.output %a {names = ["y"]} : tensor<1x1x2x2xf32>
}

// -----

// CHECK: missing_arrays.mlir:15:3: the weights have no array named 'fc.folded'; their source is random 0 without ["fc.folded"]
lr.model @loops {weights = #lr.store<random 0 without ["fc.folded"]>} (%x : tensor<1x5xf32>) {
  %y = lr.linear "fc"(%x) {weight = #lr.weight<"fc.folded">} : tensor<1x5xf32> -> tensor<1x7xf32>
  lr.output %y {names = ["y"]} : tensor<1x7xf32>
}

// -----

// CHECK: missing_arrays.mlir:23:3: the weights have no array named 'head.weight'; their source is file "zoo:digits.safetensors"
lr.model @file {weights = #lr.store<file "zoo:digits.safetensors">} (%x : tensor<1x128xf32>) {
  %y = lr.linear "fc"(%x) {weight = #lr.weight<"head.weight">, bias = #lr.weight<"fc.bias">} : tensor<1x128xf32> -> tensor<1x10xf32>
  lr.output %y {names = ["y"]} : tensor<1x10xf32>
}
