/*
 * A loop-around driver as one was written after the SVR4 STREAMS guide: lowest free table index as minor, ENXIO for a
 * full table and for a minor beyond it, no qprocson, external major taken from the device it is passed. K&R C.
 */
#include <sys/types.h>
#include <sys/param.h>
#include <sys/sysmacros.h>
#include <sys/stream.h>
#include <sys/stropts.h>
#include <sys/errno.h>
#include <sys/cred.h>
#include <sys/ddi.h>

static struct module_info sloop_minfo = { 0x5105, "sloop", 0, INFPSZ, 512, 128 };

int sloopopen(), sloopclose(), sloopwput();

static struct qinit sloop_rinit = { NULL, NULL, sloopopen, sloopclose, NULL, &sloop_minfo, NULL };
static struct qinit sloop_winit = { sloopwput, NULL, NULL, NULL, NULL, &sloop_minfo, NULL };
struct streamtab sloopinfo = { &sloop_rinit, &sloop_winit, NULL, NULL };
int sloopdevflag = 0;

#define NSLOOP 3
int sloop_cnt = NSLOOP;
static struct sloop {
	queue_t *sl_q;
} sloop_tab[NSLOOP];

int
sloopopen(q, devp, flag, sflag, credp)
	queue_t *q;
	dev_t *devp;
	int flag, sflag;
	cred_t *credp;
{
	minor_t newminor;

	if (q->q_ptr)
		return (0);
	if (sflag == CLONEOPEN) {
		for (newminor = 0; newminor < sloop_cnt; newminor++)
			if (sloop_tab[newminor].sl_q == NULL)
				break;
	} else
		newminor = geteminor(*devp);
	if (newminor >= sloop_cnt)
		return (ENXIO);
	*devp = makedevice(getemajor(*devp), newminor);
	sloop_tab[newminor].sl_q = q;
	q->q_ptr = (char *)&sloop_tab[newminor];
	WR(q)->q_ptr = (char *)&sloop_tab[newminor];
	return (0);
}

int
sloopclose(q, flag, credp)
	queue_t *q;
	int flag;
	cred_t *credp;
{
	((struct sloop *)q->q_ptr)->sl_q = NULL;
	q->q_ptr = WR(q)->q_ptr = NULL;
	return (0);
}

int
sloopwput(q, mp)
	queue_t *q;
	mblk_t *mp;
{
	if (mp->b_datap->db_type == M_DATA) {
		qreply(q, mp);
		return (0);
	}
	freemsg(mp);
	return (0);
}
