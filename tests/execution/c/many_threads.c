/* Two threads run a network each over the same weights; pools of their own, one shared pool, or the caller's. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>

#include "network.h"
#include "two_scales.h"

enum { RUNS = 200 };

typedef struct {
  const unsigned char *weights;
  size_t bytes;
  unsigned seed, threads;
  two_scales_pool *pool;
} job;

static void *run_many(void *argument) {
  const job *j = (const job *)argument;
  two_scales_t m;
  float x[ELEMENTS], shift = 0.5f, first[ELEMENTS], y[ELEMENTS], sum;
  void *arena = aligned(two_scales_arena_bytes());
  CHECK(!two_scales_init(&m, arena, two_scales_arena_bytes(), j->weights, j->bytes));
  picture(x, j->seed);
  CHECK(!two_scales_run(&m, x, &shift, first, &sum));
  two_scales_pool *own = j->pool ? NULL : two_scales_pool_create(j->threads, 0);
  two_scales_set_threads(&m, j->pool ? j->pool : own);
  for (int i = 0; i < RUNS; i++) {
    memset(y, 0, sizeof y);
    CHECK(!two_scales_run(&m, x, &shift, y, &sum));
    CHECK(!memcmp(y, first, sizeof y));
  }
  two_scales_pool_destroy(own);
  free(arena);
  return NULL;
}

static void run_two(job a, job b) {
  pthread_t thread;
  CHECK(!pthread_create(&thread, NULL, run_many, &a));
  run_many(&b);
  CHECK(!pthread_join(thread, NULL));
}

/* Counts how often each point was visited. */
static void count(const void *args, size_t begin, size_t end) {
  unsigned char *const *visits = (unsigned char *const *)args;
  for (size_t i = begin; i < end; i++) (*visits)[i]++;
}

static void visit_each_point_once(unsigned threads, uint64_t affinity_mask) {
  static const size_t points[] = {0, 1, 2, 3, 31, 32, 33, 1000, 4097};
  unsigned char *visits = (unsigned char *)aligned(4097);
  two_scales_pool *pool = two_scales_pool_create(threads, affinity_mask);
  CHECK(pool);
  for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
    memset(visits, 0, 4097);
    two_scales_parallel_for(pool, count, &visits, points[i]);
    for (size_t k = 0; k < 4097; k++) CHECK(visits[k] == (k < points[i]));
  }
  two_scales_pool_destroy(pool);
  free(visits);
}

static unsigned calls;

static void backwards(void *pool, void (*fn)(const void *args, size_t begin, size_t end), const void *args,
                      size_t points) {
  CHECK(pool == &calls);
  calls++;
  for (size_t i = points; i-- > 0;) fn(args, i, i + 1);
}

static void take_the_callers_own(const unsigned char *weights, size_t bytes) {
  two_scales_t m;
  float x[ELEMENTS], shift = 0, y[ELEMENTS], z[ELEMENTS], sum;
  void *arena = aligned(two_scales_arena_bytes());
  CHECK(!two_scales_init(&m, arena, two_scales_arena_bytes(), weights, bytes));
  picture(x, 5);
  CHECK(!two_scales_run(&m, x, &shift, y, &sum));
  two_scales_set_parallel_for(&m, backwards, &calls);
  CHECK(!two_scales_run(&m, x, &shift, z, &sum));
  CHECK(calls == 1 && !memcmp(y, z, sizeof y));
  free(arena);
}

int main(int argc, char **argv) {
  size_t bytes;
  CHECK(argc == 2);
  unsigned char *weights = read_weights(argv[1], &bytes);
  run_two((job){weights, bytes, 1, 1, NULL}, (job){weights, bytes, 2, 3, NULL});
  two_scales_pool *pool = two_scales_pool_create(3, 0);
  run_two((job){weights, bytes, 3, 0, pool}, (job){weights, bytes, 4, 0, pool});
  two_scales_pool_destroy(pool);
  two_scales_pool_destroy(NULL);
  visit_each_point_once(0, 0);
  visit_each_point_once(1, 0);
  visit_each_point_once(4, 1);
  visit_each_point_once(2, UINT64_C(1) << 63);
  take_the_callers_own(weights, bytes);
  free(weights);
  return 0;
}
