// RUN: lrc-opt %s -p 'set-machine{machine=neon},assign-layout,lower-to-loops' --split-input-file | filecheck %s

// A pooling: one point for each channel, strided loads, and whole vectors, since 4 columns are one.

// CHECK-LABEL: kernel.func @max_pool_k2x2_s2x2_i8
// CHECK:         kernel.grid (%c) in (%channels) {
// CHECK:           scf.for %y = %c0 to %rows step %c1 {
// CHECK:             scf.for %x = %c0 to %width step %c4 {
// CHECK:               %v = kernel.load %window[0, 0] stride 2
// CHECK-NEXT:          %v_1 = kernel.load %window[0, 1] stride 2
// CHECK-NEXT:          %v_2 = kernel.load %window[1, 0] stride 2
// CHECK-NEXT:          %v_3 = kernel.load %window[1, 1] stride 2
// CHECK-NEXT:          %max = arith.maximumf %v, %v_1
// CHECK-NEXT:          %max_1 = arith.maximumf %max, %v_2
// CHECK-NEXT:          %max_2 = arith.maximumf %max_1, %v_3
// CHECK:               kernel.store %max_2, %output_window[0, 0] : vector<4xf32>

// The rows of input and output have no gaps: each is copied as one row.

// CHECK-LABEL: kernel.network @pool
// CHECK:         kernel.launch @copy(source = %x,
// CHECK-SAME:      over (channels = %c1, rows = %c1)
// CHECK:         kernel.launch @max_pool_k2x2_s2x2_i8
// CHECK-SAME:      over (channels = %c2) layer "pool" in output
// CHECK:         kernel.launch @copy(
lr.model @pool {weights = #lr.store<none>} (%x : tensor<1x2x4x8xf32>) {
  %y = lr.max_pool "pool"(%x) kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0]
       : tensor<1x2x4x8xf32> -> tensor<1x2x2x4xf32>
  lr.output %y {names = ["y"]} : tensor<1x2x2x4xf32>
}

// -----

// What the pooling reads as padding is cleared before the activation runs: one row above and below of 8 elements, and
// the left halo of the first row. The right halo is the activation's waste lanes: it stores zero there.

// CHECK-LABEL: kernel.func @clear_lead_rows(
// CHECK:         kernel.grid (%c) in (%channels) {
// CHECK:           scf.if
// CHECK:           kernel.store {{.*}} : vector<4xf32>, !kernel.window<0>

// CHECK-LABEL: kernel.func @relu_ragged
// CHECK:         %inside = arith.subi %width, %x : index
// CHECK:         kernel.store {{.*}} lanes %inside

// CHECK-LABEL: kernel.network @halo
// CHECK:         kernel.launch @copy_ragged(source = %x,
// CHECK:         %a = memref.alloc({{.*}} x 7:8(1,1) x 7:1(1,1) x f32, lead = 4
// CHECK-NEXT:    kernel.launch @clear_lead_rows(buffer = %a,
// CHECK-NEXT:    kernel.launch @relu_ragged
// CHECK-SAME:      layer "a"
lr.model @halo {weights = #lr.store<none>} (%x : tensor<1x2x7x7xf32>) {
  %a = lr.activation "a"(%x) <relu> : tensor<1x2x7x7xf32> -> tensor<1x2x7x7xf32>
  %y = lr.avg_pool "b"(%a) kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1]
       : tensor<1x2x7x7xf32> -> tensor<1x2x7x7xf32>
  lr.output %y {names = ["y"]} : tensor<1x2x7x7xf32>
}

// -----

// A fully connected layer: four inputs a round, two vectors of sums; the sixth and seventh output stand in the last
// vector, whose eighth lane is no output.

// CHECK-LABEL: kernel.func @linear_v2_rest_ragged
// CHECK:         kernel.grid (%t) in (%tiles) {
// CHECK:           %s0 = kernel.load %biases[0, 0]
// CHECK-NEXT:      %s1 = kernel.load %biases[0, 4]
// CHECK-NEXT:      %s0_1, %s1_1 = scf.for %i = %c0 to %whole step %c4 iter_args(
// CHECK:             memref.load %input
// CHECK:             kernel.load %weights[0, 0]
// CHECK:             kernel.load %weights[0, 4]
// CHECK:             kernel.load %weights[3, 4]
// CHECK:           scf.for {{.*}} = %whole to %inputs step %c1 iter_args(
// CHECK:           kernel.store {{.*}}[0, 0] lanes
// CHECK:           kernel.store {{.*}}[0, 4] lanes
lr.model @linear {weights = #lr.store<none>} (%x : tensor<1x5xf32>) {
  %y = lr.linear "fc"(%x) {weight = dense<1.0> : tensor<7x5xf32>} : tensor<1x5xf32> -> tensor<1x7xf32>
  lr.output %y {names = ["y"]} : tensor<1x7xf32>
}
