/*
 * The SVR3 user area, as far as a STREAMS driver's D_OLD open and close use it: u.u_error names the errno when an open
 * returns OPENFAIL, the ids are those of the caller. It is filled in before such a procedure is called.
 *
 * The host's header has another `struct user` (its debugger's); that one is called rill_host_user here. The symbol
 * behind `u` is rill_u, so that no program's own `u` is touched.
 */
#ifndef RILL_SYS_USER_H
#define RILL_SYS_USER_H
#pragma GCC system_header
#define user rill_host_user
#include_next <sys/user.h>
#undef user
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct proc;
struct user {
    unsigned char u_error; /* return error code */
    unsigned short u_uid;  /* effective ids */
    unsigned short u_gid;
    unsigned short u_ruid; /* real ids */
    unsigned short u_rgid;
    struct proc *u_procp;
    short *u_ttyp;
    caddr_t u_base;
    unsigned u_count;
    off_t u_offset;
    short u_fmode;
    char u_segflg;
};

extern struct user u __asm__("rill_u");

#ifdef __cplusplus
}
#endif
#endif
