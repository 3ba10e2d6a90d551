/* IRIX: the locks of <sys/ksynch.h> by their header of the kernel. */
#ifndef RILL_SYS_SEMA_H
#define RILL_SYS_SEMA_H
#include <sys/ksynch.h>
#endif
