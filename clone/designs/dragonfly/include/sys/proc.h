#ifndef DRAGONFLY_SYS_PROC_H
#define DRAGONFLY_SYS_PROC_H
#include <sys/types.h>

struct proc {
    pid_t p_pid;
};

#define curproc dragonfly_curproc()
#ifdef __cplusplus
extern "C"
#endif
struct proc *dragonfly_curproc(void); /* whose call runs */

#endif
