/* Buffers between two pages that nobody may touch; what is read from standard input, and written to standard output. */
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

static int at_end;

static size_t whole_pages(size_t bytes) {
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  return (bytes + page - 1) / page * page;
}

/* So many bytes of garbage, NaN as floats, that end with a page, or begin with one. */
static void *guarded(size_t bytes) {
  size_t page = whole_pages(1), size = whole_pages(bytes);
  unsigned char *memory =
      (unsigned char *)mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  CHECK(!size || !mprotect(memory + page, size, PROT_READ | PROT_WRITE));
  memset(memory + page, 0xff, size);
  return memory + page + (at_end ? size - bytes : 0);
}

/* From now on the buffer can be read, and no more. */
static void keep(const void *buffer, size_t bytes) {
  unsigned char *begin = (unsigned char *)((uintptr_t)buffer / whole_pages(1) * whole_pages(1));
  CHECK(!bytes || !mprotect(begin, whole_pages(bytes), PROT_READ));
}

static void discard(void *buffer, size_t bytes) {
  unsigned char *begin = (unsigned char *)((uintptr_t)buffer / whole_pages(1) * whole_pages(1));
  CHECK(!munmap(begin - whole_pages(1), whole_pages(bytes) + 2 * whole_pages(1)));
}

static void *given(size_t bytes) {
  void *buffer = guarded(bytes);
  CHECK(fread(buffer, 1, bytes, stdin) == bytes);
  keep(buffer, bytes);
  return buffer;
}

/* The number of a layer, or -1 - that of an output, and its floats. */
static void show(int number, const void *data, size_t elements) {
  uint64_t head[2] = {(uint64_t)(int64_t)number, elements};
  CHECK(fwrite(head, sizeof head, 1, stdout) == 1 && fwrite(data, sizeof(float), elements, stdout) == elements);
}
