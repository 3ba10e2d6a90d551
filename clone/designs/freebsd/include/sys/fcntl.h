#ifndef FREEBSD_SYS_FCNTL_H
#define FREEBSD_SYS_FCNTL_H
#pragma GCC system_header
#include <fcntl.h>

/* Of d_open and d_close; ioflag of d_read and d_write. */
#undef FREAD
#undef FWRITE
#define FREAD 0x0001
#define FWRITE 0x0002
#define IO_NDELAY O_NONBLOCK

#endif
