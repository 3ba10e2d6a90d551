/* A vnode of a character device: with a name, or without one. */
#ifndef NETBSD_SYS_VNODE_H
#define NETBSD_SYS_VNODE_H
#include "../types.h"
#include "kauth.h"

#ifdef __cplusplus
extern "C" {
#endif

struct vnode {
    dev_t v_rdev;
    void *v_special, *v_node; /* the kernel's */
    const void *v_switch;
    void *v_next;
    bool v_open, v_revoked;
};
struct vattr {
    uid_t va_uid;
    gid_t va_gid;
    mode_t va_mode;
};

int cdevvp(dev_t dev, struct vnode **vpp);                              /* without a name; ENFILE */
int namei_simple_kernel(const char *path, int flags, struct vnode **vpp); /* ENOENT */
#define NSM_FOLLOW_NOEMULROOT 0
int VOP_OPEN(struct vnode *vp, int flags, kauth_cred_t cred);
int VOP_CLOSE(struct vnode *vp, int flags, kauth_cred_t cred);
int VOP_SETATTR(struct vnode *vp, struct vattr *va, kauth_cred_t cred); /* of its name */
int VOP_REVOKE(struct vnode *vp, int flags); /* all that have the device open lose it */
#define REVOKEALL 1
void vrele(struct vnode *vp);

/* What a small file system (ptyfs) does in its directory. */
int vfs_mknod(const char *path, mode_t mode, dev_t dev, uid_t uid, gid_t gid); /* EEXIST */
int vfs_unlink(const char *path);                                              /* ENOENT */

#ifdef __cplusplus
}
#endif
#endif
