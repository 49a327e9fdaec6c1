// RUN: ROUNDTRIP
// RUN: GENERIC

lr.model @convolutions {weights = #lr.store<none>} (%x : tensor<1x2x4x4xf32>) {
  // CHECK: %a = fkw.conv2d "named"(%x) then <relu> kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] groups 1
  // CHECK-SAME: offset = #lr.weight<"a.offset">
  // GENERIC: "fkw.conv2d"(%x) <{layer = "named"
  %a = fkw.conv2d "named"(%x) then <relu> kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] groups 1
       {patterns = #pattern.set<["110/110/000"]>, schedule = #pattern.schedule<tile = [7, 2], lanes = 16, block = 128>,
        offset = #lr.weight<"a.offset">, reorder = #lr.weight<"a.reorder">, index = #lr.weight<"a.index">,
        stride = #lr.weight<"a.stride">, weight = #lr.weight<"a.weight">, bias = #lr.weight<"a.bias">}
       : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>

  // CHECK: %b = fkw.conv2d "inline"(%a) plus %x : tensor<1x2x4x4xf32> kernel [1, 1]
  // CHECK-SAME: schedule = #pattern.schedule<algorithm = direct, tile = [1, 1], lanes = 4, block = 1, jam = 1, group = 64, order = hwcico, load = direct>
  // CHECK-SAME: offset = dense<[0, 1, 1, 1, 2]> : tensor<5xui16>
  // GENERIC: "fkw.conv2d"(%a, %x) <{layer = "inline"
  %b = fkw.conv2d "inline"(%a) plus %x : tensor<1x2x4x4xf32> kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1
       {patterns = #pattern.set<["1"]>, schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 1>,
        offset = dense<[0, 1, 1, 1, 2]> : tensor<5xui16>, reorder = dense<[0, 1]> : tensor<2xui8>, index = dense<0> : tensor<2xui8>,
        stride = dense<[[0, 1], [0, 0], [0, 0], [0, 1]]> : tensor<4x2xui8>, weight = dense<1.0> : tensor<2x1xf32>}
       : tensor<1x2x4x4xf32> -> tensor<1x2x4x4xf32>
  lr.output %b {names = ["y"]} : tensor<1x2x4x4xf32>
}
