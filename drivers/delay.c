/*
 * delay: a module that holds each message so many ticks (DELAY_TICKS), and then lets so many bytes a tick pass (DELAY_RATE).
 * It is a slow line to try a program on, and shows how a module waits: for time, and for room.
 *
 * Both directions do the same, each with a struct side. The put procedure never waits: a message that may not go on is put on
 * the queue. The service procedure takes messages off while they may go on, and each reason to stop has one who starts it again:
 *
 *     stops because                     starts again
 *     none is due yet                   delay_tick, when the first is due
 *     the bytes of this tick are used   delay_tick, when there are bytes again
 *     there is no room in front         back-enabling: canput said no, and remembers who asked
 *
 * The queue is one of those that putq does not enable (noenable), for an arriving message makes none due. Behind it, flow control
 * works by itself: it fills to its high-water mark, canput of whoever sends says no, and getq below the low-water mark
 * back-enables them. So a module with a service procedure passes back-pressure on without a line of code.
 *
 * When messages are due is written in a ring: at d_when, d_count more may go. All are held equally long, so the first due is the
 * first of the queue. Should the ring fill up, the last entry takes the newcomer along: late, never early. A message of a higher
 * band goes out in the place of the one that it overtakes.
 *
 * High-priority messages do not wait. A flush drops what is held, and with it what was due.
 */
#include <sys/types.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/conf.h>
#include <sys/cred.h>
#include <sys/stream.h>
#include <sys/stropts.h>
#include <sys/kmem.h>
#include "delay.h"
#include <sys/ddi.h>

#define DELAY_RING 64

int delayopen(queue_t *, dev_t *, int, int, cred_t *);
int delayclose(queue_t *, int, cred_t *);
int delayput(queue_t *, mblk_t *);
int delaysrv(queue_t *);

static struct module_info delay_minfo = { 0x6465, "delay", 0, INFPSZ, 4096, 1024 };
static struct qinit delay_rinit = { delayput, delaysrv, delayopen, delayclose, NULL, &delay_minfo, NULL };
static struct qinit delay_winit = { delayput, delaysrv, NULL, NULL, NULL, &delay_minfo, NULL };
struct streamtab delayinfo = { &delay_rinit, &delay_winit, NULL, NULL };
int delaydevflag = D_MP;

struct due {
    clock_t d_when;
    int d_count;
};

struct side {
    queue_t *s_queue;
    toid_t s_timer;   /* 0: none runs */
    clock_t s_wake;   /* when it ends */
    int s_due;        /* messages that may go now, as far as time is concerned */
    struct due s_ring[DELAY_RING];
    int s_first, s_used;
    long s_bytes;     /* that may go in this tick; less than 0 after a message longer than that */
    clock_t s_filled; /* when s_bytes was last added to */
};

struct delay {
    int d_ticks, d_rate;
    struct side d_read, d_write;
};

static struct side *
delay_side(queue_t *q)
{
    struct delay *delay = (struct delay *)q->q_ptr;

    return q == delay->d_read.s_queue ? &delay->d_read : &delay->d_write;
}

static clock_t
delay_now(void)
{
    clock_t now = 0;

    (void)drv_getparm(LBOLT, (void *)&now);
    return now;
}

int
delayopen(queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *credp)
{
    struct delay *delay;

    if (sflag != MODOPEN)
        return EIO;
    if (q->q_ptr != NULL)
        return 0;
    delay = (struct delay *)kmem_zalloc(sizeof *delay, KM_NOSLEEP);
    if (delay == NULL)
        return ENOMEM;
    delay->d_read.s_queue = q;
    delay->d_write.s_queue = WR(q);
    q->q_ptr = WR(q)->q_ptr = (void *)delay;
    noenable(q);
    noenable(WR(q));
    qprocson(q);
    return 0;
}

/* First qprocsoff, so that no procedure starts a timer any more; then the timers, which would find the memory gone. */
int
delayclose(queue_t *q, int flag, cred_t *credp)
{
    struct delay *delay = (struct delay *)q->q_ptr;

    qprocsoff(q); /* what is still held is freed when this has returned */
    if (delay->d_read.s_timer != 0)
        untimeout(delay->d_read.s_timer);
    if (delay->d_write.s_timer != 0)
        untimeout(delay->d_write.s_timer);
    q->q_ptr = WR(q)->q_ptr = NULL;
    kmem_free((void *)delay, sizeof *delay);
    return 0;
}

/* --- time --- */

static void
delay_tick(void *arg)
{
    struct side *side = (struct side *)arg;

    side->s_timer = 0;
    qenable(side->s_queue); /* a timeout only says that it is time; the work is the service procedure's */
}

/* Without memory for a timeout the next message, or back-enabling, tries again. */
static void
delay_wake_at(struct side *side, clock_t when)
{
    clock_t left = when - delay_now();

    if (side->s_timer != 0) {
        if (side->s_wake <= when)
            return;
        untimeout(side->s_timer);
    }
    side->s_timer = timeout(delay_tick, (void *)side, left > 0 ? left : 1);
    side->s_wake = when;
}

/* One more message of the queue is due at this time. */
static void
delay_add_due(struct side *side, clock_t when)
{
    struct due *last = &side->s_ring[(side->s_first + side->s_used + DELAY_RING - 1) % DELAY_RING];

    if (side->s_used > 0 && (side->s_used == DELAY_RING || when <= last->d_when)) {
        if (when > last->d_when)
            last->d_when = when;
        last->d_count++;
        return;
    }
    last = &side->s_ring[(side->s_first + side->s_used++) % DELAY_RING];
    last->d_when = when;
    last->d_count = 1;
}

static void
delay_collect_due(struct side *side)
{
    clock_t now = delay_now();

    while (side->s_used > 0 && side->s_ring[side->s_first].d_when <= now) {
        side->s_due += side->s_ring[side->s_first].d_count;
        side->s_first = (side->s_first + 1) % DELAY_RING;
        side->s_used--;
    }
}

/* So many messages were flushed: the last to be due are not coming. */
static void
delay_forget(struct side *side, int flushed)
{
    struct due *last;

    while (flushed > 0 && side->s_used > 0) {
        last = &side->s_ring[(side->s_first + side->s_used - 1) % DELAY_RING];
        if (last->d_count > flushed) {
            last->d_count -= flushed;
            return;
        }
        flushed -= last->d_count;
        side->s_used--;
    }
    side->s_due -= flushed;
}

/* --- bytes --- */

/* What was not used in a tick is lost: the line does not run ahead of its rate after a pause. */
static void
delay_fill(struct delay *delay, struct side *side)
{
    clock_t now = delay_now();

    if (now != side->s_filled) {
        side->s_bytes += (now - side->s_filled) * (long)delay->d_rate;
        if (side->s_bytes > delay->d_rate)
            side->s_bytes = delay->d_rate;
        side->s_filled = now;
    }
}

/* --- messages --- */

static void
delay_set(queue_t *q, mblk_t *mp)
{
    struct delay *delay = (struct delay *)q->q_ptr;
    struct iocblk *ioc = (struct iocblk *)mp->b_rptr;
    int value = -1;

    if (ioc->ioc_count == sizeof value && mp->b_cont != NULL && pullupmsg(mp->b_cont, sizeof value))
        bcopy((char *)mp->b_cont->b_rptr, (char *)&value, sizeof value);
    if (value < 0) {
        ioc->ioc_error = EINVAL;
        mp->b_datap->db_type = M_IOCNAK;
    } else {
        if (ioc->ioc_cmd == DELAY_TICKS)
            delay->d_ticks = value; /* of messages that come from now on */
        else {
            delay->d_rate = value;
            delay->d_read.s_bytes = delay->d_write.s_bytes = value;
            delay->d_read.s_filled = delay->d_write.s_filled = delay_now();
        }
        ioc->ioc_error = 0;
        mp->b_datap->db_type = M_IOCACK;
    }
    ioc->ioc_count = 0;
    ioc->ioc_rval = 0;
    qreply(q, mp);
    qenable(q); /* they may go sooner now */
    qenable(OTHERQ(q));
}

static void
delay_flush(queue_t *q, mblk_t *mp)
{
    unsigned char mine = (q->q_flag & QREADR) ? FLUSHR : FLUSHW;
    int before = qsize(q);

    if (*mp->b_rptr & mine) {
        if (*mp->b_rptr & FLUSHBAND)
            flushband(q, mp->b_rptr[1], FLUSHDATA);
        else
            flushq(q, FLUSHDATA);
        delay_forget(delay_side(q), before - qsize(q));
    }
    putnext(q, mp);
}

int
delayput(queue_t *q, mblk_t *mp)
{
    struct delay *delay = (struct delay *)q->q_ptr;
    struct iocblk *ioc = (struct iocblk *)mp->b_rptr;

    if (mp->b_datap->db_type == M_FLUSH) {
        delay_flush(q, mp);
        return 0;
    }
    if (queclass(mp) == QPCTL) {
        putnext(q, mp);
        return 0;
    }
    if (mp->b_datap->db_type == M_IOCTL && !(q->q_flag & QREADR) && (ioc->ioc_cmd == DELAY_TICKS || ioc->ioc_cmd == DELAY_RATE)) {
        delay_set(q, mp);
        return 0;
    }
    if (delay->d_ticks == 0 && delay->d_rate == 0 && q->q_first == NULL && bcanputnext(q, mp->b_band)) {
        putnext(q, mp);
        return 0;
    }
    if (!putq(q, mp)) {
        freemsg(mp);
        return 0;
    }
    delay_add_due(delay_side(q), delay_now() + delay->d_ticks);
    if (delay->d_ticks == 0)
        qenable(q);
    else
        delay_wake_at(delay_side(q), delay_side(q)->s_ring[delay_side(q)->s_first].d_when);
    return 0;
}

int
delaysrv(queue_t *q)
{
    struct delay *delay = (struct delay *)q->q_ptr;
    struct side *side = delay_side(q);
    mblk_t *mp;

    delay_collect_due(side);
    while (side->s_due > 0 && (mp = getq(q)) != NULL) {
        if (!bcanputnext(q, mp->b_band)) {
            putbq(q, mp);
            return 0;
        }
        if (delay->d_rate > 0) {
            delay_fill(delay, side);
            if (side->s_bytes <= 0) {
                putbq(q, mp);
                delay_wake_at(side, delay_now() + -side->s_bytes / delay->d_rate + 1);
                return 0;
            }
            side->s_bytes -= (long)msgdsize(mp);
        }
        side->s_due--;
        putnext(q, mp);
    }
    if (side->s_used > 0)
        delay_wake_at(side, side->s_ring[side->s_first].d_when);
    return 0;
}
