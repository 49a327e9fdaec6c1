// RUN: lrc-opt %s -p 'set-machine{machine=neon},tile' --split-input-file --verify-diagnostics | filecheck %s
// RUN: lrc-opt %s -p 'set-machine{machine=avx512},tile' --split-input-file --verify-diagnostics | filecheck %s --check-prefix=AVX512

// The author decides all.
// CHECK-LABEL: @tuned
// CHECK: schedule = #pattern.schedule<algorithm = direct, tile = [4, 2], lanes = 4, block = 1, jam = 2, group = 2, order = cohwci, load = direct>
lr.model @tuned (%x : tensor<1x2x8x32xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {
    weight = dense<1.0> : tensor<2x2x1x1xf32>, patterns = #pattern.set<["1"]>, assignment = dense<1> : tensor<2x2xui8>,
    tuning = #lr.tuning<unroll = [2, 4, 8], tile = [2, 1], permute = cohwci, load = direct>} : tensor<1x2x8x32xf32> -> tensor<1x2x8x32xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x8x32xf32>
}

// -----

// The machine decides the lanes and how vectors are loaded.
// CHECK-LABEL: @machine
// CHECK: lanes = 4, {{.*}} load = rows>
// AVX512-LABEL: @machine
// AVX512: lanes = 16, {{.*}} load = aligned>
lr.model @machine (%x : tensor<1x2x8x32xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {
    weight = dense<1.0> : tensor<2x2x1x1xf32>, patterns = #pattern.set<["1"]>, assignment = dense<1> : tensor<2x2xui8>} : tensor<1x2x8x32xf32> -> tensor<1x2x8x32xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x8x32xf32>
}

// -----

// Filters whose kernels differ are not jammed.
// CHECK-LABEL: @nothing_shared
// CHECK: jam = 1
lr.model @nothing_shared (%x : tensor<1x2x8x32xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {
    weight = dense<[[[[1.0]], [[0.0]]], [[[0.0]], [[1.0]]]]> : tensor<2x2x1x1xf32>, patterns = #pattern.set<["1"]>,
    assignment = dense<[[1, 0], [0, 1]]> : tensor<2x2xui8>} : tensor<1x2x8x32xf32> -> tensor<1x2x8x32xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x8x32xf32>
}

// -----

// Filters can be jammed whose kernels are the same, side by side as they are stored: what is loaded serves both.
// CHECK-LABEL: @pairs
// CHECK: jam = 2
// AVX512-LABEL: @pairs
// AVX512: jam = 2
lr.model @pairs (%x : tensor<1x2x8x32xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 2] strides [1, 1] pads [0, 0, 0, 1] dilations [1, 1] groups 1 {
    weight = dense<0.0> : tensor<4x2x1x2xf32>, patterns = #pattern.set<["10", "01"]>,
    assignment = dense<[[1, 0], [0, 2], [1, 0], [0, 2]]> : tensor<4x2xui8>, order = dense<[0, 2, 1, 3]> : tensor<4xi32>,
    tuning = #lr.tuning<unroll = [2, 1, 16]>} : tensor<1x2x8x32xf32> -> tensor<1x4x8x32xf32>
  lr.output %a {names = ["a"]} : tensor<1x4x8x32xf32>
}

// -----

// A schedule that is there already stays.
// CHECK-LABEL: @scheduled
// CHECK: schedule = #pattern.schedule<algorithm = direct, tile = [1, 1], lanes = 4, block = 2, jam = 1, group = 1, order = hwcico, load = direct>
lr.model @scheduled (%x : tensor<1x2x8x32xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {
    weight = dense<1.0> : tensor<2x2x1x1xf32>, patterns = #pattern.set<["1"]>, assignment = dense<1> : tensor<2x2xui8>,
    schedule = #pattern.schedule<tile = [1, 1], lanes = 4, block = 2, group = 1>} : tensor<1x2x8x32xf32> -> tensor<1x2x8x32xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x8x32xf32>
}

// -----

// CHECK: layer 'a': unroll asks for 6 columns, which are no whole vectors of 4 floats
lr.model @ragged (%x : tensor<1x2x8x32xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {
    weight = dense<1.0> : tensor<2x2x1x1xf32>, patterns = #pattern.set<["1"]>, assignment = dense<1> : tensor<2x2xui8>,
    tuning = #lr.tuning<unroll = [1, 4, 6], device = kryo485>} : tensor<1x2x8x32xf32> -> tensor<1x2x8x32xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x8x32xf32>
}

// -----

// A tuning is for the machine that it names, or the network; for another the heuristic chooses.
// CHECK-LABEL: @for_another
// CHECK: lanes = 4, {{.*}} load = rows>
// CHECK: lanes = 4, {{.*}} load = direct>
// AVX512-LABEL: @for_another
// AVX512: tile = [4, 1], lanes = 16, {{.*}} load = direct>
// AVX512: lanes = 16, {{.*}} load = aligned>
lr.model @for_another {device = "kryo485"} (%x : tensor<1x2x8x32xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {
    weight = dense<1.0> : tensor<2x2x1x1xf32>, patterns = #pattern.set<["1"]>, assignment = dense<1> : tensor<2x2xui8>,
    tuning = #lr.tuning<unroll = [1, 4, 16], load = direct, device = avx512>} : tensor<1x2x8x32xf32> -> tensor<1x2x8x32xf32>
  %b = pattern.conv2d "b"(%a) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {
    weight = dense<1.0> : tensor<2x2x1x1xf32>, patterns = #pattern.set<["1"]>, assignment = dense<1> : tensor<2x2xui8>,
    tuning = #lr.tuning<unroll = [1, 2, 4], load = direct>} : tensor<1x2x8x32xf32> -> tensor<1x2x8x32xf32>
  lr.output %b {names = ["b"]} : tensor<1x2x8x32xf32>
}

// -----

// One that is for no machine in particular is for those that can do it.
// CHECK-LABEL: @for_whoever_can
// CHECK: lanes = 4, {{.*}} load = direct>
// AVX512-LABEL: @for_whoever_can
// AVX512: lanes = 16, {{.*}} load = aligned>
lr.model @for_whoever_can (%x : tensor<1x2x8x32xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {
    weight = dense<1.0> : tensor<2x2x1x1xf32>, patterns = #pattern.set<["1"]>, assignment = dense<1> : tensor<2x2xui8>,
    tuning = #lr.tuning<unroll = [1, 2, 4], load = direct>} : tensor<1x2x8x32xf32> -> tensor<1x2x8x32xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x8x32xf32>
}

// -----

// CHECK: layer 'a': unroll asks for 2 filters at once; these filters share their kernels by 1
lr.model @jam_of_different_filters (%x : tensor<1x2x8x32xf32>) {
  %a = pattern.conv2d "a"(%x) kernel [1, 1] strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] groups 1 {
    weight = dense<[[[[1.0]], [[0.0]]], [[[0.0]], [[1.0]]]]> : tensor<2x2x1x1xf32>, patterns = #pattern.set<["1"]>,
    assignment = dense<[[1, 0], [0, 1]]> : tensor<2x2xui8>,
    tuning = #lr.tuning<unroll = [2, 4, 16]>} : tensor<1x2x8x32xf32> -> tensor<1x2x8x32xf32>
  lr.output %a {names = ["a"]} : tensor<1x2x8x32xf32>
}
