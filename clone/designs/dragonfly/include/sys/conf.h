/*
 * Devices. In the kernel of 2007 a device is known by (operations, minor) and names in /dev are made by hand; since devfs
 * a device brings its node along. Both kernels have make_dev and destroy_dev, with different meanings: see below.
 */
#ifndef DRAGONFLY_SYS_CONF_H
#define DRAGONFLY_SYS_CONF_H
#include "types.h"
#include "device.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SPECNAMELEN 63

#undef si_uid /* of the host's siginfo */
struct cdev {
    void *si_drv1; /* the driver's */
    void *si_drv2;
    struct dev_ops *si_ops;
    int si_umajor;
    int si_uminor;
    uid_t si_uid;
    gid_t si_gid;
    int si_perms;
    unsigned int si_flags;
    int si_refs;
    char si_name[SPECNAMELEN + 1];
};

#define D_MAKECLONE 0x0100 /* si_flags: opens beyond the first get a clone of this device (proposed 2007) */

#ifdef DRAGONFLY_2007

#define make_dev dragonfly07_make_dev
#define make_sub_dev dragonfly07_make_sub_dev
#define make_adhoc_dev dragonfly07_make_adhoc_dev
#define destroy_dev dragonfly07_destroy_dev
#define reference_dev dragonfly07_reference_dev
#define release_dev dragonfly07_release_dev
#define dev_ops_add dragonfly07_dev_ops_add
#define dev_ops_remove dragonfly07_dev_ops_remove

int dev_ops_add(struct dev_ops *ops, unsigned int mask, unsigned int match); /* the major is open for business */
int dev_ops_remove(struct dev_ops *ops, unsigned int mask, unsigned int match); /* EBUSY while devices are open */
/* The device of (ops, minor), made if absent; gets this name in either case. */
cdev_t make_dev(struct dev_ops *ops, int minor, uid_t uid, gid_t gid, int perms, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
/* The device of odev's operations and this minor, made if absent; gets odev's name if it has none. */
cdev_t make_sub_dev(cdev_t odev, int minor);
cdev_t make_adhoc_dev(struct dev_ops *ops, int minor);
/* Drops the device's own reference and one of the caller's, which reference_dev gave. */
void destroy_dev(cdev_t dev);
cdev_t reference_dev(cdev_t dev);
void release_dev(cdev_t dev);

/* What an open hangs on its file, as proposed in 2007. */
struct vnode;
struct dev_data {
    cdev_t dd_dev;
    struct vnode *dd_orig_vp;
};

#else

#define make_dev dragonfly_make_dev
#define make_only_dev dragonfly_make_only_dev
#define make_autoclone_dev dragonfly_make_autoclone_dev
#define destroy_dev dragonfly_destroy_dev
#define destroy_only_dev dragonfly_destroy_only_dev
#define destroy_autoclone_dev dragonfly_destroy_autoclone_dev

struct devfs_bitmap;

/* A device with a node. */
cdev_t make_dev(struct dev_ops *ops, int minor, uid_t uid, gid_t gid, int perms, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
/* A device without one; devfs shows it when a clone handler answers with it. */
cdev_t make_only_dev(struct dev_ops *ops, int minor, uid_t uid, gid_t gid, int perms, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
/* A node whose opens ask the handler for a device. A bitmap is initialised by it. */
cdev_t make_autoclone_dev(struct dev_ops *ops, struct devfs_bitmap *bitmap, d_clone_t *nhandler, uid_t uid, gid_t gid,
                          int perms, const char *fmt, ...) __attribute__((format(printf, 7, 8)));
void destroy_dev(cdev_t dev);      /* one that was shown */
void destroy_only_dev(cdev_t dev); /* one that never was */
void destroy_autoclone_dev(cdev_t dev, struct devfs_bitmap *bitmap);

#endif

#ifdef __cplusplus
}
#endif
#endif
