/*
 * sluice: a pseudo driver of HP-UX. What is written on one stream comes back; SLUICESHUT lets nothing more through until
 * SLUICEOPEN. Its install routine, which HP-UX's kernel calls by the name that the master file gives, announces it.
 *
 * Porter's notes
 *   - unchanged. rill calls <prefix>install when there is no <prefix>info; the prefix here is sluice_.
 *   - STR_SYSV4_OPEN says that open gets a dev_t *; without it the driver is called as one of SVR3.
 *   - SQLVL_QUEUEPAIR: one procedure of a queue pair runs at a time (a perimeter, as D_MTQPAIR).
 *   - the major of the master file goes before drv_info's and streams_info's.
 */
#include <sys/types.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/sysmacros.h>
#include <sys/stream.h>
#include <sys/stropts.h>
#include <sys/conf.h>
#include <sys/io.h>
#include <sys/wsio.h>
#include <sys/kmem.h>
#include <sys/cmn_err.h>
#include <sys/ddi.h>

#define SLUICES		6
#define SLUICESHUT	(('s' << 8) | 1)
#define SLUICEOPEN	(('s' << 8) | 2)

static int sluice_open(), sluice_close(), sluice_wput(), sluice_wsrv(), sluice_rsrv();
int sluice_install();

static struct module_info sluice_minfo = { 116, "sluice", 0, INFPSZ, 4096, 1024 };
static struct qinit sluice_rinit = { NULL, sluice_rsrv, sluice_open, sluice_close, NULL, &sluice_minfo, NULL };
static struct qinit sluice_winit = { sluice_wput, sluice_wsrv, NULL, NULL, NULL, &sluice_minfo, NULL };

static struct sluice {
	int s_open;
	int s_shut;
} sluice_tab[SLUICES];

static drv_ops_t sluice_ops = {
	NULL,		/* d_open */
	NULL,		/* d_close */
	NULL,		/* d_strategy */
	NULL,		/* d_dump */
	NULL,		/* d_psize */
	NULL,		/* d_mount */
	NULL,		/* d_read */
	NULL,		/* d_write */
	NULL,		/* d_ioctl */
	NULL,		/* d_select */
	NULL,		/* d_option1 */
	NULL, NULL, NULL, NULL,
	C_ALLCLOSES | C_MGR_IS_MP
};

static drv_info_t sluice_drv = {
	"sluice",	/* name */
	"pseudo",	/* class */
	DRV_CHAR | DRV_PSEUDO | DRV_SAVE_CONF | DRV_MP_SAFE,
	-1,		/* block major */
	-1,		/* character major: a free one */
	NULL, NULL, NULL
};

static streams_info_t sluice_str = {
	"sluice",	/* name */
	-1,		/* major: the driver's */
	{ &sluice_rinit, &sluice_winit, NULL, NULL },
	STR_IS_DEVICE | STR_SYSV4_OPEN | MGR_IS_MP,
	SQLVL_QUEUEPAIR,
	NULL
};

int
sluice_install()
{
	int error;

	if ((error = install_driver(&sluice_drv, &sluice_ops)) != 0)
		return (error);
	if ((error = str_install(&sluice_str)) != 0) {
		uninstall_driver(&sluice_drv);
		cmn_err(CE_WARN, "sluice: str_install failed, %d", error);
		return (error);
	}
	return (0);
}

static int
sluice_open(q, devp, flag, sflag, credp)
	queue_t *q;
	dev_t *devp;
	int flag, sflag;
	cred_t *credp;
{
	minor_t unit = minor(*devp);

	if (q->q_ptr != NULL)
		return (0);
	if (sflag == MODOPEN)
		return (EINVAL);
	if (sflag == CLONEOPEN)
		for (unit = 0; unit < SLUICES && sluice_tab[unit].s_open; unit++)
			;
	if (unit >= SLUICES)
		return (sflag == CLONEOPEN ? EBUSY : ENXIO);
	if (sluice_tab[unit].s_open)
		return (EBUSY);
	sluice_tab[unit].s_open = 1;
	sluice_tab[unit].s_shut = 0;
	q->q_ptr = WR(q)->q_ptr = (caddr_t)&sluice_tab[unit];
	*devp = makedev(major(*devp), unit);
	return (0);
}

static int
sluice_close(q, flag, credp)
	queue_t *q;
	int flag;
	cred_t *credp;
{
	((struct sluice *)q->q_ptr)->s_open = 0;
	q->q_ptr = WR(q)->q_ptr = NULL;
	return (0);
}

static int
sluice_wput(q, mp)
	queue_t *q;
	mblk_t *mp;
{
	struct sluice *s = (struct sluice *)q->q_ptr;
	struct iocblk *iocp;

	switch (mp->b_datap->db_type) {
	case M_DATA:
		if (!putq(q, mp))
			freemsg(mp);
		break;
	case M_IOCTL:
		iocp = (struct iocblk *)mp->b_rptr;
		mp->b_datap->db_type = M_IOCACK;
		if (iocp->ioc_count != 0 || (iocp->ioc_cmd != SLUICESHUT && iocp->ioc_cmd != SLUICEOPEN)) {
			mp->b_datap->db_type = M_IOCNAK;
			iocp->ioc_error = EINVAL;
		} else {
			s->s_shut = iocp->ioc_cmd == SLUICESHUT;
			if (!s->s_shut)
				qenable(q);
		}
		qreply(q, mp);
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
		break;
	}
	return (0);
}

static int
sluice_wsrv(q)
	queue_t *q;
{
	struct sluice *s = (struct sluice *)q->q_ptr;
	mblk_t *mp;

	while (!s->s_shut && (mp = getq(q)) != NULL) {
		if (queclass(mp) != QPCTL && !bcanputnext(RD(q), mp->b_band)) {
			putbq(q, mp);
			break;
		}
		qreply(q, mp);
	}
	return (0);
}

static int
sluice_rsrv(q)
	queue_t *q;
{
	qenable(WR(q));
	return (0);
}
