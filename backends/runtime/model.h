/* @title@, compiled by lrc @version@ for @machine@.
 *
 * Nothing here is global: any number of threads may each run a NAME_t of their own, with an arena of its
 * own, over the same weights. After NAME_init nothing is allocated. */
#ifndef LRC_NAME_H
#define LRC_NAME_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the functions below return; NAME_strerror puts it in words. */
enum {
  NAME_OK = 0,
  NAME_BAD_ARGUMENT = -1,
  NAME_NOT_READY = -2,
  NAME_ARENA_TOO_SMALL = -3,
  NAME_ARENA_MISALIGNED = -4,
  NAME_WEIGHTS_MISALIGNED = -5,
  NAME_WEIGHTS_TRUNCATED = -6,
  NAME_WEIGHTS_NOT_LRW = -7,
  NAME_WEIGHTS_VERSION = -8,
  NAME_WEIGHTS_ENDIAN = -9,
  NAME_WEIGHTS_OTHER_MODEL = -10,
  NAME_WEIGHTS_CORRUPT = -11
};

/* The numbers of floats in the inputs and outputs, and the alignment of arena and weights in bytes. */
enum {
@sizes@
  NAME_alignment = 64
};

/* Calls fn(args, begin, end) over ranges that together cover 0..points-1 once, from any threads, and
 * returns when all calls have. */
typedef void (*lrc_parallel_for)(void *pool, void (*fn)(const void *args, size_t begin, size_t end),
                                 const void *args, size_t points);

/* Called after each layer with its number in NAME_layers, its buffer, and the time that it took. */
typedef void (*lrc_hook)(void *user, size_t layer, const void *data, uint64_t nanoseconds);

/* A network ready to run. The fields are the functions' own; read them as you like, write none. */
typedef struct NAME_t {
  unsigned char *arena;
  const unsigned char *weights;
  lrc_parallel_for parallel_for;
  void *pool;
  lrc_hook hook;
  void *hook_user;
  uint64_t layer_began;
} NAME_t;

/* How many bytes of working memory one NAME_t needs. */
size_t NAME_arena_bytes(void);

/* How many bytes a NAME_t itself takes, for callers that cannot say sizeof. */
size_t NAME_context_bytes(void);

/* Checks the contents of NAME.lrw and prepares m. Arena and weights must be aligned to NAME_alignment bytes
 * and outlive m; malloc does not promise that, aligned_alloc and mmap do. Reads the weights once to check them. */
int NAME_init(NAME_t *m, void *arena, size_t arena_bytes, const void *weights, size_t weights_bytes);

/* Runs the network once. Floats in C order, no alignment beyond a float's, no overlap:
@shapes@ */
int NAME_run(NAME_t *m, @parameters@);

const char *NAME_strerror(int status);
@embedded@
/* A pool of threads, the caller's own included. The workers may run on the CPUs whose bits are set in
 * affinity_mask (0: on any), as the big cores of a phone; pin the calling thread yourself. NULL when there is no
 * memory. A pool serves any number of NAME_t, one at a time: one that finds it busy runs on its own thread alone.
 * After fork() the child has the pool without its threads, and runs on its own thread until it creates another. */
typedef struct NAME_pool NAME_pool;
NAME_pool *NAME_pool_create(unsigned threads, uint64_t affinity_mask);
void NAME_pool_destroy(NAME_pool *pool);

/* Runs m on the pool's threads from now on; NULL: on the calling thread alone, as after NAME_init. */
void NAME_set_threads(NAME_t *m, NAME_pool *pool);

/* Runs m through a parallel_for of your own. */
void NAME_set_parallel_for(NAME_t *m, lrc_parallel_for parallel_for, void *pool);
void NAME_parallel_for(void *pool, void (*fn)(const void *args, size_t begin, size_t end), const void *args,
                       size_t points);

/* Calls hook after each layer from now on; NULL: no longer. */
void NAME_set_hook(NAME_t *m, lrc_hook hook, void *user);

/* Where a layer's result stands in the buffer that a hook gets: element (channel, row, column) at
 * origin + channel * channel_stride + row * row_stride + column, of `elements` numbers in all, of `element_bytes`
 * bytes each: 4 is a float, 2 is half of that, a float16. */
typedef struct NAME_layer {
  const char *name;
  const char *kind;
  size_t elements, channels, rows, columns, origin, row_stride, channel_stride, element_bytes;
} NAME_layer;

/* A row without a name ends the table. */
enum { NAME_layer_count = @layer_count@ };
extern const NAME_layer NAME_layers[];

#ifdef __cplusplus
}
#endif
#endif
