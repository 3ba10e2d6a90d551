/* The host's error numbers, and those that never leave the kernel (NBSD-001). */
#ifndef NETBSD_SYS_ERRNO_H
#define NETBSD_SYS_ERRNO_H
#include <errno.h>

#ifndef __cplusplus
#undef ERESTART
#define ERESTART (-3)
#define EPASSTHROUGH (-4)
#endif
#define EDUPFD (-5)  /* the process gets a second name of descriptor l_dupfd */
#define EMOVEFD (-6) /* the process gets descriptor l_dupfd */
#endif
