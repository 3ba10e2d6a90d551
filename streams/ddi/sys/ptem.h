/* The pseudo terminal emulation module's own state. */
#ifndef RILL_SYS_PTEM_H
#define RILL_SYS_PTEM_H
#include <sys/types.h>
#include <sys/stream.h>
#include <sys/termio.h>
#include <sys/jioctl.h>

struct ptem {
    tcflag_t cflags;
    mblk_t *dack_ptr;
    queue_t *q_ptr;
    struct winsize wsz;
    unsigned short state;
};
/* state */
#define REMOTEMODE 0x1
#define OFLOW_CTL 0x2
#define IS_PTSTTY 0x4
#endif
