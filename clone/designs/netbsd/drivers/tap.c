/*
 * tap: an Ethernet interface whose wire is a descriptor. What a program writes the interface takes in; what the interface
 * sends the program reads.
 *
 * There are two ways to one. "ifconfig tap4 create" (SIOCIFCREATE) makes the interface, which stays until it is destroyed,
 * and a program opens its node, /dev/tap4, one at a time. Or a program opens the cloner, minor 0xfffff: then the interface
 * has the lowest free unit, TAPGIFNAME tells which, and it goes with the last close of that descriptor. Either is a device
 * of autoconf, so that all ways to make or destroy one meet in config_attach_pseudo() and config_detach().
 *
 * A device may be detached while a program has it open or sleeps in it. SCF_GOING says that this is under way: close then
 * leaves the device alone, and a reader goes home before the softc is freed.
 */
#include <sys/param.h>
#include <sys/conf.h>
#include <sys/device.h>
#include <sys/file.h>
#include <sys/filedesc.h>
#include <sys/kmem.h>
#include <sys/module.h>
#include <sys/poll.h>
#include <sys/proc.h>
#include <sys/stat.h>
#include <sys/systm.h>
#include <net/if.h>

#define TAP_CLONER 0xfffff
#define TAP_MTU 1500
#define TAP_QUEUE 16 /* packets that wait to be read */

struct packet {
    struct packet *p_next;
    size_t p_len;
    char p_data[];
};

struct tap_softc {
    device_t sc_dev;
    struct ifnet sc_if;
    int sc_flags;
#define SCF_INUSE 1 /* a descriptor is its wire */
#define SCF_GOING 2
    int sc_queued;
    int sc_sleepers; /* readers inside */
    struct file *sc_fp; /* the cloner's: after us another device may have our unit, and the old file must not find it */
    struct packet *sc_first;
    uid_t sc_uid;
    gid_t sc_gid;
    struct timespec sc_btime, sc_atime, sc_mtime;
};

static int tap_open(dev_t, int, int, struct lwp *);
static int tap_cdev_close(dev_t, int, int, struct lwp *);
static int tap_cdev_read(dev_t, struct uio *, int);
static int tap_cdev_write(dev_t, struct uio *, int);
static int tap_cdev_ioctl(dev_t, u_long, void *, int, struct lwp *);
static int tap_cdev_poll(dev_t, int, struct lwp *);
static int tap_fops_read(struct file *, off_t *, struct uio *, kauth_cred_t, int);
static int tap_fops_write(struct file *, off_t *, struct uio *, kauth_cred_t, int);
static int tap_fops_ioctl(struct file *, u_long, void *);
static int tap_fops_poll(struct file *, int);
static int tap_fops_stat(struct file *, struct stat *);
static int tap_fops_close(struct file *);
static void tap_attach(device_t, device_t, void *);
static int tap_detach(device_t, int);
static int tap_clone_create(struct if_clone *, int);
static int tap_clone_destroy(struct ifnet *);
static int ifconfig_open(dev_t, int, int, struct lwp *);
static int ifconfig_ioctl(dev_t, u_long, void *, int, struct lwp *);

static devmajor_t tap_major = 115, ifconfig_major = 119;
static const struct cdevsw tap_cdevsw = {
    .d_open = tap_open,
    .d_close = tap_cdev_close,
    .d_read = tap_cdev_read,
    .d_write = tap_cdev_write,
    .d_ioctl = tap_cdev_ioctl,
    .d_poll = tap_cdev_poll,
    .d_flag = D_OTHER,
};
static const struct fileops tap_fileops = {
    .fo_name = "tap",
    .fo_read = tap_fops_read,
    .fo_write = tap_fops_write,
    .fo_ioctl = tap_fops_ioctl,
    .fo_fcntl = fnullop_fcntl,
    .fo_poll = tap_fops_poll,
    .fo_stat = tap_fops_stat,
    .fo_close = tap_fops_close,
    .fo_kqfilter = fnullop_kqfilter,
    .fo_restart = fnullop_restart,
};
/* Stands for the socket of a program like ifconfig. */
static const struct cdevsw ifconfig_cdevsw = {
    .d_open = ifconfig_open,
    .d_close = nullclose,
    .d_ioctl = ifconfig_ioctl,
    .d_flag = D_OTHER,
};
static struct cfdriver tap_cd = { "tap", 0 };
static CFATTACH_DECL_NEW(tap, sizeof(struct tap_softc), NULL, tap_attach, tap_detach, NULL);
static struct if_clone tap_cloners = IF_CLONE_INITIALIZER("tap", tap_clone_create, tap_clone_destroy);

/* --- the interface --- */

/* The interface sends: the packet waits for the program. */
static void
tap_output(struct ifnet *ifp, const void *data, size_t len)
{
    struct tap_softc *sc = ifp->if_softc;
    struct packet **end, *p;

    if (sc->sc_queued >= TAP_QUEUE || (p = kmem_alloc(sizeof *p + len, KM_NOSLEEP)) == NULL)
        return; /* dropped, as a wire may */
    p->p_next = NULL;
    p->p_len = len;
    memcpy(p->p_data, data, len);
    for (end = &sc->sc_first; *end != NULL; end = &(*end)->p_next)
        continue;
    *end = p;
    sc->sc_queued++;
    wakeup(sc);
}

static void
tap_attach(device_t parent, device_t self, void *aux)
{
    struct tap_softc *sc = device_private(self);

    sc->sc_dev = self;
    sc->sc_uid = kauth_cred_geteuid(curlwp->l_cred);
    sc->sc_gid = kauth_cred_getegid(curlwp->l_cred);
    getnanotime(&sc->sc_btime);
    sc->sc_atime = sc->sc_mtime = sc->sc_btime;
    snprintf(sc->sc_if.if_xname, sizeof sc->sc_if.if_xname, "%s", device_xname(self));
    sc->sc_if.if_softc = sc;
    sc->sc_if.if_output = tap_output;
    if_attach(&sc->sc_if);
}

static int
tap_detach(device_t self, int flags)
{
    struct tap_softc *sc = device_private(self);
    struct packet *p;

    sc->sc_flags |= SCF_GOING;
    wakeup(sc);
    while (sc->sc_sleepers > 0)
        tsleep(&sc->sc_sleepers, PWAIT, "a reader to leave the interface", 0);
    if_detach(&sc->sc_if);
    while ((p = sc->sc_first) != NULL) {
        sc->sc_first = p->p_next;
        kmem_free(p, sizeof *p + p->p_len);
    }
    return 0;
}

/* unit -1: the lowest free. */
static struct tap_softc *
tap_make(int unit)
{
    struct cfdata cf = { "tap", "tap", unit < 0 ? 0 : unit, unit < 0 ? FSTATE_STAR : FSTATE_NOTFOUND };

    return device_private(config_attach_pseudo(&cf));
}

static int
tap_clone_create(struct if_clone *ifc, int unit)
{
    return tap_make(unit) == NULL ? ENXIO : 0;
}

static int
tap_clone_destroy(struct ifnet *ifp)
{
    return config_detach(((struct tap_softc *)ifp->if_softc)->sc_dev, 0);
}

/* --- opening --- */

static struct tap_softc *
tap_lookup(int unit)
{
    return device_lookup_private(&tap_cd, unit);
}

static struct tap_softc *
tap_of(struct file *fp)
{
    struct tap_softc *sc = tap_lookup((int)(intptr_t)fp->f_data);

    return sc != NULL && sc->sc_fp == fp ? sc : NULL;
}

static int
tap_open_cloner(int flags)
{
    struct tap_softc *sc;
    file_t *fp;
    int error, fd;

    if ((error = fd_allocfile(&fp, &fd)) != 0)
        return error;
    if ((sc = tap_make(-1)) == NULL) {
        fd_abort(curproc, fp, fd);
        return ENXIO;
    }
    sc->sc_flags |= SCF_INUSE;
    sc->sc_fp = fp;
    return fd_clone(fp, fd, FREAD | FWRITE, &tap_fileops, (void *)(intptr_t)device_unit(sc->sc_dev));
}

static int
tap_open(dev_t dev, int flags, int fmt, struct lwp *l)
{
    struct tap_softc *sc;

    if (minor(dev) == TAP_CLONER)
        return tap_open_cloner(flags);
    if ((sc = tap_lookup(minor(dev))) == NULL)
        return ENXIO;
    if (sc->sc_flags & SCF_INUSE)
        return EBUSY;
    sc->sc_flags |= SCF_INUSE;
    return 0;
}

static int
tap_cdev_close(dev_t dev, int flags, int fmt, struct lwp *l)
{
    struct tap_softc *sc = tap_lookup(minor(dev));

    if (sc == NULL)
        return ENXIO;
    sc->sc_flags &= ~SCF_INUSE;
    return 0;
}

static int
tap_fops_close(struct file *fp)
{
    struct tap_softc *sc = tap_of(fp);

    if (sc == NULL)
        return ENXIO;
    if (sc->sc_flags & SCF_GOING)
        return 0; /* somebody else is at it */
    return config_detach(sc->sc_dev, 0);
}

/* --- the wire: of a file or of a numbered node; sc is NULL when the device is gone --- */

static int
tap_read(struct tap_softc *sc, struct uio *uio, int flags)
{
    struct packet *p;
    int error = 0;

    if (sc == NULL || (sc->sc_flags & SCF_GOING))
        return ENXIO;
    sc->sc_sleepers++;
    while (sc->sc_first == NULL && !(sc->sc_flags & SCF_GOING) && error == 0)
        error = flags & O_NONBLOCK ? EWOULDBLOCK : tsleep(sc, TTIPRI | PCATCH, "a packet that the interface sends", 0);
    if (sc->sc_flags & SCF_GOING) {
        error = ENXIO;
    } else if (error == 0) {
        p = sc->sc_first;
        sc->sc_first = p->p_next;
        sc->sc_queued--;
        error = uiomove(p->p_data, p->p_len, uio);
        kmem_free(p, sizeof *p + p->p_len);
        getnanotime(&sc->sc_atime);
    }
    if (--sc->sc_sleepers == 0)
        wakeup(&sc->sc_sleepers);
    return error;
}

static int
tap_write(struct tap_softc *sc, struct uio *uio)
{
    char data[TAP_MTU];
    size_t n = uio->uio_resid;
    int error;

    if (sc == NULL || (sc->sc_flags & SCF_GOING))
        return ENXIO;
    if (n > sizeof data)
        return EMSGSIZE;
    if ((error = uiomove(data, n, uio)) != 0)
        return error;
    getnanotime(&sc->sc_mtime);
    if_input(&sc->sc_if, data, n);
    return 0;
}

static int
tap_ioctl(struct tap_softc *sc, u_long cmd, void *data)
{
    if (sc == NULL)
        return ENXIO;
    switch (cmd) {
    case TAPGIFNAME:
        memset(data, 0, sizeof(struct ifreq));
        snprintf(((struct ifreq *)data)->ifr_name, IFNAMSIZ, "%s", sc->sc_if.if_xname);
        return 0;
    default:
        return ENOTTY;
    }
}

static int
tap_poll(struct tap_softc *sc, int events)
{
    if (sc == NULL || (sc->sc_flags & SCF_GOING))
        return POLLERR;
    return (events & (POLLOUT | POLLWRNORM)) | (sc->sc_first != NULL ? events & (POLLIN | POLLRDNORM) : 0);
}

static int
tap_fops_read(struct file *fp, off_t *offset, struct uio *uio, kauth_cred_t cred, int flags)
{
    return tap_read(tap_of(fp), uio, fp->f_flag);
}

static int
tap_fops_write(struct file *fp, off_t *offset, struct uio *uio, kauth_cred_t cred, int flags)
{
    return tap_write(tap_of(fp), uio);
}

static int
tap_fops_ioctl(struct file *fp, u_long cmd, void *data)
{
    return tap_ioctl(tap_of(fp), cmd, data);
}

static int
tap_fops_poll(struct file *fp, int events)
{
    return tap_poll(tap_of(fp), events);
}

/* The file is no device, so it has no type; st_dev says whose it is. */
static int
tap_fops_stat(struct file *fp, struct stat *st)
{
    struct tap_softc *sc = tap_of(fp);

    if (sc == NULL)
        return ENXIO;
    memset(st, 0, sizeof *st);
    st->st_dev = makedev(tap_major, device_unit(sc->sc_dev));
    st->st_atim = sc->sc_atime;
    st->st_mtim = sc->sc_mtime;
    st->st_ctim = sc->sc_btime;
    st->st_uid = sc->sc_uid;
    st->st_gid = sc->sc_gid;
    return 0;
}

static int
tap_cdev_read(dev_t dev, struct uio *uio, int flags)
{
    return tap_read(tap_lookup(minor(dev)), uio, flags);
}

static int
tap_cdev_write(dev_t dev, struct uio *uio, int flags)
{
    return tap_write(tap_lookup(minor(dev)), uio);
}

static int
tap_cdev_ioctl(dev_t dev, u_long cmd, void *data, int flags, struct lwp *l)
{
    return tap_ioctl(tap_lookup(minor(dev)), cmd, data);
}

static int
tap_cdev_poll(dev_t dev, int events, struct lwp *l)
{
    return tap_poll(tap_lookup(minor(dev)), events);
}

/* --- ifconfig --- */

static int
ifconfig_open(dev_t dev, int flags, int fmt, struct lwp *l)
{
    return 0;
}

static int
ifconfig_ioctl(dev_t dev, u_long cmd, void *data, int flags, struct lwp *l)
{
    return ifioctl(cmd, data, l);
}

int
netbsd_tap_modcmd(modcmd_t cmd, void *arg)
{
    int error;

    switch (cmd) {
    case MODULE_CMD_INIT:
        tap_cd.cd_ndevs = *(int *)arg;
        if ((error = config_cfdriver_attach(&tap_cd)) != 0)
            return error;
        if ((error = config_cfattach_attach("tap", &tap_ca)) != 0 ||
            (error = devsw_attach("tap", NULL, NULL, &tap_cdevsw, &tap_major)) != 0) {
            config_cfdriver_detach(&tap_cd);
            return error;
        }
        if ((error = devsw_attach("ifconfig", NULL, NULL, &ifconfig_cdevsw, &ifconfig_major)) != 0) {
            devsw_detach(NULL, &tap_cdevsw);
            config_cfdriver_detach(&tap_cd);
            return error;
        }
        if_clone_attach(&tap_cloners);
        return 0;
    case MODULE_CMD_FINI:
        if ((error = config_cfattach_detach("tap", &tap_ca)) != 0)
            return error;
        if ((error = devsw_detach(NULL, &ifconfig_cdevsw)) != 0 || (error = devsw_detach(NULL, &tap_cdevsw)) != 0) {
            config_cfattach_attach("tap", &tap_ca);
            return error;
        }
        if_clone_detach(&tap_cloners);
        return config_cfdriver_detach(&tap_cd);
    }
    return ENOTTY;
}
