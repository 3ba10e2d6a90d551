/*
 * svr4net: programs of SVR4 open /dev/tcp or /dev/udp where others call socket(2). So the open makes a socket and gives the
 * process its descriptor (EMOVEFD); what the minor tells is the protocol. The device itself is never open.
 *
 * Addresses are names. LISTEN gives the socket one; CONNECT looks one up. A tcp listener gets a second socket for each
 * connection, and ACCEPT a descriptor for it; a udp socket just receives what is sent to its name.
 */
#include <sys/param.h>
#include <sys/conf.h>
#include <sys/file.h>
#include <sys/filedesc.h>
#include <sys/ioccom.h>
#include <sys/kmem.h>
#include <sys/module.h>
#include <sys/poll.h>
#include <sys/proc.h>
#include <sys/stat.h>
#include <sys/systm.h>

#define TCP 6
#define UDP 17
#define NAME 16
#define SOCKET_BUFFER 256

#define SNET_LISTEN _IOW('S', 1, char[NAME])
#define SNET_CONNECT _IOW('S', 2, char[NAME])
#define SNET_ACCEPT _IOR('S', 3, int)

struct sock {
    struct sock *s_next;    /* of all */
    struct sock *s_pending; /* of a listener: connections to accept, each by its s_pending */
    struct sock *s_peer;
    int s_protocol;
    bool s_was_connected;
    char s_name[NAME];
    size_t s_used;
    char s_data[SOCKET_BUFFER]; /* received */
};

static int svr4net_open(dev_t, int, int, struct lwp *);
static int soo_read(struct file *, off_t *, struct uio *, kauth_cred_t, int);
static int soo_write(struct file *, off_t *, struct uio *, kauth_cred_t, int);
static int soo_ioctl(struct file *, u_long, void *);
static int soo_poll(struct file *, int);
static int soo_stat(struct file *, struct stat *);
static int soo_close(struct file *);

static devmajor_t svr4net_major = 118;
static const struct cdevsw svr4net_cdevsw = { .d_open = svr4net_open, .d_flag = D_OTHER };
static const struct fileops svr4net_fileops = {
    .fo_name = "socket",
    .fo_read = soo_read,
    .fo_write = soo_write,
    .fo_ioctl = soo_ioctl,
    .fo_fcntl = fnullop_fcntl,
    .fo_poll = soo_poll,
    .fo_stat = soo_stat,
    .fo_close = soo_close,
    .fo_kqfilter = fnullop_kqfilter,
    .fo_restart = fnullop_restart,
};
static struct sock *sockets;

static struct sock *
sock_make(int protocol)
{
    struct sock *so = kmem_zalloc(sizeof *so, KM_NOSLEEP);

    if (so == NULL)
        return NULL;
    so->s_protocol = protocol;
    so->s_next = sockets;
    sockets = so;
    return so;
}

static void
sock_destroy(struct sock *so)
{
    struct sock **s, *other, *pending;

    while ((pending = so->s_pending) != NULL && so->s_name[0] != '\0') {
        so->s_pending = pending->s_pending;
        pending->s_pending = NULL;
        sock_destroy(pending);
    }
    for (s = &sockets; *s != so; s = &(*s)->s_next)
        continue;
    *s = so->s_next;
    for (other = sockets; other != NULL; other = other->s_next)
        if (other->s_peer == so) {
            other->s_peer = NULL;
            wakeup(other);
        }
    kmem_free(so, sizeof *so);
}

static struct sock *
sock_named(int protocol, const char *name)
{
    struct sock *so;

    for (so = sockets; so != NULL; so = so->s_next)
        if (so->s_protocol == protocol && so->s_name[0] != '\0' && strncmp(so->s_name, name, NAME) == 0)
            return so;
    return NULL;
}

static int
svr4net_open(dev_t dev, int flags, int fmt, struct lwp *l)
{
    struct sock *so;
    file_t *fp;
    int error, fd;

    if (minor(dev) != TCP && minor(dev) != UDP)
        return ENXIO;
    if ((error = fd_allocfile(&fp, &fd)) != 0)
        return error;
    if ((so = sock_make(minor(dev))) == NULL) {
        fd_abort(curproc, fp, fd);
        return ENOBUFS;
    }
    return fd_clone(fp, fd, FREAD | FWRITE | (flags & (O_NONBLOCK | O_CLOEXEC)), &svr4net_fileops, so);
}

static int
soo_accept(struct file *listener, struct sock *so, int *result)
{
    struct sock *made;
    file_t *fp;
    int error;

    if (so->s_protocol != TCP || so->s_name[0] == '\0')
        return EINVAL;
    while (so->s_pending == NULL) {
        if (listener->f_flag & O_NONBLOCK)
            return EWOULDBLOCK;
        if ((error = tsleep(so, PWAIT | PCATCH, "somebody to connect", 0)) != 0)
            return error;
    }
    if ((error = fd_allocfile(&fp, result)) != 0)
        return error;
    made = so->s_pending;
    so->s_pending = made->s_pending;
    made->s_pending = NULL;
    fp->f_flag = FREAD | FWRITE;
    fp->f_type = DTYPE_SOCKET;
    fp->f_ops = &svr4net_fileops;
    fp->f_data = made;
    fd_affix(curproc, fp, (unsigned)*result);
    return 0;
}

static int
soo_connect(struct sock *so, const char *name)
{
    struct sock *to = sock_named(so->s_protocol, name), *made, **end;

    if (so->s_peer != NULL)
        return EISCONN;
    if (to == NULL)
        return ECONNREFUSED;
    if (so->s_protocol == TCP) {
        if ((made = sock_make(TCP)) == NULL)
            return ENOBUFS;
        made->s_peer = so;
        made->s_was_connected = true;
        for (end = &to->s_pending; *end != NULL; end = &(*end)->s_pending)
            continue;
        *end = made;
        wakeup(to);
        to = made;
    }
    so->s_peer = to;
    so->s_was_connected = true;
    return 0;
}

static int
soo_ioctl(struct file *fp, u_long cmd, void *data)
{
    struct sock *so = fp->f_data;

    switch (cmd) {
    case SNET_LISTEN:
        if (((char *)data)[0] == '\0' || so->s_name[0] != '\0')
            return EINVAL;
        if (sock_named(so->s_protocol, data) != NULL)
            return EADDRINUSE;
        memcpy(so->s_name, data, NAME);
        return 0;
    case SNET_CONNECT:
        return soo_connect(so, data);
    case SNET_ACCEPT:
        return soo_accept(fp, so, data);
    default:
        return ENOTTY;
    }
}

static int
soo_read(struct file *fp, off_t *offset, struct uio *uio, kauth_cred_t cred, int flags)
{
    struct sock *so = fp->f_data;
    size_t n;
    int error;

    while (so->s_used == 0) {
        if (so->s_protocol == TCP && so->s_peer == NULL)
            return so->s_was_connected ? 0 : ENOTCONN;
        if (fp->f_flag & O_NONBLOCK)
            return EWOULDBLOCK;
        if ((error = tsleep(so, TTIPRI | PCATCH, "data for the socket", 0)) != 0)
            return error;
    }
    n = so->s_used < uio->uio_resid ? so->s_used : uio->uio_resid;
    if ((error = uiomove(so->s_data, n, uio)) != 0)
        return error;
    so->s_used -= n;
    memmove(so->s_data, so->s_data + n, so->s_used);
    return 0;
}

static int
soo_write(struct file *fp, off_t *offset, struct uio *uio, kauth_cred_t cred, int flags)
{
    struct sock *so = fp->f_data, *to = so->s_peer;
    size_t n;
    int error;

    if (to == NULL)
        return so->s_was_connected ? EPIPE : ENOTCONN;
    n = SOCKET_BUFFER - to->s_used;
    if (n > uio->uio_resid)
        n = uio->uio_resid;
    if ((error = uiomove(to->s_data + to->s_used, n, uio)) != 0)
        return error;
    to->s_used += n;
    wakeup(to);
    return n == 0 && uio->uio_resid > 0 ? EAGAIN : 0;
}

static int
soo_poll(struct file *fp, int events)
{
    struct sock *so = fp->f_data;

    return (so->s_peer != NULL ? events & (POLLOUT | POLLWRNORM) : 0) |
           (so->s_used > 0 || so->s_pending != NULL ? events & (POLLIN | POLLRDNORM) : 0);
}

static int
soo_stat(struct file *fp, struct stat *st)
{
    memset(st, 0, sizeof *st);
    st->st_mode = S_IFSOCK;
    return 0;
}

static int
soo_close(struct file *fp)
{
    sock_destroy(fp->f_data);
    return 0;
}

int
netbsd_svr4net_modcmd(modcmd_t cmd, void *arg)
{
    switch (cmd) {
    case MODULE_CMD_INIT:
        sockets = NULL;
        return devsw_attach("svr4net", NULL, NULL, &svr4net_cdevsw, &svr4net_major);
    case MODULE_CMD_FINI:
        return sockets != NULL ? EBUSY : devsw_detach(NULL, &svr4net_cdevsw);
    }
    return ENOTTY;
}
