/* libFuzzer gives NAME_init any bytes as weights: it answers with a code that it documents, and reads nothing else.
 *
 * The first byte of an input says what of the rest is put right again before it is given to NAME_init, so that what lies
 * behind a checksum is reached as well. The compiler's command says what any_network.h says. */
#define _POSIX_C_SOURCE 200809L

#include <stdint.h>
#include <string.h>

#include "any_network.h"

enum { RIGHT_SUMS = 1, RIGHT_HEADER = 2, RIGHT_INTEGERS = 4, RIGHT_SIZE = 8, MISALIGNED = 16, SMALL_ARENA = 32 };
enum { HEADER_BYTES = 64 };

static unsigned char *whole;
static size_t whole_bytes;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  whole = read_file(LRW, &whole_bytes);
  for (size_t i = 0; i < PORTS; i++) {
    buffer[i] = (float *)malloc(sizes[i] * sizeof(float));
    for (size_t k = 0; k < sizes[i]; k++) buffer[i][k] = (float)((k * 7 + i) % 13) - 6.0f;
  }
  arena = aligned(OF(_arena_bytes)());
  return 0;
}

/* Makes some of the bytes what the file has there. */
static void put_right(unsigned char *bytes, size_t size, unsigned how) {
  size_t common = size < whole_bytes ? size : whole_bytes;
  if (how & RIGHT_HEADER) memcpy(bytes, whole, common < 32 ? common : 32);
  if (how & RIGHT_HEADER && common >= HEADER_BYTES) memset(bytes + 48, 0, 16);
  if (how & RIGHT_INTEGERS && common > HEADER_BYTES) {
    size_t count = common - HEADER_BYTES < INTEGER_BYTES ? common - HEADER_BYTES : INTEGER_BYTES;
    memcpy(bytes + HEADER_BYTES, whole + HEADER_BYTES, count);
  }
  if (how & RIGHT_SUMS && common >= HEADER_BYTES) {
    uint64_t sums[2] = {0, 0}, word;
    for (size_t at = HEADER_BYTES; at + 8 <= common; at += 8) {
      memcpy(&word, bytes + at, 8);
      sums[0] += word;
      sums[1] += sums[0];
    }
    memcpy(bytes + 32, sums, sizeof sums);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (!size) return 0;
  unsigned how = data[0];
  size_t given = --size, bytes = how & RIGHT_SIZE && size < whole_bytes ? whole_bytes : size;
  size_t shift = how & MISALIGNED ? 8 : 0, room = OF(_arena_bytes)() - (how & SMALL_ARENA ? 1 : 0);
  unsigned char *memory = (unsigned char *)aligned(bytes + shift), *weights = memory + shift;
  memcpy(weights, data + 1, given);
  if (bytes > given) memcpy(weights + given, whole + given, bytes - given);
  put_right(weights, bytes, how);

  OF(_t) m;
  int status = OF(_init)(&m, arena, room, weights, bytes);
  CHECK(strcmp(OF(_strerror)(status), "unknown status"));
  CHECK(status == OF(_OK) || status < 0);
  if (how & SMALL_ARENA) CHECK(status == OF(_ARENA_TOO_SMALL));
  else if (shift) CHECK(status == OF(_WEIGHTS_MISALIGNED));
  CHECK(OF(_run)(&m, CALL) == (status ? OF(_NOT_READY) : OF(_OK)));
  free(memory);
  return 0;
}
