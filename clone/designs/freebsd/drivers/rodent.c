/*
 * freebsd-rodent: whatever is asked for below rodent/ is there. rodent/ctl is made at load, and with it the directory,
 * without which a lookup would never get as far as a name in it. Each other name becomes a device when it is first looked
 * up, and stays. Reading rodent/ctl counts them; a name written to it goes.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/module.h>
#include <sys/queue.h>
#include <sys/uio.h>
#include "freebsd_body.h"

static MALLOC_DEFINE(M_RODENT, "rodent", "rodents");

int freebsd_rodent_max = 64;

struct rodent {
    LIST_ENTRY(rodent) r_link;
    struct cdev *r_dev;
    struct body *r_body;
};

static d_open_t rodent_open;
static d_read_t rodent_read, rodent_ctl_read;
static d_write_t rodent_write, rodent_ctl_write;

static struct cdevsw rodent_cdevsw = {
    .d_version = D_VERSION,
    .d_flags = D_NEEDMINOR,
    .d_name = "rodent",
    .d_open = rodent_open,
    .d_read = rodent_read,
    .d_write = rodent_write,
};

static struct cdevsw rodent_ctl_cdevsw = {
    .d_version = D_VERSION,
    .d_name = "rodentctl",
    .d_read = rodent_ctl_read,
    .d_write = rodent_ctl_write,
};

static LIST_HEAD(, rodent) rodents;
static int rodent_count;
static struct cdev *rodent_ctl;
static struct clonedevs *rodent_clones;
static eventhandler_tag rodent_tag;

static void
rodent_clone(void *arg, struct ucred *cred, char *name, int namelen, struct cdev **dev)
{
    struct rodent *r;
    int unit = -1;

    if (*dev != NULL || strncmp(name, "rodent/", 7) != 0 || rodent_count == freebsd_rodent_max)
        return;
    r = malloc(sizeof *r, M_RODENT, M_NOWAIT | M_ZERO);
    if (r == NULL)
        return;
    (void)clone_create(&rodent_clones, &rodent_cdevsw, &unit, dev, 0);
    *dev = make_dev_credf(MAKEDEV_REF, &rodent_cdevsw, unit2minor(unit), cred, UID_ROOT, GID_WHEEL, 0666, "%s", name);
    (*dev)->si_flags |= SI_CHEAPCLONE;
    (*dev)->si_drv1 = r;
    r->r_dev = *dev;
    LIST_INSERT_HEAD(&rodents, r, r_link);
    rodent_count++;
}

static void
rodent_free(struct rodent *r)
{
    LIST_REMOVE(r, r_link);
    rodent_count--;
    destroy_dev(r->r_dev);
    if (r->r_body != NULL)
        body_destroy(r->r_body);
    free(r, M_RODENT);
}

static int
rodent_open(struct cdev *dev, int oflags, int devtype, struct thread *td)
{
    struct rodent *r = dev->si_drv1;

    if (r->r_body == NULL && (r->r_body = body_create()) == NULL)
        return ENOMEM;
    dev->si_flags &= ~SI_CHEAPCLONE;
    return 0;
}

static int
rodent_read(struct cdev *dev, struct uio *uio, int ioflag)
{
    struct rodent *r = dev->si_drv1;

    return freebsd_body_read(r->r_body, uio);
}

static int
rodent_write(struct cdev *dev, struct uio *uio, int ioflag)
{
    struct rodent *r = dev->si_drv1;

    return freebsd_body_write(r->r_body, uio);
}

static int
rodent_ctl_read(struct cdev *dev, struct uio *uio, int ioflag)
{
    char text[32];

    return uiomove(text, snprintf(text, sizeof text, "%d rodents\n", rodent_count), uio);
}

static int
rodent_ctl_write(struct cdev *dev, struct uio *uio, int ioflag)
{
    char name[SPECNAMELEN + 1];
    int n = uio->uio_resid < SPECNAMELEN ? (int)uio->uio_resid : SPECNAMELEN;
    int error = uiomove(name, n, uio);
    struct rodent *r;

    if (error != 0)
        return error;
    name[n] = '\0';
    name[strcspn(name, "\n")] = '\0';
    LIST_FOREACH(r, &rodents, r_link)
        if (strcmp(devtoname(r->r_dev) + 7, name) == 0) {
            rodent_free(r);
            return 0;
        }
    return ENOENT;
}

static int
rodent_modevent(module_t mod, int type, void *data)
{
    switch (type) {
    case MOD_LOAD:
        LIST_INIT(&rodents);
        rodent_count = 0;
        rodent_tag = EVENTHANDLER_REGISTER(dev_clone, rodent_clone, NULL, 1000);
        if (rodent_tag == NULL)
            return ENOMEM;
        clone_setup(&rodent_clones);
        rodent_ctl = make_dev(&rodent_ctl_cdevsw, 0, UID_ROOT, GID_WHEEL, 0600, "rodent/ctl");
        return 0;
    case MOD_UNLOAD:
        EVENTHANDLER_DEREGISTER(dev_clone, rodent_tag);
        drain_dev_clone_events();
        while (!LIST_EMPTY(&rodents))
            rodent_free(LIST_FIRST(&rodents));
        clone_cleanup(&rodent_clones);
        destroy_dev(rodent_ctl);
        return 0;
    default:
        return EOPNOTSUPP;
    }
}

DEV_MODULE(rodent, rodent_modevent, NULL);
