/*
 * spx: how pipes were made before SVR4 had them.
 *
 * Two clone opens give two streams; I_FDINSERT on one of them sends down a message that carries a value for the other, and the
 * driver joins the two: each write queue then leads to the other's read queue, as in a pipe, and descriptors can be passed.
 * From then on the driver does nothing but pass messages on. Closing one stream hangs the other up.
 *
 *     A write queue  ---- q_next ---->  B read queue, B's stream head
 *
 * Data written before the join is freed, and the stream gets M_ERROR with ENXIO; so it does for a value that names no stream of
 * this driver, or one that is joined.
 *
 * spx_devices: as echo_devices in echo.c.
 */
#include <sys/types.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/conf.h>
#include <sys/cred.h>
#include <sys/stream.h>
#include <sys/stropts.h>
#include <sys/fdinsert.h>
#include <sys/minor.h>
#include <sys/ddi.h>

int spxopen(queue_t *, dev_t *, int, int, cred_t *);
int spxclose(queue_t *, int, cred_t *);
int spxput(queue_t *, mblk_t *);
int spxwput(queue_t *, mblk_t *);
void spxunload(void);

static struct module_info spx_minfo = { 0x7370, "spx", 0, INFPSZ, STRHIGH, STRLOW };
static struct qinit spx_rinit = { spxput, NULL, spxopen, spxclose, NULL, &spx_minfo, NULL };
static struct qinit spx_winit = { spxwput, NULL, NULL, NULL, NULL, &spx_minfo, NULL };
struct streamtab spxinfo = { &spx_rinit, &spx_winit, NULL, NULL };
int spxdevflag = D_MP;

int spx_devices __attribute__((weak)) = 16;

struct spx {
    minor_t s_minor;
    queue_t *s_read;
};

MINOR_UNITS(spx, spx_devices, struct spx);

void
spxunload(void)
{
    minor_table_free(spx_minors);
}

int
spxopen(queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *credp)
{
    struct spx *spx;
    int minor, error;

    if (sflag == MODOPEN)
        return ENXIO;
    if (q->q_ptr != NULL)
        return 0;
    if (sflag == CLONEOPEN) {
        minor = minor_take(spx_minors);
        if (minor < 0)
            return minor == -1 ? EBUSY : ENOMEM;
    } else {
        minor = (int)geteminor(*devp);
        error = minor_take_this(spx_minors, (minor_t)minor);
        if (error != 0)
            return error;
    }
    spx = (struct spx *)minor_unit(spx_minors, (minor_t)minor);
    spx->s_minor = (minor_t)minor;
    spx->s_read = q;
    q->q_ptr = WR(q)->q_ptr = spx;
    *devp = makedevice(getemajor(*devp), (minor_t)minor);
    qprocson(q);
    return 0;
}

int
spxclose(queue_t *q, int flag, cred_t *credp)
{
    struct spx *spx = (struct spx *)q->q_ptr;
    queue_t *peer = WR(q)->q_next;

    if (peer != NULL) {
        WR(q)->q_next = WR(peer)->q_next = NULL;
        putnextctl(peer, M_HANGUP);
    }
    qprocsoff(q);
    q->q_ptr = WR(q)->q_ptr = NULL;
    minor_give(spx_minors, spx->s_minor);
    return 0;
}

int
spxput(queue_t *q, mblk_t *mp)
{
    putnext(q, mp);
    return 0;
}

/* The message of an I_FDINSERT names a stream of this driver that is not joined: 1 when the two are joined now. */
static int
spx_join(queue_t *q, mblk_t *mp)
{
    unsigned int value;
    queue_t *other;

    if (mp->b_wptr - mp->b_rptr < (long)sizeof value)
        return 0;
    bcopy((char *)mp->b_rptr, (char *)&value, sizeof value);
    other = fdinsert_queue(value);
    if (other == NULL || other->q_qinfo != &spx_rinit || other == RD(q) || WR(other)->q_next != NULL)
        return 0;
    q->q_next = other;
    WR(other)->q_next = RD(q);
    return 1;
}

int
spxwput(queue_t *q, mblk_t *mp)
{
    if (q->q_next != NULL) {
        putnext(q, mp);
        return 0;
    }
    switch (mp->b_datap->db_type) {
    case M_FLUSH:
        if (*mp->b_rptr & FLUSHR) {
            *mp->b_rptr &= ~FLUSHW;
            qreply(q, mp);
        } else {
            freemsg(mp);
        }
        break;
    case M_IOCTL:
        mp->b_datap->db_type = M_IOCNAK;
        qreply(q, mp);
        break;
    case M_PROTO:
    case M_PCPROTO:
        if (spx_join(q, mp)) {
            freemsg(mp);
            break;
        }
        /* FALLTHROUGH */
    case M_DATA:
        freemsg(mp);
        putctl1(RD(q)->q_next, M_ERROR, ENXIO);
        break;
    default:
        freemsg(mp);
        break;
    }
    return 0;
}
