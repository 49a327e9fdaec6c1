// RUN: lrc-opt %s -p 'set-machine{machine=neon}' --split-input-file --verify-diagnostics | filecheck %s
// RUN: lrc-opt %s -p 'set-machine{machine=zen4 native=true}' --split-input-file --verify-diagnostics | filecheck %s --check-prefix=NATIVE

// A family stands for one machine.
// CHECK: builtin.module attributes {machine = #lr.machine<kryo485>}
// NATIVE: builtin.module attributes {machine = #lr.machine<zen4 native>}
lr.model @for_none (%x : tensor<1x2x8x32xf32>) {
  lr.output %x {names = ["y"]} : tensor<1x2x8x32xf32>
}

// -----

// What is for a machine stays so.
// CHECK: builtin.module attributes {machine = #lr.machine<kryo485>}
// NATIVE: the module is for kryo485, not for zen4 native: begin where it was for none
builtin.module attributes {machine = #lr.machine<neon>} {
  lr.model @for_this_one (%x : tensor<1x2x8x32xf32>) {
    lr.output %x {names = ["y"]} : tensor<1x2x8x32xf32>
  }
}

// -----

// CHECK: the module is for avx2, not for kryo485: begin where it was for none
builtin.module attributes {machine = #lr.machine<avx2>} {
  lr.model @for_another (%x : tensor<1x2x8x32xf32>) {
    lr.output %x {names = ["y"]} : tensor<1x2x8x32xf32>
  }
}
