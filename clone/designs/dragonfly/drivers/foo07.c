/*
 * dragonfly-dev_data: a device that may be cloned says so by one flag, and that is all. The kernel makes a clone of it for
 * each further open and hangs it on the file; d_open sees another device and gives it its state.
 */
#define DRAGONFLY_2007
#include <sys/param.h>
#include <sys/conf.h>
#include <sys/uio.h>
#include <stddef.h>
#include "body.h"

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

static cdev_t foo_dev;
int dragonfly07_foo_fails; /* errno of the next d_open: for tests */

static int
foo_open(struct dev_open_args *ap)
{
    cdev_t dev = ap->a_head.a_dev;
    int error = dragonfly07_foo_fails;

    dragonfly07_foo_fails = 0;
    if (error == 0 && dev->si_drv1 == NULL && (dev->si_drv1 = body_create()) == NULL)
        error = ENOMEM;
    return error;
}

static int
foo_close(struct dev_close_args *ap)
{
    cdev_t dev = ap->a_head.a_dev;

    body_destroy(dev->si_drv1);
    dev->si_drv1 = NULL;
    return 0;
}

static int
foo_read(struct dev_read_args *ap)
{
    char data[BODY_BUFFER];
    int n = ap->a_uio->uio_resid < sizeof data ? (int)ap->a_uio->uio_resid : (int)sizeof data;

    n = body_read(ap->a_head.a_dev->si_drv1, data, n);
    return uiomove(data, (size_t)n, ap->a_uio);
}

static int
foo_write(struct dev_write_args *ap)
{
    char data[BODY_BUFFER];
    size_t n = ap->a_uio->uio_resid < sizeof data ? ap->a_uio->uio_resid : sizeof data;
    int error = uiomove(data, n, ap->a_uio);

    if (error == 0)
        ap->a_uio->uio_resid += n - (size_t)body_write(ap->a_head.a_dev->si_drv1, data, (int)n);
    return error;
}

static int
foo_ioctl(struct dev_ioctl_args *ap)
{
    if (ap->a_cmd != BODY_READS)
        return ENOTTY;
    **(int **)ap->a_data = body_reads(ap->a_head.a_dev->si_drv1);
    return 0;
}

/* May the device be cloned? */
void
dragonfly07_foo_clones(int on)
{
    if (on)
        foo_dev->si_flags |= D_MAKECLONE;
    else
        foo_dev->si_flags &= ~(unsigned int)D_MAKECLONE;
}

int
dragonfly07_foo_attach(int maj)
{
    int error;

    dragonfly07_foo_fails = 0;
    foo_ops.head.maj = maj;
    if ((error = dev_ops_add(&foo_ops, 0, 0)) != 0)
        return error;
    foo_dev = reference_dev(make_dev(&foo_ops, 0, 0, 0, 0666, "foo"));
    dragonfly07_foo_clones(1);
    return 0;
}

int
dragonfly07_foo_detach(void)
{
    int error = dev_ops_remove(&foo_ops, 0, 0);

    if (error == 0)
        destroy_dev(foo_dev);
    return error;
}
