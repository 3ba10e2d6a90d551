/*
 * freebsd-tun: a tunnel is a device that one process at a time has, the one whose pid it keeps. "tun" means any, "tun3" that
 * one. The other end of the tunnel is a loop: a packet written is read again. Whoever asks too high is told that there is no
 * such name.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/fcntl.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/module.h>
#include <sys/proc.h>
#include <sys/queue.h>
#include <sys/uio.h>

#define TUN_PACKET 64
#define TUN_QUEUE 8

static MALLOC_DEFINE(M_TUN, "tun", "tunnels");

int freebsd_tun_max = 16;

struct tun_softc {
    LIST_ENTRY(tun_softc) tun_link;
    struct cdev *tun_dev;
    pid_t tun_pid; /* who has it, 0: nobody */
    int tun_going;
    int tun_count;
    struct {
        int p_size;
        char p_data[TUN_PACKET];
    } tun_queue[TUN_QUEUE];
};

static d_open_t tunopen;
static d_close_t tunclose;
static d_read_t tunread;
static d_write_t tunwrite;
static d_purge_t tunpurge;

static struct cdevsw tun_cdevsw = {
    .d_version = D_VERSION,
    .d_flags = D_PSEUDO | D_NEEDMINOR,
    .d_name = "tun",
    .d_open = tunopen,
    .d_close = tunclose,
    .d_read = tunread,
    .d_write = tunwrite,
    .d_purge = tunpurge,
};

static LIST_HEAD(, tun_softc) tunhead;
static int tun_count;
static struct clonedevs *tunclones;
static eventhandler_tag tuntag;

static void
tunclone(void *arg, struct ucred *cred, char *name, int namelen, struct cdev **dev)
{
    struct tun_softc *tp;
    int unit;

    if (*dev != NULL)
        return;
    if (strcmp(name, "tun") == 0)
        unit = -1;
    else if (dev_stdclone(name, NULL, "tun", &unit) != 1)
        return;
    if (unit >= freebsd_tun_max || tun_count == freebsd_tun_max)
        return;
    tp = malloc(sizeof *tp, M_TUN, M_NOWAIT | M_ZERO);
    if (tp == NULL)
        return;
    if (clone_create(&tunclones, &tun_cdevsw, &unit, dev, 0) == 0) {
        free(tp, M_TUN);
        if (*dev != NULL)
            dev_ref(*dev); /* the unit is there and its name is not; the lookup drops this */
        return;
    }
    *dev = make_dev_credf(MAKEDEV_REF, &tun_cdevsw, unit2minor(unit), cred, UID_UUCP, GID_DIALER, 0600, "tun%d", unit);
    (*dev)->si_flags |= SI_CHEAPCLONE;
    (*dev)->si_drv1 = tp;
    tp->tun_dev = *dev;
    LIST_INSERT_HEAD(&tunhead, tp, tun_link);
    tun_count++;
}

static int
tunopen(struct cdev *dev, int oflags, int devtype, struct thread *td)
{
    struct tun_softc *tp = dev->si_drv1;

    /* Who forks hands the tunnel on, and the pid stays the parent's. */
    if (tp->tun_pid != 0 && tp->tun_pid != td->td_proc->p_pid) {
        printf("%s: process %d has it, says its pid marker\n", devtoname(dev), (int)tp->tun_pid);
        return EBUSY;
    }
    tp->tun_pid = td->td_proc->p_pid;
    dev->si_flags &= ~SI_CHEAPCLONE;
    return 0;
}

static int
tunclose(struct cdev *dev, int fflag, int devtype, struct thread *td)
{
    struct tun_softc *tp = dev->si_drv1;

    tp->tun_pid = 0;
    tp->tun_count = 0;
    return 0;
}

static int
tunread(struct cdev *dev, struct uio *uio, int ioflag)
{
    struct tun_softc *tp = dev->si_drv1;
    char packet[TUN_PACKET];
    int error, n;

    while (tp->tun_count == 0) {
        if (tp->tun_going)
            return ENXIO;
        if (ioflag & IO_NDELAY)
            return EWOULDBLOCK;
        error = tsleep(tp, PZERO | PCATCH, "tunread", 0);
        if (error != 0)
            return error;
    }
    n = tp->tun_queue[0].p_size;
    memcpy(packet, tp->tun_queue[0].p_data, (size_t)n);
    tp->tun_count--;
    memmove(&tp->tun_queue[0], &tp->tun_queue[1], (size_t)tp->tun_count * sizeof tp->tun_queue[0]);
    return uiomove(packet, n, uio); /* what does not fit is lost, as of any packet */
}

static int
tunwrite(struct cdev *dev, struct uio *uio, int ioflag)
{
    struct tun_softc *tp = dev->si_drv1;
    int n = (int)uio->uio_resid, error;

    if (n > TUN_PACKET)
        return EMSGSIZE;
    if (tp->tun_count == TUN_QUEUE)
        return ENOBUFS;
    error = uiomove(tp->tun_queue[tp->tun_count].p_data, n, uio);
    if (error != 0)
        return error;
    tp->tun_queue[tp->tun_count++].p_size = n;
    wakeup(tp);
    return 0;
}

static void
tunpurge(struct cdev *dev)
{
    struct tun_softc *tp = dev->si_drv1;

    tp->tun_going = 1;
    wakeup(tp);
}

static int
tunmodevent(module_t mod, int type, void *data)
{
    struct tun_softc *tp;

    switch (type) {
    case MOD_LOAD:
        LIST_INIT(&tunhead);
        tun_count = 0;
        tuntag = EVENTHANDLER_REGISTER(dev_clone, tunclone, NULL, 1000);
        if (tuntag == NULL)
            return ENOMEM;
        clone_setup(&tunclones);
        return 0;
    case MOD_UNLOAD:
        EVENTHANDLER_DEREGISTER(dev_clone, tuntag);
        drain_dev_clone_events();
        while ((tp = LIST_FIRST(&tunhead)) != NULL) {
            LIST_REMOVE(tp, tun_link);
            destroy_dev(tp->tun_dev);
            free(tp, M_TUN);
        }
        clone_cleanup(&tunclones);
        return 0;
    default:
        return EOPNOTSUPP;
    }
}

DEV_MODULE(tun, tunmodevent, NULL);
