/* Runs NAME: times it, feeds it files, dumps its layers. NAME_bench without arguments says how. */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "NAME.h"
#include "lrc_runtime.h"

enum { INPUTS = @input_count@, OUTPUTS = @output_count@, EMBEDDED = @is_embedded@ };
enum { WARM_UPS = 3, MOST_THREADS = 1024, WRONG_USAGE = 2 };

static const size_t input_sizes[INPUTS] = {@input_sizes@};
static const size_t output_sizes[OUTPUTS] = {@output_sizes@};

typedef struct {
  size_t runs;
  unsigned threads;
  bool json;
  const char *weights, *input, *output, *dump;
} options;

/* Nanoseconds of each run and, if layers are timed, of each layer in each run. */
typedef struct {
  uint64_t *totals, *layers;
  size_t runs, run;
} times;

static _Noreturn void fail(const char *what, const char *why) {
  fprintf(stderr, "NAME_bench: error: %s: %s\n", what, why);
  exit(1);
}

static _Noreturn void usage(int status) {
  fputs(
      "usage: NAME_bench N [--threads T] [--json]     run N times and time it\n"
      "       NAME_bench --input F [--output F]       run once for each picture in a file of raw float32\n"
      "\n"
      "  --threads T    run on T threads (default: 1)\n"
      "  --json         warm up first, and end with a line of JSON: times in all and of each layer\n"
      "  --input F      raw float32, all inputs in order, for any number of pictures one after the other\n"
      "  --output F     raw float32, all outputs in order, for each picture\n"
      "  --dump DIR     write each layer's buffer in the last run to DIR/LAYER.bin, LAYER counted from 0\n"
      "  --weights F    instead of NAME.lrw beside this program\n",
      status ? stderr : stdout);
  exit(status);
}

static void *allocate(size_t count, size_t size) {
  if (count > (SIZE_MAX - NAME_alignment) / size) fail("memory", strerror(ENOMEM));
  size_t bytes = (count * size + NAME_alignment) / NAME_alignment * NAME_alignment;
  void *memory = aligned_alloc(NAME_alignment, bytes);
  if (!memory) fail("memory", strerror(ENOMEM));
  memset(memory, 0, bytes);
  return memory;
}

static size_t count_of(const char *text) {
  char *end;
  errno = 0;
  unsigned long value = strtoul(text, &end, 10);
  if (errno || *end || end == text || *text == '-') usage(WRONG_USAGE);
  return value;
}

static options parse(int argc, char **argv) {
  options o = {.threads = 1};
  bool has_runs = false;
  for (int i = 1; i < argc; i++) {
    const char *word = argv[i];
    if (!strcmp(word, "--json")) {
      o.json = true;
    } else if (*word != '-') {
      o.runs = count_of(word);
      has_runs = true;
    } else if (!strcmp(word, "-h") || !strcmp(word, "--help")) {
      usage(0);
    } else if (i + 1 == argc) {
      usage(WRONG_USAGE);
    } else if (!strcmp(word, "--threads")) {
      size_t threads = count_of(argv[++i]);
      if (threads < 1 || threads > MOST_THREADS) usage(WRONG_USAGE);
      o.threads = (unsigned)threads;
    } else if (!strcmp(word, "--weights")) {
      o.weights = argv[++i];
    } else if (!strcmp(word, "--input")) {
      o.input = argv[++i];
    } else if (!strcmp(word, "--output")) {
      o.output = argv[++i];
    } else if (!strcmp(word, "--dump")) {
      o.dump = argv[++i];
    } else {
      usage(WRONG_USAGE);
    }
  }
  if (has_runs == (o.input != NULL)) usage(WRONG_USAGE);
  return o;
}

static FILE *open_file(const char *path, const char *mode) {
  FILE *file = fopen(path, mode);
  if (!file) fail(path, strerror(errno));
  return file;
}

static void write_numbers(FILE *file, const char *path, const void *data, size_t count, size_t bytes) {
  if (fwrite(data, bytes, count, file) != count) fail(path, strerror(errno));
}

static void close_written(FILE *file, const char *path) {
  if (fclose(file)) fail(path, strerror(errno));
}

/* The path of NAME.lrw in the folder of this program. */
static char *weights_beside(const char *program) {
  char *path = (char *)allocate(4096 + sizeof "NAME.lrw", 1);
  if (readlink("/proc/self/exe", path, 4095) < 0) {
    if (strlen(program) > 4095) fail(program, strerror(ENAMETOOLONG));
    strcpy(path, program);
  }
  char *slash = strrchr(path, '/');
  strcpy(slash ? slash + 1 : path, "NAME.lrw");
  return path;
}

static const void *map_weights(const char *path, size_t *bytes) {
  struct stat status;
  int file = open(path, O_RDONLY);
  if (file < 0 || fstat(file, &status)) fail(path, strerror(errno));
  *bytes = (size_t)status.st_size;
  if (!*bytes) fail(path, NAME_strerror(NAME_WEIGHTS_TRUNCATED));
  void *memory = mmap(NULL, *bytes, PROT_READ, MAP_PRIVATE, file, 0);
  if (memory == MAP_FAILED) fail(path, strerror(errno));
  close(file);
  return memory;
}

/* Fills the inputs with the next picture; false at the end of the file. */
static bool read_picture(FILE *file, const char *path, float **inputs) {
  for (int i = 0; i < INPUTS; i++) {
    size_t count = fread(inputs[i], sizeof(float), input_sizes[i], file);
    if (ferror(file)) fail(path, strerror(errno));
    if (count == 0 && i == 0) return false;
    if (count != input_sizes[i]) fail(path, "does not hold a whole number of pictures");
  }
  int next = fgetc(file);
  if (next != EOF) ungetc(next, file);
  return true;
}

/* Numbers in -1..1, the same on every machine. */
static void invent_picture(float **inputs) {
  uint32_t seed = 1;
  for (int i = 0; i < INPUTS; i++)
    for (size_t k = 0; k < input_sizes[i]; k++) {
      seed = seed * UINT32_C(1664525) + UINT32_C(1013904223);
      inputs[i][k] = (float)(seed >> 8) / 8388608.0f - 1.0f;
    }
}

static void note_time(void *user, size_t layer, const void *data, uint64_t nanoseconds) {
  times *t = (times *)user;
  (void)data;
  t->layers[layer * t->runs + t->run] = nanoseconds;
}

static void dump_buffer(void *user, size_t layer, const void *data, uint64_t nanoseconds) {
  char path[4096];
  (void)nanoseconds;
  if (snprintf(path, sizeof path, "%s/%zu.bin", (const char *)user, layer) >= (int)sizeof path)
    fail((const char *)user, strerror(ENAMETOOLONG));
  FILE *file = open_file(path, "wb");
  write_numbers(file, path, data, NAME_layers[layer].elements, NAME_layers[layer].element_bytes);
  close_written(file, path);
}

static int compare(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static double milliseconds(uint64_t *sorted, size_t place) { return (double)sorted[place] * 1e-6; }

static double median(uint64_t *values, size_t count) {
  qsort(values, count, sizeof *values, compare);
  return 0.5 * (milliseconds(values, (count - 1) / 2) + milliseconds(values, count / 2));
}

/* A string of JSON. */
static void print_quoted(const char *text) {
  putchar('"');
  for (; *text; text++)
    if ((unsigned char)*text < ' ') printf("\\u%04x", (unsigned)*text);
    else printf(*text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
  putchar('"');
}

static void report(const options *o, times *t) {
  double middle = median(t->totals, t->runs), least = milliseconds(t->totals, 0);
  if (!o->json) {
    printf("NAME: median %.3f ms, least %.3f ms of %zu runs on %u thread%s\n", middle, least, t->runs, o->threads,
           o->threads == 1 ? "" : "s");
    return;
  }
  printf("{\"median_ms\": %.6f, \"min_ms\": %.6f, \"threads\": %u, \"layers\": [", middle, least, o->threads);
  for (size_t i = 0; NAME_layers[i].name; i++) {
    printf("%s{\"name\": ", i ? ", " : "");
    print_quoted(NAME_layers[i].name);
    printf(", \"median_ms\": %.6f}", median(t->layers + i * t->runs, t->runs));
  }
  printf("]}\n");
}

static void run(NAME_t *m, float **inputs, float **outputs) {
  int status = NAME_run(m, @calls@);
  if (status) fail("NAME_run", NAME_strerror(status));
}

static void run_dumping(NAME_t *m, float **inputs, float **outputs, const char *folder) {
  NAME_set_hook(m, dump_buffer, (void *)(uintptr_t)folder);
  run(m, inputs, outputs);
}

static void run_timed(NAME_t *m, const options *o, float **inputs, float **outputs) {
  times t = {.runs = o->runs};
  t.totals = (uint64_t *)allocate(t.runs, sizeof *t.totals);
  t.layers = (uint64_t *)allocate(t.runs * (o->json ? NAME_layer_count : 0), sizeof *t.layers);
  if (o->json) {
    for (int i = 0; i < WARM_UPS; i++) run(m, inputs, outputs);
    NAME_set_hook(m, note_time, &t);
  }
  for (t.run = 0; t.run < t.runs; t.run++) {
    uint64_t begin = NAME_nanoseconds();
    if (o->dump && t.run + 1 == t.runs) run_dumping(m, inputs, outputs, o->dump);
    else run(m, inputs, outputs);
    t.totals[t.run] = NAME_nanoseconds() - begin;
  }
  if (t.runs) report(o, &t);
  free(t.totals);
  free(t.layers);
}

static void run_pictures(NAME_t *m, const options *o, float **inputs, float **outputs) {
  FILE *input = open_file(o->input, "rb");
  FILE *output = o->output ? open_file(o->output, "wb") : NULL;
  while (read_picture(input, o->input, inputs)) {
    if (o->dump && feof(input)) run_dumping(m, inputs, outputs, o->dump);
    else run(m, inputs, outputs);
    for (int i = 0; output && i < OUTPUTS; i++) write_numbers(output, o->output, outputs[i], output_sizes[i], sizeof(float));
  }
  if (output) close_written(output, o->output);
  fclose(input);
}

int main(int argc, char **argv) {
  options o = parse(argc, argv);
  size_t weights_bytes = 0;
  const void *weights = NULL;
#if @is_embedded@
  if (!o.weights) weights = NAME_weights(&weights_bytes);
#endif
  char *beside = o.weights || EMBEDDED ? NULL : weights_beside(argv[0]);
  if (!weights) weights = map_weights(beside ? beside : o.weights, &weights_bytes);

  NAME_t m;
  void *arena = allocate(NAME_arena_bytes(), 1);
  int status = NAME_init(&m, arena, NAME_arena_bytes(), weights, weights_bytes);
  if (status) fail(beside ? beside : o.weights ? o.weights : "NAME_init", NAME_strerror(status));
  NAME_pool *pool = o.threads > 1 ? NAME_pool_create(o.threads, 0) : NULL;
  if (o.threads > 1 && !pool) fail("threads", "they cannot be started");
  NAME_set_threads(&m, pool);

  float *inputs[INPUTS], *outputs[OUTPUTS];
  for (int i = 0; i < INPUTS; i++) inputs[i] = (float *)allocate(input_sizes[i], sizeof(float));
  for (int i = 0; i < OUTPUTS; i++) outputs[i] = (float *)allocate(output_sizes[i], sizeof(float));
  invent_picture(inputs);
  if (o.input) run_pictures(&m, &o, inputs, outputs);
  else run_timed(&m, &o, inputs, outputs);

  for (int i = 0; i < INPUTS; i++) free(inputs[i]);
  for (int i = 0; i < OUTPUTS; i++) free(outputs[i]);
  NAME_pool_destroy(pool);
  free(arena);
  free(beside);
  if (fflush(stdout) || ferror(stdout)) fail("standard output", strerror(errno));
  return 0;
}
