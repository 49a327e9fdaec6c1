/* Two models in one program share nothing, but may share a pool. */
#define _POSIX_C_SOURCE 200809L
#include "network.h"
#include "second.h"
#include "two_scales.h"

int main(int argc, char **argv) {
  size_t bytes, second_bytes;
  CHECK(argc == 3);
  unsigned char *weights = read_weights(argv[1], &bytes);
  const void *linked = second_weights(&second_bytes);
  two_scales_t a;
  second_t b;
  void *arena = aligned(two_scales_arena_bytes()), *second_arena = aligned(second_arena_bytes());
  CHECK(!two_scales_init(&a, arena, two_scales_arena_bytes(), weights, bytes));
  CHECK(!second_init(&b, second_arena, second_arena_bytes(), linked, second_bytes));
  CHECK(second_init(&b, second_arena, second_arena_bytes(), weights, bytes) == second_WEIGHTS_OTHER_MODEL);
  CHECK(!second_init(&b, second_arena, second_arena_bytes(), linked, second_bytes));

  two_scales_pool *pool = two_scales_pool_create(2, 0);
  two_scales_set_threads(&a, pool);
  second_set_parallel_for(&b, two_scales_parallel_for, pool);
  float x[ELEMENTS], shift = 0, y[ELEMENTS], z[ELEMENTS], sum;
  picture(x, 1);
  CHECK(!two_scales_run(&a, x, &shift, y, &sum));
  CHECK(!second_run(&b, x, &shift, z, &sum));
  CHECK(memcmp(y, z, sizeof y));
  two_scales_pool_destroy(pool);
  free(arena);
  free(second_arena);
  free(weights);
  return 0;
}
