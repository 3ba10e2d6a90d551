/*
 * lp3: a line driver as one was written for System V Release 3: K&R C, implicit int, no devflag, open() called with the
 * device by value, which answers with a minor or OPENFAIL and leaves the reason in u.u_error.
 *
 * Porter's notes
 *   - not a line was changed; `rill cc lp3.c' compiles it as gnu89.
 *   - there is no lp3devflag, so it is called by the old conventions (D_OLD).
 *   - sflag == CLONEOPEN picks a free minor here, in the driver, and the minor is what open returns.
 *   - splstr() and splx() do what they did: nothing else runs in between.
 *   - it knows no qprocson; its procedures are switched on when open has succeeded.
 */
#include "sys/types.h"
#include "sys/param.h"
#include "sys/sysmacros.h"
#include "sys/stream.h"
#include "sys/stropts.h"
#include "sys/signal.h"
#include "sys/dir.h"
#include "sys/user.h"
#include "sys/errno.h"
#include "sys/ddi.h"

#define NLP3	6
#define LP3OPEN	01
#define LP3SETW	(('l'<<8)|1)	/* set the width of a line */

static struct module_info lp3minfo = { 33, "lp3", 0, 512, 1024, 256 };
int lp3open(), lp3close(), lp3wput(), lp3wsrv();
static struct qinit lp3rinit = { NULL, NULL, lp3open, lp3close, NULL, &lp3minfo, NULL };
static struct qinit lp3winit = { lp3wput, lp3wsrv, NULL, NULL, NULL, &lp3minfo, NULL };
struct streamtab lp3info = { &lp3rinit, &lp3winit, NULL, NULL };

struct lp3 {
	int	lp_state;
	int	lp_width;
	long	lp_chars;
	queue_t	*lp_rdq;
} lp3tab[NLP3];
int lp3cnt = NLP3;

lp3open(q, dev, flag, sflag)
queue_t *q;
dev_t dev;
{
	register struct lp3 *lp;
	register int s;

	if (sflag == MODOPEN) {
		u.u_error = EINVAL;
		return(OPENFAIL);
	}
	if (sflag == CLONEOPEN) {
		for (dev = 0; dev < lp3cnt; dev++)
			if (!(lp3tab[dev].lp_state & LP3OPEN))
				break;
	} else
		dev = minor(dev);
	if (dev >= lp3cnt) {
		u.u_error = ENXIO;
		return(OPENFAIL);
	}
	lp = &lp3tab[dev];
	if (q->q_ptr)			/* once more */
		return(dev);
	s = splstr();
	lp->lp_state |= LP3OPEN;
	lp->lp_width = 80;
	lp->lp_chars = 0;
	lp->lp_rdq = q;
	q->q_ptr = (caddr_t)lp;
	WR(q)->q_ptr = (caddr_t)lp;
	splx(s);
	return(dev);
}

lp3close(q)
queue_t *q;
{
	register struct lp3 *lp = (struct lp3 *)q->q_ptr;

	flushq(WR(q), FLUSHALL);
	lp->lp_state = 0;
	lp->lp_rdq = NULL;
	q->q_ptr = WR(q)->q_ptr = NULL;
	return(0);
}

lp3wput(q, bp)
queue_t *q;
register mblk_t *bp;
{
	register struct lp3 *lp = (struct lp3 *)q->q_ptr;
	register struct iocblk *iocp;

	switch (bp->b_datap->db_type) {
	case M_DATA:
		putq(q, bp);
		break;
	case M_FLUSH:
		if (*bp->b_rptr & FLUSHW)
			flushq(q, FLUSHDATA);
		if (*bp->b_rptr & FLUSHR) {
			flushq(RD(q), FLUSHDATA);
			*bp->b_rptr &= ~FLUSHW;
			qreply(q, bp);
		} else
			freemsg(bp);
		break;
	case M_IOCTL:
		iocp = (struct iocblk *)bp->b_rptr;
		if (iocp->ioc_cmd == LP3SETW && iocp->ioc_count == sizeof(int) && bp->b_cont) {
			lp->lp_width = *(int *)bp->b_cont->b_rptr;
			iocp->ioc_count = 0;
			bp->b_datap->db_type = M_IOCACK;
		} else
			bp->b_datap->db_type = M_IOCNAK;
		qreply(q, bp);
		break;
	default:
		freemsg(bp);
	}
}

/* "Print" what is queued, and tell the reader how much of it there was. */
lp3wsrv(q)
queue_t *q;
{
	register struct lp3 *lp = (struct lp3 *)q->q_ptr;
	register mblk_t *bp, *note;

	while ((bp = getq(q)) != NULL) {
		lp->lp_chars += msgdsize(bp);
		freemsg(bp);
	}
	if (canput(RD(q)->q_next) && (note = allocb(sizeof(long), BPRI_LO)) != NULL) {
		*(long *)note->b_wptr = lp->lp_chars;
		note->b_wptr += sizeof(long);
		putnext(RD(q), note);
	}
}
