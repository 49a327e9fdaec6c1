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

/* BLAKE2b (RFC 7693) with 16 bytes of result, without a key. */
static uint64_t rotated(uint64_t x, int bits) { return x >> bits | x << (64 - bits); }

static inline void mix(uint64_t v[16], int a, int b, int c, int d, uint64_t x, uint64_t y) {
  v[a] += v[b] + x;
  v[d] = rotated(v[d] ^ v[a], 32);
  v[c] += v[d];
  v[b] = rotated(v[b] ^ v[c], 24);
  v[a] += v[b] + y;
  v[d] = rotated(v[d] ^ v[a], 16);
  v[c] += v[d];
  v[b] = rotated(v[b] ^ v[c], 63);
}

static void hash(const unsigned char *bytes, uint64_t count, uint64_t result[2]) {
  static const uint64_t start[8] = {
      UINT64_C(0x6a09e667f3bcc908), UINT64_C(0xbb67ae8584caa73b), UINT64_C(0x3c6ef372fe94f82b),
      UINT64_C(0xa54ff53a5f1d36f1), UINT64_C(0x510e527fade682d1), UINT64_C(0x9b05688c2b3e6c1f),
      UINT64_C(0x1f83d9abfb41bd6b), UINT64_C(0x5be0cd19137e2179)};
  static const unsigned char order[10][16] = {
      {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
      {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
      {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
      {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
      {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};
  uint64_t h[8], v[16], block[16], taken = 0;
  memcpy(h, start, sizeof h);
  h[0] ^= 0x01010010;
  do {
    uint64_t size = count - taken < sizeof block ? count - taken : sizeof block;
    memset(block, 0, sizeof block);
    memcpy(block, bytes + taken, (size_t)size);
    taken += size;
    memcpy(v, h, sizeof h);
    memcpy(v + 8, start, sizeof start);
    v[12] ^= taken;
    if (taken == count) v[14] = ~v[14];
    for (int round = 0; round < 12; round++) {
      const unsigned char *o = order[round % 10];
      mix(v, 0, 4, 8, 12, block[o[0]], block[o[1]]);
      mix(v, 1, 5, 9, 13, block[o[2]], block[o[3]]);
      mix(v, 2, 6, 10, 14, block[o[4]], block[o[5]]);
      mix(v, 3, 7, 11, 15, block[o[6]], block[o[7]]);
      mix(v, 0, 5, 10, 15, block[o[8]], block[o[9]]);
      mix(v, 1, 6, 11, 12, block[o[10]], block[o[11]]);
      mix(v, 2, 7, 8, 13, block[o[12]], block[o[13]]);
      mix(v, 3, 4, 9, 14, block[o[14]], block[o[15]]);
    }
    for (int i = 0; i < 8; i++) h[i] ^= v[i] ^ v[8 + i];
  } while (taken < count);
  memcpy(result, h, 2 * sizeof *h);
}

int NAME_check_weights(const void *weights, size_t bytes, const NAME_identity *expected) {
  static const unsigned char magic[8] = {0x89, 'L', 'R', 'W', '\r', '\n', 0x1a, '\n'};
  lrw_header header;
  if ((uintptr_t)weights % NAME_alignment) return NAME_WEIGHTS_MISALIGNED;
  if (bytes >= sizeof magic && memcmp(weights, magic, sizeof magic) != 0) return NAME_WEIGHTS_NOT_LRW;
  if (bytes < sizeof header) return NAME_WEIGHTS_TRUNCATED;
  memcpy(&header, weights, sizeof header);
  if (header.endian != UINT32_C(0x01020304)) return NAME_WEIGHTS_ENDIAN;
  if (header.version != 1) return NAME_WEIGHTS_VERSION;
  if (header.model_hash != expected->model_hash || header.total != expected->total) return NAME_WEIGHTS_OTHER_MODEL;
  if (bytes < header.total) return NAME_WEIGHTS_TRUNCATED;
  if (header.reserved[0] || header.reserved[1]) return NAME_WEIGHTS_CORRUPT;

  /* Fletcher's two sums, over 64-bit words: the second tells words that changed places. */
  const uint64_t *word = (const uint64_t *)weights;
  uint64_t sum = 0, sum_of_sums = 0, known[2];
  for (size_t i = sizeof header / 8; i < (size_t)(header.total / 8); i++) {
    sum += word[i];
    sum_of_sums += sum;
  }
  if (sum != header.sum || sum_of_sums != header.sum_of_sums) return NAME_WEIGHTS_CORRUPT;

  /* Sums are easily made to fit other numbers. Weights may be any, but not what leads the kernels to them. */
  hash((const unsigned char *)weights + sizeof header, expected->integer_bytes, known);
  return memcmp(known, expected->integer_hash, sizeof known) ? NAME_WEIGHTS_OTHER_MODEL : NAME_OK;
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
