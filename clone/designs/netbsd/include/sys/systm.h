#ifndef NETBSD_SYS_SYSTM_H
#define NETBSD_SYS_SYSTM_H
#include "../types.h"
#include "proc.h"
#include "uio.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

int netbsd_copyin(const void *user, void *kernel, size_t len); /* 0 or EFAULT */
int netbsd_copyout(const void *kernel, void *user, size_t len);
#define copyin netbsd_copyin
#define copyout netbsd_copyout

void netbsd_getnanotime(struct timespec *ts);
#define getnanotime netbsd_getnanotime

#ifdef __cplusplus
}
#endif
#endif
