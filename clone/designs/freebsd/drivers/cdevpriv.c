/*
 * freebsd-cdevpriv: one device, one node, and nothing is ever picked. Each open hangs a body on the open file, where the
 * later calls on it find it; the kernel calls foo_priv_end when the file goes, or the device.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/kernel.h>
#include <sys/module.h>
#include <sys/uio.h>
#include "freebsd_body.h"

static d_open_t foo_open;
static d_read_t foo_read;
static d_write_t foo_write;
static d_ioctl_t foo_ioctl;

static struct cdevsw foo_cdevsw = {
    .d_version = D_VERSION,
    .d_name = "foo",
    .d_open = foo_open,
    .d_read = foo_read,
    .d_write = foo_write,
    .d_ioctl = foo_ioctl,
};

static struct cdev *foo_dev;

static void
foo_priv_end(void *data)
{
    body_destroy(data);
}

static int
foo_open(struct cdev *dev, int oflags, int devtype, struct thread *td)
{
    struct body *b = body_create();
    int error;

    if (b == NULL)
        return ENOMEM;
    error = devfs_set_cdevpriv(b, foo_priv_end);
    if (error != 0)
        body_destroy(b);
    return error;
}

static int
foo_read(struct cdev *dev, struct uio *uio, int ioflag)
{
    void *b;
    int error = devfs_get_cdevpriv(&b);

    return error != 0 ? error : freebsd_body_read(b, uio);
}

static int
foo_write(struct cdev *dev, struct uio *uio, int ioflag)
{
    void *b;
    int error = devfs_get_cdevpriv(&b);

    return error != 0 ? error : freebsd_body_write(b, uio);
}

static int
foo_ioctl(struct cdev *dev, u_long cmd, caddr_t data, int fflag, struct thread *td)
{
    void *b;
    int error = devfs_get_cdevpriv(&b);

    return error != 0 ? error : freebsd_body_ioctl(b, cmd, data);
}

static int
foo_modevent(module_t mod, int type, void *data)
{
    struct make_dev_args args;

    switch (type) {
    case MOD_LOAD:
        make_dev_args_init(&args);
        args.mda_flags = MAKEDEV_WAITOK;
        args.mda_devsw = &foo_cdevsw;
        args.mda_uid = UID_ROOT;
        args.mda_gid = GID_WHEEL;
        args.mda_mode = 0666;
        return make_dev_s(&args, &foo_dev, "foo");
    case MOD_UNLOAD:
        destroy_dev(foo_dev);
        return 0;
    default:
        return EOPNOTSUPP;
    }
}

DEV_MODULE(foopriv, foo_modevent, NULL);
