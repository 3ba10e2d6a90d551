#ifndef DRAGONFLY_SYS_UCRED_H
#define DRAGONFLY_SYS_UCRED_H
#include <sys/types.h>

struct ucred {
    uid_t cr_uid;
    gid_t cr_gid;
};

#endif
