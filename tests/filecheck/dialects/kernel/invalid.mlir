// RUN: lrc-opt %s --verify-diagnostics --parsing-diagnostics --split-input-file | filecheck %s

// CHECK: a grid of 1 sizes names 2 points
func.func @points(%n: index) {
  kernel.grid (%y, %x) in (%n) {
  }
  func.return
}

// -----

// CHECK: argument 1 of @k does not fit: 2 given, 2 expected
func.func @k(%x: memref<?xf32>, %n: index) {
  func.return
}
func.func @wrong_argument(%x: memref<?xf32>, %n: index) {
  kernel.launch @k(%x, %x) over(%n) : memref<?xf32>, memref<?xf32>
  func.return
}

// -----

// CHECK: 4 elements of one axis do not fit the stride 3 of the next
func.func @layout(%t: tensor<1x2x3x4xf32, #kernel.layout<"2:9 x 3:3 x 4:1 x f32">>) {
  func.return
}

// -----

// CHECK: @k is no function
lr.model @k (%x : tensor<1x1x1x1xf32>) {
  lr.output %x {names = ["y"]} : tensor<1x1x1x1xf32>
}
func.func @launch_of_a_model(%x: memref<?xf32>, %n: index) {
  kernel.launch @k(%x) over(%n) : memref<?xf32>
  func.return
}

// -----

// CHECK: argument 1 of @k does not fit: 1 given, 2 expected
func.func @k(%x: memref<?xf32>, %n: index) {
  func.return
}
func.func @too_few_arguments(%x: memref<?xf32>, %n: index) {
  kernel.launch @k(%x) over(%n) : memref<?xf32>
  func.return
}

// -----

// CHECK: a layout has no 'left'
func.func @unknown_entry(%t: tensor<1x2x3x4xf32, #kernel.layout<"2:12 x 3:4 x 4:1 x f32, left = 1">>) {
  func.return
}

// -----

// CHECK: expected an axis, size:stride or size:stride(before,after), not '2'
func.func @shape(%t: tensor<1x2x3x4xf32, #kernel.layout<"2 x 3:1 x f32">>) {
  func.return
}

// -----

// CHECK: no element type 'f64': one of f32, f16
func.func @element(%t: tensor<1x2x3x4xf32, #kernel.layout<"2:12 x 3:4 x 4:1 x f64">>) {
  func.return
}

// -----

// CHECK: lead must be at least 0, not -1
func.func @negative(%t: tensor<1x2x3x4xf32, #kernel.layout<"2:12 x 3:4 x 4:1 x f32, lead = -1">>) {
  func.return
}

// -----

// CHECK: integers have a hash, floats have none
func.func @no_hash() {
  %i = kernel.weights "index"[4] : memref<?xui8>
  func.return
}

// -----

// CHECK: integers have a hash, floats have none
func.func @hash_of_floats() {
  %w = kernel.weights "weight"[4] hash "00" : memref<?xf32>
  func.return
}

// -----

// CHECK: an array is memref<?xf32>, or of ui8, ui16 or ui32, not memref<?xi8>
func.func @signless() {
  %w = kernel.weights "index"[4] hash "00" : memref<?xi8>
  func.return
}

// -----

// CHECK: no float32 lies -4 bytes behind the start of the arena
func.func @before_the_arena() {
  %a = kernel.arena -4 : memref<?xf32>
  func.return
}
