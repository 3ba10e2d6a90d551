/* Who calls. */
#ifndef FREEBSD_SYS_PROC_H
#define FREEBSD_SYS_PROC_H
#include "ucred.h"

struct proc {
    pid_t p_pid;
    pid_t p_ppid;
    struct ucred *p_ucred;
};

struct thread {
    struct proc *td_proc;
    struct ucred *td_ucred;
};

#endif
