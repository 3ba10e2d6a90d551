/* The priorities at which a terminal driver sleeps; the rest stands in <sys/stream.h> and <sys/ddi.h>. */
#ifndef RILL_SYS_TTY_H
#define RILL_SYS_TTY_H
#include <sys/types.h>
#define TTIPRI 28
#define TTOPRI 29
#endif
