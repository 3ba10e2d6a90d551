/* The DKI's name for <sys/ddi.h>. */
#ifndef RILL_SYS_DKI_H
#define RILL_SYS_DKI_H
#include <sys/stream.h>
#include <sys/ddi.h>
#endif
