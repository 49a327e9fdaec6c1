/* Support code of lrc: the check of the weights, a clock, and a pool of threads. */
#if defined(__linux__)
#define _GNU_SOURCE /* sched_setaffinity */
#else
#define _POSIX_C_SOURCE 200809L
#endif

#include "lrc_runtime.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "NAME.h"

/* ---- weights ------------------------------------------------------------------------------------------- */

typedef struct {
  unsigned char magic[8];
  uint32_t version, endian;
  uint64_t total, model_hash, sum, sum_of_sums, reserved[2];
} lrw_header;

_Static_assert(sizeof(lrw_header) == 64, "the header of an .lrw file has 64 bytes");

int NAME_check_weights(const void *weights, size_t bytes, uint64_t total, uint64_t model_hash) {
  static const unsigned char magic[8] = {0x89, 'L', 'R', 'W', '\r', '\n', 0x1a, '\n'};
  lrw_header header;
  if ((uintptr_t)weights % NAME_alignment) return NAME_WEIGHTS_MISALIGNED;
  if (bytes >= sizeof magic && memcmp(weights, magic, sizeof magic) != 0) return NAME_WEIGHTS_NOT_LRW;
  if (bytes < sizeof header) return NAME_WEIGHTS_TRUNCATED;
  memcpy(&header, weights, sizeof header);
  if (header.endian != UINT32_C(0x01020304)) return NAME_WEIGHTS_ENDIAN;
  if (header.version != 1) return NAME_WEIGHTS_VERSION;
  if (header.model_hash != model_hash || header.total != total) return NAME_WEIGHTS_OTHER_MODEL;
  if (bytes < total) return NAME_WEIGHTS_TRUNCATED;
  if (header.reserved[0] || header.reserved[1]) return NAME_WEIGHTS_CORRUPT;

  /* Fletcher's two sums, over 64-bit words: the second tells words that changed places. */
  const uint64_t *word = (const uint64_t *)weights;
  uint64_t sum = 0, sum_of_sums = 0;
  for (size_t i = sizeof header / 8; i < (size_t)(total / 8); i++) {
    sum += word[i];
    sum_of_sums += sum;
  }
  return sum == header.sum && sum_of_sums == header.sum_of_sums ? NAME_OK : NAME_WEIGHTS_CORRUPT;
}

/* ---- clock --------------------------------------------------------------------------------------------- */

uint64_t NAME_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* ---- pool ---------------------------------------------------------------------------------------------- */

enum {
  CHUNKS_PER_THREAD = 16, /* threads of unequal speed share a job to within a few per cent */
  PATIENCE = 4000         /* spins before a worker sleeps: longer than what lies between two layers */
};

/* A job is cut into chunks. `state` holds the job's number in its upper half and the chunks that nobody has
 * taken in its lower half. Who takes one by compare-and-swap knows thereby that the job is still open, and may
 * read the fields that describe it: they change only after `unfinished` has come down to zero. */
struct NAME_pool {
  _Atomic uint64_t state;
  atomic_uint unfinished;
  atomic_uint sleepers;
  atomic_bool quit;
  atomic_flag busy;
  void (*function)(const void *args, size_t begin, size_t end);
  const void *args;
  size_t points, chunk_points;
  uint32_t chunks;
  uint64_t affinity_mask;
  pthread_mutex_t lock;
  pthread_cond_t wake;
  pid_t process; /* that the workers live in: a child that forks off has this struct, but no workers */
  unsigned workers;
  pthread_t threads[];
};

static inline void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  __asm__ __volatile__("yield");
#endif
}

static void take_chunks(NAME_pool *pool) {
  uint64_t state = atomic_load(&pool->state);
  while ((uint32_t)state != 0) {
    if (!atomic_compare_exchange_weak(&pool->state, &state, state - 1)) continue;
    size_t begin = (pool->chunks - (uint32_t)state) * pool->chunk_points;
    size_t end = begin + pool->chunk_points;
    pool->function(pool->args, begin, end < pool->points ? end : pool->points);
    atomic_fetch_sub(&pool->unfinished, 1);
    state = atomic_load(&pool->state);
  }
}

static bool is_idle(NAME_pool *pool) { return (uint32_t)atomic_load(&pool->state) == 0 && !atomic_load(&pool->quit); }

static void pin(uint64_t affinity_mask) {
#if defined(__linux__)
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  for (unsigned cpu = 0; cpu < 64; cpu++)
    if (affinity_mask >> cpu & 1) CPU_SET(cpu, &cpus);
  /* A mask without a CPU of this machine is refused by the system, and the thread stays free. */
  if (affinity_mask) (void)sched_setaffinity(0, sizeof cpus, &cpus);
#else
  (void)affinity_mask;
#endif
}

static void *work(void *argument) {
  NAME_pool *pool = (NAME_pool *)argument;
  pin(pool->affinity_mask);
  while (!atomic_load(&pool->quit)) {
    for (unsigned spin = 0; spin < PATIENCE && is_idle(pool); spin++) relax();
    if (is_idle(pool)) {
      /* The sleeper counts itself before it looks at the state, the caller sets the state before it looks for
       * sleepers: one of the two sees the other. */
      pthread_mutex_lock(&pool->lock);
      atomic_fetch_add(&pool->sleepers, 1);
      while (is_idle(pool)) pthread_cond_wait(&pool->wake, &pool->lock);
      atomic_fetch_sub(&pool->sleepers, 1);
      pthread_mutex_unlock(&pool->lock);
    }
    take_chunks(pool);
  }
  return NULL;
}

/* In a child of fork() nobody sleeps, and the lock may be held for ever by one who is not there: the caller does all
 * of the work. */
static void wake_sleepers(NAME_pool *pool) {
  if (pool->process != getpid()) return;
  pthread_mutex_lock(&pool->lock);
  pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->lock);
}

NAME_pool *NAME_pool_create(unsigned threads, uint64_t affinity_mask) {
  unsigned workers = threads > 1 ? threads - 1 : 0;
  NAME_pool *pool = (NAME_pool *)calloc(1, sizeof *pool + workers * sizeof(pthread_t));
  if (!pool) return NULL;
  atomic_init(&pool->state, 0);
  atomic_init(&pool->unfinished, 0);
  atomic_init(&pool->sleepers, 0);
  atomic_init(&pool->quit, false);
  atomic_flag_clear(&pool->busy);
  pool->affinity_mask = affinity_mask;
  pool->process = getpid();
  if (pthread_mutex_init(&pool->lock, NULL)) {
    free(pool);
    return NULL;
  }
  if (pthread_cond_init(&pool->wake, NULL)) {
    pthread_mutex_destroy(&pool->lock);
    free(pool);
    return NULL;
  }
  /* A machine that has no more threads to give gets the work done with those that there are. */
  while (pool->workers < workers && !pthread_create(&pool->threads[pool->workers], NULL, work, pool)) pool->workers++;
  return pool;
}

void NAME_pool_destroy(NAME_pool *pool) {
  if (!pool) return;
  if (pool->process == getpid()) {
    atomic_store(&pool->quit, true);
    wake_sleepers(pool);
    for (unsigned i = 0; i < pool->workers; i++) pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
  }
  free(pool);
}

void NAME_parallel_for(void *opaque, void (*fn)(const void *args, size_t begin, size_t end), const void *args,
                       size_t points) {
  NAME_pool *pool = (NAME_pool *)opaque;
  if (!points) return;
  if (!pool || !pool->workers || points == 1 || atomic_flag_test_and_set(&pool->busy)) {
    fn(args, 0, points);
    return;
  }
  size_t wanted = (size_t)(pool->workers + 1) * CHUNKS_PER_THREAD;
  pool->function = fn;
  pool->args = args;
  pool->points = points;
  pool->chunk_points = (points + wanted - 1) / wanted;
  pool->chunks = (uint32_t)((points + pool->chunk_points - 1) / pool->chunk_points);
  atomic_store(&pool->unfinished, pool->chunks);
  uint64_t job = (atomic_load(&pool->state) >> 32) + 1;
  atomic_store(&pool->state, job << 32 | pool->chunks);
  if (atomic_load(&pool->sleepers)) wake_sleepers(pool);
  take_chunks(pool);
  for (unsigned spin = 0; atomic_load(&pool->unfinished); spin++)
    if (spin < PATIENCE) relax();
    else sched_yield(); /* the worker may be waiting for this very CPU */
  atomic_flag_clear(&pool->busy);
}
