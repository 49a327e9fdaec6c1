/* Runs a network thousands of times, in each way that there is, and takes no byte of memory for it.
 *
 * The compiler's command says what any_network.h says. All calls of malloc and its like are counted by the linker's
 * --wrap; glibc and the system say what is in use. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <malloc.h>
#include <string.h>
#include <unistd.h>

#include "any_network.h"

static long calls;

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);

void *__wrap_malloc(size_t bytes) {
  calls++;
  return __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes) {
  calls++;
  return __real_calloc(count, bytes);
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes) {
  calls++;
  return __real_aligned_alloc(alignment, bytes);
}

static unsigned char *weights;
static size_t bytes;

static void prepare(OF(_t) * m) { CHECK(!OF(_init)(m, arena, OF(_arena_bytes)(), weights, bytes)); }
static void run(OF(_t) * m) { CHECK(!OF(_run)(m, CALL)); }

static void begin_anew(int runs) {
  OF(_t) m;
  for (int i = 0; i < runs; i++) {
    prepare(&m);
    run(&m);
  }
}

static void go_on(int runs) {
  OF(_t) m;
  prepare(&m);
  for (int i = 0; i < runs; i++) run(&m);
}

static void go_on_with_threads(int runs) {
  OF(_t) m;
  prepare(&m);
  OF(_pool) *pool = OF(_pool_create)(2, 0);
  CHECK(pool);
  OF(_set_threads)(&m, pool);
  for (int i = 0; i < runs; i++) run(&m);
  OF(_pool_destroy)(pool);
}

static void start_threads_anew(int runs) {
  OF(_t) m;
  prepare(&m);
  for (int i = 0; i < runs / 10; i++) {
    OF(_pool) *pool = OF(_pool_create)(2, 0);
    CHECK(pool);
    OF(_set_threads)(&m, pool);
    run(&m);
    OF(_pool_destroy)(pool);
  }
}

static void in_pieces(void *user, void (*fn)(const void *args, size_t begin, size_t end), const void *args,
                      size_t points) {
  CHECK(user == &calls);
  for (size_t i = points; i-- > 0;) fn(args, i, i + 1);
}

static void with_the_callers_own(int runs) {
  OF(_t) m;
  prepare(&m);
  OF(_set_parallel_for)(&m, in_pieces, &calls);
  for (int i = 0; i < runs; i++) run(&m);
}

static size_t in_use(void) { return mallinfo2().uordblks + mallinfo2().hblkhd; }

/* Pages of address space. */
static unsigned long mapped(void) {
  char text[64] = {0};
  int file = open("/proc/self/statm", O_RDONLY);
  CHECK(file >= 0 && read(file, text, sizeof text - 1) > 0);
  close(file);
  return strtoul(text, NULL, 10);
}

static void check(const char *name, void (*way)(int runs), int runs, int may_allocate) {
  way(20); /* what libraries take once */
  size_t used = in_use();
  unsigned long pages = mapped();
  long before = calls;
  way(runs);
  long made = calls - before, grown = (long)(in_use() - used), more = (long)(mapped() - pages);
  printf("%s: %d runs, %ld allocations, %+ld bytes, %+ld pages\n", name, runs, made, grown, more);
  fflush(stdout);
  CHECK(!grown && !more);
  CHECK(may_allocate || !made);
}

int main(int argc, char **argv) {
  int runs = argc == 2 ? atoi(argv[1]) : 0;
  CHECK(runs > 0);
  printf("pages and bytes are those after 20 runs\n"); /* also makes the buffer of stdout */
  weights = read_file(LRW, &bytes);
  arena = aligned(OF(_arena_bytes)());
  for (size_t i = 0; i < PORTS; i++) CHECK((buffer[i] = (float *)calloc(sizes[i], sizeof(float))) != NULL);
  check("begin anew", begin_anew, runs, 0);
  check("go on", go_on, runs, 0);
  check("with the caller's own", with_the_callers_own, runs, 0);
  check("with threads", go_on_with_threads, runs, 1);
  check("start threads anew", start_threads_anew, runs, 1);
  return 0;
}
