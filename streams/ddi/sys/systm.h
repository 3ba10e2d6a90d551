/* What kernels declare in general: spl, sleep and wakeup, nulldev and nodev, suser, the memory calls. */
#ifndef RILL_SYS_SYSTM_H
#define RILL_SYS_SYSTM_H
#include <stdio.h> /* printf */
#include <string.h>
#include <strings.h>
#include <sys/types.h>
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
int suser(void); /* SVR3: 1 for a privileged caller, else 0 and u.u_error is EPERM */

#ifdef __cplusplus
}
#endif
#endif
