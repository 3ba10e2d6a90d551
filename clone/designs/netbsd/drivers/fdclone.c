/*
 * netbsd-fd_clone: minor 0xfffff is the cloner. Its open makes a device of the lowest free unit (autoconf's business) and a
 * descriptor whose file has our own operations, and lets the open call move that descriptor to the process. What the file
 * carries is the unit, not the softc: a device may be detached while its file is open, and then the next call finds no
 * unit, which is ENXIO. A later device may have got the unit meanwhile; sc_fp tells that it is not this file's.
 */
#include <sys/param.h>
#include <sys/conf.h>
#include <sys/device.h>
#include <sys/file.h>
#include <sys/filedesc.h>
#include <sys/module.h>
#include <sys/poll.h>
#include <sys/proc.h>
#include <sys/stat.h>
#include <sys/systm.h>
#include "body.h"

#define FOO_CLONER 0xfffff

struct foo_softc {
    device_t sc_dev;
    struct file *sc_fp;
    struct body *sc_body; /* NULL when there was no memory for it */
};

static int foo_open(dev_t, int, int, struct lwp *);
static void foo_attach(device_t, device_t, void *);
static int foo_detach(device_t, int);
static int foo_read(struct file *, off_t *, struct uio *, kauth_cred_t, int);
static int foo_write(struct file *, off_t *, struct uio *, kauth_cred_t, int);
static int foo_ioctl(struct file *, u_long, void *);
static int foo_poll(struct file *, int);
static int foo_stat(struct file *, struct stat *);
static int foo_close(struct file *);

static devmajor_t foo_major = 110;
static const struct cdevsw foo_cdevsw = {
    .d_open = foo_open,
    .d_close = noclose,
    .d_flag = D_OTHER,
};
static const struct fileops foo_fileops = {
    .fo_name = "foo",
    .fo_read = foo_read,
    .fo_write = foo_write,
    .fo_ioctl = foo_ioctl,
    .fo_fcntl = fnullop_fcntl,
    .fo_poll = foo_poll,
    .fo_stat = foo_stat,
    .fo_close = foo_close,
    .fo_kqfilter = fnullop_kqfilter,
    .fo_restart = fnullop_restart,
};
static struct cfdriver foo_cd = { "foo", 0 };
static CFATTACH_DECL_NEW(foo, sizeof(struct foo_softc), NULL, foo_attach, foo_detach, NULL);

static void
foo_attach(device_t parent, device_t self, void *aux)
{
    struct foo_softc *sc = device_private(self);

    sc->sc_dev = self;
    sc->sc_body = body_create();
}

static int
foo_detach(device_t self, int flags)
{
    struct foo_softc *sc = device_private(self);

    if (sc->sc_body != NULL)
        body_destroy(sc->sc_body);
    return 0;
}

static int
foo_open(dev_t dev, int flags, int fmt, struct lwp *l)
{
    struct cfdata cf = { "foo", "foo", 0, FSTATE_STAR };
    struct foo_softc *sc;
    device_t self;
    file_t *fp;
    int error, fd;

    if (minor(dev) != FOO_CLONER)
        return ENXIO;
    if ((error = fd_allocfile(&fp, &fd)) != 0)
        return error;
    if ((self = config_attach_pseudo(&cf)) == NULL) {
        fd_abort(curproc, fp, fd);
        return ENXIO;
    }
    sc = device_private(self);
    if (sc->sc_body == NULL) {
        config_detach(self, DETACH_FORCE);
        fd_abort(curproc, fp, fd);
        return ENXIO;
    }
    sc->sc_fp = fp;
    return fd_clone(fp, fd, FREAD | FWRITE | (flags & (O_NONBLOCK | O_CLOEXEC)), &foo_fileops, (void *)(intptr_t)device_unit(self));
}

static struct foo_softc *
foo_of(struct file *fp)
{
    struct foo_softc *sc = device_lookup_private(&foo_cd, (int)(intptr_t)fp->f_data);

    return sc != NULL && sc->sc_fp == fp ? sc : NULL;
}

static int
foo_read(struct file *fp, off_t *offset, struct uio *uio, kauth_cred_t cred, int flags)
{
    struct foo_softc *sc = foo_of(fp);
    char data[BODY_BUFFER];
    int n = uio->uio_resid < sizeof data ? (int)uio->uio_resid : (int)sizeof data;

    if (sc == NULL)
        return ENXIO;
    return uiomove(data, (size_t)body_read(sc->sc_body, data, n), uio);
}

static int
foo_write(struct file *fp, off_t *offset, struct uio *uio, kauth_cred_t cred, int flags)
{
    struct foo_softc *sc = foo_of(fp);
    char data[BODY_BUFFER];
    size_t n = uio->uio_resid < sizeof data ? uio->uio_resid : sizeof data;
    int error, taken;

    if (sc == NULL)
        return ENXIO;
    if ((error = uiomove(data, n, uio)) != 0)
        return error;
    taken = body_write(sc->sc_body, data, (int)n);
    uio->uio_resid += n - (size_t)taken;
    return taken == 0 && n > 0 ? EAGAIN : 0;
}

static int
foo_ioctl(struct file *fp, u_long cmd, void *data)
{
    struct foo_softc *sc = foo_of(fp);
    int reads;

    if (sc == NULL)
        return ENXIO;
    if (cmd != BODY_READS)
        return ENOTTY;
    reads = body_reads(sc->sc_body);
    return copyout(&reads, *(void **)data, sizeof reads);
}

static int
foo_poll(struct file *fp, int events)
{
    return foo_of(fp) == NULL ? POLLERR : events & (POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM);
}

static int
foo_stat(struct file *fp, struct stat *st)
{
    if (foo_of(fp) == NULL)
        return ENXIO;
    memset(st, 0, sizeof *st);
    st->st_dev = makedev(foo_major, (int)(intptr_t)fp->f_data);
    st->st_uid = kauth_cred_geteuid(curlwp->l_cred);
    st->st_gid = kauth_cred_getegid(curlwp->l_cred);
    return 0;
}

static int
foo_close(struct file *fp)
{
    struct foo_softc *sc = foo_of(fp);

    return sc == NULL ? ENXIO : config_detach(sc->sc_dev, 0);
}

int
netbsd_fdclone_modcmd(modcmd_t cmd, void *arg)
{
    int error;

    switch (cmd) {
    case MODULE_CMD_INIT:
        foo_cd.cd_ndevs = *(int *)arg;
        if ((error = config_cfdriver_attach(&foo_cd)) != 0)
            return error;
        if ((error = config_cfattach_attach("foo", &foo_ca)) != 0 ||
            (error = devsw_attach("foo", NULL, NULL, &foo_cdevsw, &foo_major)) != 0)
            config_cfdriver_detach(&foo_cd);
        return error;
    case MODULE_CMD_FINI:
        if ((error = config_cfattach_detach("foo", &foo_ca)) != 0)
            return error;
        devsw_detach(NULL, &foo_cdevsw);
        return config_cfdriver_detach(&foo_cd);
    }
    return ENOTTY;
}
