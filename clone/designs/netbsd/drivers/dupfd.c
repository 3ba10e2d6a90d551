/*
 * netbsd-dupfd: EDUPFD, "give the process a second descriptor of a file it has". Two devices are made of it.
 *
 * foo has one instance. The first open of a process is an ordinary one; we note which descriptor it will be (l_dupfd is
 * -N-1 when our open begins). Later opens of the process get a duplicate of that descriptor, so they share not only the
 * instance but the open file: mode, flags, offset. A note is no hold: if the process has closed the descriptor or made
 * something else of it, the open is an ordinary one again.
 *
 * fd, the /dev/fd device, knows nothing at all: its minor is the number of the caller's descriptor.
 */
#include <sys/param.h>
#include <sys/conf.h>
#include <sys/file.h>
#include <sys/filedesc.h>
#include <sys/kmem.h>
#include <sys/module.h>
#include <sys/proc.h>
#include <sys/systm.h>
#include <sys/vnode.h>
#include "body.h"

struct opener {
    struct opener *o_next;
    pid_t o_pid;
    int o_fd;
};

static int foo_open(dev_t, int, int, struct lwp *);
static int foo_close(dev_t, int, int, struct lwp *);
static int foo_read(dev_t, struct uio *, int);
static int foo_write(dev_t, struct uio *, int);
static int foo_ioctl(dev_t, u_long, void *, int, struct lwp *);
static int filedesc_open(dev_t, int, int, struct lwp *);

static devmajor_t foo_major = 110, filedesc_major = 112;
static const struct cdevsw foo_cdevsw = {
    .d_open = foo_open,
    .d_close = foo_close,
    .d_read = foo_read,
    .d_write = foo_write,
    .d_ioctl = foo_ioctl,
    .d_flag = D_OTHER,
};
static const struct cdevsw filedesc_cdevsw = {
    .d_open = filedesc_open,
    .d_flag = D_OTHER,
};

static struct body *foo_body;     /* while the device is open */
static struct opener *foo_openers;

/* The descriptor by which this process has the device open, or -1. */
static int
foo_known(dev_t dev, struct proc *p)
{
    struct opener *o;
    file_t *fp;
    int same;

    for (o = foo_openers; o != NULL; o = o->o_next) {
        if (o->o_pid != p->p_pid || (fp = fd_getfile((unsigned)o->o_fd)) == NULL)
            continue;
        same = fp->f_type == DTYPE_VNODE && ((struct vnode *)fp->f_data)->v_rdev == dev;
        fd_putfile((unsigned)o->o_fd);
        if (same)
            return o->o_fd;
    }
    return -1;
}

static int
foo_note(struct proc *p, int fd)
{
    struct opener *o;

    for (o = foo_openers; o != NULL && o->o_pid != p->p_pid; o = o->o_next)
        continue;
    if (o == NULL) {
        if ((o = kmem_alloc(sizeof *o, KM_NOSLEEP)) == NULL)
            return ENOMEM;
        o->o_pid = p->p_pid;
        o->o_next = foo_openers;
        foo_openers = o;
    }
    o->o_fd = fd;
    return 0;
}

static void
foo_forget(void)
{
    struct opener *o;

    while ((o = foo_openers) != NULL) {
        foo_openers = o->o_next;
        kmem_free(o, sizeof *o);
    }
    if (foo_body != NULL)
        body_destroy(foo_body);
    foo_body = NULL;
}

static int
foo_open(dev_t dev, int flags, int fmt, struct lwp *l)
{
    int fd = foo_known(dev, l->l_proc);

    if (fd >= 0) {
        l->l_dupfd = fd;
        return EDUPFD;
    }
    if (foo_body == NULL && (foo_body = body_create()) == NULL)
        return ENOMEM;
    if (foo_note(l->l_proc, -l->l_dupfd - 1) != 0) {
        if (foo_openers == NULL)
            foo_forget();
        return ENOMEM;
    }
    return 0;
}

static int
foo_close(dev_t dev, int flags, int fmt, struct lwp *l)
{
    foo_forget();
    return 0;
}

static int
foo_read(dev_t dev, struct uio *uio, int ioflag)
{
    char data[BODY_BUFFER];
    int n = uio->uio_resid < sizeof data ? (int)uio->uio_resid : (int)sizeof data;

    return uiomove(data, (size_t)body_read(foo_body, data, n), uio);
}

static int
foo_write(dev_t dev, struct uio *uio, int ioflag)
{
    char data[BODY_BUFFER];
    size_t n = uio->uio_resid < sizeof data ? uio->uio_resid : sizeof data;
    int error, taken;

    if ((error = uiomove(data, n, uio)) != 0)
        return error;
    taken = body_write(foo_body, data, (int)n);
    uio->uio_resid += n - (size_t)taken;
    return taken == 0 && n > 0 ? EAGAIN : 0;
}

static int
foo_ioctl(dev_t dev, u_long cmd, void *data, int flags, struct lwp *l)
{
    int reads = body_reads(foo_body);

    return cmd == BODY_READS ? copyout(&reads, *(void **)data, sizeof reads) : ENOTTY;
}

static int
filedesc_open(dev_t dev, int flags, int fmt, struct lwp *l)
{
    l->l_dupfd = minor(dev);
    return EDUPFD;
}

int
netbsd_dupfd_modcmd(modcmd_t cmd, void *arg)
{
    int error;

    switch (cmd) {
    case MODULE_CMD_INIT:
        foo_body = NULL;
        foo_openers = NULL;
        if ((error = devsw_attach("foo", NULL, NULL, &foo_cdevsw, &foo_major)) != 0)
            return error;
        if ((error = devsw_attach("filedesc", NULL, NULL, &filedesc_cdevsw, &filedesc_major)) != 0)
            devsw_detach(NULL, &foo_cdevsw);
        return error;
    case MODULE_CMD_FINI:
        if ((error = devsw_detach(NULL, &foo_cdevsw)) != 0)
            return error;
        return devsw_detach(NULL, &filedesc_cdevsw);
    }
    return ENOTTY;
}
