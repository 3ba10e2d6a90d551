/* The process whose call runs, and its thread with the cell l_dupfd: a driver's open leaves the number of a descriptor there. */
#ifndef NETBSD_SYS_PROC_H
#define NETBSD_SYS_PROC_H
#include "kauth.h"

#ifdef __cplusplus
extern "C" {
#endif

struct proc {
    pid_t p_pid;
};
struct lwp {
    int l_dupfd; /* -N-1 on entry of an open that reserved descriptor N (NBSD-004) */
    struct proc *l_proc;
    kauth_cred_t l_cred;
};

struct lwp *netbsd_curlwp(void);
#define curlwp netbsd_curlwp()
#define curproc (curlwp->l_proc)

/* Sleeps until wakeup(ident), at most timo ticks when that is not 0. 0; EWOULDBLOCK when the time is over; with PCATCH EINTR. */
int netbsd_tsleep(const void *ident, int priority, const char *wmesg, int timo);
void netbsd_wakeup(const void *ident);
int netbsd_kpause(const char *wmesg, bool intr, int timo, void *unused);
#define tsleep netbsd_tsleep
#define wakeup netbsd_wakeup
#define kpause netbsd_kpause

#ifdef __cplusplus
}
#endif
#endif
