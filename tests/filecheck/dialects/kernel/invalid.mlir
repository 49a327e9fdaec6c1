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

// CHECK: rows of 4 numbers do not fit a row stride of 3
func.func @layout(%t: tensor<1x2x3x4xf32, #kernel.layout<"2x3x4, row_stride = 3">>) {
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
func.func @unknown_entry(%t: tensor<1x2x3x4xf32, #kernel.layout<"2x3x4, row_stride = 4, left = 1">>) {
  func.return
}

// -----

// CHECK: expected channels x height x width, not '2x3'
func.func @shape(%t: tensor<1x2x3x4xf32, #kernel.layout<"2x3, row_stride = 4">>) {
  func.return
}

// -----

// CHECK: top must be at least 0, not -1
func.func @negative(%t: tensor<1x2x3x4xf32, #kernel.layout<"2x3x4, row_stride = 4, top = -1">>) {
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
