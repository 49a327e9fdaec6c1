/* What programs share that are compiled for any network.
 *
 * The compiler's command says -DNAME=…, -DHEADER="…", -DLRW="…" (the whole file), -DSIZES=… (floats of each input and
 * output), -DCALL=… (buffer[0], …) and -DINTEGER_BYTES=… (of the file). OF(_run) is NAME_run. */
#include HEADER
#include "aligned.h"

#define PASTE(a, b) a##b
#define JOIN(a, b) PASTE(a, b)
#define OF(name) JOIN(NAME, name)

static const size_t sizes[] = {SIZES};
enum { PORTS = sizeof sizes / sizeof *sizes };
static float *buffer[PORTS];
static void *arena;
