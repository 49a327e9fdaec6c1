// RUN: lrc-opt %s -p legalize-loads | filecheck %s

// Any place will do: nothing changes.
// CHECK-LABEL: @direct
// CHECK: %x = kernel.load %w[1, 1] : !kernel.window<16> -> vector<4xf32>
// CHECK-NEXT: "test.op"(%x)
kernel.func @direct(%buffer: memref<?xf32>, %n: index) loads direct {
  kernel.grid (%i) in (%n) {
    %w = kernel.window %buffer[%i] : memref<?xf32> -> !kernel.window<16>
    %x = kernel.load %w[1, 1] : !kernel.window<16> -> vector<4xf32>
    "test.op"(%x) : (vector<4xf32>) -> ()
  }
}

// A load between two aligned places is both of them and a shuffle.
// CHECK-LABEL: @aligned
// CHECK: [[LEFT:%.*]] = kernel.load %w[1, 0] aligned
// CHECK-NEXT: [[RIGHT:%.*]] = kernel.load %w[1, 4] aligned
// CHECK-NEXT: [[X:%.*]] = vector.shuffle [[LEFT]], [[RIGHT]] [1, 2, 3, 4]
// CHECK-NEXT: %y = kernel.load %w[1, 4] aligned
// CHECK-NEXT: "test.op"([[X]], %y)
kernel.func @aligned(%buffer: memref<?xf32>, %n: index) loads aligned {
  kernel.grid (%i) in (%n) {
    %w = kernel.window %buffer[%i] : memref<?xf32> -> !kernel.window<16>
    %x = kernel.load %w[1, 1] : !kernel.window<16> -> vector<4xf32>
    %y = kernel.load %w[1, 4] : !kernel.window<16> -> vector<4xf32>
    "test.op"(%x, %y) : (vector<4xf32>, vector<4xf32>) -> ()
  }
}

// What must not read behind the picture is not widened.
// CHECK-LABEL: @aligned_lanes
// CHECK: %x = kernel.load %w[0, 1] lanes %i
kernel.func @aligned_lanes(%buffer: memref<?xf32>, %n: index) loads aligned {
  kernel.grid (%i) in (%n) {
    %w = kernel.window %buffer[%i] : memref<?xf32> -> !kernel.window<16>
    %x = kernel.load %w[0, 1] lanes %i : !kernel.window<16> -> vector<4xf32>
    "test.op"(%x) : (vector<4xf32>) -> ()
  }
}

// One pointer for each row.
// CHECK-LABEL: @rows
// CHECK: [[FIRST:%.*]] = kernel.row %w[0, 0]
// CHECK-NEXT: [[A:%.*]] = kernel.load [[FIRST]][0, 0]
// CHECK-NEXT: [[B:%.*]] = kernel.load [[FIRST]][0, 1]
// CHECK-NEXT: [[SECOND:%.*]] = kernel.row %w[1, 0]
// CHECK-NEXT: [[C:%.*]] = kernel.load [[SECOND]][0, 0]
// CHECK-NEXT: "test.op"([[A]], [[B]], [[C]])
kernel.func @rows(%buffer: memref<?xf32>, %n: index) loads rows {
  kernel.grid (%i) in (%n) {
    %w = kernel.window %buffer[%i] : memref<?xf32> -> !kernel.window<16>
    %a = kernel.load %w[0, 0] : !kernel.window<16> -> vector<4xf32>
    %b = kernel.load %w[0, 1] : !kernel.window<16> -> vector<4xf32>
    %c = kernel.load %w[1, 0] : !kernel.window<16> -> vector<4xf32>
    "test.op"(%a, %b, %c) : (vector<4xf32>, vector<4xf32>, vector<4xf32>) -> ()
  }
}

// Every second element comes out of two plain loads; the odd ones come out of the same two.
// CHECK-LABEL: @strided
// CHECK: [[A:%.*]] = kernel.load %w[0, 0] :
// CHECK-NEXT: [[B:%.*]] = kernel.load %w[0, 4] :
// CHECK-NEXT: [[EVEN:%.*]] = vector.shuffle [[A]], [[B]] [0, 2, 4, 6]
// CHECK-NEXT: [[C:%.*]] = kernel.load %w[0, 0] :
// CHECK-NEXT: [[D:%.*]] = kernel.load %w[0, 4] :
// CHECK-NEXT: [[ODD:%.*]] = vector.shuffle [[C]], [[D]] [1, 3, 5, 7]
// CHECK-NEXT: "test.op"([[EVEN]], [[ODD]])
kernel.func @strided(%buffer: memref<?xf32>, %n: index) loads direct {
  kernel.grid (%i) in (%n) {
    %w = kernel.window %buffer[%i] : memref<?xf32> -> !kernel.window<16>
    %even = kernel.load %w[0, 0] stride 2 : !kernel.window<16> -> vector<4xf32>
    %odd = kernel.load %w[0, 1] stride 2 : !kernel.window<16> -> vector<4xf32>
    "test.op"(%even, %odd) : (vector<4xf32>, vector<4xf32>) -> ()
  }
}

// Every third element comes out of three loads; the second shuffle keeps what the first has picked.
// CHECK-LABEL: @strided_by_three
// CHECK: [[A:%.*]] = kernel.load %w[0, 0] :
// CHECK-NEXT: [[B:%.*]] = kernel.load %w[0, 4] :
// CHECK-NEXT: [[C:%.*]] = kernel.load %w[0, 8] :
// CHECK-NEXT: [[AB:%.*]] = vector.shuffle [[A]], [[B]] [0, 3, 6, 3]
// CHECK-NEXT: [[X:%.*]] = vector.shuffle [[AB]], [[C]] [0, 1, 2, 5]
// CHECK-NEXT: "test.op"([[X]])
kernel.func @strided_by_three(%buffer: memref<?xf32>, %n: index) loads direct {
  kernel.grid (%i) in (%n) {
    %w = kernel.window %buffer[%i] : memref<?xf32> -> !kernel.window<16>
    %x = kernel.load %w[0, 0] stride 3 : !kernel.window<16> -> vector<4xf32>
    "test.op"(%x) : (vector<4xf32>) -> ()
  }
}

// The loop around a body that multiplies says how many vectors it loads: two for each that is strided. What would be
// made of aligned loads counts as one, for there are others.
// CHECK-LABEL: @multiplied
// CHECK-COUNT-3: vector.fma
// CHECK: loads_before = 4 : i64
kernel.func @multiplied(%buffer: memref<?xf32>, %t: vector<4xf32>, %n: index) loads aligned {
  kernel.grid (%i) in (%n) {
    %c1 = arith.constant 1 : index
    %w = kernel.window %buffer[%i] : memref<?xf32> -> !kernel.window<16>
    %r = scf.for %k = %i to %n step %c1 iter_args(%s = %t) -> (vector<4xf32>) {
      %x = kernel.load %w[0, 0] stride 2 : !kernel.window<16> -> vector<4xf32>
      %y = kernel.load %w[1, 1] : !kernel.window<16> -> vector<4xf32>
      %z = kernel.load %w[1, 1] : !kernel.window<16> -> vector<4xf32>
      %a = vector.fma %x, %t, %s : vector<4xf32>
      %b = vector.fma %y, %t, %a : vector<4xf32>
      %c = vector.fma %z, %t, %b : vector<4xf32>
      scf.yield %c : vector<4xf32>
    }
    "test.op"(%r) : (vector<4xf32>) -> ()
  }
}

// A vector of one lane has no stride to speak of.
// CHECK-LABEL: @strided_scalar
// CHECK: %x = kernel.load %w[0, 1] stride 2
kernel.func @strided_scalar(%buffer: memref<?xf32>, %n: index) loads direct {
  kernel.grid (%i) in (%n) {
    %w = kernel.window %buffer[%i] : memref<?xf32> -> !kernel.window<16>
    %x = kernel.load %w[0, 1] stride 2 : !kernel.window<16> -> vector<1xf32>
    "test.op"(%x) : (vector<1xf32>) -> ()
  }
}

// A function without a grid is no kernel: it stays as it is.
// CHECK-LABEL: @no_kernel
// CHECK: %x = kernel.load %w[0, 1] : !kernel.window<16>
func.func @no_kernel(%buffer: memref<?xf32>, %i: index) attributes {load = "aligned"} {
  %w = kernel.window %buffer[%i] : memref<?xf32> -> !kernel.window<16>
  %x = kernel.load %w[0, 1] : !kernel.window<16> -> vector<4xf32>
  "test.op"(%x) : (vector<4xf32>) -> ()
  func.return
}

// Of n lanes that lie inside, the last is 2 n - 2 elements behind the first: so far, and no further, is read.
// CHECK-LABEL: @strided_lanes
// CHECK: [[TWO:%.*]] = arith.constant 2 : index
// CHECK-NEXT: [[ONE:%.*]] = arith.constant 1 : index
// CHECK-NEXT: [[N:%.*]] = arith.muli %i, [[TWO]]
// CHECK-NEXT: [[INSIDE:%.*]] = arith.subi [[N]], [[ONE]]
// CHECK-NEXT: [[A:%.*]] = kernel.load %w[0, 0] lanes [[INSIDE]]
// CHECK: [[BEHIND:%.*]] = arith.constant 5 : index
// CHECK-NEXT: [[N:%.*]] = arith.muli %i
// CHECK-NEXT: [[INSIDE:%.*]] = arith.subi [[N]], [[BEHIND]]
// CHECK-NEXT: [[B:%.*]] = kernel.load %w[0, 4] lanes [[INSIDE]]
// CHECK-NEXT: vector.shuffle [[A]], [[B]] [0, 2, 4, 6]
kernel.func @strided_lanes(%buffer: memref<?xf32>, %n: index) loads direct {
  kernel.grid (%i) in (%n) {
    %w = kernel.window %buffer[%i] : memref<?xf32> -> !kernel.window<16>
    %x = kernel.load %w[0, 0] stride 2 lanes %i : !kernel.window<16> -> vector<4xf32>
    "test.op"(%x) : (vector<4xf32>) -> ()
  }
}

// Rows whose stride is no multiple of the vector, and windows that were moved, lie where they lie: what counts is how far
// a place is from the window that it began with.
// CHECK-LABEL: @aligned_places
// CHECK: [[A:%.*]] = kernel.load %w[1, -2] aligned
// CHECK-NEXT: [[B:%.*]] = kernel.load %w[1, 2] aligned
// CHECK-NEXT: [[X:%.*]] = vector.shuffle [[A]], [[B]] [2, 3, 4, 5]
// CHECK-NEXT: %y = kernel.load %w[2, 0] aligned
// CHECK: [[C:%.*]] = kernel.load %row[0, -3] aligned
// CHECK-NEXT: [[D:%.*]] = kernel.load %row[0, 1] aligned
// CHECK-NEXT: [[Z:%.*]] = vector.shuffle [[C]], [[D]] [3, 4, 5, 6]
// CHECK-NEXT: "test.op"([[X]], %y, [[Z]])
kernel.func @aligned_places(%buffer: memref<?xf32>, %n: index) loads aligned {
  kernel.grid (%i) in (%n) {
    %w = kernel.window %buffer[%i] : memref<?xf32> -> !kernel.window<6>
    %x = kernel.load %w[1, 0] : !kernel.window<6> -> vector<4xf32>
    %y = kernel.load %w[2, 0] : !kernel.window<6> -> vector<4xf32>
    %row = kernel.row %w[1, 1] : !kernel.window<6> -> !kernel.window<6>
    %z = kernel.load %row[0, 0] : !kernel.window<6> -> vector<4xf32>
    "test.op"(%x, %y, %z) : (vector<4xf32>, vector<4xf32>, vector<4xf32>) -> ()
  }
}

// Nothing is known of a window that a loop carries: not which places of it are aligned.
// CHECK-LABEL: @aligned_window_of_a_loop
// CHECK: %x = kernel.load %v[0, 1] :
// CHECK-NEXT: %y = kernel.load %v[0, 0] :
kernel.func @aligned_window_of_a_loop(%buffer: memref<?xf32>, %n: index) loads aligned {
  %c1 = arith.constant 1 : index
  kernel.grid (%i) in (%n) {
    %w = kernel.window %buffer[%i] : memref<?xf32> -> !kernel.window<16>
    %last = scf.for %k = %i to %n step %c1 iter_args(%v = %w) -> (!kernel.window<16>) {
      %x = kernel.load %v[0, 1] : !kernel.window<16> -> vector<4xf32>
      %y = kernel.load %v[0, 0] : !kernel.window<16> -> vector<4xf32>
      "test.op"(%x, %y) : (vector<4xf32>, vector<4xf32>) -> ()
      %next = kernel.row %v[0, 1] : !kernel.window<16> -> !kernel.window<16>
      scf.yield %next : !kernel.window<16>
    }
  }
}
