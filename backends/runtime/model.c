/* @title@: the API, the graph and its plan of the arena. Compiled by lrc @version@ for @machine@. */
#include "NAME.h"

#include <string.h>

#include "NAME_kernels.h"
#include "lrc_runtime.h"

#define ARENA_BYTES ((size_t)@arena_bytes@)

const NAME_layer NAME_layers[] = {
@layers@
};

/* How the graph speaks of its memory and its kernels. */
#define ARENA(offset) ((void *)(m->arena + (offset)))
#define WEIGHTS(offset) ((const void *)(m->weights + (offset)))
#define LAUNCH(kernel, args, points) m->parallel_for(m->pool, (kernel), (args), (points))
#define LAYER(layer, data) NAME_end_layer(m, (layer), (data))

static inline void NAME_end_layer(NAME_t *m, size_t layer, const void *data) {
  if (m->hook) {
    m->hook(m->hook_user, layer, data, NAME_nanoseconds() - m->layer_began);
    m->layer_began = NAME_nanoseconds();
  }
}

@graph@

size_t NAME_arena_bytes(void) { return ARENA_BYTES; }

size_t NAME_context_bytes(void) { return sizeof(NAME_t); }

static const NAME_identity NAME_weights_identity = {
    .total = @weights_bytes@,
    .model_hash = UINT64_C(0x@model_hash@),
    .integer_bytes = @integer_bytes@,
    .integer_hash = {@integer_hash@},
};

int NAME_init(NAME_t *m, void *arena, size_t arena_bytes, const void *weights, size_t weights_bytes) {
  if (!m) return NAME_BAD_ARGUMENT;
  memset(m, 0, sizeof *m);
  if (!arena || !weights) return NAME_BAD_ARGUMENT;
  if (arena_bytes < ARENA_BYTES) return NAME_ARENA_TOO_SMALL;
  if ((uintptr_t)arena % NAME_alignment) return NAME_ARENA_MISALIGNED;
  int status = NAME_check_weights(weights, weights_bytes, &NAME_weights_identity);
  if (status) return status;
  memset(arena, 0, ARENA_BYTES);
  m->arena = (unsigned char *)arena;
  m->weights = (const unsigned char *)weights;
  NAME_set_threads(m, NULL);
  return NAME_OK;
}

int NAME_run(NAME_t *m, @parameters@) {
  if (!m || @any_null@) return NAME_BAD_ARGUMENT;
  if (!m->arena) return NAME_NOT_READY;
  if (m->hook) m->layer_began = NAME_nanoseconds();
  NAME_graph(m, @arguments@);
  return NAME_OK;
}

void NAME_set_threads(NAME_t *m, NAME_pool *pool) { NAME_set_parallel_for(m, NAME_parallel_for, pool); }

void NAME_set_parallel_for(NAME_t *m, lrc_parallel_for parallel_for, void *pool) {
  m->parallel_for = parallel_for;
  m->pool = pool;
}

void NAME_set_hook(NAME_t *m, lrc_hook hook, void *user) {
  m->hook = hook;
  m->hook_user = user;
}

const char *NAME_strerror(int status) {
  switch (status) {
    case NAME_OK: return "no error";
    case NAME_BAD_ARGUMENT: return "a null pointer was given";
    case NAME_NOT_READY: return "NAME_init has not succeeded on this NAME_t";
    case NAME_ARENA_TOO_SMALL: return "the arena is smaller than NAME_arena_bytes()";
    case NAME_ARENA_MISALIGNED: return "the arena is not aligned to 64 bytes";
    case NAME_WEIGHTS_MISALIGNED: return "the weights are not aligned to 64 bytes";
    case NAME_WEIGHTS_TRUNCATED: return "the weights are truncated";
    case NAME_WEIGHTS_NOT_LRW: return "the weights are not the contents of an .lrw file";
    case NAME_WEIGHTS_VERSION: return "the weights are of another version of the .lrw format";
    case NAME_WEIGHTS_ENDIAN: return "the weights are of another byte order";
    case NAME_WEIGHTS_OTHER_MODEL: return "the weights belong to another compilation or another model";
    case NAME_WEIGHTS_CORRUPT: return "the weights are corrupt: their checksum does not match";
    default: return "unknown status";
  }
}
