/* What the emitted code shares: the check of the weights and a clock. The pool is declared in NAME.h. */
#ifndef LRC_NAME_RUNTIME_H
#define LRC_NAME_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

/* What the code knows of the .lrw file that was written with it: bytes in all; a hash of the code; and of the integers,
 * which stand first and say what kernels load and where they store, how many bytes they are, and their BLAKE2b. */
typedef struct {
  uint64_t total, model_hash, integer_bytes, integer_hash[2];
} NAME_identity;

/* NAME_OK if these are the contents of that file, or of one that differs in nothing but the weights themselves. */
int NAME_check_weights(const void *weights, size_t bytes, const NAME_identity *expected);

/* A clock that never goes back. */
uint64_t NAME_nanoseconds(void);

#endif
