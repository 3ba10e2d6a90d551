#ifndef DCLONE_SYS_PROC_H
#define DCLONE_SYS_PROC_H
#include <sys/types.h>

struct proc {
    pid_t p_pid;
};

#endif
