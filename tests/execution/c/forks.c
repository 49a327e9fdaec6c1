/* A child of fork() has a pool without threads: it runs alone, destroys the pool, and makes another. */
#define _POSIX_C_SOURCE 200809L
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "network.h"
#include "two_scales.h"

enum { CHILDREN = 100, RUNS = 20 };

static const float shift = 0.5f;

static void run_many(two_scales_t *m, const float *x, const float *expected) {
  float y[ELEMENTS], sum;
  for (int i = 0; i < RUNS; i++) {
    memset(y, 0, sizeof y);
    CHECK(!two_scales_run(m, x, &shift, y, &sum));
    CHECK(!memcmp(y, expected, sizeof y));
  }
}

/* The exit status of this process is the test's, and a hang ends it. */
static void live_as_child(two_scales_t *m, two_scales_pool *pool, const float *x, const float *expected) {
  alarm(30);
  run_many(m, x, expected);
  two_scales_pool_destroy(pool);
  pool = two_scales_pool_create(3, 0);
  two_scales_set_threads(m, pool);
  run_many(m, x, expected);
  two_scales_pool_destroy(pool);
  _exit(0);
}

int main(int argc, char **argv) {
  size_t bytes;
  CHECK(argc == 2);
  unsigned char *weights = read_weights(argv[1], &bytes);
  two_scales_t m;
  float x[ELEMENTS], expected[ELEMENTS], sum;
  void *arena = aligned(two_scales_arena_bytes());
  CHECK(!two_scales_init(&m, arena, two_scales_arena_bytes(), weights, bytes));
  picture(x, 1);
  CHECK(!two_scales_run(&m, x, &shift, expected, &sum));
  two_scales_pool *pool = two_scales_pool_create(4, 0);
  two_scales_set_threads(&m, pool);
  for (long child = 0; child < CHILDREN; child++) {
    run_many(&m, x, expected);
    /* from workers that still look for work to workers that sleep */
    nanosleep(&(struct timespec){0, child * 20000}, NULL);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (!pid) live_as_child(&m, pool, x, expected);
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  run_many(&m, x, expected);
  two_scales_pool_destroy(pool);
  free(arena);
  free(weights);
  return 0;
}
