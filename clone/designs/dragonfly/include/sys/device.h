/* A driver's operations. Each gets one argument, a structure that begins with the device. */
#ifndef DRAGONFLY_SYS_DEVICE_H
#define DRAGONFLY_SYS_DEVICE_H
#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

struct ucred;
struct uio;

struct dev_generic_args {
    struct cdev *a_dev;
};

struct dev_open_args {
    struct dev_generic_args a_head;
    int a_oflags;
    int a_devtype;
    struct ucred *a_cred;
};

struct dev_close_args {
    struct dev_generic_args a_head;
    int a_fflag;
    int a_devtype;
};

struct dev_read_args {
    struct dev_generic_args a_head;
    struct uio *a_uio;
    int a_ioflag;
};

struct dev_write_args {
    struct dev_generic_args a_head;
    struct uio *a_uio;
    int a_ioflag;
};

struct dev_ioctl_args {
    struct dev_generic_args a_head;
    unsigned long a_cmd;
    void *a_data;
    int a_fflag;
    struct ucred *a_cred;
};

/* devfs: a handler's question and answer. The kernel of 2007 tells d_clone of a new device by it, a_head alone. */
struct dev_clone_args {
    struct dev_generic_args a_head; /* the device that was named */
    struct cdev *a_dev;             /* the answer */
    const char *a_name;
    size_t a_namelen;
    struct ucred *a_cred;
    int a_mode; /* of the open */
};

typedef int d_open_t(struct dev_open_args *ap);
typedef int d_close_t(struct dev_close_args *ap);
typedef int d_read_t(struct dev_read_args *ap);
typedef int d_write_t(struct dev_write_args *ap);
typedef int d_ioctl_t(struct dev_ioctl_args *ap);
typedef int d_clone_t(struct dev_clone_args *ap);

struct dev_ops {
    struct {
        const char *name;
        int maj;
        unsigned int flags;
    } head;
    d_open_t *d_open;
    d_close_t *d_close;
    d_read_t *d_read;
    d_write_t *d_write;
    d_ioctl_t *d_ioctl;
    d_clone_t *d_clone; /* 2007 only: not called for an open */
};

#define IO_NDELAY 0x0010         /* a_ioflag: do not wait */
#define D_TRACKCLOSE 0x00080000 /* d_close at every close */

#ifdef __cplusplus
}
#endif
#endif
