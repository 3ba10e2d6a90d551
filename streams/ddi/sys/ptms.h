/* Pseudo terminals of SVR4 and Solaris: what ptm, pts and the library calls on a master say to each other. */
#ifndef RILL_SYS_PTMS_H
#define RILL_SYS_PTMS_H
#include <sys/types.h>
#include <sys/stream.h>

/* The state of one pair */
struct pt_ttys {
    unsigned pt_state;
    queue_t *ptm_rdq;
    queue_t *pts_rdq;
    mblk_t *pt_nullmsg;
    pid_t pt_pid;
    minor_t pt_minor;
    int pt_refcnt;
};
/* pt_state */
#define PTLOCK 0x01
#define PTMOPEN 0x02
#define PTSOPEN 0x04
#define PTSTTY 0x08

typedef struct pt_own {
    uid_t pto_ruid;
    gid_t pto_rgid;
} pt_own_t;

#define ISPTM (('P' << 8) | 1)
#define UNLKPT (('P' << 8) | 2)
#define PTSSTTY (('P' << 8) | 3)
#define ZONEPT (('P' << 8) | 4)
#define OWNERPT (('P' << 8) | 5)
#endif
