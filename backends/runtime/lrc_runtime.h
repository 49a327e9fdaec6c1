/* What the emitted code shares: the check of the weights and a clock. The pool is declared in NAME.h. */
#ifndef LRC_NAME_RUNTIME_H
#define LRC_NAME_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

/* NAME_OK if these are the contents of the .lrw file of `total` bytes that was written with this code. */
int NAME_check_weights(const void *weights, size_t bytes, uint64_t total, uint64_t model_hash);

/* A clock that never goes back. */
uint64_t NAME_nanoseconds(void);

#endif
