// RUN: lrc-opt %s -p replace-unfriendly | filecheck %s

lr.model @activations {weights = #lr.store<random 0>} (%x : tensor<1x2xf32>) {
  // CHECK: lr.activation "sigmoid"(%x) <hard_sigmoid>
  %a = lr.activation "sigmoid"(%x) <sigmoid> : tensor<1x2xf32> -> tensor<1x2xf32>
  // CHECK-NEXT: lr.activation "swish"(%a) <hard_swish>
  %b = lr.activation "swish"(%a) <swish> : tensor<1x2xf32> -> tensor<1x2xf32>
  // CHECK-NEXT: lr.linear "fused"(%b) then <hard_swish>
  %c = lr.linear "fused"(%b) then <swish> {weight = #lr.weight<"w">} : tensor<1x2xf32> -> tensor<1x2xf32>
  // CHECK-NEXT: lr.add "sum"(%c, %c) then <hard_sigmoid>
  %d = lr.add "sum"(%c, %c) then <sigmoid> : tensor<1x2xf32>, tensor<1x2xf32> -> tensor<1x2xf32>

  // Others stay: tanh has no piecewise linear form that networks are trained with.
  // CHECK-NEXT: lr.activation "tanh"(%d) <tanh>
  %e = lr.activation "tanh"(%d) <tanh> : tensor<1x2xf32> -> tensor<1x2xf32>
  // CHECK-NEXT: lr.activation "relu"(%e) <relu>
  %f = lr.activation "relu"(%e) <relu> : tensor<1x2xf32> -> tensor<1x2xf32>
  lr.output %f {names = ["f"]} : tensor<1x2xf32>
}
