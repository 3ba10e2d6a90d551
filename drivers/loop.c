/*
 * loop: two streams of this driver, joined back to back.
 *
 * Each clone open gives a stream that leads nowhere; LOOP_SET on one of them names the minor of another, and from then on
 * what is written on either comes out of the other. Closing one of them hangs the other up. Data written before the join
 * has nowhere to go: it is freed, and the stream gets M_ERROR with ENXIO for both sides. A stream joined with itself echoes.
 *
 * A message goes straight across while there is room at the far reader and nothing waits before it; else it waits on the
 * write queue. When the far reader makes room, back-enabling runs the read service procedure of the far stream, which
 * schedules the write queue that feeds it.
 *
 *     A write queue  ---- putnext ---->  B read queue, B's stream head
 *     A wsrv  <--- qenable --- B rsrv  <--- back-enabled
 *
 * l_peer of both is set or of neither; close clears it on both sides before the unit goes. A flush goes across like data,
 * with FLUSHR and FLUSHW exchanged, for one stream's write side is the other's read side: what the far stream head turns
 * round comes back here exchanged once more.
 *
 * loop_devices: as echo_devices in echo.c.
 */
#include <sys/types.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/conf.h>
#include <sys/cred.h>
#include <sys/stream.h>
#include <sys/stropts.h>
#include <sys/minor.h>
#include "loop.h"
#include <sys/ddi.h>

int putnextctl2(); /* gnu89 drivers declare it themselves (PUT-017) */

int loopopen(queue_t *, dev_t *, int, int, cred_t *);
int loopclose(queue_t *, int, cred_t *);
int loopwput(queue_t *, mblk_t *);
int looprsrv(queue_t *);
int loopwsrv(queue_t *);
void loopunload(void);

static struct module_info loop_minfo = { 0x6c6f, "loop", 0, INFPSZ, 4096, 1024 };
static struct qinit loop_rinit = { NULL, looprsrv, loopopen, loopclose, NULL, &loop_minfo, NULL };
static struct qinit loop_winit = { loopwput, loopwsrv, NULL, NULL, NULL, &loop_minfo, NULL };
struct streamtab loopinfo = { &loop_rinit, &loop_winit, NULL, NULL };
int loopdevflag = D_MP;

int loop_devices __attribute__((weak)) = 16;

struct loop {
    minor_t l_minor;
    major_t l_major;
    queue_t *l_read; /* NULL: not open */
    struct loop *l_peer;
};

MINOR_UNITS(loop, loop_devices, struct loop);

void
loopunload(void)
{
    minor_table_free(loop_minors);
}

int
loopopen(queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *credp)
{
    struct loop *loop;
    int minor, error;

    if (sflag == MODOPEN)
        return ENXIO;
    if (q->q_ptr != NULL)
        return 0;
    if (sflag == CLONEOPEN) {
        minor = minor_take(loop_minors);
        if (minor < 0)
            return minor == -1 ? EBUSY : ENOMEM;
    } else {
        minor = (int)geteminor(*devp);
        error = minor_take_this(loop_minors, (minor_t)minor);
        if (error != 0)
            return error;
    }
    loop = (struct loop *)minor_unit(loop_minors, (minor_t)minor);
    loop->l_minor = (minor_t)minor;
    loop->l_major = getemajor(*devp);
    loop->l_read = q;
    loop->l_peer = NULL;
    q->q_ptr = WR(q)->q_ptr = loop;
    *devp = makedevice(loop->l_major, loop->l_minor);
    qprocson(q);
    return 0;
}

int
loopclose(queue_t *q, int flag, cred_t *credp)
{
    struct loop *loop = (struct loop *)q->q_ptr;
    struct loop *peer = loop->l_peer;

    qprocsoff(q);
    loop->l_peer = NULL;
    loop->l_read = NULL;
    if (peer != NULL && peer != loop) {
        peer->l_peer = NULL;
        flushq(WR(peer->l_read), FLUSHALL); /* nobody will read it */
        putnextctl(peer->l_read, M_HANGUP);
    }
    q->q_ptr = WR(q)->q_ptr = NULL;
    minor_give(loop_minors, loop->l_minor);
    return 0;
}

/* The unit that the argument of LOOP_SET names; NULL when it names none that is open. */
static struct loop *
loop_named(struct loop *from, mblk_t *arg, unsigned int count)
{
    struct loop *named;
    minor_t minor;
    dev_t dev;
    int number;

    if (count == sizeof(int)) {
        bcopy((char *)arg->b_rptr, (char *)&number, sizeof number);
        minor = (minor_t)number;
    } else {
        bcopy((char *)arg->b_rptr, (char *)&dev, sizeof dev);
        if (getemajor(dev) != from->l_major)
            return NULL;
        minor = geteminor(dev);
    }
    named = (struct loop *)minor_unit(loop_minors, minor);
    return named != NULL && named->l_read != NULL ? named : NULL;
}

static int
loop_set(struct loop *loop, mblk_t *mp)
{
    struct iocblk *ioc = (struct iocblk *)mp->b_rptr;
    struct loop *other;

    if ((ioc->ioc_count != sizeof(int) && ioc->ioc_count != sizeof(dev_t)) || mp->b_cont == NULL)
        return EINVAL;
    if (!pullupmsg(mp->b_cont, (ssize_t)ioc->ioc_count))
        return EINVAL;
    other = loop_named(loop, mp->b_cont, ioc->ioc_count);
    if (other == NULL)
        return ENXIO;
    if (loop->l_peer != NULL || other->l_peer != NULL)
        return EBUSY;
    loop->l_peer = other;
    other->l_peer = loop;
    return 0;
}

static void
loop_flush(queue_t *q, mblk_t *mp)
{
    struct loop *peer = ((struct loop *)q->q_ptr)->l_peer;
    unsigned char what = *mp->b_rptr;

    if (what & FLUSHW) {
        if (what & FLUSHBAND)
            flushband(q, mp->b_rptr[1], FLUSHDATA);
        else
            flushq(q, FLUSHDATA);
    }
    if (peer != NULL) {
        *mp->b_rptr = (unsigned char)((what & ~FLUSHRW) | ((what & FLUSHR) ? FLUSHW : 0) | ((what & FLUSHW) ? FLUSHR : 0));
        putnext(peer->l_read, mp);
    } else if (what & FLUSHR) {
        *mp->b_rptr &= ~FLUSHW;
        qreply(q, mp);
    } else
        freemsg(mp);
}

int
loopwput(queue_t *q, mblk_t *mp)
{
    struct loop *loop = (struct loop *)q->q_ptr;
    struct iocblk *ioc;

    switch (mp->b_datap->db_type) {
    case M_IOCTL:
        ioc = (struct iocblk *)mp->b_rptr;
        ioc->ioc_error = ioc->ioc_cmd == LOOP_SET ? loop_set(loop, mp) : EINVAL;
        mp->b_datap->db_type = ioc->ioc_error ? M_IOCNAK : M_IOCACK;
        ioc->ioc_rval = 0;
        ioc->ioc_count = 0;
        qreply(q, mp);
        break;
    case M_FLUSH:
        loop_flush(q, mp);
        break;
    default:
        if (loop->l_peer == NULL) {
            int data = datamsg(mp->b_datap->db_type);

            freemsg(mp);
            if (data)
                putnextctl2(RD(q), M_ERROR, ENXIO, ENXIO);
        } else if (queclass(mp) == QPCTL || (q->q_first == NULL && bcanputnext(loop->l_peer->l_read, mp->b_band)))
            putnext(loop->l_peer->l_read, mp);
        else if (!putq(q, mp))
            freemsg(mp);
        break;
    }
    return 0;
}

int
loopwsrv(queue_t *q)
{
    struct loop *loop = (struct loop *)q->q_ptr;
    mblk_t *mp;

    while ((mp = getq(q)) != NULL) {
        if (loop->l_peer == NULL) {
            freemsg(mp);
            continue;
        }
        if (!bcanputnext(loop->l_peer->l_read, mp->b_band)) {
            putbq(q, mp);
            break;
        }
        putnext(loop->l_peer->l_read, mp);
    }
    return 0;
}

int
looprsrv(queue_t *q)
{
    struct loop *loop = (struct loop *)q->q_ptr;

    if (loop->l_peer != NULL)
        qenable(WR(loop->l_peer->l_read));
    return 0;
}
