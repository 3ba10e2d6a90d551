/* Credentials of the process a call is made for (SVR4 cred(D4)). */
#ifndef RILL_SYS_CRED_H
#define RILL_SYS_CRED_H
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RILL_NGROUPS 16

struct cred {
    ushort_t cr_ref;
    ushort_t cr_ngroups;
    uid_t cr_uid;
    gid_t cr_gid;
    uid_t cr_ruid;
    gid_t cr_rgid;
    uid_t cr_suid;
    gid_t cr_sgid;
    gid_t cr_groups[RILL_NGROUPS];
};

int drv_priv(cred_t *cr); /* 0 when cr is privileged, else EPERM (UTL-035) */

#ifdef __cplusplus
}
#endif
#endif
