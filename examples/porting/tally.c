/*
 * tally: a driver of Linux STREAMS (LiS). It counts what is written, throws it away, and tells the count to TALLYGET.
 *
 * Porter's notes
 *   - unchanged. init_module() and cleanup_module() are found by the name that <sys/LiS/module.h> gives them; the major that
 *     lis_register_strdev() is given counts only where no master file gives one.
 *   - LiS calls open with the SVR4 arguments, and knows no devflag: 0 is taken.
 *   - the message types are named, never numbered, so that LiS' own numbers do not matter.
 */
#include <sys/types.h>
#include <sys/errno.h>
#include <sys/LiS/module.h>
#include <sys/stream.h>
#include <sys/stropts.h>
#include <sys/cmn_err.h>
#include <sys/osif.h>

#define TALLY_MAJOR	230
#define TALLY_MINORS	8
#define TALLYGET	(('t' << 8) | 1)

static int tally_open(queue_t *, dev_t *, int, int, cred_t *);
static int tally_close(queue_t *, int, cred_t *);
static int tally_wput(queue_t *, mblk_t *);

static struct module_info tally_minfo = { 230, "tally", 0, INFPSZ, 2000, 1000 };
static struct qinit tally_rinit = { NULL, NULL, tally_open, tally_close, NULL, &tally_minfo, NULL };
static struct qinit tally_winit = { tally_wput, NULL, NULL, NULL, NULL, &tally_minfo, NULL };
static struct streamtab tally_info = { &tally_rinit, &tally_winit, NULL, NULL };

static struct tally { int open; unsigned long bytes; } tally_tab[TALLY_MINORS];

int
init_module(void)
{
	int result = lis_register_strdev(TALLY_MAJOR, &tally_info, TALLY_MINORS, "tally");

	if (result < 0) {
		cmn_err(CE_WARN, "tally: cannot register, errno %d", -result);
		return result;
	}
	return 0;
}

void
cleanup_module(void)
{
	if (lis_unregister_strdev(TALLY_MAJOR) < 0)
		cmn_err(CE_WARN, "tally: still in use");
}

static int
tally_open(queue_t *q, dev_t *devp, int flag, int sflag, cred_t *credp)
{
	minor_t m = getminor(*devp);

	if (q->q_ptr != NULL)
		return 0;
	if (sflag == MODOPEN)
		return EINVAL;
	if (sflag == CLONEOPEN)
		for (m = 0; m < TALLY_MINORS && tally_tab[m].open; m++)
			;
	if (m >= TALLY_MINORS)
		return sflag == CLONEOPEN ? EBUSY : ENXIO;
	if (tally_tab[m].open)
		return EBUSY;
	tally_tab[m].open = 1;
	tally_tab[m].bytes = 0;
	q->q_ptr = WR(q)->q_ptr = (char *)&tally_tab[m];
	*devp = makedevice(getmajor(*devp), m);
	return 0;
}

static int
tally_close(queue_t *q, int flag, cred_t *credp)
{
	((struct tally *)q->q_ptr)->open = 0;
	q->q_ptr = WR(q)->q_ptr = NULL;
	return 0;
}

static int
tally_wput(queue_t *q, mblk_t *mp)
{
	struct tally *t = (struct tally *)q->q_ptr;
	struct iocblk *ioc;

	switch (mp->b_datap->db_type) {
	case M_DATA:
		t->bytes += msgdsize(mp);
		break;
	case M_FLUSH:
		if (*mp->b_rptr & FLUSHW)
			flushq(q, FLUSHALL);
		if (*mp->b_rptr & FLUSHR) {
			flushq(RD(q), FLUSHALL);
			*mp->b_rptr &= ~FLUSHW;
			qreply(q, mp);
			return 0;
		}
		break;
	case M_IOCTL:
		ioc = (struct iocblk *)mp->b_rptr;
		mp->b_datap->db_type = M_IOCNAK;
		ioc->ioc_error = EINVAL;
		if (ioc->ioc_cmd == TALLYGET && ioc->ioc_count == 0) {
			mp->b_datap->db_type = M_IOCACK;
			ioc->ioc_error = 0;
			ioc->ioc_rval = (int)t->bytes;
		}
		qreply(q, mp);
		return 0;
	}
	freemsg(mp);
	return 0;
}
