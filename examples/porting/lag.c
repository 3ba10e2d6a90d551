/*
 * lag: a Solaris pseudo driver. What is written on a stream comes back after a while; LAGSET says after how long.
 * /dev/lag is a clone node; the minors are the driver's own table.
 *
 * Porter's notes
 *   - unchanged. No master file is needed beyond `cfs lag 61 16 clone': attach makes the nodes, getmajor() is Solaris'.
 *   - soft state is by instance, as it should be; what belongs to one open stream is in kmem.
 *   - close takes the timeout back after qprocsoff, with the queue it was asked for.
 *   - detach is refused while a minor is open; the framework asks only when none is, but _fini relies on it.
 */
#include <sys/types.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/stream.h>
#include <sys/stropts.h>
#include <sys/strsun.h>
#include <sys/conf.h>
#include <sys/stat.h>
#include <sys/file.h>
#include <sys/kmem.h>
#include <sys/cmn_err.h>
#include <sys/modctl.h>
#include <sys/ddi.h>
#include <sys/sunddi.h>

#define	LAGSET		(('l' << 8) | 1)	/* milliseconds, by I_STR */
#define	LAGGET		(('l' << 8) | 2)
#define	LAG_MINORS	16

typedef struct lag {
	queue_t		*lag_rq;
	minor_t		lag_minor;
	int		lag_msec;
	timeout_id_t	lag_timeout;
} lag_t;

typedef struct lagsoft {
	dev_info_t	*ls_dip;
	kmutex_t	ls_lock;		/* protects ls_open */
	lag_t		*ls_open[LAG_MINORS];
} lagsoft_t;

static void *lag_state;

static int lag_attach(dev_info_t *, ddi_attach_cmd_t);
static int lag_detach(dev_info_t *, ddi_detach_cmd_t);
static int lag_getinfo(dev_info_t *, ddi_info_cmd_t, void *, void **);
static int lag_open(queue_t *, dev_t *, int, int, cred_t *);
static int lag_close(queue_t *, int, cred_t *);
static int lag_wput(queue_t *, mblk_t *);
static int lag_wsrv(queue_t *);
static int lag_rsrv(queue_t *);

static struct module_info lag_minfo = { 0x6c61, "lag", 0, INFPSZ, 4096, 512 };
static struct qinit lag_rinit = { NULL, lag_rsrv, lag_open, lag_close, NULL, &lag_minfo, NULL };
static struct qinit lag_winit = { lag_wput, lag_wsrv, NULL, NULL, NULL, &lag_minfo, NULL };
static struct streamtab lag_tab = { &lag_rinit, &lag_winit, NULL, NULL };

DDI_DEFINE_STREAM_OPS(lag_ops, nulldev, nulldev, lag_attach, lag_detach, nodev, lag_getinfo,
    D_NEW | D_MP | D_MTQPAIR, &lag_tab, ddi_quiesce_not_needed);

static struct modldrv modldrv = { &mod_driverops, "lag delayed echo 1.2", &lag_ops };
static struct modlinkage modlinkage = { MODREV_1, { (void *)&modldrv, NULL } };

int
_init(void)
{
	int error;

	if ((error = ddi_soft_state_init(&lag_state, sizeof (lagsoft_t), 1)) != 0)
		return (error);
	if ((error = mod_install(&modlinkage)) != 0)
		ddi_soft_state_fini(&lag_state);
	return (error);
}

int
_fini(void)
{
	int error;

	if ((error = mod_remove(&modlinkage)) == 0)
		ddi_soft_state_fini(&lag_state);
	return (error);
}

int
_info(struct modinfo *modinfop)
{
	return (mod_info(&modlinkage, modinfop));
}

static int
lag_attach(dev_info_t *dip, ddi_attach_cmd_t cmd)
{
	int instance = ddi_get_instance(dip);
	lagsoft_t *lsp;

	if (cmd != DDI_ATTACH)
		return (DDI_FAILURE);
	if (ddi_soft_state_zalloc(lag_state, instance) != DDI_SUCCESS)
		return (DDI_FAILURE);
	lsp = ddi_get_soft_state(lag_state, instance);
	lsp->ls_dip = dip;
	mutex_init(&lsp->ls_lock, NULL, MUTEX_DRIVER, NULL);
	if (ddi_create_minor_node(dip, "lag", S_IFCHR, 0, DDI_PSEUDO, CLONE_DEV) != DDI_SUCCESS ||
	    ddi_create_minor_node(dip, "lag0", S_IFCHR, 0, DDI_PSEUDO, 0) != DDI_SUCCESS) {
		ddi_remove_minor_node(dip, NULL);
		mutex_destroy(&lsp->ls_lock);
		ddi_soft_state_free(lag_state, instance);
		return (DDI_FAILURE);
	}
	ddi_report_dev(dip);
	return (DDI_SUCCESS);
}

static int
lag_detach(dev_info_t *dip, ddi_detach_cmd_t cmd)
{
	int instance = ddi_get_instance(dip);
	lagsoft_t *lsp = ddi_get_soft_state(lag_state, instance);
	minor_t m;

	if (cmd != DDI_DETACH || lsp == NULL)
		return (DDI_FAILURE);
	for (m = 0; m < LAG_MINORS; m++)
		if (lsp->ls_open[m] != NULL)
			return (DDI_FAILURE);
	ddi_remove_minor_node(dip, NULL);
	mutex_destroy(&lsp->ls_lock);
	ddi_soft_state_free(lag_state, instance);
	return (DDI_SUCCESS);
}

/* All minors belong to instance 0. */
/* ARGSUSED */
static int
lag_getinfo(dev_info_t *dip, ddi_info_cmd_t cmd, void *arg, void **resultp)
{
	lagsoft_t *lsp = ddi_get_soft_state(lag_state, 0);

	switch (cmd) {
	case DDI_INFO_DEVT2DEVINFO:
		if (lsp == NULL)
			return (DDI_FAILURE);
		*resultp = lsp->ls_dip;
		return (DDI_SUCCESS);
	case DDI_INFO_DEVT2INSTANCE:
		*resultp = NULL;
		return (DDI_SUCCESS);
	}
	return (DDI_FAILURE);
}

/* ARGSUSED */
static int
lag_open(queue_t *q, dev_t *devp, int flag, int sflag, cred_t *credp)
{
	lagsoft_t *lsp = ddi_get_soft_state(lag_state, 0);
	minor_t m = getminor(*devp);
	lag_t *lp;

	if (q->q_ptr != NULL)
		return (0);
	if (sflag == MODOPEN || lsp == NULL)
		return (ENXIO);
	lp = kmem_zalloc(sizeof (lag_t), KM_SLEEP);
	mutex_enter(&lsp->ls_lock);
	if (sflag == CLONEOPEN)
		for (m = 1; m < LAG_MINORS && lsp->ls_open[m] != NULL; m++)
			continue;
	if (m >= LAG_MINORS || lsp->ls_open[m] != NULL) {
		mutex_exit(&lsp->ls_lock);
		kmem_free(lp, sizeof (lag_t));
		return (m >= LAG_MINORS && sflag != CLONEOPEN ? ENXIO : EBUSY);
	}
	lsp->ls_open[m] = lp;
	mutex_exit(&lsp->ls_lock);
	lp->lag_rq = q;
	lp->lag_minor = m;
	lp->lag_msec = 50;
	q->q_ptr = WR(q)->q_ptr = lp;
	*devp = makedevice(getmajor(*devp), m);
	qprocson(q);
	return (0);
}

/* ARGSUSED */
static int
lag_close(queue_t *q, int flag, cred_t *credp)
{
	lagsoft_t *lsp = ddi_get_soft_state(lag_state, 0);
	lag_t *lp = q->q_ptr;

	qprocsoff(q);
	if (lp->lag_timeout != 0)
		(void) quntimeout(q, lp->lag_timeout);
	q->q_ptr = WR(q)->q_ptr = NULL;
	mutex_enter(&lsp->ls_lock);
	lsp->ls_open[lp->lag_minor] = NULL;
	mutex_exit(&lsp->ls_lock);
	kmem_free(lp, sizeof (lag_t));
	return (0);
}

/* Everything that waits goes up; what finds no room waits for the read service procedure. */
static void
lag_due(void *arg)
{
	lag_t *lp = arg;
	queue_t *rq = lp->lag_rq;
	mblk_t *mp;

	lp->lag_timeout = 0;
	while (canputnext(rq) && (mp = getq(WR(rq))) != NULL)
		putnext(rq, mp);
}

static int
lag_wsrv(queue_t *q)
{
	lag_t *lp = q->q_ptr;

	if (lp->lag_timeout == 0 && q->q_first != NULL)
		lp->lag_timeout = qtimeout(RD(q), lag_due, lp, drv_usectohz(lp->lag_msec * 1000));
	return (0);
}

static int
lag_rsrv(queue_t *q)
{
	qenable(WR(q));
	return (0);
}

static void
lag_ioctl(queue_t *q, mblk_t *mp)
{
	lag_t *lp = q->q_ptr;
	struct iocblk *iocp = (struct iocblk *)mp->b_rptr;
	int error;

	switch (iocp->ioc_cmd) {
	case LAGSET:
	case LAGGET:
		if ((error = miocpullup(mp, sizeof (int))) != 0) {
			miocnak(q, mp, 0, error);
			break;
		}
		if (iocp->ioc_cmd == LAGGET) {
			*(int *)mp->b_cont->b_rptr = lp->lag_msec;
			miocack(q, mp, sizeof (int), 0);
		} else if (*(int *)mp->b_cont->b_rptr < 0 || *(int *)mp->b_cont->b_rptr > 60000) {
			miocnak(q, mp, 0, ERANGE);
		} else {
			lp->lag_msec = *(int *)mp->b_cont->b_rptr;
			miocack(q, mp, 0, 0);
		}
		break;
	default:
		miocnak(q, mp, 0, EINVAL);
	}
}

static int
lag_wput(queue_t *q, mblk_t *mp)
{
	switch (DB_TYPE(mp)) {
	case M_DATA:
		if (putq(q, mp) == 0)
			freemsg(mp);
		break;
	case M_IOCTL:
		lag_ioctl(q, mp);
		break;
	case M_FLUSH:
		if (*mp->b_rptr & FLUSHW)
			flushq(q, FLUSHDATA);
		if (*mp->b_rptr & FLUSHR) {
			flushq(RD(q), FLUSHDATA);
			*mp->b_rptr &= ~FLUSHW;
			qreply(q, mp);
			break;
		}
		freemsg(mp);
		break;
	default:
		freemsg(mp);
	}
	return (0);
}
