#ifndef FREEBSD_SYS_ERRNO_H
#define FREEBSD_SYS_ERRNO_H
#pragma GCC system_header
#include_next <sys/errno.h>
#include <sys/param.h>

#endif
