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
