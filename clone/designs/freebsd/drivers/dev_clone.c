/*
 * freebsd-dev_clone: nobody opens "foo". Its name is missing from /dev, so each lookup of it asks foo_clone, which makes
 * foo0, foo1 ... and answers with that. The device is the instance: si_drv1 points to its body from the first open until
 * the driver goes, whoever opens and closes it in between.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/fcntl.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/module.h>
#include <sys/uio.h>
#include "freebsd_body.h"

static MALLOC_DEFINE(M_FOO, "foo", "devices of foo");

int freebsd_foo_units = 16; /* the loader's hint: how many there may be */

static d_open_t foo_open;
static d_read_t foo_read;
static d_write_t foo_write;
static d_ioctl_t foo_ioctl;

static struct cdevsw foo_cdevsw = {
    .d_version = D_VERSION,
    .d_flags = D_NEEDMINOR,
    .d_name = "foo",
    .d_open = foo_open,
    .d_read = foo_read,
    .d_write = foo_write,
    .d_ioctl = foo_ioctl,
};

static struct clonedevs *foo_clones;
static struct cdev **foo_devs; /* by unit */
static int foo_made;
static int foo_instances; /* of the hardware: one handler serves them all */
static eventhandler_tag foo_tag;

int freebsd_foo_attach(void);
int freebsd_foo_detach(void);
void freebsd_foo_destroy(int unit);

static void
foo_clone(void *arg, struct ucred *cred, char *name, int namelen, struct cdev **dev)
{
    int unit;

    if (*dev != NULL)
        return;
    if (strcmp(name, "foo") == 0)
        unit = -1;
    else if (dev_stdclone(name, NULL, "foo", &unit) != 1)
        return;
    if (unit >= freebsd_foo_units || foo_made == freebsd_foo_units)
        return;
    if (clone_create(&foo_clones, &foo_cdevsw, &unit, dev, 0) != 0) {
        *dev = make_dev_credf(MAKEDEV_REF, &foo_cdevsw, unit2minor(unit), cred, UID_ROOT, GID_WHEEL, 0600, "foo%d", unit);
        (*dev)->si_flags |= SI_CHEAPCLONE;
        foo_devs[unit] = *dev;
        foo_made++;
    } else if (*dev != NULL)
        dev_ref(*dev);
}

void
freebsd_foo_destroy(int unit)
{
    struct cdev *dev = foo_devs[unit];
    struct body *b = dev->si_drv1;

    foo_devs[unit] = NULL;
    foo_made--;
    destroy_dev(dev);
    if (b != NULL)
        body_destroy(b);
}

int
freebsd_foo_attach(void)
{
    if (foo_instances == 0) {
        foo_tag = EVENTHANDLER_REGISTER(dev_clone, foo_clone, NULL, 1000);
        if (foo_tag == NULL)
            return ENOMEM;
        clone_setup(&foo_clones);
        foo_devs = malloc((size_t)freebsd_foo_units * sizeof *foo_devs, M_FOO, M_WAITOK | M_ZERO);
    }
    foo_instances++;
    return 0;
}

int
freebsd_foo_detach(void)
{
    int unit;

    if (--foo_instances > 0)
        return 0;
    EVENTHANDLER_DEREGISTER(dev_clone, foo_tag);
    drain_dev_clone_events();
    for (unit = 0; unit < freebsd_foo_units; unit++)
        if (foo_devs[unit] != NULL)
            freebsd_foo_destroy(unit);
    clone_cleanup(&foo_clones);
    free(foo_devs, M_FOO);
    foo_devs = NULL;
    return 0;
}

static int
foo_modevent(module_t mod, int type, void *data)
{
    switch (type) {
    case MOD_LOAD:
        foo_clones = NULL;
        foo_made = foo_instances = 0;
        return freebsd_foo_attach();
    case MOD_UNLOAD:
        while (foo_instances > 1)
            freebsd_foo_detach();
        return freebsd_foo_detach();
    default:
        return EOPNOTSUPP;
    }
}

static int
foo_open(struct cdev *dev, int oflags, int devtype, struct thread *td)
{
    if (dev->si_drv1 != NULL)
        return 0;
    dev->si_drv1 = body_create();
    if (dev->si_drv1 == NULL)
        return ENOMEM;
    dev->si_flags &= ~SI_CHEAPCLONE;
    return 0;
}

static int
foo_read(struct cdev *dev, struct uio *uio, int ioflag)
{
    return freebsd_body_read(dev->si_drv1, uio);
}

static int
foo_write(struct cdev *dev, struct uio *uio, int ioflag)
{
    return freebsd_body_write(dev->si_drv1, uio);
}

static int
foo_ioctl(struct cdev *dev, u_long cmd, caddr_t data, int fflag, struct thread *td)
{
    return freebsd_body_ioctl(dev->si_drv1, cmd, data);
}

DEV_MODULE(foo, foo_modevent, NULL);
