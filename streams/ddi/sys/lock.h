/* Included by habit; what drivers take from it stands in <sys/stream.h> and <sys/ddi.h>. */
#ifndef RILL_SYS_LOCK_H
#define RILL_SYS_LOCK_H
#include <sys/types.h>
#endif
