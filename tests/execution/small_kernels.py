"""Kernels that are small, written by hand and awkward, of two buffers `%x` and `%y` and windows on them.

`%alias` is `%x` under another name, `%places` an array of the indices 5, 6, 7, 8. `%w` begins at 32 of `%x`, `%from` at
64 of it, `%to` at 32 of `%y`; `%n` is 3, `%v` the vector at 32 of `%x`, `%u` the one at 64.
"""

KERNELS = {
    "read again after a store": """
      %a = kernel.load %w[0, 0] : WINDOW -> VECTOR
      kernel.store %u, %w[0, 0] : VECTOR, WINDOW
      %b = kernel.load %w[0, 0] : WINDOW -> VECTOR
      %c = vector.fma %a, %u, %v : VECTOR
      %d = vector.fma %b, %u, %c : VECTOR
      kernel.store %d, %to[0, 0] : VECTOR, WINDOW""",
    "read before a store and used after it": """
      %a = memref.load %x[%n] : memref<?xf32>
      %zero = arith.constant 0.5 : f32
      memref.store %zero, %x[%n] : memref<?xf32>
      %b = memref.load %x[%n] : memref<?xf32>
      %c = arith.subf %a, %b : f32
      memref.store %c, %y[%n] : memref<?xf32>""",
    "read before a store through another name": """
      %a = memref.load %x[%n] : memref<?xf32>
      %half = arith.constant 0.5 : f32
      memref.store %half, %alias[%n] : memref<?xf32>
      %b = memref.load %x[%n] : memref<?xf32>
      %c = arith.subf %a, %b : f32
      memref.store %c, %y[%n] : memref<?xf32>""",
    "read before a vector is stored through another name": """
      %other = kernel.window %alias[%place] : memref<?xf32> -> WINDOW
      %a = memref.load %x[%place] : memref<?xf32>
      %p = kernel.load %w[0, 0] : WINDOW -> VECTOR
      kernel.store %u, %other[0, 0] : VECTOR, WINDOW
      %b = vector.broadcast %a : f32 to VECTOR
      %q = kernel.load %w[0, 0] : WINDOW -> VECTOR
      %c = vector.fma %p, %b, %q : VECTOR
      kernel.store %c, %to[0, 0] : VECTOR, WINDOW""",
    "read in a branch that writes through another name, and ends with it": """
      %two = arith.constant 2 : index
      %few = arith.cmpi slt, %two, %n : index
      %s = scf.if %few -> (f32) {
        %a = memref.load %x[%n] : memref<?xf32>
        %half = arith.constant 0.5 : f32
        memref.store %half, %alias[%n] : memref<?xf32>
        scf.yield %a : f32
      } else {
        %b = memref.load %x[%two] : memref<?xf32>
        scf.yield %b : f32
      }
      memref.store %s, %y[%n] : memref<?xf32>""",
    "an index read before another number is put in its place": """
      %one = arith.constant 1 : index
      %i = kernel.load_index %places[%n] : memref<?xui8>
      %j = arith.addi %i, %one : index
      %other = memref.load %places[%one] : memref<?xui8>
      memref.store %other, %places[%n] : memref<?xui8>
      %zero = arith.constant 0.0 : f32
      memref.store %zero, %y[%j] : memref<?xf32>""",
    "read before a store through a row": """
      %row = kernel.row %w[0, 0] : WINDOW -> WINDOW
      %a = memref.load %x[%place] : memref<?xf32>
      kernel.store %u, %row[0, 0] : VECTOR, WINDOW
      %b = memref.load %x[%place] : memref<?xf32>
      %c = arith.subf %a, %b : f32
      memref.store %c, %y[%n] : memref<?xf32>""",
    "read in a loop that writes": """
      %one = arith.constant 1 : index
      scf.for %i = %one to %n step %one {
        %a = memref.load %x[%i] : memref<?xf32>
        %j = arith.addi %i, %one : index
        %b = arith.addf %a, %a : f32
        memref.store %b, %x[%j] : memref<?xf32>
        memref.store %a, %y[%i] : memref<?xf32>
      }""",
    "all lanes, some and none": """
      %none = arith.constant 0 : index
      %a = kernel.load %w[0, 0] : WINDOW -> VECTOR
      %b = kernel.load %w[0, 1] lanes %n : WINDOW -> VECTOR
      %c = kernel.load %w[0, 2] lanes %none : WINDOW -> VECTOR
      %d = vector.fma %a, %v, %b : VECTOR
      %e = vector.fma %c, %v, %d : VECTOR
      kernel.store %e, %to[0, 0] : VECTOR, WINDOW
      kernel.store %a, %to[1, 0] lanes %n : VECTOR, WINDOW
      kernel.store %a, %to[2, 0] lanes %none : VECTOR, WINDOW""",
    "all lanes of a place and then some": """
      %a = kernel.load %w[0, 3] : WINDOW -> VECTOR
      %b = kernel.load %w[0, 3] lanes %n : WINDOW -> VECTOR
      %c = vector.fma %a, %u, %b : VECTOR
      kernel.store %c, %to[0, 0] : VECTOR, WINDOW""",
    "strides of one place": """
      %a = kernel.load %w[0, 1] : WINDOW -> VECTOR
      %b = kernel.load %w[0, 1] stride 2 : WINDOW -> VECTOR
      %c = kernel.load %w[0, 1] stride 3 : WINDOW -> VECTOR
      %d = vector.fma %a, %b, %c : VECTOR
      kernel.store %d, %to[0, 0] : VECTOR, WINDOW""",
    "places before the window": """
      %a = kernel.load %w[-1, 3] : WINDOW -> VECTOR
      %b = kernel.load %w[0, -5] : WINDOW -> VECTOR
      %c = vector.fma %a, %v, %b : VECTOR
      kernel.store %c, %to[0, -2] : VECTOR, WINDOW""",
    "a row before the window": """
      %row = kernel.row %w[-1, 0] : WINDOW -> WINDOW
      %a = kernel.load %row[0, -3] : WINDOW -> VECTOR
      kernel.store %a, %to[0, 0] : VECTOR, WINDOW""",
    "the same row of two windows": """
      %a = kernel.load %w[1, 2] : WINDOW -> VECTOR
      %b = kernel.load %from[1, 2] : WINDOW -> VECTOR
      %c = vector.fma %a, %b, %v : VECTOR
      kernel.store %c, %to[0, 0] : VECTOR, WINDOW""",
    "a row with columns": """
      %row = kernel.row %w[1, 3] : WINDOW -> WINDOW
      %a = kernel.load %row[0, 1] : WINDOW -> VECTOR
      %b = kernel.load %row[1, 0] : WINDOW -> VECTOR
      %c = vector.fma %a, %b, %v : VECTOR
      kernel.store %c, %to[0, 0] : VECTOR, WINDOW""",
    "carried from before a store": """
      %one = arith.constant 1 : index
      %p, %q = scf.for %i = %one to %n step %one iter_args(%a = %v, %b = %u) -> (VECTOR, VECTOR) {
        %c = kernel.load %w[0, 1] : WINDOW -> VECTOR
        %d = arith.addf %a, %b : VECTOR
        kernel.store %d, %w[0, 1] : VECTOR, WINDOW
        scf.yield %c, %d : VECTOR, VECTOR
      }
      kernel.store %p, %to[0, 0] : VECTOR, WINDOW
      kernel.store %q, %to[1, 0] : VECTOR, WINDOW""",
    "exchanged by every round": """
      %one = arith.constant 1 : index
      %p, %q = scf.for %i = %one to %n step %one iter_args(%a = %v, %b = %u) -> (VECTOR, VECTOR) {
        scf.yield %b, %a : VECTOR, VECTOR
      }
      kernel.store %p, %to[0, 0] : VECTOR, WINDOW
      kernel.store %q, %to[1, 0] : VECTOR, WINDOW""",
    "exchanged in every round": """
      %one = arith.constant 1 : index
      %p, %q = scf.for %i = %one to %n step %one iter_args(%a = %v, %b = %u) -> (VECTOR, VECTOR) {
        %c = vector.fma %a, %b, %a : VECTOR
        scf.yield %b, %c : VECTOR, VECTOR
      }
      kernel.store %p, %to[0, 0] : VECTOR, WINDOW
      kernel.store %q, %to[1, 0] : VECTOR, WINDOW""",
    "turned in every round": """
      %one = arith.constant 1 : index
      %t = arith.mulf %v, %u : VECTOR
      %p, %q, %r = scf.for %i = %one to %n step %one
          iter_args(%a = %v, %b = %u, %c = %t) -> (VECTOR, VECTOR, VECTOR) {
        scf.yield %b, %c, %a : VECTOR, VECTOR, VECTOR
      }
      kernel.store %p, %to[0, 0] : VECTOR, WINDOW
      kernel.store %q, %to[1, 0] : VECTOR, WINDOW
      kernel.store %r, %to[2, 0] : VECTOR, WINDOW""",
    "loops in loops that start from one value": """
      %one = arith.constant 1 : index
      %s = vector.fma %v, %u, %v : VECTOR
      %p = scf.for %i = %one to %n step %one iter_args(%a = %s) -> (VECTOR) {
        %inner = scf.for %j = %one to %n step %one iter_args(%b = %a) -> (VECTOR) {
          %c = vector.fma %u, %u, %b : VECTOR
          scf.yield %c : VECTOR
        }
        %d = vector.fma %inner, %v, %a : VECTOR
        scf.yield %d : VECTOR
      }
      %e = vector.fma %p, %v, %s : VECTOR
      kernel.store %e, %to[0, 0] : VECTOR, WINDOW""",
    "a sum that every turn of a loop begins with": """
      %one = arith.constant 1 : index
      %s = vector.fma %v, %u, %v : VECTOR
      scf.for %i = %one to %n step %one {
        %a = vector.fma %u, %u, %s : VECTOR
        kernel.store %a, %to[0, 0] : VECTOR, WINDOW
      }""",
    "a sum that a loop goes on with, in every turn of another": """
      %one = arith.constant 1 : index
      %s = vector.fma %v, %u, %v : VECTOR
      scf.for %i = %one to %n step %one {
        %t = scf.for %j = %one to %n step %one iter_args(%a = %s) -> (VECTOR) {
          %b = vector.fma %u, %u, %a : VECTOR
          scf.yield %b : VECTOR
        }
        kernel.store %t, %to[0, 0] : VECTOR, WINDOW
      }""",
    "terms in the opposite order of their places": """
      %a = kernel.load %w[0, 2] : WINDOW -> VECTOR
      %b = kernel.load %w[0, 1] : WINDOW -> VECTOR
      %c = kernel.load %w[0, 0] : WINDOW -> VECTOR
      %s = vector.fma %a, %u, %v : VECTOR
      %t = vector.fma %b, %v, %s : VECTOR
      %r = vector.fma %c, %u, %t : VECTOR
      kernel.store %r, %to[0, 0] : VECTOR, WINDOW""",
    "four numbers of which one is written meanwhile": """
      %one = arith.constant 1 : index
      %two = arith.constant 2 : index
      %three = arith.constant 3 : index
      %i = arith.addi %n, %one : index
      %j = arith.addi %n, %two : index
      %k = arith.addi %n, %three : index
      %a = memref.load %x[%n] : memref<?xf32>
      %b = memref.load %x[%i] : memref<?xf32>
      %p = vector.broadcast %a : f32 to VECTOR
      %q = vector.broadcast %b : f32 to VECTOR
      %s = vector.fma %v, %p, %u : VECTOR
      %t = vector.fma %u, %q, %s : VECTOR
      %sum = arith.addf %a, %b : f32
      memref.store %sum, %x[%k] : memref<?xf32>
      %c = memref.load %x[%j] : memref<?xf32>
      %d = memref.load %x[%k] : memref<?xf32>
      %e = vector.broadcast %c : f32 to VECTOR
      %f = vector.broadcast %d : f32 to VECTOR
      %g = vector.fma %v, %e, %t : VECTOR
      %h = vector.fma %u, %f, %g : VECTOR
      kernel.store %h, %to[0, 0] : VECTOR, WINDOW""",
    "a sum that two go on with": """
      %s = vector.fma %v, %u, %v : VECTOR
      %a = vector.fma %u, %u, %s : VECTOR
      %b = vector.fma %v, %v, %s : VECTOR
      kernel.store %a, %to[0, 0] : VECTOR, WINDOW
      kernel.store %b, %to[1, 0] : VECTOR, WINDOW
      kernel.store %s, %to[2, 0] : VECTOR, WINDOW""",
    "a sum that is a factor of its next term": """
      %a = kernel.load %w[0, 1] : WINDOW -> VECTOR
      %b = kernel.load %w[0, 0] : WINDOW -> VECTOR
      %s = vector.fma %a, %u, %v : VECTOR
      %t = vector.fma %b, %s, %s : VECTOR
      %r = vector.fma %t, %u, %v : VECTOR
      kernel.store %r, %to[0, 0] : VECTOR, WINDOW""",
    "a branch whose old value is needed": """
      %two = arith.constant 2 : index
      %s = vector.fma %v, %u, %v : VECTOR
      %few = arith.cmpi slt, %two, %n : index
      %t = scf.if %few -> (VECTOR) {
        %a = vector.fma %u, %u, %s : VECTOR
        scf.yield %a : VECTOR
      } else {
        scf.yield %s : VECTOR
      }
      kernel.store %t, %to[0, 0] : VECTOR, WINDOW
      kernel.store %s, %to[1, 0] : VECTOR, WINDOW""",
    "branches by every comparison": """
      %k = arith.constant 3 : index
      %l = arith.constant 4 : index
      %lt = arith.cmpi slt, %k, %n : index
      %le = arith.cmpi sle, %k, %n : index
      %gt = arith.cmpi sgt, %l, %n : index
      %ge = arith.cmpi sge, %l, %n : index
      %eq = arith.cmpi eq, %l, %n : index
      scf.if %lt {
        kernel.store %v, %to[0, 0] : VECTOR, WINDOW
      }
      scf.if %le {
        kernel.store %u, %to[1, 0] : VECTOR, WINDOW
      }
      scf.if %gt {
        kernel.store %v, %to[2, 0] : VECTOR, WINDOW
      }
      scf.if %ge {
        kernel.store %u, %to[3, 0] : VECTOR, WINDOW
      }
      scf.if %eq {
        kernel.store %v, %to[4, 0] : VECTOR, WINDOW
      }""",
    "differences of differences": """
      %k = arith.constant 50 : index
      %l = arith.subi %k, %n : index
      %m = arith.subi %l, %n : index
      %o = arith.subi %l, %m : index
      %p = arith.muli %o, %n : index
      %q = arith.subi %k, %p : index
      %r = arith.subi %q, %o : index
      %a = memref.load %x[%r] : memref<?xf32>
      memref.store %a, %y[%n] : memref<?xf32>""",
    "what is no number": """
      %a = memref.load %x[%n] : memref<?xf32>
      %zero = arith.subf %a, %a : f32
      %none = arith.divf %zero, %zero : f32
      %b = arith.maximumf %a, %none : f32
      %c = arith.maximumf %none, %a : f32
      %d = arith.minimumf %a, %none : f32
      %e = arith.minimumf %none, %a : f32
      %one = arith.constant 1 : index
      %two = arith.constant 2 : index
      %four = arith.constant 4 : index
      memref.store %b, %y[%one] : memref<?xf32>
      memref.store %c, %y[%two] : memref<?xf32>
      memref.store %d, %y[%n] : memref<?xf32>
      memref.store %e, %y[%four] : memref<?xf32>
      %f = arith.subf %v, %v : VECTOR
      %g = arith.divf %f, %f : VECTOR
      %h = arith.maximumf %v, %g : VECTOR
      %i = arith.minimumf %g, %v : VECTOR
      kernel.store %h, %to[0, 0] : VECTOR, WINDOW
      kernel.store %i, %to[1, 0] : VECTOR, WINDOW""",
    "quotients and sums of numbers": """
      %a = memref.load %x[%n] : memref<?xf32>
      %b = memref.load %x[%place] : memref<?xf32>
      %c = arith.subf %a, %b : f32
      %d = arith.subf %a, %c : f32
      %e = arith.divf %d, %c : f32
      %f = arith.mulf %e, %d : f32
      %g = arith.divf %a, %f : f32
      %h = arith.maximumf %g, %e : f32
      %i = arith.minimumf %h, %a : f32
      memref.store %i, %y[%n] : memref<?xf32>""",
}
"""What is awkward -> the body of a kernel."""
