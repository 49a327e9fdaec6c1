/* What the test programs share: the hand-written network's weights and pictures. */
#include <stdint.h>
#include <string.h>

#include "aligned.h"

enum { ELEMENTS = 6 * 3 * 4 };

static inline unsigned char *read_weights(const char *folder, size_t *bytes) {
  char path[4096];
  snprintf(path, sizeof path, "%s/two_scales.lrw", folder);
  return read_file(path, bytes);
}

static inline void picture(float *x, unsigned seed) {
  for (unsigned i = 0; i < ELEMENTS; i++) x[i] = (float)((i * 7 + seed * 13) % 31);
}
