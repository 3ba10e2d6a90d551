/* The switch: what a driver does for a device number. */
#ifndef NETBSD_SYS_CONF_H
#define NETBSD_SYS_CONF_H
#include "param.h"
#include "proc.h"
#include "uio.h"

#ifdef __cplusplus
extern "C" {
#endif

struct bdevsw;
struct knote;
struct tty;

struct cdevsw {
    int (*d_open)(dev_t dev, int flags, int fmt, struct lwp *l);
    int (*d_close)(dev_t dev, int flags, int fmt, struct lwp *l);
    int (*d_read)(dev_t dev, struct uio *uio, int ioflag);
    int (*d_write)(dev_t dev, struct uio *uio, int ioflag);
    int (*d_ioctl)(dev_t dev, u_long cmd, void *data, int flags, struct lwp *l);
    void (*d_stop)(struct tty *tp, int which);
    struct tty *(*d_tty)(dev_t dev);
    int (*d_poll)(dev_t dev, int events, struct lwp *l);
    void *d_mmap;
    int (*d_kqfilter)(dev_t dev, struct knote *kn);
    int d_flag;
};
#define D_OTHER 0
#define D_TTY 1

/* Entries that are always refused (ENODEV), and those that have nothing to do; written as NULL they are looked up the same. */
#define noopen NULL
#define noclose NULL
#define noread NULL
#define nowrite NULL
#define noioctl NULL
#define nostop NULL
#define notty NULL
#define nopoll NULL
#define nommap NULL
#define nokqfilter NULL
int nullclose(dev_t dev, int flags, int fmt, struct lwp *l);

/* Registers a switch under *cmajor. 0, EEXIST for a taken major, ENOMEM. */
int devsw_attach(const char *name, const struct bdevsw *bdev, devmajor_t *bmajor, const struct cdevsw *cdev, devmajor_t *cmajor);
int devsw_detach(const struct bdevsw *bdev, const struct cdevsw *cdev); /* EBUSY while a device is open */

#ifdef __cplusplus
}
#endif
#endif
