/*
 * A driver of FreeBSD: one device, and a count for each open of it, which hangs on the open file (devfs_set_cdevpriv).
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/module.h>
#include <sys/uio.h>

static MALLOC_DEFINE(M_COUNTER, "counter", "counts of open files");

static d_open_t counter_open;
static d_read_t counter_read;

static struct cdevsw counter_cdevsw = {
    .d_version = D_VERSION,
    .d_name = "counter",
    .d_open = counter_open,
    .d_read = counter_read,
};

static struct cdev *counter_dev;

static void
counter_end(void *count)
{
    free(count, M_COUNTER);
}

static int
counter_open(struct cdev *dev, int oflags, int devtype, struct thread *td)
{
    int *count = malloc(sizeof *count, M_COUNTER, M_WAITOK | M_ZERO);

    return devfs_set_cdevpriv(count, counter_end);
}

static int
counter_read(struct cdev *dev, struct uio *uio, int ioflag)
{
    void *count;
    int error = devfs_get_cdevpriv(&count);
    char digit;

    if (error != 0)
        return error;
    digit = '0' + ++*(int *)count % 10;
    return uiomove(&digit, 1, uio);
}

int
counter_modevent(module_t mod, int type, void *data)
{
    switch (type) {
    case MOD_LOAD:
        counter_dev = make_dev(&counter_cdevsw, 0, UID_ROOT, GID_WHEEL, 0600, "counter");
        return 0;
    case MOD_UNLOAD:
        destroy_dev(counter_dev);
        return 0;
    default:
        return EOPNOTSUPP;
    }
}

DEV_MODULE(counter, counter_modevent, NULL);
