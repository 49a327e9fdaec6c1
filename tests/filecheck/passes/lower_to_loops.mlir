// RUN: lrc-opt %s -p 'set-machine{machine=neon},tile,assign-layout,pack-fkw,lower-to-loops' --split-input-file --verify-diagnostics | filecheck %s

// A kernel: for each channel block and filter, sums that start from the bias or from the block before; for each pattern
// a loop over its kernels; after the last block the activation. The network: a buffer for each tensor, launches.
// CHECK-LABEL: @conv2x1_p2_1x1x4
// CHECK: kernel.grid (%y, %x, %g) in (%rows, %columns, %groups)
// CHECK: scf.for %b
// CHECK: scf.for %f
// CHECK: %filter = kernel.load_index %reorder[%f]
// CHECK: scf.if %is_first
// CHECK: memref.load %bias[%filter]
// CHECK: } else {
// CHECK: kernel.load %output_window[0, 0]
// CHECK: kernel.load_index %stride
// CHECK: scf.for %k
// CHECK: %channel = kernel.load_index %index[%k]
// CHECK: kernel.load %window[0, 0] : !kernel.window<4> -> vector<4xf32>
// CHECK: vector.fma
// CHECK: scf.for %k
// CHECK: kernel.load %window{{.*}}[1, 0] : !kernel.window<4> -> vector<4xf32>
// CHECK: vector.fma
// CHECK: scf.if %is_last
// CHECK: arith.maximumf
// CHECK: kernel.store
// CHECK-LABEL: kernel.network @patterns(%x: "x" tensor<1x2x3x4xf32>) -> (%y: "y" tensor<1x2x2x4xf32>) layers [
// CHECK-NEXT: <"a", "2x1 pattern", weights = 8, executed = 4, nonzero = 4, schedule = <algorithm = direct, {{.*}}>>
// CHECK: [[X:%.*]] = memref.alloc
// CHECK: kernel.launch @copy{{.*}}(source = %x,
// CHECK: [[A:%.*]] = memref.alloc
// CHECK: kernel.weights "a.fkw.offset"[3] hash "{{[0-9a-f]+}}" : memref<?xui16>
// CHECK: kernel.launch @conv2x1_p2_1x1x4{{.*}}(input = [[X]], output = [[A]],
// CHECK-SAME: over (rows = {{.*}}, columns = {{.*}}, groups = {{.*}}) layer "a" in output
// CHECK: kernel.launch @copy{{.*}}(source = [[A]],
lr.model @patterns (%x : tensor<1x2x3x4xf32>) {
  %a = pattern.conv2d "a"(%x) then <relu> kernel [2, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {
    weight = dense<[[[[1.0], [0.0]], [[0.0], [2.0]]], [[[0.0], [3.0]], [[4.0], [0.0]]]]> : tensor<2x2x2x1xf32>, bias = dense<1.0> : tensor<2xf32>,
    patterns = #pattern.set<["1/0", "0/1"]>, assignment = dense<[[1, 2], [2, 1]]> : tensor<2x2xui8>,
    tuning = #lr.tuning<unroll = [1, 1, 4]>} : tensor<1x2x3x4xf32> -> tensor<1x2x2x4xf32>
  lr.output %a {names = ["y"]} : tensor<1x2x2x4xf32>
}

// -----

// Layers that need the same code share one kernel.
// CHECK: kernel.func @conv1x1
// CHECK-NOT: kernel.func @conv1x1
// CHECK: kernel.launch @[[FAMILY:conv1x1[a-z0-9_]*]](
// CHECK-SAME: layer "a"
// CHECK: kernel.launch @[[FAMILY]](
// CHECK-SAME: layer "b"
lr.model @one_family (%x : tensor<1x1x4x4xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {
    weight = dense<1.0> : tensor<1x1x1x1xf32>, patterns = #pattern.set<["1"]>, assignment = dense<1> : tensor<1x1xui8>} : tensor<1x1x4x4xf32> -> tensor<1x1x4x4xf32>
  %b = pattern.conv2d "b"(%a) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {
    weight = dense<2.0> : tensor<1x1x1x1xf32>, patterns = #pattern.set<["1"]>, assignment = dense<1> : tensor<1x1xui8>} : tensor<1x1x4x4xf32> -> tensor<1x1x4x4xf32>
  lr.output %b {names = ["y"]} : tensor<1x1x4x4xf32>
}

// -----

// CHECK-LABEL: @max_pool_only
// CHECK: kernel.launch @max_pool
// CHECK-SAME: layer "a"
lr.model @max_pool_only (%x : tensor<1x1x4x4xf32>) {
  %a = lr.max_pool "a"(%x) kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] : tensor<1x1x4x4xf32> -> tensor<1x1x2x2xf32>
  lr.output %a {names = ["y"]} : tensor<1x1x2x2xf32>
}

// -----

// CHECK: no loops for lr.conv2d: run the passes before lower-to-loops first
lr.model @not_packed (%x : tensor<1x1x4x4xf32>) {
  %a = lr.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {weight = dense<1.0> : tensor<1x1x1x1xf32>} : tensor<1x1x4x4xf32> -> tensor<1x1x4x4xf32>
  lr.output %a {names = ["y"]} : tensor<1x1x4x4xf32>
}

// -----

// A zero around the picture would win against the numbers of a window that are all negative.
// CHECK: layer 'a' would mistake its padding for numbers: run materialize-padding first
lr.model @padded_pool (%x : tensor<1x1x4x4xf32>) {
  %a = lr.max_pool "a"(%x) kernel [2, 2] strides [2, 2] pads [1, 1, 1, 1] : tensor<1x1x4x4xf32> -> tensor<1x1x3x3xf32>
  lr.output %a {names = ["y"]} : tensor<1x1x3x3xf32>
}

// -----

// CHECK: net.lr:7:3: the factor of 'b' would be 1e+40, which overflows float32, at [0]: look at its scale and variance
lr.model @overflow (%x : tensor<1x1xf32>) {
  %b = lr.batch_norm "b"(%x) {weight = dense<1.0e30> : tensor<1xf32>, bias = dense<0.0> : tensor<1xf32>, mean = dense<0.0> : tensor<1xf32>, variance = dense<1.0e-20> : tensor<1xf32>, epsilon = 0.0 : f64} : tensor<1x1xf32> -> tensor<1x1xf32> loc("net.lr":7:3)
  lr.output %b {names = ["b"]} : tensor<1x1xf32>
}

// -----

// A loop goes through the rows of a kernel with more than 64 taps: of 9 x 9, a body has 9.
// CHECK-LABEL: kernel.func @conv9x9
// CHECK: scf.for %k
// CHECK: %first_weight = arith.muli %k, %{{.*}}
// CHECK: scf.for %dy
// CHECK: %picture_row = arith.addi
// CHECK: %row_weight = arith.addi
// CHECK: %window = kernel.window %input[%picture_row]
// CHECK: kernel.load %window[0, 8]
// CHECK-NOT: kernel.load %window[1
// CHECK: scf.yield
lr.model @large {weights = #lr.store<random 0>} (%x : tensor<1x1x9x4xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [9, 9] strides [1, 1] pads [4, 4, 4, 4] dilations [1, 1] groups 1 {
    weight = #lr.weight<"w">, patterns = #pattern.set<["111111111/111111111/111111111/111111111/111111111/111111111/111111111/111111111/111111111"]>, assignment = dense<1> : tensor<1x1xui8>,
    tuning = #lr.tuning<unroll = [1, 1, 4]>} : tensor<1x1x9x4xf32> -> tensor<1x1x9x4xf32>
  lr.output %a {names = ["y"]} : tensor<1x1x9x4xf32>
}
