/*
 * ptmx: each open of /dev/ptmx is the master of a new pseudo-terminal. Its device is ptm/N, in a directory that is not
 * listed; the terminal's side is pts/N, an ordinary device that others open by name. Both have their unit from one bitmap,
 * and give it back when both are closed.
 */
#include <sys/param.h>
#include <sys/conf.h>
#include <sys/devfs.h>
#include <sys/malloc.h>
#include <sys/systm.h>
#include <sys/ucred.h>
#include <sys/uio.h>
#include <string.h>

#define PTY_LIMIT 1000 /* the highest unit */
#define PTY_BUFFER 64

struct side {
    cdev_t s_dev;
    int s_open;
    size_t s_count; /* bytes that wait for this side's reader */
    char s_data[PTY_BUFFER];
};

struct pty {
    struct pty *pt_next;
    int pt_unit;
    int pt_refs; /* the terminal itself, and readers that sleep */
    struct side pt_master, pt_slave;
};

static d_open_t ptm_open, pts_open;
static d_close_t ptm_close, pts_close;
static d_read_t pty_read;
static d_write_t pty_write;

static struct dev_ops ptm_ops = {
    { "ptm", 0, 0 },
    .d_open = ptm_open,
    .d_close = ptm_close,
    .d_read = pty_read,
    .d_write = pty_write,
};
static struct dev_ops pts_ops = {
    { "pts", 0, 0 },
    .d_open = pts_open,
    .d_close = pts_close,
    .d_read = pty_read,
    .d_write = pty_write,
};

static DEVFS_DEFINE_CLONE_BITMAP(pty);
static struct pty *pty_list;
static cdev_t ptmx_base;

static void
pty_release(struct pty *pt)
{
    if (--pt->pt_refs == 0)
        kfree(pt, M_DEVBUF);
}

static int
ptmx_clone(struct dev_clone_args *ap)
{
    int unit = devfs_clone_bitmap_get(&DEVFS_CLONE_BITMAP(pty), PTY_LIMIT);
    struct pty *pt;

    if (unit < 0)
        return 1;
    if ((pt = kmalloc(sizeof *pt, M_DEVBUF, M_NOWAIT | M_ZERO)) == NULL) {
        devfs_clone_bitmap_put(&DEVFS_CLONE_BITMAP(pty), unit);
        return 1;
    }
    pt->pt_refs = 1;
    pt->pt_unit = unit;
    pt->pt_master.s_dev = make_only_dev(&ptm_ops, unit, ap->a_cred->cr_uid, 0, 0600, "ptm/%d", unit);
    pt->pt_slave.s_dev = make_dev(&pts_ops, unit, ap->a_cred->cr_uid, ap->a_cred->cr_gid, 0620, "pts/%d", unit);
    pt->pt_master.s_dev->si_drv1 = pt->pt_slave.s_dev->si_drv1 = pt;
    pt->pt_next = pty_list;
    pty_list = pt;
    ap->a_dev = pt->pt_master.s_dev;
    return 0;
}

/* Both sides are closed. */
static void
pty_done(struct pty *pt)
{
    struct pty **link;

    for (link = &pty_list; *link != pt; link = &(*link)->pt_next)
        ;
    *link = pt->pt_next;
    destroy_dev(pt->pt_slave.s_dev);
    devfs_clone_bitmap_put(&DEVFS_CLONE_BITMAP(pty), pt->pt_unit);
    pty_release(pt);
}

static int
ptm_open(struct dev_open_args *ap)
{
    struct pty *pt = ap->a_head.a_dev->si_drv1;

    pt->pt_master.s_open = 1;
    return 0;
}

static int
pts_open(struct dev_open_args *ap)
{
    struct pty *pt = ap->a_head.a_dev->si_drv1;

    if (!pt->pt_master.s_open)
        return EIO;
    pt->pt_slave.s_open = 1;
    return 0;
}

static int
ptm_close(struct dev_close_args *ap)
{
    struct pty *pt = ap->a_head.a_dev->si_drv1;

    pt->pt_master.s_open = 0;
    wakeup(&pt->pt_master);
    wakeup(&pt->pt_slave);
    destroy_dev(pt->pt_master.s_dev);
    pt->pt_master.s_dev = NULL;
    if (!pt->pt_slave.s_open)
        pty_done(pt);
    return 0;
}

static int
pts_close(struct dev_close_args *ap)
{
    struct pty *pt = ap->a_head.a_dev->si_drv1;

    pt->pt_slave.s_open = 0;
    wakeup(&pt->pt_slave);
    if (!pt->pt_master.s_open)
        pty_done(pt);
    return 0;
}

static int
pty_read(struct dev_read_args *ap)
{
    cdev_t dev = ap->a_head.a_dev;
    struct pty *pt = dev->si_drv1;
    struct side *side = dev->si_ops == &ptm_ops ? &pt->pt_master : &pt->pt_slave;
    size_t n = ap->a_uio->uio_resid;
    int error = 0;

    pt->pt_refs++;
    while (error == 0 && side->s_count == 0 && side->s_open && pt->pt_master.s_open)
        error = ap->a_ioflag & IO_NDELAY ? EWOULDBLOCK : tsleep(side, PCATCH, "the other side of the terminal to write", 0);
    if (error == 0 && side->s_count > 0) {
        n = n < side->s_count ? n : side->s_count;
        error = uiomove(side->s_data, n, ap->a_uio);
        side->s_count -= n;
        memmove(side->s_data, side->s_data + n, side->s_count);
    }
    pty_release(pt);
    return error;
}

static int
pty_write(struct dev_write_args *ap)
{
    cdev_t dev = ap->a_head.a_dev;
    struct pty *pt = dev->si_drv1;
    struct side *to = dev->si_ops == &ptm_ops ? &pt->pt_slave : &pt->pt_master;
    size_t n = PTY_BUFFER - to->s_count;
    int error;

    if (!pt->pt_master.s_open)
        return EIO;
    if (n == 0)
        return EWOULDBLOCK;
    n = n < ap->a_uio->uio_resid ? n : ap->a_uio->uio_resid;
    if ((error = uiomove(to->s_data + to->s_count, n, ap->a_uio)) == 0)
        to->s_count += n;
    wakeup(to);
    return error;
}

int
dragonfly_ptmx_attach(int maj_master, int maj_slave)
{
    ptm_ops.head.maj = maj_master;
    pts_ops.head.maj = maj_slave;
    pty_list = NULL;
    ptmx_base = make_autoclone_dev(&ptm_ops, &DEVFS_CLONE_BITMAP(pty), ptmx_clone, 0, 0, 0666, "ptmx");
    return ptmx_base != NULL ? 0 : ENOMEM;
}

void
dragonfly_ptmx_detach(void)
{
    while (pty_list != NULL) /* forced closes, of the master and then of the terminal if it is open */
        destroy_dev(pty_list->pt_master.s_dev != NULL ? pty_list->pt_master.s_dev : pty_list->pt_slave.s_dev);
    destroy_autoclone_dev(ptmx_base, &DEVFS_CLONE_BITMAP(pty));
    ptmx_base = NULL;
}
