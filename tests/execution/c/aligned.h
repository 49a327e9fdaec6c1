/* Memory that begins as arenas and weights have to, and ends to the byte where it was asked to: a sanitizer sees what
 * reads beyond. Asks for POSIX: _POSIX_C_SOURCE. */
#include "check.h"

static inline void *aligned(size_t bytes) {
  void *memory;
  CHECK(!posix_memalign(&memory, 64, bytes ? bytes : 1));
  return memory;
}

/* The contents of a file, and how many bytes they are. */
static inline unsigned char *read_file(const char *path, size_t *bytes) {
  FILE *file = fopen(path, "rb");
  CHECK(file && !fseek(file, 0, SEEK_END));
  *bytes = (size_t)ftell(file);
  rewind(file);
  unsigned char *memory = (unsigned char *)aligned(*bytes);
  CHECK(fread(memory, 1, *bytes, file) == *bytes);
  fclose(file);
  return memory;
}
