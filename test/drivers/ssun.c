/* A Solaris driver and module in one loadable object: attach, soft state, a clone node, ioctls by the strsun calls. */
#include <sys/types.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/signal.h>
#include <sys/stream.h>
#include <sys/stropts.h>
#include <sys/strsun.h>
#include <sys/strsubr.h>
#include <sys/conf.h>
#include <sys/cred.h>
#include <sys/file.h>
#include <sys/kmem.h>
#include <sys/stat.h>
#include <sys/cmn_err.h>
#include <sys/debug.h>
#include <sys/modctl.h>
#include <sys/sysmacros.h>
#include <sys/policy.h>
#include <sys/zone.h>
#include <sys/ddi.h>
#include <sys/sunddi.h>

#define SS_ACK (('s' << 8) | 1)
#define SS_NAK (('s' << 8) | 2)
#define SS_GET (('s' << 8) | 3)		/* transparent: copies out what was copied in, doubled */
#define SS_PULL (('s' << 8) | 4)

struct ss_state {
	queue_t *ss_rq;
	int ss_value;
};

static void *ss_statep;
static dev_info_t *ss_dip;
int ss_events;		/* 1 attached, 2 detached, 4 _fini */
int ss_pull;		/* what miocpullup answered */

static int
ss_open(queue_t *q, dev_t *devp, int flag, int sflag, cred_t *crp)
{
	minor_t m;
	struct ss_state *ssp;

	if (q->q_ptr != NULL)
		return (0);
	if (sflag == MODOPEN) {
		qprocson(q);
		return (0);
	}
	for (m = 1; m < 4; m++)
		if (ddi_get_soft_state(ss_statep, m) == NULL)
			break;
	if (m == 4 || ddi_soft_state_zalloc(ss_statep, m) != DDI_SUCCESS)
		return (EBUSY);
	ssp = ddi_get_soft_state(ss_statep, m);
	ssp->ss_rq = q;
	q->q_ptr = WR(q)->q_ptr = ssp;
	*devp = makedevice(getmajor(*devp), m);
	qprocson(q);
	return (0);
}

static int
ss_close(queue_t *q, int flag, cred_t *crp)
{
	minor_t m;

	qprocsoff(q);
	for (m = 1; m < 4; m++)
		if (q->q_ptr != NULL && ddi_get_soft_state(ss_statep, m) == q->q_ptr)
			ddi_soft_state_free(ss_statep, m);
	q->q_ptr = WR(q)->q_ptr = NULL;
	return (0);
}

static int
ss_wput(queue_t *q, mblk_t *mp)
{
	struct iocblk *iocp;
	struct copyresp *csp;
	mblk_t *dp;
	int value;

	if (q->q_next != NULL) {
		putnext(q, mp);
		return (0);
	}
	switch (DB_TYPE(mp)) {
	case M_DATA:
		qreply(q, mp);
		break;
	case M_IOCTL:
		iocp = (struct iocblk *)mp->b_rptr;
		switch (iocp->ioc_cmd) {
		case SS_ACK:
			miocack(q, mp, 0, 7);
			break;
		case SS_GET:
			if (iocp->ioc_count != TRANSPARENT)
				miocnak(q, mp, 0, EINVAL);
			else {
				mcopyin(mp, NULL, sizeof (int), NULL);
				qreply(q, mp);
			}
			break;
		case SS_PULL:
			ss_pull = miocpullup(mp, sizeof (int));
			if (ss_pull != 0) {
				miocnak(q, mp, 0, ss_pull);
				break;
			}
			value = *(int *)mp->b_cont->b_rptr;
			if ((dp = allocb(sizeof (int), BPRI_MED)) == NULL) {
				miocnak(q, mp, 0, ENOSR);
				break;
			}
			*(int *)dp->b_rptr = value + 1;
			mioc2ack(mp, dp, sizeof (int), value);
			qreply(q, mp);
			break;
		default:
			miocnak(q, mp, 0, EPROTO);
		}
		break;
	case M_IOCDATA:
		csp = (struct copyresp *)mp->b_rptr;
		if (csp->cp_rval != 0) {
			freemsg(mp);
			break;
		}
		if (csp->cp_private != NULL) {
			miocack(q, mp, 0, 0);
			break;
		}
		value = 2 * *(int *)mp->b_cont->b_rptr;
		if ((dp = allocb(sizeof (int), BPRI_MED)) == NULL) {
			miocnak(q, mp, 0, ENOSR);
			break;
		}
		*(int *)dp->b_rptr = value;
		{
			extern void *ss_uaddr;
			mcopyout(mp, &ss_uaddr, sizeof (int), ss_uaddr, dp);
		}
		qreply(q, mp);
		break;
	default:
		freemsg(mp);
	}
	return (0);
}

void *ss_uaddr;

static int
ss_rput(queue_t *q, mblk_t *mp)
{
	putnext(q, mp);
	return (0);
}

static struct module_info ss_minfo = { 0x5310, "ssun", 0, INFPSZ, 2048, 128 };
static struct qinit ss_rinit = { ss_rput, NULL, ss_open, ss_close, NULL, &ss_minfo, NULL };
static struct qinit ss_winit = { ss_wput, NULL, NULL, NULL, NULL, &ss_minfo, NULL };
struct streamtab ss_info = { &ss_rinit, &ss_winit, NULL, NULL };

static int
ss_attach(dev_info_t *dip, ddi_attach_cmd_t cmd)
{
	if (cmd != DDI_ATTACH)
		return (DDI_FAILURE);
	if (ddi_create_minor_node(dip, "ssun", S_IFCHR, ddi_get_instance(dip), DDI_PSEUDO, CLONE_DEV) == DDI_FAILURE) {
		ddi_remove_minor_node(dip, NULL);
		return (DDI_FAILURE);
	}
	ss_dip = dip;
	ss_events |= 1;
	return (DDI_SUCCESS);
}

static int
ss_detach(dev_info_t *dip, ddi_detach_cmd_t cmd)
{
	if (cmd != DDI_DETACH)
		return (DDI_FAILURE);
	ddi_remove_minor_node(dip, NULL);
	ss_events |= 2;
	return (DDI_SUCCESS);
}

static int
ss_getinfo(dev_info_t *dip, ddi_info_cmd_t cmd, void *arg, void **result)
{
	switch (cmd) {
	case DDI_INFO_DEVT2DEVINFO:
		*result = ss_dip;
		return (ss_dip == NULL ? DDI_FAILURE : DDI_SUCCESS);
	case DDI_INFO_DEVT2INSTANCE:
		*result = NULL;
		return (DDI_SUCCESS);
	}
	return (DDI_FAILURE);
}

DDI_DEFINE_STREAM_OPS(ss_ops, nulldev, nulldev, ss_attach, ss_detach, nodev, ss_getinfo, D_MP | D_MTPERMOD, &ss_info,
    ddi_quiesce_not_supported);

static struct fmodsw ss_fsw = { "ssunmod", &ss_info, D_MP | D_MTPERMOD };
static struct modldrv modldrv = { &mod_driverops, "ssun driver 1.0", &ss_ops };
static struct modlstrmod modlstrmod = { &mod_strmodops, "ssun module 1.0", &ss_fsw };
static struct modlinkage modlinkage = { MODREV_1, { &modldrv, &modlstrmod, NULL } };

int
_init(void)
{
	int error;

	if ((error = ddi_soft_state_init(&ss_statep, sizeof (struct ss_state), 1)) != 0)
		return (error);
	if ((error = mod_install(&modlinkage)) != 0)
		ddi_soft_state_fini(&ss_statep);
	return (error);
}

int
_fini(void)
{
	int error;

	if ((error = mod_remove(&modlinkage)) == 0) {
		ddi_soft_state_fini(&ss_statep);
		ss_events |= 4;
	}
	return (error);
}

int
_info(struct modinfo *modinfop)
{
	return (mod_info(&modlinkage, modinfop));
}
