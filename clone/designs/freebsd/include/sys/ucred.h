#ifndef FREEBSD_SYS_UCRED_H
#define FREEBSD_SYS_UCRED_H
#include <sys/types.h>
#include "rill_names.h"

struct ucred {
    uid_t cr_uid;
    uid_t cr_ruid;
    int cr_ngroups;
    gid_t cr_groups[1];
};
#define cr_gid cr_groups[0]

#define UID_ROOT 0
#define UID_UUCP 66
#define GID_WHEEL 0
#define GID_OPERATOR 5
#define GID_DIALER 68

#endif
