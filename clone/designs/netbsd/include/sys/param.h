#ifndef NETBSD_SYS_PARAM_H
#define NETBSD_SYS_PARAM_H
#include "../types.h"
#include "errno.h"

#define MAXPATHLEN 1024
#define PCATCH 0x100 /* of a sleep: a signal ends it */
#define PZERO 22
#define PWAIT 32
#define TTIPRI 25
#define TTOPRI 26

#ifndef __cplusplus
#ifndef __arraycount
#define __arraycount(a) (sizeof(a) / sizeof(*(a)))
#endif
#endif
#endif
