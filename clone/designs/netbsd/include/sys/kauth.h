#ifndef NETBSD_SYS_KAUTH_H
#define NETBSD_SYS_KAUTH_H
#include "../types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct kauth_cred {
    uid_t cr_euid;
    gid_t cr_egid;
} *kauth_cred_t;

#define KAUTH_GENERIC_ISSUSER 1

uid_t kauth_cred_geteuid(kauth_cred_t cred);
gid_t kauth_cred_getegid(kauth_cred_t cred);
int kauth_authorize_generic(kauth_cred_t cred, int action, void *unused); /* 0 or EPERM */

#ifdef __cplusplus
}
#endif
#endif
