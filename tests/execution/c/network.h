/* What the test programs share: the hand-written network's weights, an arena, pictures and their answers. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                  \
  do {                                                                    \
    if (!(condition)) {                                                   \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);     \
      exit(1);                                                            \
    }                                                                     \
  } while (0)

enum { ELEMENTS = 6 * 3 * 4 };

static inline void *aligned(size_t bytes) {
  void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
  CHECK(memory);
  return memory;
}

/* The file's contents in memory that ends where they end, so that a sanitizer sees a read beyond. */
static inline unsigned char *read_file(const char *folder, const char *name, size_t *bytes) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "rb");
  CHECK(file && !fseek(file, 0, SEEK_END));
  *bytes = (size_t)ftell(file);
  rewind(file);
  unsigned char *memory = (unsigned char *)aligned(*bytes);
  CHECK(fread(memory, 1, *bytes, file) == *bytes);
  fclose(file);
  return memory;
}

static inline void picture(float *x, unsigned seed) {
  for (unsigned i = 0; i < ELEMENTS; i++) x[i] = (float)((i * 7 + seed * 13) % 31);
}
