/*
 * General services of the Device Driver Interface; a driver includes this header last, since it takes back macros that
 * are functions of the DDI/DKI.
 */
#ifndef RILL_SYS_DDI_H
#define RILL_SYS_DDI_H
#include <sys/types.h>
#include <sys/klibc.h>
#include <sys/stream.h>
#include <sys/mkdev.h>
#include <sys/cred.h>
#include <sys/kmem.h>
#include <sys/cmn_err.h>
#include <sys/t_lock.h>
#include <sys/errno.h>
#include <sys/param.h>
#include <sys/ipl.h>

#ifdef __cplusplus
extern "C" {
#endif

#undef RD
#undef WR
#undef OTHERQ
#undef SAMESTR
#undef major
#undef minor
#undef makedev
#define major(dev) getmajor(dev)
#define minor(dev) getminor(dev)
#define makedev(maj, min) makedevice(maj, min)

#ifndef __cplusplus
/* `extern int min();' has no argument: it then declares something else. */
#undef min
#undef max
#define RILL_LESS(a, b) ((a) < (b) ? (a) : (b))
#define RILL_MORE(a, b) ((a) > (b) ? (a) : (b))
#define RILL_DECLARED(...) rill_declared_by_a_driver()
#define RILL_ONE_OR_TWO(a, b, which, ...) which
#define min(...) RILL_ONE_OR_TWO(__VA_ARGS__, RILL_LESS, RILL_DECLARED, 0)(__VA_ARGS__)
#define max(...) RILL_ONE_OR_TWO(__VA_ARGS__, RILL_MORE, RILL_DECLARED, 0)(__VA_ARGS__)
#endif

#ifdef __cplusplus
#define sleep(event, priority) rill_sleep((char *)(event), (priority))
#endif

/* drv_getparm(D3) */
#define LBOLT 1
#define PPGRP 2
#define UPROCP 3
#define PPID 4
#define PSID 5
#define TIME 6
#define UCRED 7

/* drv_setparm(D3): counters of terminal drivers; accepted, without effect */
#define SYSCANC 101
#define SYSMINT 102
#define SYSOUTC 103
#define SYSRAWC 104
#define SYSRINT 105
#define SYSXINT 106

#ifdef __cplusplus
#define RILL_FUNC(args) args
#else
#define RILL_FUNC(args) ()
#endif

/* Time. Ticks are hz a second; an id is not 0, 0 means that no timer could be had (UTL-020). */
toid_t timeout(void(*func) RILL_FUNC((void *)), void *arg, clock_t ticks);
toid_t itimeout(void(*func) RILL_FUNC((void *)), void *arg, clock_t ticks, pl_t pl);
toid_t dtimeout(void(*func) RILL_FUNC((void *)), void *arg, clock_t ticks, pl_t pl, processorid_t cpu);
clock_t untimeout(toid_t id); /* ticks left, or -1 */
void delay(clock_t ticks);    /* open, close and ioctl context only */
clock_t drv_hztousec(clock_t ticks);
clock_t drv_usectohz(clock_t microseconds);
void drv_usecwait(clock_t microseconds);
int drv_getparm(unsigned int parm, void *valp); /* -1 for an unknown parameter */
int drv_setparm(unsigned int parm, unsigned long value);

/* qwait(9F): wait, in open or close, until a procedure of the pair has run. */
void qwait(queue_t *q);
int qwait_sig(queue_t *q); /* 0 when a signal ended the wait */

/* freezestr(D3) of SVR4 MP returns a level for unfreezestr(q, pl); that of Solaris is called as unfreezestr(q). */
pl_t freezestr(queue_t *q);
void unfreezestr(queue_t *q, ...);

/* Solaris: inside the perimeters of q (mt-streams(9F)). Timeouts and bufcalls must be cancelled in close (MP-021). */
#define PERIM_INNER 1
#define PERIM_OUTER 2
void qwriter(queue_t *q, mblk_t *mp, void(*func) RILL_FUNC((queue_t *, mblk_t *)), int perimeter);
timeout_id_t qtimeout(queue_t *q, void(*func) RILL_FUNC((void *)), void *arg, clock_t ticks);
clock_t quntimeout(queue_t *q, timeout_id_t id);
bufcall_id_t qbufcall(queue_t *q, size_t size, unsigned int pri, void(*func) RILL_FUNC((void *)), void *arg);
void qunbufcall(queue_t *q, bufcall_id_t id);

/* User memory: 0 or -1; the user's address is copyin's first and copyout's second argument. */
int copyin(const void *user, void *kernel, size_t count);
int copyout(const void *kernel, void *user, size_t count);

#ifdef __cplusplus
}
#endif
#endif
