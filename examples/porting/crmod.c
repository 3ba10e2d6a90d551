/*
 * crmod: a Solaris module. Each newline written becomes carriage return and newline; the bytes that pass are counted.
 * CRGSTATS tells the counts, by I_STR or as a plain ioctl; CRSMODE turns the mapping on and off.
 *
 * Porter's notes
 *   - unchanged; `rill cc crmod.c' and boot/crmod.so. The streamtab is static: _init and modlinkage lead to it.
 *   - D_MTQPAIR: one procedure of the pair at a time, so the fields of a cr_t need no lock; cr_lock is for the list.
 *   - qbufcall and qtimeout come back inside the perimeter, and are cancelled after qprocsoff.
 *   - an M_IOCDATA whose command is not ours belongs to somebody else and is passed on.
 */
#include <sys/types.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/stream.h>
#include <sys/stropts.h>
#include <sys/strsun.h>
#include <sys/strsubr.h>
#include <sys/conf.h>
#include <sys/debug.h>
#include <sys/cmn_err.h>
#include <sys/kmem.h>
#include <sys/ksynch.h>
#include <sys/modctl.h>
#include <sys/ddi.h>
#include <sys/sunddi.h>

#define	CRIOC		('c' << 8)
#define	CRGSTATS	(CRIOC | 1)
#define	CRSMODE		(CRIOC | 2)

typedef struct crstats {
	uint_t	cs_in;			/* bytes up */
	uint_t	cs_out;			/* bytes down, as they were written */
	uint_t	cs_added;		/* carriage returns */
} crstats_t;

typedef struct cr {
	struct cr	*cr_next;
	queue_t		*cr_rq;
	int		cr_mode;
	bufcall_id_t	cr_bufcall;
	timeout_id_t	cr_timeout;
	crstats_t	cr_stats;
} cr_t;

static kmutex_t cr_lock;		/* protects cr_list */
static cr_t *cr_list;

static int cropen(queue_t *, dev_t *, int, int, cred_t *);
static int crclose(queue_t *, int, cred_t *);
static int crrput(queue_t *, mblk_t *);
static int crwput(queue_t *, mblk_t *);
static int crrsrv(queue_t *);
static int crwsrv(queue_t *);

static struct module_info crm_info = { 0x6372, "crmod", 0, INFPSZ, 2048, 256 };
static struct qinit crrinit = { crrput, crrsrv, cropen, crclose, NULL, &crm_info, NULL };
static struct qinit crwinit = { crwput, crwsrv, NULL, NULL, NULL, &crm_info, NULL };
static struct streamtab crinfo = { &crrinit, &crwinit, NULL, NULL };

static struct fmodsw fsw = { "crmod", &crinfo, D_NEW | D_MP | D_MTQPAIR };
static struct modlstrmod modlstrmod = { &mod_strmodops, "newline mapping 1.4", &fsw };
static struct modlinkage modlinkage = { MODREV_1, { (void *)&modlstrmod, NULL } };

int
_init(void)
{
	int error;

	mutex_init(&cr_lock, NULL, MUTEX_DRIVER, NULL);
	if ((error = mod_install(&modlinkage)) != 0)
		mutex_destroy(&cr_lock);
	return (error);
}

int
_fini(void)
{
	int error;

	if ((error = mod_remove(&modlinkage)) == 0)
		mutex_destroy(&cr_lock);
	return (error);
}

int
_info(struct modinfo *modinfop)
{
	return (mod_info(&modlinkage, modinfop));
}

/* ARGSUSED */
static int
cropen(queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *credp)
{
	cr_t *crp;

	if (q->q_ptr != NULL)
		return (0);
	if (sflag != MODOPEN)
		return (EINVAL);
	crp = kmem_zalloc(sizeof (cr_t), KM_SLEEP);
	crp->cr_rq = q;
	crp->cr_mode = 1;
	q->q_ptr = WR(q)->q_ptr = crp;
	mutex_enter(&cr_lock);
	crp->cr_next = cr_list;
	cr_list = crp;
	mutex_exit(&cr_lock);
	qprocson(q);
	return (0);
}

/* ARGSUSED */
static int
crclose(queue_t *q, int flag, cred_t *credp)
{
	cr_t *crp = q->q_ptr, **prev;

	qprocsoff(q);
	if (crp->cr_bufcall != 0)
		qunbufcall(WR(q), crp->cr_bufcall);
	if (crp->cr_timeout != 0)
		(void) quntimeout(WR(q), crp->cr_timeout);
	mutex_enter(&cr_lock);
	for (prev = &cr_list; *prev != crp; prev = &(*prev)->cr_next)
		ASSERT(*prev != NULL);
	*prev = crp->cr_next;
	mutex_exit(&cr_lock);
	q->q_ptr = WR(q)->q_ptr = NULL;
	kmem_free(crp, sizeof (cr_t));
	return (0);
}

static void
cr_again(void *arg)
{
	queue_t *wq = arg;
	cr_t *crp = wq->q_ptr;

	crp->cr_bufcall = 0;
	crp->cr_timeout = 0;
	qenable(wq);
}

/* No memory: come back when there is some, or in a tenth of a second. */
static void
cr_wait(queue_t *wq, size_t size)
{
	cr_t *crp = wq->q_ptr;

	if (crp->cr_bufcall != 0 || crp->cr_timeout != 0)
		return;
	if ((crp->cr_bufcall = qbufcall(wq, size, BPRI_MED, cr_again, wq)) == 0)
		crp->cr_timeout = qtimeout(wq, cr_again, wq, drv_usectohz(100000));
}

/* The message with its newlines mapped; NULL when there is no memory, and mp is as it was. */
static mblk_t *
cr_map(queue_t *wq, mblk_t *mp)
{
	cr_t *crp = wq->q_ptr;
	mblk_t *bp, *nmp;
	uchar_t *p;
	size_t size = msgdsize(mp);
	uint_t added = 0;

	if (crp->cr_mode)
		for (bp = mp; bp != NULL; bp = bp->b_cont)
			for (p = bp->b_rptr; p < bp->b_wptr; p++)
				added += *p == '\n';
	if (added != 0) {
		if ((nmp = allocb(size + added, BPRI_MED)) == NULL) {
			cr_wait(wq, size + added);
			return (NULL);
		}
		nmp->b_band = mp->b_band;
		nmp->b_flag = mp->b_flag;
		for (bp = mp; bp != NULL; bp = bp->b_cont)
			for (p = bp->b_rptr; p < bp->b_wptr; p++) {
				if (*p == '\n')
					*nmp->b_wptr++ = '\r';
				*nmp->b_wptr++ = *p;
			}
		freemsg(mp);
		mp = nmp;
	}
	crp->cr_stats.cs_out += size;
	crp->cr_stats.cs_added += added;
	return (mp);
}

static void
cr_ioctl(queue_t *q, mblk_t *mp)
{
	cr_t *crp = q->q_ptr;
	struct iocblk *iocp = (struct iocblk *)mp->b_rptr;
	mblk_t *dp;
	int error;

	switch (iocp->ioc_cmd) {
	case CRGSTATS:
		if (iocp->ioc_count != TRANSPARENT && iocp->ioc_count < sizeof (crstats_t)) {
			miocnak(q, mp, 0, EINVAL);
			return;
		}
		if ((dp = allocb(sizeof (crstats_t), BPRI_MED)) == NULL) {
			miocnak(q, mp, 0, ENOSR);
			return;
		}
		*(crstats_t *)dp->b_rptr = crp->cr_stats;
		if (iocp->ioc_count == TRANSPARENT)
			mcopyout(mp, NULL, sizeof (crstats_t), NULL, dp);
		else
			mioc2ack(mp, dp, sizeof (crstats_t), 0);
		qreply(q, mp);
		return;
	case CRSMODE:
		if ((error = miocpullup(mp, sizeof (int))) != 0) {
			miocnak(q, mp, 0, error);
			return;
		}
		crp->cr_mode = *(int *)mp->b_cont->b_rptr != 0;
		miocack(q, mp, 0, 0);
		return;
	default:
		putnext(q, mp);
	}
}

static int
crwput(queue_t *q, mblk_t *mp)
{
	struct copyresp *csp;

	switch (DB_TYPE(mp)) {
	case M_DATA:
		if (putq(q, mp) == 0)
			freemsg(mp);
		break;
	case M_FLUSH:
		if (*mp->b_rptr & FLUSHW)
			flushq(q, FLUSHDATA);
		putnext(q, mp);
		break;
	case M_IOCTL:
		cr_ioctl(q, mp);
		break;
	case M_IOCDATA:
		csp = (struct copyresp *)mp->b_rptr;
		if (csp->cp_cmd != CRGSTATS)
			putnext(q, mp);
		else if (csp->cp_rval != NULL)
			freemsg(mp);
		else
			miocack(q, mp, 0, 0);
		break;
	default:
		if (DB_TYPE(mp) >= QPCTL || q->q_first == NULL)
			putnext(q, mp);
		else if (putq(q, mp) == 0)
			freemsg(mp);
	}
	return (0);
}

static int
crwsrv(queue_t *q)
{
	mblk_t *mp, *nmp;

	while ((mp = getq(q)) != NULL) {
		nmp = mp;
		if (!bcanputnext(q, mp->b_band) || (DB_TYPE(mp) == M_DATA && (nmp = cr_map(q, mp)) == NULL)) {
			(void) putbq(q, mp);
			break;
		}
		putnext(q, nmp);
	}
	return (0);
}

static int
crrput(queue_t *q, mblk_t *mp)
{
	cr_t *crp = q->q_ptr;

	if (DB_TYPE(mp) == M_DATA)
		crp->cr_stats.cs_in += msgdsize(mp);
	if (DB_TYPE(mp) == M_FLUSH && (*mp->b_rptr & FLUSHR))
		flushq(q, FLUSHDATA);
	if (DB_TYPE(mp) >= QPCTL || (q->q_first == NULL && bcanputnext(q, mp->b_band)))
		putnext(q, mp);
	else if (putq(q, mp) == 0)
		freemsg(mp);
	return (0);
}

static int
crrsrv(queue_t *q)
{
	mblk_t *mp;

	while ((mp = getq(q)) != NULL) {
		if (!bcanputnext(q, mp->b_band)) {
			(void) putbq(q, mp);
			break;
		}
		putnext(q, mp);
	}
	return (0);
}
