/* Devices: their switch, their nodes, their units. */
#ifndef FREEBSD_SYS_CONF_H
#define FREEBSD_SYS_CONF_H
#ifndef __cplusplus /* which has the host's, or rill's */
#include <sys/param.h>
#endif
#include "eventhandler.h"
#include "proc.h"
#include "uio.h"

#undef si_uid /* of the host's siginfo */

#define SPECNAMELEN 63 /* the longest name below /dev */

struct cdev {
    u_int si_flags;
#define SI_ETERNAL 0x0001
#define SI_ALIAS 0x0002
#define SI_NAMED 0x0004      /* make_dev has given it a name */
#define SI_CHEAPCLONE 0x0008 /* made by a handler, carries no state yet */
#define SI_CHILD 0x0010
#define SI_CLONELIST 0x0200  /* on a clone list */
    int si_refcount; /* of the kernel: dev_ref, MAKEDEV_REF */
    int si_drv0;     /* minor */
    void *si_drv1;   /* the driver's */
    void *si_drv2;
    struct cdevsw *si_devsw; /* NULL once destroyed */
    uid_t si_uid;
    gid_t si_gid;
    mode_t si_mode;
    char si_name[SPECNAMELEN + 1];
};

typedef int d_open_t(struct cdev *dev, int oflags, int devtype, struct thread *td);
typedef int d_close_t(struct cdev *dev, int fflag, int devtype, struct thread *td);
typedef int d_read_t(struct cdev *dev, struct uio *uio, int ioflag);
typedef int d_write_t(struct cdev *dev, struct uio *uio, int ioflag);
typedef int d_ioctl_t(struct cdev *dev, u_long cmd, caddr_t data, int fflag, struct thread *td);
typedef int d_poll_t(struct cdev *dev, int events, struct thread *td);
typedef void d_purge_t(struct cdev *dev);

#define D_VERSION_01 0x17032005
#define D_VERSION D_VERSION_01

struct cdevsw {
    int d_version;
    u_int d_flags;
#define D_TTY 0x0004
#define D_TRACKCLOSE 0x00080000 /* d_close for every close */
#define D_PSEUDO 0x00200000
#define D_NEEDGIANT 0x00400000
#define D_NEEDMINOR 0x00800000  /* its devices are known by unit: needed with clone_create by newer kernels */
    const char *d_name;
    int d_maj; /* 0: any */
    d_open_t *d_open;
    d_close_t *d_close;
    d_read_t *d_read;
    d_write_t *d_write;
    d_ioctl_t *d_ioctl;
    d_poll_t *d_poll;
    d_purge_t *d_purge; /* destroy_dev asks it to get sleeping threads out */
};

#define MAKEDEV_REF 0x01
#define MAKEDEV_NOWAIT 0x04
#define MAKEDEV_WAITOK 0x08
#define MAKEDEV_CHECKNAME 0x20

struct make_dev_args {
    size_t mda_size;
    int mda_flags;
    struct cdevsw *mda_devsw;
    struct ucred *mda_cr;
    uid_t mda_uid;
    gid_t mda_gid;
    int mda_mode;
    int mda_unit;
    void *mda_si_drv1;
    void *mda_si_drv2;
};

/* Clone lists: units are below the mask; `extra` tells paired devices apart. */
#define CLONE_UNITMASK 0xfffff
#define CLONE_FLAG0 (CLONE_UNITMASK + 1)
struct clonedevs;

typedef void (*cdevpriv_dtr_t)(void *data);

#ifdef __cplusplus
extern "C" {
#endif

struct cdev *make_dev(struct cdevsw *, int minor, uid_t, gid_t, int perms, const char *fmt, ...)
    __attribute__((format(__printf__, 6, 7)));
struct cdev *make_dev_cred(struct cdevsw *, int minor, struct ucred *, uid_t, gid_t, int perms, const char *fmt, ...)
    __attribute__((format(__printf__, 7, 8)));
struct cdev *make_dev_credf(int flags, struct cdevsw *, int minor, struct ucred *, uid_t, gid_t, int perms,
                            const char *fmt, ...) __attribute__((format(__printf__, 8, 9)));
int make_dev_p(int flags, struct cdev **, struct cdevsw *, struct ucred *, uid_t, gid_t, int perms, const char *fmt, ...)
    __attribute__((format(__printf__, 8, 9)));
void make_dev_args_init(struct make_dev_args *);
int make_dev_s(struct make_dev_args *, struct cdev **, const char *fmt, ...) __attribute__((format(__printf__, 3, 4)));

void destroy_dev(struct cdev *);
int destroy_dev_sched(struct cdev *);
int destroy_dev_sched_cb(struct cdev *, void (*cb)(void *), void *arg);
void destroy_dev_drain(struct cdevsw *); /* what was scheduled is done */

void dev_ref(struct cdev *);
void dev_rel(struct cdev *);
int dev2unit(struct cdev *);
int unit2minor(int unit);
#define devtoname(dev) ((dev)->si_name)

int dev_stdclone(char *name, char **namep, const char *stem, int *unit);
void clone_setup(struct clonedevs **);
int clone_create(struct clonedevs **, struct cdevsw *, int *unit, struct cdev **, int extra);
void clone_cleanup(struct clonedevs **);
void drain_dev_clone_events(void);

int devfs_set_cdevpriv(void *priv, cdevpriv_dtr_t dtr);
int devfs_get_cdevpriv(void **datap);
void devfs_clear_cdevpriv(void);

#ifdef __cplusplus
}
#endif

#endif
