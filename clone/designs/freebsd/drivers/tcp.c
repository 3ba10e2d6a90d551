/*
 * freebsd-tcp: a connection is a name. Who opens tcp/server/HOST listens as HOST; who opens tcp/client/HOST is connected to it,
 * and when nobody listens there is no such name. Each name is a device with one end of a connection in si_drv1; it is there
 * while somebody has it open. The listing of both directories holds their ctl, which names the hosts, and keeps the
 * directories there for lookups to get through.
 */
#include <sys/param.h>
#include <sys/systm.h>
#include <sys/conf.h>
#include <sys/fcntl.h>
#include <sys/kernel.h>
#include <sys/malloc.h>
#include <sys/module.h>
#include <sys/queue.h>
#include <sys/uio.h>

#define TCP_BUFFER 128
#define TCP_DIR 11 /* of "tcp/client/" and "tcp/server/" */

static MALLOC_DEFINE(M_TCP, "tcp", "ends of connections");

int freebsd_tcp_max = 16; /* ends */

struct end {
    LIST_ENTRY(end) e_link;
    struct cdev *e_dev;
    struct end *e_peer;
    int e_server;
    int e_open;
    int e_closed; /* its peer was there and went, or its device goes */
    int e_bytes;
    char e_in[TCP_BUFFER]; /* come from the peer, not read yet */
};

static d_open_t tcp_open;
static d_close_t tcp_close;
static d_read_t tcp_read, tcp_ctl_read;
static d_write_t tcp_write;
static d_purge_t tcp_purge;

static struct cdevsw tcp_cdevsw = {
    .d_version = D_VERSION,
    .d_flags = D_NEEDMINOR,
    .d_name = "tcp",
    .d_open = tcp_open,
    .d_close = tcp_close,
    .d_read = tcp_read,
    .d_write = tcp_write,
    .d_purge = tcp_purge,
};

static struct cdevsw tcp_ctl_cdevsw = {
    .d_version = D_VERSION,
    .d_name = "tcpctl",
    .d_read = tcp_ctl_read,
};

static LIST_HEAD(, end) ends;
static int tcp_ends;
static struct cdev *tcp_ctl[2];
static struct clonedevs *tcp_clones;
static eventhandler_tag tcp_tag;

static const char *
host_of(const struct end *e)
{
    return devtoname(e->e_dev) + TCP_DIR;
}

static struct end *
listener(const char *host)
{
    struct end *e;

    LIST_FOREACH(e, &ends, e_link)
        if (e->e_server && e->e_open && strcmp(host_of(e), host) == 0)
            return e;
    return NULL;
}

static void
tcp_clone(void *arg, struct ucred *cred, char *name, int namelen, struct cdev **dev)
{
    struct end *e;
    int unit = -1, server;

    if (*dev != NULL || tcp_ends == freebsd_tcp_max)
        return;
    server = strncmp(name, "tcp/server/", TCP_DIR) == 0;
    if (!server && strncmp(name, "tcp/client/", TCP_DIR) != 0)
        return;
    if (!server && listener(name + TCP_DIR) == NULL)
        return; /* an unknown host is a missing name */
    e = malloc(sizeof *e, M_TCP, M_NOWAIT | M_ZERO);
    if (e == NULL)
        return;
    (void)clone_create(&tcp_clones, &tcp_cdevsw, &unit, dev, 0);
    *dev = make_dev_credf(MAKEDEV_REF, &tcp_cdevsw, unit2minor(unit), cred, UID_ROOT, GID_WHEEL, 0666, "%s", name);
    (*dev)->si_flags |= SI_CHEAPCLONE;
    (*dev)->si_drv1 = e;
    e->e_dev = *dev;
    e->e_server = server;
    LIST_INSERT_HEAD(&ends, e, e_link);
    tcp_ends++;
}

static int
tcp_open(struct cdev *dev, int oflags, int devtype, struct thread *td)
{
    struct end *e = dev->si_drv1, *peer;

    if (e->e_open)
        return EBUSY; /* all openers of a name would share one connection */
    if (!e->e_server) {
        peer = listener(host_of(e));
        if (peer == NULL || peer->e_peer != NULL)
            return ECONNREFUSED;
        e->e_peer = peer;
        peer->e_peer = e;
        peer->e_closed = 0;
        peer->e_bytes = 0;
        wakeup(peer);
    }
    e->e_open = 1;
    dev->si_flags &= ~SI_CHEAPCLONE;
    return 0;
}

static void
tcp_hangup(struct end *e)
{
    if (e->e_peer != NULL) {
        e->e_peer->e_peer = NULL;
        e->e_peer->e_closed = 1;
        wakeup(e->e_peer);
        e->e_peer = NULL;
    }
    e->e_closed = 1;
    wakeup(e);
}

static void
tcp_free(void *arg)
{
    struct end *e = arg;

    tcp_hangup(e);
    LIST_REMOVE(e, e_link);
    tcp_ends--;
    free(e, M_TCP);
}

/* The name goes too, but not from in here: destroy_dev would wait for us. */
static int
tcp_close(struct cdev *dev, int fflag, int devtype, struct thread *td)
{
    struct end *e = dev->si_drv1;

    e->e_open = 0;
    tcp_hangup(e);
    destroy_dev_sched_cb(dev, tcp_free, e);
    return 0;
}

static int
tcp_read(struct cdev *dev, struct uio *uio, int ioflag)
{
    struct end *e = dev->si_drv1;
    int error, n;

    while (e->e_bytes == 0) {
        if (e->e_closed)
            return 0;
        if (ioflag & IO_NDELAY)
            return EWOULDBLOCK;
        error = tsleep(e, PZERO | PCATCH, "tcpread", 0);
        if (error != 0)
            return error;
    }
    n = uio->uio_resid < e->e_bytes ? (int)uio->uio_resid : e->e_bytes;
    error = uiomove(e->e_in, n, uio);
    if (error != 0)
        return error;
    e->e_bytes -= n;
    memmove(e->e_in, e->e_in + n, (size_t)e->e_bytes);
    wakeup(e);
    return 0;
}

static int
tcp_write(struct cdev *dev, struct uio *uio, int ioflag)
{
    struct end *e = dev->si_drv1, *to;
    int error, n;

    while (uio->uio_resid > 0) {
        to = e->e_peer;
        if (to == NULL)
            return e->e_closed ? EPIPE : ENOTCONN;
        n = TCP_BUFFER - to->e_bytes;
        if (n == 0) {
            if (ioflag & IO_NDELAY)
                return EWOULDBLOCK;
            error = tsleep(to, PZERO | PCATCH, "tcpwrite", 0);
            if (error != 0)
                return error;
            continue;
        }
        if (n > uio->uio_resid)
            n = (int)uio->uio_resid;
        error = uiomove(to->e_in + to->e_bytes, n, uio);
        if (error != 0)
            return error;
        to->e_bytes += n;
        wakeup(to);
    }
    return 0;
}

static void
tcp_purge(struct cdev *dev)
{
    tcp_hangup(dev->si_drv1);
}

static int
tcp_ctl_read(struct cdev *dev, struct uio *uio, int ioflag)
{
    struct end *e;
    char line[SPECNAMELEN + 32];
    int error = 0;

    LIST_FOREACH(e, &ends, e_link)
        if (error == 0 && e->e_server)
            error = uiomove(line, snprintf(line, sizeof line, "%s %s\n", host_of(e), e->e_peer != NULL ? "connected" : "listens"), uio);
    return error;
}

static int
tcp_modevent(module_t mod, int type, void *data)
{
    struct end *e;

    switch (type) {
    case MOD_LOAD:
        LIST_INIT(&ends);
        tcp_ends = 0;
        tcp_tag = EVENTHANDLER_REGISTER(dev_clone, tcp_clone, NULL, 1000);
        if (tcp_tag == NULL)
            return ENOMEM;
        clone_setup(&tcp_clones);
        tcp_ctl[0] = make_dev(&tcp_ctl_cdevsw, 0, UID_ROOT, GID_WHEEL, 0444, "tcp/client/ctl");
        tcp_ctl[1] = make_dev(&tcp_ctl_cdevsw, 1, UID_ROOT, GID_WHEEL, 0444, "tcp/server/ctl");
        return 0;
    case MOD_UNLOAD:
        EVENTHANDLER_DEREGISTER(dev_clone, tcp_tag);
        drain_dev_clone_events();
        destroy_dev_drain(&tcp_cdevsw);
        while ((e = LIST_FIRST(&ends)) != NULL) {
            destroy_dev(e->e_dev);
            tcp_free(e);
        }
        clone_cleanup(&tcp_clones);
        destroy_dev(tcp_ctl[0]);
        destroy_dev(tcp_ctl[1]);
        return 0;
    default:
        return EOPNOTSUPP;
    }
}

DEV_MODULE(tcp, tcp_modevent, NULL);
