/* IRIX: monitors round streams; a driver with D_MP has its locks in <sys/ksynch.h>. */
#ifndef RILL_SYS_STRMP_H
#define RILL_SYS_STRMP_H
#include <sys/stream.h>
#endif
