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

/* Solaris asks for the fields by calls. A credential lives as long as what it was given to. */
#define crgetuid(cr) ((cr)->cr_uid)
#define crgetgid(cr) ((cr)->cr_gid)
#define crgetruid(cr) ((cr)->cr_ruid)
#define crgetrgid(cr) ((cr)->cr_rgid)
#define crgetsuid(cr) ((cr)->cr_suid)
#define crgetsgid(cr) ((cr)->cr_sgid)
#define crgetgroups(cr) ((const gid_t *)(cr)->cr_groups)
#define crgetngroups(cr) ((int)(cr)->cr_ngroups)
#define crhold(cr) ((void)(cr))
#define crfree(cr) ((void)(cr))

int drv_priv(cred_t *cr); /* 0 when cr is privileged, else EPERM (UTL-035) */

#ifdef __cplusplus
}
#endif
#endif
