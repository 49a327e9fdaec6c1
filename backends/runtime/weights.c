/* The weights of NAME as a part of the program. Their checksum, so that a build that keeps old objects sees the
 * change: @checksum@. The build defines NAME_lrw_path as the path of NAME.lrw, in quotes. */
#include "NAME.h"

#if defined(__APPLE__)
#define SECTION ".const_data\n"
#define SYMBOL "_NAME_lrw"
#define PREVIOUS ".text\n"
#else
#define SECTION ".section .rodata\n"
#define SYMBOL "NAME_lrw"
#define PREVIOUS ".previous\n"
#endif

__asm__(SECTION ".globl " SYMBOL "\n.balign 64\n" SYMBOL ":\n.incbin \"" NAME_lrw_path "\"\n" PREVIOUS);

extern const unsigned char NAME_lrw[@weights_bytes@];

const void *NAME_weights(size_t *bytes) {
  *bytes = sizeof NAME_lrw;
  return NAME_lrw;
}
