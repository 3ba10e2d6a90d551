/*
 * The character switch of NetBSD 2.0 with the member that was proposed for it, d_clone, and the flag by which OpenBSD came
 * to the same end. A kernel looks at one of the two; a driver may have both.
 */
#ifndef DCLONE_SYS_CONF_H
#define DCLONE_SYS_CONF_H
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct proc;
struct uio;

struct cdevsw {
    int (*d_open)(dev_t dev, int oflags, int devtype, struct proc *p);
    int (*d_close)(dev_t dev, int fflag, int devtype, struct proc *p);
    int (*d_read)(dev_t dev, struct uio *uio, int ioflag);
    int (*d_write)(dev_t dev, struct uio *uio, int ioflag);
    int (*d_ioctl)(dev_t dev, unsigned long cmd, void *data, int fflag, struct proc *p);
    int (*d_poll)(dev_t dev, int events, struct proc *p);
    int d_flags;
    /* An instance for one open of dev: its minor of the same driver, made before d_open sees it; 0 or an errno. */
    int (*d_clone)(dev_t dev, int *clonep, int oflags, struct proc *p);
};

#define D_CLONE 0x0001 /* specfs numbers the clones (OpenBSD) */

/* The majors are the caller's choice. 0; EEXIST when the major is taken; EBUSY when instances are open. */
#define devsw_attach dclone_devsw_attach
#define devsw_detach dclone_devsw_detach
int devsw_attach(const char *devname, const struct cdevsw *cdev, int cmajor);
int devsw_detach(const struct cdevsw *cdev);

#ifdef __cplusplus
}
#endif
#endif
