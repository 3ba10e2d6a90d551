/* What kernels declare in general: spl, sleep and wakeup, nulldev and nodev, suser, the memory calls. */
#ifndef RILL_SYS_SYSTM_H
#define RILL_SYS_SYSTM_H
#include <sys/types.h>
#include <sys/klibc.h>
#include <sys/param.h>
#include <sys/ipl.h>

#ifdef __cplusplus
extern "C" {
int nulldev(void);
int nodev(void);
#else
int nulldev(); /* returns 0 */
int nodev();   /* returns ENODEV (ENXIO from nodev of Solaris' cb_ops is the same to a caller) */
#endif
/* IRIX: memory whose size is remembered; these wait for it */
void *kern_malloc(size_t size);
void *kern_calloc(size_t count, size_t size);
void kern_free(void *memory);
int suser(void); /* SVR3: 1 for a privileged caller, else 0 and u.u_error is EPERM */

/* SVR3: ticks since the System began, and seconds since 1970 */
#ifndef __cplusplus
extern clock_t lbolt __asm__("rill_lbolt");
#ifndef _TIME_H
#define RILL_KERNEL_TIME
extern time_t time __asm__("rill_time");
#endif
#endif

#ifdef __cplusplus
}
#endif
#endif
