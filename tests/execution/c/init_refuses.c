/* NAME_init says no to every bad argument, with a code of its own, and reads nothing outside of what it got. */
#define _POSIX_C_SOURCE 200809L
#include "network.h"
#include "two_scales.h"

static int init(const unsigned char *weights, size_t bytes) {
  two_scales_t m;
  void *arena = aligned(two_scales_arena_bytes());
  int status = two_scales_init(&m, arena, two_scales_arena_bytes(), weights, bytes);
  float x[ELEMENTS] = {0}, shift = 0, y[ELEMENTS], sum;
  CHECK(two_scales_run(&m, x, &shift, y, &sum) == (status ? two_scales_NOT_READY : 0));
  CHECK(strcmp(two_scales_strerror(status), "unknown status"));
  free(arena);
  return status;
}

/* The answer to weights with one byte changed. */
static int init_changed(unsigned char *weights, size_t bytes, size_t place) {
  weights[place] ^= 0x40;
  int status = init(weights, bytes);
  weights[place] ^= 0x40;
  return status;
}

/* The answer to weights with one byte changed by who knows how to make the checksum fit. */
static int init_forged(const unsigned char *weights, size_t bytes, size_t place, unsigned char change) {
  uint64_t *forged = (uint64_t *)aligned(bytes), sum = 0, sum_of_sums = 0;
  memcpy(forged, weights, bytes);
  ((unsigned char *)forged)[place] ^= change;
  for (size_t i = 8; i < bytes / 8; i++) {
    sum += forged[i];
    sum_of_sums += sum;
  }
  forged[4] = sum;
  forged[5] = sum_of_sums;
  int status = init((const unsigned char *)forged, bytes);
  free(forged);
  return status;
}

static int init_truncated(const unsigned char *weights, size_t bytes) {
  unsigned char *part = (unsigned char *)aligned(bytes);
  memcpy(part, weights, bytes);
  int status = init(part, bytes);
  free(part);
  return status;
}

int main(int argc, char **argv) {
  size_t bytes;
  CHECK(argc == 2);
  unsigned char *weights = read_weights(argv[1], &bytes);
  CHECK(bytes == 192);
  CHECK(init(weights, bytes) == two_scales_OK);

  CHECK(init(NULL, bytes) == two_scales_BAD_ARGUMENT);
  CHECK(init_changed(weights, bytes, 0) == two_scales_WEIGHTS_NOT_LRW);
  CHECK(init_changed(weights, bytes, 8) == two_scales_WEIGHTS_VERSION);
  CHECK(init_changed(weights, bytes, 12) == two_scales_WEIGHTS_ENDIAN);
  CHECK(init_changed(weights, bytes, 16) == two_scales_WEIGHTS_OTHER_MODEL);
  CHECK(init_changed(weights, bytes, 24) == two_scales_WEIGHTS_OTHER_MODEL);
  for (size_t place = 32; place < bytes; place++)
    CHECK(init_changed(weights, bytes, place) == two_scales_WEIGHTS_CORRUPT);
  /* six channels of 16 bits, padding, and six factors, which may be any */
  for (size_t place = 64; place < bytes; place++)
    for (unsigned bit = 0; bit < 8; bit++)
      CHECK(init_forged(weights, bytes, place, (unsigned char)(1u << bit)) ==
            (place < 128 ? two_scales_WEIGHTS_OTHER_MODEL : two_scales_OK));
  for (size_t part = 0; part < bytes; part++)
    CHECK(init_truncated(weights, part) == two_scales_WEIGHTS_TRUNCATED);

  for (size_t shift = 8; shift < 64; shift += 8) {
    unsigned char *shifted = (unsigned char *)aligned(bytes + shift) + shift;
    memcpy(shifted, weights, bytes);
    CHECK(init(shifted, bytes) == two_scales_WEIGHTS_MISALIGNED);
    free(shifted - shift);
  }

  two_scales_t m;
  size_t needed = two_scales_arena_bytes();
  unsigned char *arena = (unsigned char *)aligned(needed + 64);
  CHECK(two_scales_init(NULL, arena, needed, weights, bytes) == two_scales_BAD_ARGUMENT);
  CHECK(two_scales_init(&m, NULL, needed, weights, bytes) == two_scales_BAD_ARGUMENT);
  CHECK(two_scales_init(&m, arena, needed - 1, weights, bytes) == two_scales_ARENA_TOO_SMALL);
  for (size_t shift = 4; shift < 64; shift += 4)
    CHECK(two_scales_init(&m, arena + shift, needed, weights, bytes) == two_scales_ARENA_MISALIGNED);
  CHECK(two_scales_run(NULL, NULL, NULL, NULL, NULL) == two_scales_BAD_ARGUMENT);
  CHECK(!strcmp(two_scales_strerror(1), "unknown status"));
  free(arena);
  free(weights);
  return 0;
}
