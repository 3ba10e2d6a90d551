/* HP-UX: the workstation I/O services; what a STREAMS driver takes from them stands in <sys/io.h>. */
#ifndef RILL_SYS_WSIO_H
#define RILL_SYS_WSIO_H
#include <sys/io.h>
#endif
