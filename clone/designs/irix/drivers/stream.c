/*
 * The body as a stream. SO_MREADON has the stream head ask by M_READ when a read finds nothing, so that the body is read
 * as on the other systems.
 */
#include "stream.h"
#include "body.h"

#include <sys/errno.h>
#include <sys/conf.h>
#include <sys/kmem.h>
#include <sys/stropts.h>
#include <sys/strsun.h>
#include <sys/ddi.h>

struct unit {
    struct body *u_body;
    minor_t u_minor;
};

int
irix_start(queue_t *q, minor_table_t *minors, int minor)
{
    struct unit *u = (struct unit *)kmem_zalloc(sizeof *u, KM_NOSLEEP);
    struct body *b = body_create();
    mblk_t *mp = allocb(sizeof(struct stroptions), BPRI_MED);
    struct stroptions *so;

    if (u == NULL || b == NULL || mp == NULL) {
        if (u != NULL)
            kmem_free(u, sizeof *u);
        if (b != NULL)
            body_destroy(b);
        if (mp != NULL)
            freemsg(mp);
        minor_give(minors, (minor_t)minor);
        return ENOMEM;
    }
    u->u_body = b;
    u->u_minor = (minor_t)minor;
    q->q_ptr = WR(q)->q_ptr = (caddr_t)u;
    mp->b_datap->db_type = M_SETOPTS;
    so = (struct stroptions *)mp->b_wptr;
    so->so_flags = SO_MREADON;
    mp->b_wptr += sizeof *so;
    qprocson(q);
    putnext(q, mp);
    return 0;
}

void
irix_stop(queue_t *q, minor_table_t *minors)
{
    struct unit *u = (struct unit *)q->q_ptr;

    qprocsoff(q);
    q->q_ptr = WR(q)->q_ptr = NULL;
    minor_give(minors, u->u_minor);
    body_destroy(u->u_body);
    kmem_free(u, sizeof *u);
}

static void
irix_answer_read(queue_t *q, struct unit *u, mblk_t *mp)
{
    long wanted = *(long *)mp->b_rptr;
    int n = wanted > 0 && wanted < BODY_BUFFER ? (int)wanted : BODY_BUFFER;
    mblk_t *answer = allocb(n, BPRI_MED);

    freemsg(mp);
    if (answer == NULL)
        return; /* the reader goes on waiting */
    answer->b_wptr += body_read(u->u_body, (char *)answer->b_wptr, n);
    qreply(q, answer);
}

static void
irix_ioctl(queue_t *q, struct unit *u, mblk_t *mp)
{
    struct iocblk *ioc = (struct iocblk *)mp->b_rptr;

    if (ioc->ioc_cmd != BODY_READS || ioc->ioc_count != sizeof(int) || mp->b_cont == NULL) {
        miocnak(q, mp, 0, EINVAL);
        return;
    }
    *(int *)mp->b_cont->b_rptr = body_reads(u->u_body);
    miocack(q, mp, sizeof(int), 0);
}

int
irix_wput(queue_t *q, mblk_t *mp)
{
    struct unit *u = (struct unit *)q->q_ptr;
    mblk_t *bp;

    switch (mp->b_datap->db_type) {
    case M_DATA:
        for (bp = mp; bp != NULL; bp = bp->b_cont)
            (void)body_write(u->u_body, (char *)bp->b_rptr, (int)(bp->b_wptr - bp->b_rptr));
        freemsg(mp);
        break;
    case M_READ:
        irix_answer_read(q, u, mp);
        break;
    case M_IOCTL:
        irix_ioctl(q, u, mp);
        break;
    case M_FLUSH:
        if (*mp->b_rptr & FLUSHR) {
            *mp->b_rptr &= ~FLUSHW;
            qreply(q, mp);
            break;
        }
        freemsg(mp);
        break;
    default:
        freemsg(mp);
        break;
    }
    return 0;
}
