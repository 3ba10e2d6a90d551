/*
 * fan: a multiplexing driver in the style of the SVR4 STREAMS guide. What is written on any upper stream goes down every
 * stream linked below; what comes up from any of them goes up the upper stream that spoke last.
 *
 * Porter's notes
 *   - unchanged; ANSI prototypes, fandevflag = 0: the SVR4 interface, without qprocson.
 *   - dupmsg() shares the data between the lower streams: nobody writes to it.
 *   - l_index is the only name of a link; the lower queue pair's q_ptr is ours while it is linked.
 */
#include <sys/types.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/cred.h>
#include <sys/stream.h>
#include <sys/stropts.h>
#include <sys/sysmacros.h>
#include <sys/conf.h>
#include <sys/ddi.h>

#define NUPPER	8
#define NLOWER	16

static int fanopen(queue_t *, dev_t *, int, int, cred_t *);
static int fanclose(queue_t *, int, cred_t *);
static int fanuwput(queue_t *, mblk_t *);
static int fanlrput(queue_t *, mblk_t *);
static int fanlwsrv(queue_t *);
static int fanuwsrv(queue_t *);

static struct module_info fan_minfo = { 0x66, "fan", 0, INFPSZ, 2048, 512 };
static struct qinit fanurinit = { NULL, NULL, fanopen, fanclose, NULL, &fan_minfo, NULL };
static struct qinit fanuwinit = { fanuwput, fanuwsrv, NULL, NULL, NULL, &fan_minfo, NULL };
static struct qinit fanlrinit = { fanlrput, NULL, NULL, NULL, NULL, &fan_minfo, NULL };
static struct qinit fanlwinit = { NULL, fanlwsrv, NULL, NULL, NULL, &fan_minfo, NULL };
struct streamtab faninfo = { &fanurinit, &fanuwinit, &fanlrinit, &fanlwinit };
int fandevflag = 0;

static queue_t *upper[NUPPER];		/* read queues */
static struct { queue_t *wq; int index; } lower[NLOWER];
static queue_t *spoke;			/* upper read queue that wrote last */

static int
fanopen(queue_t *q, dev_t *devp, int flag, int sflag, cred_t *credp)
{
	minor_t m;

	if (sflag == MODOPEN)
		return (EINVAL);
	if (q->q_ptr)
		return (0);
	if (sflag == CLONEOPEN) {
		for (m = 0; m < NUPPER && upper[m]; m++)
			;
	} else
		m = geteminor(*devp);
	if (m >= NUPPER)
		return (ENXIO);
	if (upper[m])
		return (EBUSY);
	upper[m] = q;
	q->q_ptr = WR(q)->q_ptr = (char *)&upper[m];
	*devp = makedevice(getemajor(*devp), m);
	return (0);
}

static int
fanclose(queue_t *q, int flag, cred_t *credp)
{
	*(queue_t **)q->q_ptr = NULL;
	q->q_ptr = WR(q)->q_ptr = NULL;
	if (spoke == q)
		spoke = NULL;
	return (0);
}

static int
fanlink(struct linkblk *l, int on)
{
	int i;

	for (i = 0; i < NLOWER; i++) {
		if (on ? lower[i].wq != NULL : lower[i].index != l->l_index || !lower[i].wq)
			continue;
		lower[i].wq = on ? l->l_qbot : NULL;
		lower[i].index = l->l_index;
		return (0);
	}
	return (on ? ENOSPC : EINVAL);
}

static void
fanioctl(queue_t *q, mblk_t *mp)
{
	struct iocblk *ioc = (struct iocblk *)mp->b_rptr;
	int error = EINVAL;

	switch (ioc->ioc_cmd) {
	case I_LINK:
	case I_PLINK:
		error = fanlink((struct linkblk *)mp->b_cont->b_rptr, 1);
		break;
	case I_UNLINK:
	case I_PUNLINK:
		error = fanlink((struct linkblk *)mp->b_cont->b_rptr, 0);
		break;
	}
	ioc->ioc_error = error;
	ioc->ioc_count = 0;
	mp->b_datap->db_type = error ? M_IOCNAK : M_IOCACK;
	qreply(q, mp);
}

static void
fanflush(queue_t *q, mblk_t *mp)
{
	if (*mp->b_rptr & FLUSHW)
		flushq(q, FLUSHDATA);
	if (*mp->b_rptr & FLUSHR) {
		flushq(RD(q), FLUSHDATA);
		*mp->b_rptr &= ~FLUSHW;
		qreply(q, mp);
	} else
		freemsg(mp);
}

static int
fanuwput(queue_t *q, mblk_t *mp)
{
	switch (mp->b_datap->db_type) {
	case M_IOCTL:
		fanioctl(q, mp);
		break;
	case M_FLUSH:
		fanflush(q, mp);
		break;
	case M_DATA:
	case M_PROTO:
		putq(q, mp);
		break;
	default:
		freemsg(mp);
	}
	return (0);
}

/* Nothing goes down before there is room in all of them. */
static int
fanuwsrv(queue_t *q)
{
	mblk_t *mp, *dp;
	int i;

	while ((mp = getq(q)) != NULL) {
		for (i = 0; i < NLOWER; i++)
			if (lower[i].wq && !canput(lower[i].wq->q_next)) {
				putbq(q, mp);
				return (0);
			}
		spoke = RD(q);
		for (i = 0; i < NLOWER; i++)
			if (lower[i].wq && (dp = dupmsg(mp)) != NULL)
				putnext(lower[i].wq, dp);
		freemsg(mp);
	}
	return (0);
}

/* There is room below again. */
static int
fanlwsrv(queue_t *q)
{
	int i;

	for (i = 0; i < NUPPER; i++)
		if (upper[i])
			qenable(WR(upper[i]));
	return (0);
}

/* To a lower stream we are the stream head. */
static int
fanlrput(queue_t *q, mblk_t *mp)
{
	switch (mp->b_datap->db_type) {
	case M_FLUSH:
		if ((*mp->b_rptr & FLUSHW) && WR(q)->q_next) {
			*mp->b_rptr &= ~FLUSHR;
			qreply(q, mp);
		} else
			freemsg(mp);
		break;
	case M_DATA:
	case M_PROTO:
		if (spoke && canput(spoke->q_next)) {
			putnext(spoke, mp);
			break;
		}
		/* FALLTHROUGH */
	default:
		freemsg(mp);
	}
	return (0);
}
