/*
 * teach: a driver to watch the stream head with. It returns what is written to it, and by ioctls it can be told to hold
 * messages back, to take its time, to copy user memory, to hang up, to fail and to report.
 *
 * Its write queue is small on purpose: full at 16 bytes, room again below 4.
 *
 *   TEACH_HOLD    I_STR, "1" or "0": leave messages on the write queue, or let them go
 *   TEACH_UPPER   transparent, 8 bytes: copies them in, makes them capitals, copies them out
 *   TEACH_LATE    I_STR: answered after two seconds
 *   TEACH_HANGUP  I_STR: M_HANGUP follows the answer
 *   TEACH_ERROR   I_STR, one or two bytes: M_ERROR with them follows the answer
 *   TEACH_LOG     I_STR, "3et100": a hundred messages of level 3 by strlog, as an error (e) and for a tracer (t)
 */
#include <sys/types.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/conf.h>
#include <sys/cred.h>
#include <sys/stream.h>
#include <sys/stropts.h>
#include <sys/minor.h>
#include <sys/strlog.h>
#include <sys/ddi.h>

int putnextctl2(); /* gnu89 drivers declare it themselves (PUT-017) */

#define TEACH_HOLD 0x7401
#define TEACH_UPPER 0x7402
#define TEACH_LATE 0x7403
#define TEACH_HANGUP 0x7404
#define TEACH_ERROR 0x7405
#define TEACH_LOG 0x7406

#define TEACH_UNITS 4
#define TEACH_BYTES 8

static int teachopen(), teachclose(), teachwput(), teachwsrv(), teachrsrv();

static struct module_info teach_minfo = { 0x7465, "teach", 0, INFPSZ, 16, 4 };
static struct qinit teach_rinit = { NULL, teachrsrv, teachopen, teachclose, NULL, &teach_minfo, NULL };
static struct qinit teach_winit = { teachwput, teachwsrv, NULL, NULL, NULL, &teach_minfo, NULL };
struct streamtab teachinfo = { &teach_rinit, &teach_winit, NULL, NULL };
int teachdevflag = 0;

struct teach {
    minor_t t_minor;
    int t_holding;
    mblk_t *t_late; /* an M_IOCTL whose answer is due */
    toid_t t_timer;
    queue_t *t_q;
};

MINOR_UNITS(teach, TEACH_UNITS, struct teach);

void
teachunload()
{
    minor_table_free(teach_minors);
}

static int
teachopen(q, devp, oflag, sflag, crp)
    queue_t *q;
    dev_t *devp;
    int oflag, sflag;
    cred_t *crp;
{
    int m;
    struct teach *t;

    if (sflag == MODOPEN)
        return ENXIO;
    if (q->q_ptr != NULL)
        return 0;
    if (sflag == CLONEOPEN) {
        if ((m = minor_take(teach_minors)) < 0)
            return m == -1 ? EBUSY : ENOMEM;
    } else {
        int error = minor_take_this(teach_minors, geteminor(*devp));

        if (error)
            return error;
        m = geteminor(*devp);
    }
    t = (struct teach *)minor_unit(teach_minors, (minor_t)m);
    bzero((caddr_t)t, sizeof(*t));
    t->t_minor = m;
    t->t_q = q;
    q->q_ptr = WR(q)->q_ptr = (caddr_t)t;
    *devp = makedevice(getemajor(*devp), (minor_t)m);
    qprocson(q);
    return 0;
}

static int
teachclose(q, flag, crp)
    queue_t *q;
    int flag;
    cred_t *crp;
{
    struct teach *t = (struct teach *)q->q_ptr;

    qprocsoff(q);
    if (t->t_timer)
        untimeout(t->t_timer);
    freemsg(t->t_late);
    minor_give(teach_minors, t->t_minor);
    q->q_ptr = WR(q)->q_ptr = NULL;
    return 0;
}

static void
teach_ack(q, mp, error)
    queue_t *q;
    mblk_t *mp;
    int error;
{
    struct iocblk *ioc = (struct iocblk *)mp->b_rptr;

    mp->b_datap->db_type = error ? M_IOCNAK : M_IOCACK;
    ioc->ioc_error = error;
    ioc->ioc_count = 0;
    ioc->ioc_rval = 0;
    qreply(q, mp);
}

static void
teach_answer_late(t)
    struct teach *t;
{
    mblk_t *mp = t->t_late;

    t->t_timer = 0;
    t->t_late = NULL;
    teach_ack(WR(t->t_q), mp, 0);
}

/* TEACH_UPPER, first step: ask the stream head for the bytes at the address that the caller gave. */
static void
teach_copyin(q, mp)
    queue_t *q;
    mblk_t *mp;
{
    struct copyreq *cq = (struct copyreq *)mp->b_rptr;
    caddr_t from = *(caddr_t *)mp->b_cont->b_rptr;

    freemsg(mp->b_cont);
    mp->b_cont = NULL;
    cq->cq_private = (mblk_t *)from; /* comes back with the answer */
    cq->cq_addr = from;
    cq->cq_size = TEACH_BYTES;
    cq->cq_flag = 0;
    mp->b_wptr = mp->b_rptr + sizeof(*cq);
    mp->b_datap->db_type = M_COPYIN;
    qreply(q, mp);
}

/* Its later steps: the bytes came, or were taken. */
static void
teach_iocdata(q, mp)
    queue_t *q;
    mblk_t *mp;
{
    struct copyresp *cp = (struct copyresp *)mp->b_rptr;
    struct copyreq *cq = (struct copyreq *)mp->b_rptr;
    caddr_t to;
    unsigned char *p;

    if (cp->cp_rval) { /* the copy failed, and with it the ioctl */
        freemsg(mp);
        return;
    }
    if (mp->b_cont == NULL) { /* taken */
        struct iocblk *ioc = (struct iocblk *)mp->b_rptr;

        mp->b_wptr = mp->b_rptr + sizeof(*ioc);
        teach_ack(q, mp, 0);
        return;
    }
    for (p = mp->b_cont->b_rptr; p < mp->b_cont->b_wptr; p++)
        if (*p >= 'a' && *p <= 'z')
            *p += 'A' - 'a';
    to = (caddr_t)cp->cp_private;
    cq->cq_addr = to;
    cq->cq_size = TEACH_BYTES;
    cq->cq_flag = 0;
    mp->b_wptr = mp->b_rptr + sizeof(*cq);
    mp->b_datap->db_type = M_COPYOUT;
    qreply(q, mp);
}

static int
teach_number(p, end)
    unsigned char **p, *end;
{
    int n = 0;

    while (*p < end && **p >= '0' && **p <= '9' && n < 10000)
        n = 10 * n + *(*p)++ - '0';
    return n;
}

static int
teach_log(t, mp)
    struct teach *t;
    mblk_t *mp;
{
    unsigned char *p, *end;
    int level, count, i, flags = 0;

    if (mp == NULL)
        return EINVAL;
    p = mp->b_rptr;
    end = mp->b_wptr;
    level = teach_number(&p, end);
    while (p < end && (*p == 'e' || *p == 't'))
        flags |= *p++ == 'e' ? SL_ERROR : SL_TRACE;
    count = teach_number(&p, end);
    if (flags == 0 || p != end)
        return EINVAL;
    for (i = 1; i <= count; i++)
        strlog(teach_minfo.mi_idnum, t->t_minor, level, flags, "message %d of %d", i, count);
    return 0;
}

static void
teach_ioctl(q, mp)
    queue_t *q;
    mblk_t *mp;
{
    struct teach *t = (struct teach *)q->q_ptr;
    struct iocblk *ioc = (struct iocblk *)mp->b_rptr;
    unsigned char byte[2];
    int bytes = 0;

    if (ioc->ioc_count == TRANSPARENT) {
        if (ioc->ioc_cmd == TEACH_UPPER)
            teach_copyin(q, mp);
        else
            teach_ack(q, mp, EINVAL);
        return;
    }
    if (mp->b_cont)
        for (; bytes < 2 && mp->b_cont->b_rptr + bytes < mp->b_cont->b_wptr; bytes++)
            byte[bytes] = mp->b_cont->b_rptr[bytes];
    switch (ioc->ioc_cmd) {
    case TEACH_HOLD:
        if (bytes < 1) {
            teach_ack(q, mp, EINVAL);
            return;
        }
        t->t_holding = byte[0] == '1';
        teach_ack(q, mp, 0);
        if (!t->t_holding)
            qenable(q);
        return;
    case TEACH_LATE:
        if (t->t_late) {
            teach_ack(q, mp, EBUSY);
            return;
        }
        t->t_late = mp;
        t->t_timer = timeout(teach_answer_late, (caddr_t)t, 2 * HZ);
        if (t->t_timer == 0)
            teach_answer_late(t);
        return;
    case TEACH_HANGUP:
        teach_ack(q, mp, 0);
        putnextctl(RD(q), M_HANGUP);
        return;
    case TEACH_ERROR:
        teach_ack(q, mp, bytes ? 0 : EINVAL);
        if (bytes == 2)
            putnextctl2(RD(q), M_ERROR, byte[0], byte[1]);
        else if (bytes == 1)
            putnextctl1(RD(q), M_ERROR, byte[0]);
        return;
    case TEACH_LOG:
        teach_ack(q, mp, teach_log(t, mp->b_cont));
        return;
    default:
        teach_ack(q, mp, EINVAL);
    }
}

static int
teachwput(q, mp)
    queue_t *q;
    mblk_t *mp;
{
    switch (mp->b_datap->db_type) {
    case M_IOCTL:
        teach_ioctl(q, mp);
        break;
    case M_IOCDATA:
        teach_iocdata(q, mp);
        break;
    case M_FLUSH:
        if (*mp->b_rptr & FLUSHW) {
            if (*mp->b_rptr & FLUSHBAND)
                flushband(q, mp->b_rptr[1], FLUSHDATA);
            else
                flushq(q, FLUSHDATA);
        }
        if (*mp->b_rptr & FLUSHR) {
            *mp->b_rptr &= ~FLUSHW;
            qreply(q, mp);
        } else
            freemsg(mp);
        break;
    case M_DATA:
    case M_PROTO:
    case M_PCPROTO:
        putq(q, mp);
        break;
    default:
        freemsg(mp);
    }
    return 0;
}

/* Everything goes up again, in the order of the queue, as far as there is room above. */
static int
teachwsrv(q)
    queue_t *q;
{
    struct teach *t = (struct teach *)q->q_ptr;
    mblk_t *mp;

    if (t->t_holding)
        return 0;
    while ((mp = getq(q)) != NULL) {
        if (mp->b_datap->db_type < QPCTL && !bcanputnext(RD(q), mp->b_band)) {
            putbq(q, mp);
            break;
        }
        qreply(q, mp);
    }
    return 0;
}

/* Back-enabled: the stream head has room again. */
static int
teachrsrv(q)
    queue_t *q;
{
    qenable(WR(q));
    return 0;
}
