// RUN: lrc-opt %s -p 'set-machine{machine=c}' -t c | filecheck %s

// The points of a grid, the last dimension running fastest.
// CHECK: void points(const void *arguments, size_t begin, size_t end)
// CHECK: for (size_t point = begin; point < end; point++) {
// CHECK-NEXT: const ptrdiff_t x = (ptrdiff_t)point % columns;
// CHECK-NEXT: const ptrdiff_t y = (ptrdiff_t)point / columns;
// CHECK-NEXT: out[y] = in[x];
kernel.func @points(%in: memref<?xf32>, %out: memref<?xf32>, %rows: index, %columns: index) {
  kernel.grid (%y, %x) in (%rows, %columns) {
    %v = memref.load %in[%x] : memref<?xf32>
    memref.store %v, %out[%y] : memref<?xf32>
  }
}

// Arithmetic that is used once stands where it is used, in the parentheses that it needs and no others.
// CHECK: void arithmetic(
// CHECK: out[left * factor + right] = in[(left + right) * factor];
kernel.func @arithmetic(%in: memref<?xf32>, %out: memref<?xf32>, %left: index, %right: index, %factor: index) {
  kernel.grid (%i) in (%left) {
    %sum = arith.addi %left, %right : index
    %product = arith.muli %sum, %factor : index
    %scaled = arith.muli %left, %factor : index
    %moved = arith.addi %scaled, %right : index
    %v = memref.load %in[%product] : memref<?xf32>
    memref.store %v, %out[%moved] : memref<?xf32>
  }
}

// What a loop carries is one variable, updated in place.
// CHECK: void sum(
// CHECK: float t = 0.0f;
// CHECK-NEXT: for (ptrdiff_t k = 0; k < n; k++) {
// CHECK-NEXT: t = t + in[k];
// CHECK-NEXT: }
// CHECK-NEXT: out[i] = t;
kernel.func @sum(%in: memref<?xf32>, %out: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  kernel.grid (%i) in (%n) {
    %zero = arith.constant 0.0 : f32
    %total = scf.for %k = %c0 to %n step %c1 iter_args(%t = %zero) -> (f32) {
      %x = memref.load %in[%k] : memref<?xf32>
      %next = arith.addf %t, %x : f32
      scf.yield %next : f32
    }
    memref.store %total, %out[%i] : memref<?xf32>
  }
}

// A narrow index is read without a sign: channel 200 of an array of bytes is 200.
// CHECK: void narrow(
// CHECK: (ptrdiff_t)index[i]
kernel.func @narrow(%index: memref<?xui8>, %in: memref<?xf32>, %out: memref<?xf32>, %n: index) {
  kernel.grid (%i) in (%n) {
    %c = kernel.load_index %index[%i] : memref<?xui8>
    %x = memref.load %in[%c] : memref<?xf32>
    memref.store %x, %out[%i] : memref<?xf32>
  }
}

// Names that C or the file around have taken are changed, as are names that come twice.
// CHECK: void names(
// CHECK: const ptrdiff_t value_int = a->value_int;
kernel.func @names(%int: index, %out: memref<?xf32>, %in: memref<?xf32>) {
  kernel.grid (%i) in (%int) {
    %x = memref.load %in[%i] : memref<?xf32>
    memref.store %x, %out[%int] : memref<?xf32>
  }
}

// A size is a variable only if it takes part in an index that is used: compilers warn of others.
// CHECK: void sizes(
// CHECK-NEXT: {
// CHECK-NEXT: const struct sizes_arguments *const a = arguments;
// CHECK-NEXT: float *const out = a->out;
// CHECK-NEXT: const ptrdiff_t o = a->o;
// CHECK-NEXT: for (size_t point = begin; point < end; point++) {
// CHECK-NEXT: const ptrdiff_t k = (ptrdiff_t)point % o;
// CHECK-NEXT: out[k] = 0.0f;
kernel.func @sizes(%out: memref<?xf32>, %n: index, %m: index, %o: index) {
  %zero = arith.constant 0.0 : f32
  kernel.grid (%i, %j, %k) in (%n, %m, %o) {
    memref.store %zero, %out[%k] : memref<?xf32>
  }
}

// Values that a loop carries change all at once: a swap goes through variables of its own.
// CHECK: void swap(
// CHECK: for (ptrdiff_t k = 0; k < n; k++) {
// CHECK-NEXT: const float next_p = q;
// CHECK-NEXT: const float next_q = p;
// CHECK-NEXT: p = next_p;
// CHECK-NEXT: q = next_q;
// CHECK-NEXT: }
kernel.func @swap(%in: memref<?xf32>, %out: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  kernel.grid (%i) in (%n) {
    %a = memref.load %in[%c0] : memref<?xf32>
    %b = memref.load %in[%c1] : memref<?xf32>
    %x, %y = scf.for %k = %c0 to %n step %c1 iter_args(%p = %a, %q = %b) -> (f32, f32) {
      scf.yield %q, %p : f32, f32
    }
    memref.store %x, %out[%c0] : memref<?xf32>
    memref.store %y, %out[%c1] : memref<?xf32>
  }
}

// What is read before a store is not read again behind it.
// CHECK: void read_first(
// CHECK: const float old = out[i];
// CHECK-NEXT: out[i] = in[i];
// CHECK-NEXT: copy[i] = old;
kernel.func @read_first(%in: memref<?xf32>, %out: memref<?xf32>, %copy: memref<?xf32>, %n: index) {
  kernel.grid (%i) in (%n) {
    %old = memref.load %out[%i] : memref<?xf32>
    %new = memref.load %in[%i] : memref<?xf32>
    memref.store %new, %out[%i] : memref<?xf32>
    memref.store %old, %copy[%i] : memref<?xf32>
  }
}

// A branch changes a sum in place, unless somebody still needs the sum from before.
// CHECK: void branches(
// CHECK: if (first) {
// CHECK-NEXT: s = s * 2.0f;
// CHECK-NEXT: }
// CHECK-NEXT: float kept;
// CHECK-NEXT: if (first) {
// CHECK-NEXT: kept = s * 2.0f;
// CHECK-NEXT: } else {
// CHECK-NEXT: kept = s;
// CHECK-NEXT: }
// CHECK-NEXT: out[i] = kept;
// CHECK-NEXT: out[0] = s;
kernel.func @branches(%in: memref<?xf32>, %out: memref<?xf32>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  kernel.grid (%i) in (%n) {
    %zero = arith.constant 0.0 : f32
    %two = arith.constant 2.0 : f32
    %first = arith.cmpi eq, %i, %c0 : index
    %sum = scf.for %k = %c0 to %n step %c1 iter_args(%s = %zero) -> (f32) {
      %x = memref.load %in[%k] : memref<?xf32>
      %next = arith.addf %s, %x : f32
      scf.yield %next : f32
    }
    %scaled = scf.if %first -> (f32) {
      %twice = arith.mulf %sum, %two : f32
      scf.yield %twice : f32
    } else {
      scf.yield %sum : f32
    }
    %kept = scf.if %first -> (f32) {
      %twice = arith.mulf %scaled, %two : f32
      scf.yield %twice : f32
    } else {
      scf.yield %scaled : f32
    }
    memref.store %kept, %out[%i] : memref<?xf32>
    memref.store %scaled, %out[%c0] : memref<?xf32>
  }
}
