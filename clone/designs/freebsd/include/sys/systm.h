/* What every driver calls. */
#ifndef FREEBSD_SYS_SYSTM_H
#define FREEBSD_SYS_SYSTM_H
#ifndef __cplusplus /* which has the host's, or rill's */
#include <sys/param.h>
#endif
#include "rill_names.h"
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* 0; EWOULDBLOCK when timo ticks went by; with PCATCH, EINTR. */
int tsleep(const void *chan, int priority, const char *wmesg, int timo);
void wakeup(const void *chan);
extern int hz;

int copyin(const void *uaddr, void *kaddr, size_t len);
int copyout(const void *kaddr, void *uaddr, size_t len);

/* To the trace. */
int freebsd_printf(const char *fmt, ...) __attribute__((format(__printf__, 1, 2)));
#ifndef __cplusplus
#define printf freebsd_printf
#endif

#ifdef __cplusplus
}
#endif

#endif
