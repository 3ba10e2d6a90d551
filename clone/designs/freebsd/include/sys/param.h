/* Added to the host's header: the kernel's version and what drivers expect to come with it. */
#ifndef FREEBSD_SYS_PARAM_H
#define FREEBSD_SYS_PARAM_H
#pragma GCC system_header
#include_next <sys/param.h>
#include <sys/types.h>
#include <errno.h>
#include "rill_names.h"

/* Of tsleep. */
#define PZERO 22
#define PWAIT 32
#define PRIBIO 16
#define PCATCH 0x100

/* Results that never leave the kernel. */
#undef ERESTART
#define ERESTART (-1)
#define ENOIOCTL (-3)

#endif
