/* SVR3 and SVR4 `struct var`: sizes of the running system. Drivers read v_nstream and the like, if anything. */
#ifndef RILL_SYS_VAR_H
#define RILL_SYS_VAR_H
#include <sys/types.h>
struct var {
    int v_buf;
    int v_call;
    int v_proc;
    int v_maxup;
    int v_nqueue;
    int v_nstream;
    int v_nmuxlink;
};
#endif
