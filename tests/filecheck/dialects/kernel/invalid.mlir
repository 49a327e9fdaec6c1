// RUN: lrc-opt %s --verify-diagnostics --parsing-diagnostics --split-input-file | filecheck %s

// CHECK: a grid of 1 sizes names 2 points
kernel.func @points(%n: index) {
  kernel.grid (%y, %x) in (%n) {
  }
}

// -----

// CHECK: a grid is what a kernel.func ends with: it stands nowhere else
func.func @grid(%n: index) {
  kernel.grid (%y) in (%n) {
  }
  func.return
}

// -----

// CHECK: the last operation of a kernel is its kernel.grid
kernel.func @no_grid(%n: index) {
  %c = arith.constant 0 : index
}

// -----

// CHECK: the last operation of a kernel is its kernel.grid
kernel.func @empty(%n: index) {
}

// -----

// CHECK: 'kernel.grid' stands before the grid, where there is index arithmetic alone
kernel.func @two_grids(%n: index, %m: index) {
  kernel.grid (%y) in (%n) {
  }
  kernel.grid (%x) in (%m) {
  }
}

// -----

// CHECK: 'memref.load' stands before the grid, where there is index arithmetic alone
kernel.func @reads(%x: memref<?xf32>, %n: index) {
  %v = memref.load %x[%n] : memref<?xf32>
  kernel.grid (%y) in (%n) {
  }
}

// -----

// CHECK: size 0 of the grid is no argument of the kernel: it is whoever launches the kernel that says it
kernel.func @own_size(%n: index) {
  %c = arith.constant 4 : index
  kernel.grid (%y) in (%c) {
  }
}

// -----

// CHECK: size 1 of the grid is size 0 as well: name another
kernel.func @square(%n: index) {
  kernel.grid (%y, %x) in (%n, %n) {
  }
}

// -----

// CHECK: two arguments are called 'n': launches give them by name
kernel.func @twice(%n: index, n = %m: index) {
  kernel.grid (%y) in (%n) {
  }
}

// -----

// CHECK: '1' is no name of an argument: letters, digits and underscores are
kernel.func @number(%1: index) {
  kernel.grid (%y) in (%1) {
  }
}

// -----

// CHECK: one of direct, aligned, rows expected
kernel.func @loads(%n: index) loads anyhow {
  kernel.grid (%y) in (%n) {
  }
}

// -----

// CHECK: one of places, taps expected
kernel.func @order(%n: index) order anyhow {
  kernel.grid (%y) in (%n) {
  }
}

// -----

// CHECK: 'width' of @k is index, not memref<?xf32>
kernel.func @k(%x: memref<?xf32>, %width: index, %rows: index, %columns: index) {
  kernel.grid (%i, %j) in (%rows, %columns) {
  }
}
kernel.network @net(%x: "x" tensor<1x4xf32>) -> () {
  %n = arith.constant 4 : index
  kernel.launch @k(x = %x, width = %x) over (rows = %n, columns = %n)
}

// -----

// CHECK: @k takes 'width', which the launch does not give
kernel.func @k(%x: memref<?xf32>, %width: index, %rows: index, %columns: index) {
  kernel.grid (%i, %j) in (%rows, %columns) {
  }
}
kernel.network @net(%x: "x" tensor<1x4xf32>) -> () {
  %n = arith.constant 4 : index
  kernel.launch @k(x = %x) over (rows = %n, columns = %n)
}

// -----

// CHECK: @k takes no 'height': it takes 'x', 'width', 'rows', 'columns'
kernel.func @k(%x: memref<?xf32>, %width: index, %rows: index, %columns: index) {
  kernel.grid (%i, %j) in (%rows, %columns) {
  }
}
kernel.network @net(%x: "x" tensor<1x4xf32>) -> () {
  %n = arith.constant 4 : index
  kernel.launch @k(x = %x, width = %n, height = %n) over (rows = %n, columns = %n)
}

// -----

// CHECK: 'width' is given twice
kernel.func @k(%x: memref<?xf32>, %width: index, %rows: index, %columns: index) {
  kernel.grid (%i, %j) in (%rows, %columns) {
  }
}
kernel.network @net(%x: "x" tensor<1x4xf32>) -> () {
  %n = arith.constant 4 : index
  kernel.launch @k(x = %x, width = %n, width = %n) over (rows = %n, columns = %n)
}

// -----

// The grid is (rows, columns): over (columns, rows) its points would be others.
// CHECK: the grid of @k is (rows, columns), not (columns, rows): a launch is over the same sizes in the same order
kernel.func @k(%x: memref<?xf32>, %width: index, %rows: index, %columns: index) {
  kernel.grid (%i, %j) in (%rows, %columns) {
  }
}
kernel.network @net(%x: "x" tensor<1x4xf32>) -> () {
  %n = arith.constant 4 : index
  kernel.launch @k(x = %x, width = %n) over (columns = %n, rows = %n)
}

// -----

// CHECK: the grid of @k is (rows, columns), not (rows): a launch is over the same sizes in the same order
kernel.func @k(%x: memref<?xf32>, %width: index, %rows: index, %columns: index) {
  kernel.grid (%i, %j) in (%rows, %columns) {
  }
}
kernel.network @net(%x: "x" tensor<1x4xf32>) -> () {
  %n = arith.constant 4 : index
  kernel.launch @k(x = %x, width = %n, columns = %n) over (rows = %n)
}

// -----

// CHECK: %m is used before it is defined
kernel.func @k(%x: memref<?xf32>, %width: index, %rows: index, %columns: index) {
  kernel.grid (%i, %j) in (%rows, %columns) {
  }
}
kernel.network @net(%x: "x" tensor<1x4xf32>) -> () {
  %n = arith.constant 4 : index
  kernel.launch @k(x = %x, width = %m) over (rows = %n, columns = %n)
}

// -----

// CHECK: there is no kernel @missing
kernel.network @net(%x: "x" tensor<1x4xf32>) -> () {
  %n = arith.constant 4 : index
  kernel.launch @missing(x = %x) over (rows = %n)
}

// -----

// CHECK: @k is no kernel.func
lr.model @k (%x : tensor<1x1x1x1xf32>) {
  lr.output %x {names = ["y"]} : tensor<1x1x1x1xf32>
}
kernel.network @net(%x: "x" tensor<1x4xf32>) -> () {
  %n = arith.constant 4 : index
  kernel.launch @k(x = %x) over (n = %n)
}

// -----

// CHECK: a launch is a step of a kernel.network, not inside of 'scf.for'
kernel.func @k(%x: memref<?xf32>, %width: index, %rows: index, %columns: index) {
  kernel.grid (%i, %j) in (%rows, %columns) {
  }
}
kernel.network @net(%x: "x" tensor<1x4xf32>) -> () {
  %n = arith.constant 4 : index
  scf.for %i = %n to %n step %n {
    kernel.launch @k(x = %x, width = %n) over (rows = %n, columns = %n)
  }
}

// -----

// CHECK: the layer is said to lie in 'width', which is no buffer that is given
kernel.func @k(%x: memref<?xf32>, %width: index, %rows: index, %columns: index) {
  kernel.grid (%i, %j) in (%rows, %columns) {
  }
}
kernel.network @net(%x: "x" tensor<1x4xf32>) -> () layers [<"a", "relu">] {
  %n = arith.constant 4 : index
  kernel.launch @k(x = %x, width = %n) over (rows = %n, columns = %n) layer "a" in width
}

// -----

// CHECK: launches complete 'a' as layer 0, where `layers` has none: it names them in the order of their launches
kernel.func @k(%x: memref<?xf32>, %width: index, %rows: index, %columns: index) {
  kernel.grid (%i, %j) in (%rows, %columns) {
  }
}
kernel.network @net(%x: "x" tensor<1x4xf32>) -> () {
  %n = arith.constant 4 : index
  kernel.launch @k(x = %x, width = %n) over (rows = %n, columns = %n) layer "a" in x
}

// -----

// CHECK: launches complete none as layer 0, where `layers` has 'a': it names them in the order of their launches
kernel.network @net(%x: "x" tensor<1x4xf32>) -> () layers [<"a", "relu">] {
}

// -----

// CHECK: two inputs or outputs are called 'x'
kernel.network @net(%x: "x" tensor<1x4xf32>, %y: "x" tensor<1x4xf32>) -> () {
}

// -----

// CHECK: 'x' is tensor<?x4xf32>: each of its sizes is a number from 1 on
kernel.network @net(%x: "x" tensor<?x4xf32>) -> () {
}

// -----

// CHECK: the type of a tensor expected
kernel.network @net(%x: "x" memref<?xf32>) -> () {
}

// -----

// CHECK: a buffer lies 64 bytes behind the start of the arena: the network has an arena of 32 bytes
kernel.network @net(%x: "x" tensor<1x4xf32>) -> () arena 32 {
  %a = kernel.arena 64 : memref<?xf32>
}

// -----

// CHECK: a buffer lies 0 bytes behind the start of the arena: the network has no arena
kernel.network @net(%x: "x" tensor<1x4xf32>) -> () {
  %a = kernel.arena 0 : memref<?xf32>
}

// -----

// CHECK: 4 elements of one axis do not fit the stride 3 of the next
func.func @layout(%t: tensor<1x2x3x4xf32, #kernel.layout<"2:9 x 3:3 x 4:1 x f32">>) {
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

// CHECK: an array is memref<?xf32>, or of f16, ui8, ui16 or ui32, not memref<?xi8>
func.func @signless() {
  %w = kernel.weights "index"[4] hash "00" : memref<?xi8>
  func.return
}

// -----

// CHECK: no float32 lies -4 bytes behind the start of the arena
kernel.network @before_the_arena() -> () arena 64 {
  %a = kernel.arena -4 : memref<?xf32>
}

// -----

// CHECK: no float16 lies 3 bytes behind the start of the arena
kernel.network @between_two_halves() -> () arena 64 {
  %a = kernel.arena 3 : memref<?xf16>
}

// -----

// CHECK: a window into a buffer of f16 is none of f32
func.func @window_of_another_type(%x: memref<?xf16>, %n: index) {
  %w = kernel.window %x[%n] : memref<?xf16> -> !kernel.window<8>
  func.return
}

// -----

// CHECK: a vector of f32 does not lie in a window of f16
func.func @load_of_another_type(%x: memref<?xf16>, %n: index) {
  %w = kernel.window %x[%n] : memref<?xf16> -> !kernel.window<8 x f16>
  %v = kernel.load %w[0, 0] : !kernel.window<8 x f16> -> vector<8xf32>
  func.return
}

// -----

// CHECK: a vector of f16 does not lie in a window of f32
func.func @store_of_another_type(%x: memref<?xf32>, %v: vector<8xf16>, %n: index) {
  %w = kernel.window %x[%n] : memref<?xf32> -> !kernel.window<8>
  kernel.store %v, %w[0, 0] : vector<8xf16>, !kernel.window<8>
  func.return
}
