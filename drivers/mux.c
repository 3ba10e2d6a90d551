/*
 * mux: N upper streams, opened through the clone node, over M lower streams, linked with I_LINK or I_PLINK.
 *
 * A frame on a lower stream is M_DATA whose first byte is the minor of the upper stream it belongs to. On the way down
 * mux puts that byte in front; on the way up it takes it off and passes the rest to that minor. An upper stream sends
 * through the link that MUX_BIND named (by l_index), else through the first that works. With no link that works, data
 * waits on the upper write queue until there is one.
 *
 *     upper WR  --- muxuwsrv: putnext(l_qbot) --->  lower WR --->  lower driver
 *     muxuwsrv  <--- qenable --- muxlwsrv  <--- back-enabled from below
 *     upper RD  <--- muxlrsrv: by minor ---------  lower RD  <---  lower driver
 *     muxlrsrv  <--- qenable --- muxursrv  <--- back-enabled from above
 *
 * Flow control does not cross a multiplexor by itself: muxlwsrv and muxursrv are there to be back-enabled, and do nothing
 * but enable those that were held back (mux(4)). A message that waits for one
 * upper stream holds back those behind it on the same lower stream.
 *
 * To a lower stream mux is the stream head: it turns M_FLUSH round and refuses ioctls. M_HANGUP or M_ERROR from below
 * puts the link out of use and goes to the upper streams bound to it; the others, the control stream among them, do not
 * see it. Those bound to a link that is unlinked are hung up too. An upper unit has u_read, a lower one l_write, exactly
 * while it is in use.
 *
 * mux_devices: as echo_devices in echo.c.
 */
#include <sys/types.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/conf.h>
#include <sys/cred.h>
#include <sys/stream.h>
#include <sys/stropts.h>
#include <sys/minor.h>
#include "mux.h"
#include <sys/ddi.h>

int muxopen(queue_t *, dev_t *, int, int, cred_t *);
int muxclose(queue_t *, int, cred_t *);
int muxuwput(queue_t *, mblk_t *);
int muxuwsrv(queue_t *);
int muxursrv(queue_t *);
int muxlrput(queue_t *, mblk_t *);
int muxlrsrv(queue_t *);
int muxlwsrv(queue_t *);
void muxunload(void);

static struct module_info mux_minfo = { 0x6d75, "mux", 0, INFPSZ, 4096, 1024 };
static struct qinit mux_rinit = { NULL, muxursrv, muxopen, muxclose, NULL, &mux_minfo, NULL };
static struct qinit mux_winit = { muxuwput, muxuwsrv, NULL, NULL, NULL, &mux_minfo, NULL };
static struct qinit mux_lrinit = { muxlrput, muxlrsrv, NULL, NULL, NULL, &mux_minfo, NULL };
static struct qinit mux_lwinit = { NULL, muxlwsrv, NULL, NULL, NULL, &mux_minfo, NULL };
struct streamtab muxinfo = { &mux_rinit, &mux_winit, &mux_lrinit, &mux_lwinit };
int muxdevflag = D_MP;

/* Upper and lower streams, each; at most 256, as a frame has one byte for the minor. */
int mux_devices __attribute__((weak)) = 16;

struct lower {
    queue_t *l_write; /* NULL: not linked */
    int l_index;
    int l_dead; /* hung up, or in error */
};

struct upper {
    queue_t *u_read; /* NULL: not open */
    minor_t u_minor;
    int u_bound; /* l_index of the link it insists on, or 0 */
    bufcall_id_t u_bufcall;
};

#define MUX_COUNT (mux_devices <= 256 ? mux_devices : 0)

MINOR_UNITS(mux, MUX_COUNT, struct upper);
MINOR_UNITS(mux_lower, MUX_COUNT, struct lower); /* for its units; links have no minors */

static struct upper *
mux_upper_at(int i)
{
    return (struct upper *)minor_unit(mux_minors, (minor_t)i);
}

static struct lower *
mux_lower_at(int i)
{
    return (struct lower *)minor_unit(mux_lower_minors, (minor_t)i);
}

void
muxunload(void)
{
    minor_table_free(mux_minors);
    minor_table_free(mux_lower_minors);
}

int
muxopen(queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *credp)
{
    struct upper *upper;
    int minor, error;

    if (sflag == MODOPEN)
        return ENXIO;
    if (q->q_ptr != NULL)
        return 0;
    if (minors_count(mux_lower_minors) == 0)
        return ENOMEM;
    if (sflag == CLONEOPEN) {
        minor = minor_take(mux_minors);
        if (minor < 0)
            return minor == -1 ? EBUSY : ENOMEM;
    } else {
        minor = (int)geteminor(*devp);
        error = minor_take_this(mux_minors, (minor_t)minor);
        if (error != 0)
            return error;
    }
    upper = mux_upper_at(minor);
    upper->u_minor = (minor_t)minor;
    upper->u_read = q;
    upper->u_bound = 0;
    upper->u_bufcall = 0;
    q->q_ptr = WR(q)->q_ptr = upper;
    *devp = makedevice(getemajor(*devp), (minor_t)minor);
    qprocson(q);
    return 0;
}

static void
mux_enable_lower_reads(void)
{
    struct lower *lower;
    int i;

    for (i = 0; (lower = mux_lower_at(i)) != NULL; ++i)
        if (lower->l_write != NULL)
            qenable(RD(lower->l_write));
}

static void
mux_enable_upper_writes(void)
{
    struct upper *upper;
    int i;

    for (i = 0; (upper = mux_upper_at(i)) != NULL; ++i)
        if (upper->u_read != NULL)
            qenable(WR(upper->u_read));
}

/* Its links are gone by now (CLS-003), the persistent ones excepted, which are nobody's. */
int
muxclose(queue_t *q, int flag, cred_t *credp)
{
    struct upper *upper = (struct upper *)q->q_ptr;

    qprocsoff(q);
    if (upper->u_bufcall != 0)
        unbufcall(upper->u_bufcall);
    upper->u_read = NULL;
    q->q_ptr = WR(q)->q_ptr = NULL;
    minor_give(mux_minors, upper->u_minor);
    mux_enable_lower_reads(); /* what waits for this one is freed */
    return 0;
}

/* --- links --- */

static struct lower *
mux_lower(int index)
{
    struct lower *lower;
    int i;

    for (i = 0; (lower = mux_lower_at(i)) != NULL; ++i)
        if (lower->l_write != NULL && lower->l_index == index)
            break;
    return lower;
}

static int
mux_link(struct linkblk *link)
{
    struct lower *lower;
    int i;

    for (i = 0; (lower = mux_lower_at(i)) != NULL; ++i)
        if (lower->l_write == NULL)
            break;
    if (lower == NULL)
        return EAGAIN;
    lower->l_write = link->l_qbot;
    lower->l_index = link->l_index;
    lower->l_dead = 0;
    link->l_qbot->q_ptr = RD(link->l_qbot)->q_ptr = lower;
    mux_enable_upper_writes();
    return 0;
}

static int
mux_unlink(struct linkblk *link)
{
    struct lower *lower = mux_lower(link->l_index);
    struct upper *upper;
    int i;

    if (lower == NULL)
        return EINVAL;
    for (i = 0; (upper = mux_upper_at(i)) != NULL; ++i)
        if (upper->u_bound == lower->l_index) {
            upper->u_bound = 0;
            if (upper->u_read != NULL)
                putnextctl(upper->u_read, M_HANGUP);
        }
    lower->l_write->q_ptr = RD(lower->l_write)->q_ptr = NULL;
    lower->l_write = NULL;
    mux_enable_upper_writes();
    return 0;
}

static int
mux_bind(struct upper *upper, int index)
{
    if (index != 0 && mux_lower(index) == NULL)
        return ENXIO;
    upper->u_bound = index;
    qenable(WR(upper->u_read));
    return 0;
}

static int
mux_ioctl(queue_t *q, mblk_t *mp)
{
    struct iocblk *ioc = (struct iocblk *)mp->b_rptr;
    struct linkblk link;
    int index;

    switch (ioc->ioc_cmd) {
    case I_LINK:
    case I_PLINK:
    case I_UNLINK:
    case I_PUNLINK:
        if (ioc->ioc_count != sizeof link || !pullupmsg(mp->b_cont, sizeof link))
            return EINVAL;
        bcopy((char *)mp->b_cont->b_rptr, (char *)&link, sizeof link);
        return ioc->ioc_cmd == I_LINK || ioc->ioc_cmd == I_PLINK ? mux_link(&link) : mux_unlink(&link);
    case MUX_BIND:
        if (ioc->ioc_count != sizeof index || !pullupmsg(mp->b_cont, sizeof index))
            return EINVAL;
        bcopy((char *)mp->b_cont->b_rptr, (char *)&index, sizeof index);
        return mux_bind((struct upper *)q->q_ptr, index);
    default:
        return EINVAL;
    }
}

/* --- down --- */

int
muxuwput(queue_t *q, mblk_t *mp)
{
    struct iocblk *ioc;

    switch (mp->b_datap->db_type) {
    case M_DATA:
        if (!putq(q, mp))
            freemsg(mp);
        break;
    case M_IOCTL:
        ioc = (struct iocblk *)mp->b_rptr;
        ioc->ioc_error = mux_ioctl(q, mp);
        mp->b_datap->db_type = ioc->ioc_error ? M_IOCNAK : M_IOCACK;
        ioc->ioc_rval = 0;
        ioc->ioc_count = 0;
        qreply(q, mp);
        break;
    case M_FLUSH:
        if (*mp->b_rptr & FLUSHW) {
            if (*mp->b_rptr & FLUSHBAND)
                flushband(q, mp->b_rptr[1], FLUSHDATA);
            else
                flushq(q, FLUSHDATA);
            *mp->b_rptr &= ~FLUSHW;
        }
        if (*mp->b_rptr & FLUSHR)
            qreply(q, mp);
        else
            freemsg(mp);
        break;
    default:
        freemsg(mp);
        break;
    }
    return 0;
}

/* The link that an upper stream's data goes to now. */
static struct lower *
mux_route(struct upper *upper)
{
    struct lower *lower;
    int i;

    if (upper->u_bound != 0)
        return mux_lower(upper->u_bound);
    for (i = 0; (lower = mux_lower_at(i)) != NULL; ++i)
        if (lower->l_write != NULL && !lower->l_dead)
            break;
    return lower;
}

static void
mux_memory(void *arg)
{
    struct upper *upper = (struct upper *)arg;

    upper->u_bufcall = 0;
    qenable(WR(upper->u_read));
}

int
muxuwsrv(queue_t *q)
{
    struct upper *upper = (struct upper *)q->q_ptr;
    struct lower *lower;
    mblk_t *mp, *head;

    while ((mp = getq(q)) != NULL) {
        lower = mux_route(upper);
        if (lower != NULL && lower->l_dead) {
            freemsg(mp); /* it insists on a link that is out of use */
            continue;
        }
        if (lower == NULL || !bcanputnext(lower->l_write, mp->b_band)) {
            putbq(q, mp);
            break;
        }
        if ((head = allocb(1, BPRI_MED)) == NULL) {
            putbq(q, mp);
            if (upper->u_bufcall == 0)
                upper->u_bufcall = bufcall(1, BPRI_MED, mux_memory, (void *)upper);
            break;
        }
        *head->b_wptr++ = (unsigned char)upper->u_minor;
        head->b_band = mp->b_band;
        head->b_cont = mp;
        putnext(lower->l_write, head);
    }
    return 0;
}

/* There is room below again. */
int
muxlwsrv(queue_t *q)
{
    mux_enable_upper_writes();
    return 0;
}

/* --- up --- */

static void
mux_out_of_use(struct lower *lower, mblk_t *mp)
{
    struct upper *upper;
    mblk_t *copy;
    int i;

    lower->l_dead = 1;
    for (i = 0; (upper = mux_upper_at(i)) != NULL; ++i)
        if (upper->u_read != NULL && upper->u_bound == lower->l_index && (copy = copymsg(mp)) != NULL)
            putnext(upper->u_read, copy);
    freemsg(mp);
    mux_enable_upper_writes(); /* the others go over to another link */
}

int
muxlrput(queue_t *q, mblk_t *mp)
{
    struct lower *lower = (struct lower *)q->q_ptr;
    struct iocblk *ioc;

    if (lower == NULL && mp->b_datap->db_type != M_FLUSH) {
        freemsg(mp); /* before the link is made, and after */
        return 0;
    }
    switch (mp->b_datap->db_type) {
    case M_DATA:
        if (!putq(q, mp))
            freemsg(mp);
        break;
    case M_HANGUP:
    case M_ERROR:
        mux_out_of_use(lower, mp);
        break;
    case M_FLUSH:
        if (*mp->b_rptr & FLUSHR) {
            if (*mp->b_rptr & FLUSHBAND)
                flushband(q, mp->b_rptr[1], FLUSHDATA);
            else
                flushq(q, FLUSHDATA);
            *mp->b_rptr &= ~FLUSHR;
        }
        if (*mp->b_rptr & FLUSHW)
            qreply(q, mp);
        else
            freemsg(mp);
        break;
    case M_IOCTL:
        ioc = (struct iocblk *)mp->b_rptr;
        ioc->ioc_error = EINVAL;
        ioc->ioc_count = 0;
        mp->b_datap->db_type = M_IOCNAK;
        qreply(q, mp);
        break;
    default:
        freemsg(mp);
        break;
    }
    return 0;
}

/* The open upper stream that a frame names; NULL for an empty frame, or one for nobody. */
static struct upper *
mux_addressee(mblk_t *mp)
{
    struct upper *upper;

    while (mp != NULL && mp->b_rptr == mp->b_wptr)
        mp = mp->b_cont;
    upper = mp != NULL ? mux_upper_at(*mp->b_rptr) : NULL;
    return upper != NULL && upper->u_read != NULL ? upper : NULL;
}

int
muxlrsrv(queue_t *q)
{
    struct upper *upper;
    mblk_t *mp;

    while ((mp = getq(q)) != NULL) {
        upper = mux_addressee(mp);
        if (upper == NULL) {
            freemsg(mp);
            continue;
        }
        if (!bcanputnext(upper->u_read, mp->b_band)) {
            putbq(q, mp);
            break;
        }
        adjmsg(mp, 1);
        putnext(upper->u_read, mp);
    }
    return 0;
}

/* There is room above again. */
int
muxursrv(queue_t *q)
{
    mux_enable_lower_reads();
    return 0;
}
