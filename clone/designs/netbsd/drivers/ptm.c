/*
 * Pseudo-terminals without a search: ptm and ptmx.
 *
 * A pty is a pair of devices, the master (ptc) and the slave (pts), with the same minor. Opening /dev/ptmx finds the lowest
 * free pair, opens its master with the kernel's credentials and moves that descriptor to the process (EMOVEFD). What is
 * moved is an open vnode, not a file with operations of its own: the master is an ordinary device that happens to have no
 * name. /dev/ptm opens as it is; its ioctl TIOCPTMGET makes both sides and both descriptors at once.
 *
 * Names are a backend's business. ptyfs, a file system mounted once or more, shows a slave as N while its master is open;
 * the classic backend needs /dev/ptyXY and /dev/ttyXY to be there.
 *
 * The index is picked before the master is opened, and opening may sleep. So two openers may have picked the same one: the
 * second to arrive is told EIO by the master and picks again.
 */
#include <sys/param.h>
#include <sys/conf.h>
#include <sys/file.h>
#include <sys/filedesc.h>
#include <sys/kmem.h>
#include <sys/module.h>
#include <sys/poll.h>
#include <sys/proc.h>
#include <sys/stat.h>
#include <sys/systm.h>
#include <sys/ttycom.h>
#include <sys/vnode.h>

#define PTY_BUFFER 256
#define PTMX 0
#define PTM 1
#define PTMX_LINUX 2
#define TTY_GID 4
#define MOUNTS 4

struct ring {
    char r_data[PTY_BUFFER];
    size_t r_used;
};
struct pty {
    bool pt_master, pt_slave, pt_had_slave;
    int pt_generation;     /* a reader of an earlier one goes home */
    struct ring pt_out;    /* what the slave wrote */
    struct ring pt_in;
};
/* Where the names of a pair come from. */
struct ptm_pty {
    int (*makename)(char *buf, size_t len, int index, char side); /* side p or t */
    int (*allocvp)(int index, char side, struct vnode **vpp);
    void (*opened)(int index);  /* the master was opened or closed */
    void (*closed)(int index);
};

static int ptm_open(dev_t, int, int, struct lwp *);
static int ptm_ioctl(dev_t, u_long, void *, int, struct lwp *);
static int ptc_open(dev_t, int, int, struct lwp *);
static int ptc_close(dev_t, int, int, struct lwp *);
static int ptc_read(dev_t, struct uio *, int);
static int ptc_write(dev_t, struct uio *, int);
static int ptc_ioctl(dev_t, u_long, void *, int, struct lwp *);
static int ptc_poll(dev_t, int, struct lwp *);
static int pts_open(dev_t, int, int, struct lwp *);
static int pts_close(dev_t, int, int, struct lwp *);
static int pts_read(dev_t, struct uio *, int);
static int pts_write(dev_t, struct uio *, int);
static int pts_poll(dev_t, int, struct lwp *);

static devmajor_t ptm_major = 113, pts_major = 114, ptc_major = 111;
static const struct cdevsw ptm_cdevsw = {
    .d_open = ptm_open, .d_close = nullclose, .d_ioctl = ptm_ioctl, .d_flag = D_TTY,
};
static const struct cdevsw ptc_cdevsw = {
    .d_open = ptc_open, .d_close = ptc_close, .d_read = ptc_read, .d_write = ptc_write, .d_ioctl = ptc_ioctl,
    .d_poll = ptc_poll, .d_flag = D_TTY,
};
static const struct cdevsw pts_cdevsw = {
    .d_open = pts_open, .d_close = pts_close, .d_read = pts_read, .d_write = pts_write, .d_poll = pts_poll,
    .d_flag = D_TTY,
};

static struct pty *ptys; /* npty of them */
static int npty;
static const struct ptm_pty *ptm; /* NULL: no backend */

int netbsd_ptyfs_mount(const char *path);
int netbsd_ptyfs_unmount(const char *path);
void netbsd_ptm_classic(bool on);

/* --- pairs --- */

static struct pty *
pty_of(dev_t dev)
{
    return minor(dev) < npty ? &ptys[minor(dev)] : NULL;
}

static int
ring_put(struct ring *r, struct uio *uio)
{
    size_t n = PTY_BUFFER - r->r_used;
    int error;

    if (n > uio->uio_resid)
        n = uio->uio_resid;
    if ((error = uiomove(r->r_data + r->r_used, n, uio)) != 0)
        return error;
    r->r_used += n;
    wakeup(r);
    return n == 0 ? EAGAIN : 0;
}

static int
ring_get(struct ring *r, struct uio *uio)
{
    size_t n = r->r_used < uio->uio_resid ? r->r_used : uio->uio_resid;
    int error;

    if ((error = uiomove(r->r_data, n, uio)) != 0)
        return error;
    r->r_used -= n;
    memmove(r->r_data, r->r_data + n, r->r_used);
    return 0;
}

static int
ptc_open(dev_t dev, int flags, int fmt, struct lwp *l)
{
    struct pty *pt = pty_of(dev);

    if (pt == NULL)
        return ENXIO;
    if (pt->pt_master)
        return EIO;
    pt->pt_master = true;
    pt->pt_had_slave = false;
    pt->pt_in.r_used = pt->pt_out.r_used = 0;
    if (ptm != NULL)
        ptm->opened(minor(dev));
    wakeup(pt);
    return 0;
}

/* One side went: who has the pty open is told that it is not the one he opened. */
static int
pty_side_closed(struct pty *pt)
{
    pt->pt_generation++;
    wakeup(&pt->pt_in);
    wakeup(&pt->pt_out);
    return 0;
}

static int
ptc_close(dev_t dev, int flags, int fmt, struct lwp *l)
{
    struct pty *pt = pty_of(dev);

    pt->pt_master = false;
    if (ptm != NULL)
        ptm->closed(minor(dev));
    return pty_side_closed(pt);
}

/* The master reads until the slave was open and is so no more. */
static int
ptc_read(dev_t dev, struct uio *uio, int flags)
{
    struct pty *pt = pty_of(dev);
    int error, generation = pt->pt_generation;

    while (pt->pt_out.r_used == 0) {
        if (!pt->pt_master || generation != pt->pt_generation || (pt->pt_had_slave && !pt->pt_slave))
            return 0;
        if (flags & O_NONBLOCK)
            return EWOULDBLOCK;
        if ((error = tsleep(&pt->pt_out, TTIPRI | PCATCH, "what the slave writes", 0)) != 0)
            return error;
    }
    return ring_get(&pt->pt_out, uio);
}

static int
ptc_write(dev_t dev, struct uio *uio, int flags)
{
    return ring_put(&pty_of(dev)->pt_in, uio);
}

static int
ptc_poll(dev_t dev, int events, struct lwp *l)
{
    struct pty *pt = pty_of(dev);

    return (events & (POLLOUT | POLLWRNORM)) | (pt->pt_out.r_used > 0 ? events & (POLLIN | POLLRDNORM) : 0);
}

static int
pts_open(dev_t dev, int flags, int fmt, struct lwp *l)
{
    struct pty *pt = pty_of(dev);
    int error;

    if (pt == NULL)
        return ENXIO;
    while (!pt->pt_master && !(flags & O_NONBLOCK))
        if ((error = tsleep(pt, TTIPRI | PCATCH, "the master of the pty to be opened", 0)) != 0)
            return error;
    pt->pt_slave = pt->pt_had_slave = true;
    return 0;
}

static int
pts_close(dev_t dev, int flags, int fmt, struct lwp *l)
{
    struct pty *pt = pty_of(dev);

    pt->pt_slave = false;
    return pty_side_closed(pt);
}

static int
pts_read(dev_t dev, struct uio *uio, int flags)
{
    struct pty *pt = pty_of(dev);
    int error, generation = pt->pt_generation;

    while (pt->pt_in.r_used == 0) {
        if (!pt->pt_master || generation != pt->pt_generation)
            return 0;
        if (flags & O_NONBLOCK)
            return EWOULDBLOCK;
        if ((error = tsleep(&pt->pt_in, TTIPRI | PCATCH, "what the master writes", 0)) != 0)
            return error;
    }
    return ring_get(&pt->pt_in, uio);
}

static int
pts_write(dev_t dev, struct uio *uio, int flags)
{
    struct pty *pt = pty_of(dev);

    return pt->pt_master ? ring_put(&pt->pt_out, uio) : EIO;
}

static int
pts_poll(dev_t dev, int events, struct lwp *l)
{
    struct pty *pt = pty_of(dev);

    if (!pt->pt_master)
        return POLLHUP;
    return (events & (POLLOUT | POLLWRNORM)) | (pt->pt_in.r_used > 0 ? events & (POLLIN | POLLRDNORM) : 0);
}

/* --- ptyfs: a node is (type, pty, mount) --- */

static char mounts[MOUNTS][64]; /* paths; the first one is where names are made for users */

static int
ptyfs_makename(char *buf, size_t len, int index, char side)
{
    if (mounts[0][0] == '\0')
        return ENOENT;
    if (side == 'p')
        snprintf(buf, len, "/dev/null"); /* the master has no name */
    else
        snprintf(buf, len, "%s/%d", mounts[0], index);
    return 0;
}

static int
ptyfs_allocvp(int index, char side, struct vnode **vpp)
{
    char path[MAXPATHLEN];
    int error;

    if (side == 'p')
        return cdevvp(makedev(ptc_major, index), vpp);
    if ((error = ptyfs_makename(path, sizeof path, index, side)) != 0)
        return error;
    return namei_simple_kernel(path, NSM_FOLLOW_NOEMULROOT, vpp);
}

static void
ptyfs_show(const char *mount, int index, bool shown)
{
    char path[MAXPATHLEN];

    snprintf(path, sizeof path, "%s/%d", mount, index);
    if (shown)
        vfs_mknod(path, S_IFCHR | 0620, makedev(pts_major, index), kauth_cred_geteuid(curlwp->l_cred), TTY_GID);
    else
        vfs_unlink(path);
}

static void
ptyfs_opened(int index)
{
    int i;

    for (i = 0; i < MOUNTS; i++)
        if (mounts[i][0] != '\0')
            ptyfs_show(mounts[i], index, true);
}

static void
ptyfs_closed(int index)
{
    int i;

    for (i = 0; i < MOUNTS; i++)
        if (mounts[i][0] != '\0')
            ptyfs_show(mounts[i], index, false);
}

static const struct ptm_pty ptyfs_ptm = { ptyfs_makename, ptyfs_allocvp, ptyfs_opened, ptyfs_closed };

int
netbsd_ptyfs_mount(const char *path)
{
    int i, index;

    for (i = 0; i < MOUNTS; i++)
        if (mounts[i][0] == '\0')
            break;
    if (i == MOUNTS || strlen(path) >= sizeof mounts[i])
        return ENOMEM;
    snprintf(mounts[i], sizeof mounts[i], "%s", path);
    for (index = 0; index < npty; index++)
        if (ptys[index].pt_master)
            ptyfs_show(path, index, true);
    ptm = &ptyfs_ptm;
    return 0;
}

int
netbsd_ptyfs_unmount(const char *path)
{
    int i, index, left = 0, error = ENOENT;

    for (i = 0; i < MOUNTS; i++) {
        if (mounts[i][0] != '\0' && strcmp(mounts[i], path) == 0) {
            for (index = 0; index < npty; index++)
                if (ptys[index].pt_master)
                    ptyfs_show(path, index, false);
            mounts[i][0] = '\0';
            error = 0;
        }
        left += mounts[i][0] != '\0';
    }
    if (left == 0 && ptm == &ptyfs_ptm)
        ptm = NULL;
    return error;
}

/* --- the classic backend: nodes that somebody has made --- */

static int
bsdpty_makename(char *buf, size_t len, int index, char side)
{
    static const char letters[] = "pqrstuvwxyzPQRST", digits[] = "0123456789abcdef";

    if (index >= 16 * 16)
        return EINVAL;
    snprintf(buf, len, "/dev/%cty%c%c", side, letters[index / 16], digits[index % 16]);
    return 0;
}

static int
bsdpty_allocvp(int index, char side, struct vnode **vpp)
{
    char path[MAXPATHLEN];
    int error = bsdpty_makename(path, sizeof path, index, side);

    return error != 0 ? error : namei_simple_kernel(path, NSM_FOLLOW_NOEMULROOT, vpp);
}

static void
bsdpty_nothing(int index)
{
}

static const struct ptm_pty bsdpty_ptm = { bsdpty_makename, bsdpty_allocvp, bsdpty_nothing, bsdpty_nothing };

/* In place of ptyfs, which must not be mounted. */
void
netbsd_ptm_classic(bool on)
{
    ptm = on ? &bsdpty_ptm : NULL;
}

/* --- the multiplexor --- */

int netbsd_ptm_delay; /* ticks that it takes to come to the master's open */

static int
pty_getfree(void)
{
    int i;

    for (i = 0; i < npty && ptys[i].pt_master; i++)
        continue;
    return i;
}

/* *fdp: a descriptor of a new pair's master. */
static int
pty_alloc_master(struct lwp *l, int *fdp, int *index)
{
    struct vnode *vp;
    file_t *fp;
    int error;

    if (ptm == NULL)
        return EOPNOTSUPP;
    if ((error = fd_allocfile(&fp, fdp)) != 0)
        return error;
    for (;;) {
        if ((*index = pty_getfree()) == npty) {
            error = ENXIO;
            break;
        }
        if ((error = ptm->allocvp(*index, 'p', &vp)) != 0)
            break;
        if (netbsd_ptm_delay > 0)
            kpause("the vnode of the master", false, netbsd_ptm_delay, NULL);
        if ((error = VOP_OPEN(vp, FREAD | FWRITE, NULL)) == 0) {
            fp->f_flag = FREAD | FWRITE;
            fp->f_type = DTYPE_VNODE;
            fp->f_ops = &vnops;
            fp->f_data = vp;
            fd_affix(curproc, fp, (unsigned)*fdp);
            return 0;
        }
        vrele(vp);
        if (error != EIO || !ptys[*index].pt_master)
            break;
    }
    fd_abort(curproc, fp, (unsigned)*fdp);
    return error;
}

/* The slave becomes the caller's; whoever still has it open loses it. */
static int
pty_grant_slave(struct lwp *l, int index)
{
    struct vattr va = { kauth_cred_geteuid(l->l_cred), TTY_GID, 0620 };
    struct vnode *vp;
    int error;

    if ((error = ptm->allocvp(index, 't', &vp)) != 0)
        return error;
    error = VOP_SETATTR(vp, &va, l->l_cred);
    VOP_REVOKE(vp, REVOKEALL);
    vrele(vp);
    return error;
}

static int
pty_alloc_slave(struct lwp *l, int *fdp, int index)
{
    struct vnode *vp;
    file_t *fp;
    int error;

    if ((error = fd_allocfile(&fp, fdp)) != 0)
        return error;
    if ((error = ptm->allocvp(index, 't', &vp)) == 0) {
        if ((error = VOP_OPEN(vp, FREAD | FWRITE, l->l_cred)) == 0) {
            fp->f_flag = FREAD | FWRITE;
            fp->f_type = DTYPE_VNODE;
            fp->f_ops = &vnops;
            fp->f_data = vp;
            fd_affix(curproc, fp, (unsigned)*fdp);
            return 0;
        }
        vrele(vp);
    }
    fd_abort(curproc, fp, (unsigned)*fdp);
    return error;
}

static void
ptmget_fill(struct ptmget *get, int cfd, int sfd, int index)
{
    memset(get, 0, sizeof *get);
    get->cfd = cfd;
    get->sfd = sfd;
    if (ptm != NULL) {
        ptm->makename(get->cn, sizeof get->cn, index, 'p');
        ptm->makename(get->sn, sizeof get->sn, index, 't');
    }
}

static int
ptm_open(dev_t dev, int flags, int fmt, struct lwp *l)
{
    int error, fd, index;

    switch (minor(dev)) {
    case PTMX:
    case PTMX_LINUX:
        if ((error = pty_alloc_master(l, &fd, &index)) != 0)
            return error;
        if (minor(dev) == PTMX_LINUX && (error = pty_grant_slave(l, index)) != 0) {
            fd_close((unsigned)fd);
            return error;
        }
        l->l_dupfd = fd;
        return EMOVEFD;
    case PTM:
        return 0;
    default:
        return ENODEV;
    }
}

static int
ptm_ioctl(dev_t dev, u_long cmd, void *data, int flags, struct lwp *l)
{
    int error, cfd, sfd, index;

    if (cmd != TIOCPTMGET)
        return EINVAL;
    if ((error = pty_alloc_master(l, &cfd, &index)) != 0)
        return error;
    if ((error = pty_grant_slave(l, index)) != 0 || (error = pty_alloc_slave(l, &sfd, index)) != 0) {
        fd_close((unsigned)cfd);
        return error;
    }
    ptmget_fill(data, cfd, sfd, index);
    return 0;
}

static int
ptc_ioctl(dev_t dev, u_long cmd, void *data, int flags, struct lwp *l)
{
    switch (cmd) {
    case TIOCGRANTPT:
        return ptm == NULL ? EOPNOTSUPP : pty_grant_slave(l, minor(dev));
    case TIOCPTSNAME:
        if (ptm == NULL)
            return EOPNOTSUPP;
        ptmget_fill(data, -1, -1, minor(dev));
        return 0;
    default:
        return ENOTTY;
    }
}

int
netbsd_ptm_modcmd(modcmd_t cmd, void *arg)
{
    int error;

    switch (cmd) {
    case MODULE_CMD_INIT:
        npty = *(int *)arg;
        netbsd_ptm_delay = 0;
        memset(mounts, 0, sizeof mounts);
        ptm = NULL;
        if ((ptys = kmem_zalloc((size_t)npty * sizeof *ptys, KM_NOSLEEP)) == NULL)
            return ENOMEM;
        if ((error = devsw_attach("ptm", NULL, NULL, &ptm_cdevsw, &ptm_major)) != 0) {
            kmem_free(ptys, (size_t)npty * sizeof *ptys);
            return error;
        }
        if ((error = devsw_attach("ptc", NULL, NULL, &ptc_cdevsw, &ptc_major)) != 0 ||
            (error = devsw_attach("pts", NULL, NULL, &pts_cdevsw, &pts_major)) != 0) {
            devsw_detach(NULL, &ptc_cdevsw);
            devsw_detach(NULL, &ptm_cdevsw);
            kmem_free(ptys, (size_t)npty * sizeof *ptys);
            return error;
        }
        return netbsd_ptyfs_mount("/dev/pts");
    case MODULE_CMD_FINI:
        if ((error = devsw_detach(NULL, &ptc_cdevsw)) != 0)
            return error;
        if ((error = devsw_detach(NULL, &pts_cdevsw)) != 0) {
            devsw_attach("ptc", NULL, NULL, &ptc_cdevsw, &ptc_major);
            return error;
        }
        if ((error = devsw_detach(NULL, &ptm_cdevsw)) != 0) {
            devsw_attach("ptc", NULL, NULL, &ptc_cdevsw, &ptc_major);
            devsw_attach("pts", NULL, NULL, &pts_cdevsw, &pts_major);
            return error;
        }
        ptm = NULL;
        kmem_free(ptys, (size_t)npty * sizeof *ptys);
        return 0;
    }
    return ENOTTY;
}
