/*
 * dragonfly-devfs: the node foo is only a name; its handler makes a device foo0, foo1 ... for each open, and devfs gives
 * that a node of its own. The device carries our state in si_drv1. The last close destroys the device first and gives the
 * unit back second: the other way round a new clone could meet the old name.
 */
#include <sys/param.h>
#include <sys/conf.h>
#include <sys/devfs.h>
#include <sys/malloc.h>
#include <sys/ucred.h>
#include <sys/uio.h>
#include "body.h"

struct foo_softc {
    struct foo_softc *sc_next;
    cdev_t sc_dev;
    struct body *sc_body;
};

static d_open_t foo_open;
static d_close_t foo_close;
static d_read_t foo_read;
static d_write_t foo_write;
static d_ioctl_t foo_ioctl;

static struct dev_ops foo_ops = {
    { "foo", 0, 0 },
    .d_open = foo_open,
    .d_close = foo_close,
    .d_read = foo_read,
    .d_write = foo_write,
    .d_ioctl = foo_ioctl,
};

static DEVFS_DEFINE_CLONE_BITMAP(foo);
static struct foo_softc *foo_units;
static cdev_t foo_base;
static int foo_limit; /* the highest unit */
int dragonfly_foo_fails; /* errno of the next d_open: for tests */

static int
foo_clone(struct dev_clone_args *ap)
{
    struct foo_softc *sc;
    int unit = devfs_clone_bitmap_get(&DEVFS_CLONE_BITMAP(foo), foo_limit);

    if (unit < 0)
        return 1;
    sc = kmalloc(sizeof *sc, M_DEVBUF, M_NOWAIT | M_ZERO);
    if (sc == NULL || (sc->sc_body = body_create()) == NULL) {
        kfree(sc, M_DEVBUF);
        devfs_clone_bitmap_put(&DEVFS_CLONE_BITMAP(foo), unit);
        return 1;
    }
    sc->sc_dev = make_only_dev(&foo_ops, unit, ap->a_cred->cr_uid, ap->a_cred->cr_gid, 0666, "foo%d", unit);
    sc->sc_dev->si_drv1 = sc;
    sc->sc_next = foo_units;
    foo_units = sc;
    ap->a_dev = sc->sc_dev;
    return 0;
}

static void
foo_destroy(struct foo_softc *sc)
{
    struct foo_softc **link;
    int unit = minor(sc->sc_dev);

    for (link = &foo_units; *link != sc; link = &(*link)->sc_next)
        ;
    *link = sc->sc_next;
    destroy_dev(sc->sc_dev);
    devfs_clone_bitmap_put(&DEVFS_CLONE_BITMAP(foo), unit);
    body_destroy(sc->sc_body);
    kfree(sc, M_DEVBUF);
}

static int
foo_open(struct dev_open_args *ap)
{
    int error = dragonfly_foo_fails;

    dragonfly_foo_fails = 0;
    if (error != 0)
        foo_destroy(ap->a_head.a_dev->si_drv1);
    return error;
}

static int
foo_close(struct dev_close_args *ap)
{
    foo_destroy(ap->a_head.a_dev->si_drv1);
    return 0;
}

static int
foo_read(struct dev_read_args *ap)
{
    struct foo_softc *sc = ap->a_head.a_dev->si_drv1;
    char data[BODY_BUFFER];
    int n = ap->a_uio->uio_resid < sizeof data ? (int)ap->a_uio->uio_resid : (int)sizeof data;

    n = body_read(sc->sc_body, data, n);
    return uiomove(data, (size_t)n, ap->a_uio);
}

static int
foo_write(struct dev_write_args *ap)
{
    struct foo_softc *sc = ap->a_head.a_dev->si_drv1;
    char data[BODY_BUFFER];
    size_t n = ap->a_uio->uio_resid < sizeof data ? ap->a_uio->uio_resid : sizeof data;
    int error = uiomove(data, n, ap->a_uio);

    if (error == 0)
        ap->a_uio->uio_resid += n - (size_t)body_write(sc->sc_body, data, (int)n);
    return error;
}

static int
foo_ioctl(struct dev_ioctl_args *ap)
{
    struct foo_softc *sc = ap->a_head.a_dev->si_drv1;

    if (ap->a_cmd != BODY_READS)
        return ENOTTY;
    **(int **)ap->a_data = body_reads(sc->sc_body);
    return 0;
}

int
dragonfly_foo_attach(int maj, int limit)
{
    foo_ops.head.maj = maj;
    foo_units = NULL;
    foo_limit = limit;
    dragonfly_foo_fails = 0;
    foo_base = make_autoclone_dev(&foo_ops, &DEVFS_CLONE_BITMAP(foo), foo_clone, 0, 0, 0666, "foo");
    return foo_base != NULL ? 0 : ENOMEM;
}

void
dragonfly_foo_detach(void)
{
    while (foo_units != NULL)
        destroy_dev(foo_units->sc_dev); /* while it is open: our close runs, and does the rest */
    destroy_autoclone_dev(foo_base, &DEVFS_CLONE_BITMAP(foo));
    foo_base = NULL;
}
