/*
 * knock: a driver of OpenSS7, in the way that its package writes them. What is written comes back; KNOCKS tells how many
 * messages did. It announces itself with register_strdev() from the routine that module_init() names.
 *
 * Porter's notes
 *   - unchanged. <linux/module.h>, <linux/spinlock.h> and the like are here, as far as a STREAMS driver needs them.
 *   - streamscall and STATIC are words in front of a procedure; likely() and unlikely() are hints; printk() writes to the
 *     console.
 *   - the major of the master file goes before the one given to register_strdev().
 *   - the spin lock is checked as LOCK(D3) is: taken twice, left held, held while a message is passed on.
 */
#include <linux/version.h>
#include <linux/module.h>
#include <linux/init.h>
#include <linux/spinlock.h>

#include <sys/config.h>
#include <sys/types.h>
#include <sys/errno.h>
#include <sys/kmem.h>
#include <sys/stream.h>
#include <sys/stropts.h>
#include <sys/strconf.h>
#include <sys/strdebug.h>
#include <sys/ddi.h>

#define KNOCK_MODID	61
#define KNOCK_MAJOR	231
#define KNOCK_MINORS	8
#define KNOCKS		(('k' << 8) | 1)

MODULE_AUTHOR("rill");
MODULE_DESCRIPTION("counts what comes back");
MODULE_LICENSE("BSD");

STATIC modID_t modid = KNOCK_MODID;
module_param(modid, ushort, 0);
STATIC major_t major = KNOCK_MAJOR;
module_param(major, uint, 0);

STATIC struct module_info knock_minfo = {
	.mi_idnum = KNOCK_MODID,
	.mi_idname = "knock",
	.mi_minpsz = STRMINPSZ,
	.mi_maxpsz = STRMAXPSZ,
	.mi_hiwat = STRHIGH,
	.mi_lowat = STRLOW,
};

struct knock {
	minor_t minor;
	int knocks;
	struct knock *next;
};

STATIC DEFINE_SPINLOCK(knock_lock);	/* protects the list */
STATIC struct knock *knock_list;

STATIC streamscall int
knock_wput(queue_t *q, mblk_t *mp)
{
	struct knock *k = q->q_ptr;

	switch (mp->b_datap->db_type) {
	case M_DATA:
		if (unlikely(!putq(q, mp)))
			freemsg(mp);
		break;
	case M_FLUSH:
		if (mp->b_rptr[0] & FLUSHW)
			flushq(q, FLUSHALL);
		if (mp->b_rptr[0] & FLUSHR) {
			flushq(RD(q), FLUSHALL);
			mp->b_rptr[0] &= ~FLUSHW;
			qreply(q, mp);
		} else
			freemsg(mp);
		break;
	case M_IOCTL:
	{
		struct iocblk *ioc = (struct iocblk *) mp->b_rptr;

		mp->b_datap->db_type = M_IOCNAK;
		ioc->ioc_error = EINVAL;
		if (ioc->ioc_cmd == KNOCKS && ioc->ioc_count == 0) {
			mp->b_datap->db_type = M_IOCACK;
			ioc->ioc_error = 0;
			ioc->ioc_rval = k->knocks;
		}
		qreply(q, mp);
		break;
	}
	default:
		freemsg(mp);
		break;
	}
	return (0);
}

STATIC streamscall int
knock_wsrv(queue_t *q)
{
	struct knock *k = q->q_ptr;
	mblk_t *mp;

	while ((mp = getq(q))) {
		if (likely(bcanputnext(RD(q), mp->b_band))) {
			k->knocks++;
			qreply(q, mp);
			continue;
		}
		if (!putbq(q, mp))
			freemsg(mp);
		break;
	}
	return (0);
}

STATIC streamscall int
knock_rsrv(queue_t *q)
{
	qenable(WR(q));
	return (0);
}

STATIC streamscall int
knock_open(queue_t *q, dev_t *devp, int oflag, int sflag, cred_t *crp)
{
	minor_t cminor = getminor(*devp);
	struct knock *k, **kp;
	unsigned long flags;

	if (q->q_ptr)
		return (0);
	if (sflag == MODOPEN)
		return (EIO);
	if (sflag == DRVOPEN && cminor >= KNOCK_MINORS)
		return (ENXIO);
	if (!(k = kmem_zalloc(sizeof(*k), KM_NOSLEEP)))
		return (ENOMEM);
	spin_lock_irqsave(&knock_lock, flags);
	if (sflag == CLONEOPEN)
		cminor = 0;
	for (kp = &knock_list; *kp && (*kp)->minor <= cminor; kp = &(*kp)->next)
		if ((*kp)->minor == cminor) {
			if (sflag != CLONEOPEN)
				break;
			cminor++;
		}
	if ((*kp && (*kp)->minor == cminor) || cminor >= KNOCK_MINORS) {
		spin_unlock_irqrestore(&knock_lock, flags);
		kmem_free(k, sizeof(*k));
		return (EBUSY);
	}
	k->minor = cminor;
	k->next = *kp;
	*kp = k;
	spin_unlock_irqrestore(&knock_lock, flags);
	q->q_ptr = WR(q)->q_ptr = k;
	*devp = makedevice(getmajor(*devp), cminor);
	qprocson(q);
	return (0);
}

STATIC streamscall int
knock_close(queue_t *q, int oflag, cred_t *crp)
{
	struct knock *k = q->q_ptr, **kp;
	unsigned long flags;

	qprocsoff(q);
	spin_lock_irqsave(&knock_lock, flags);
	for (kp = &knock_list; *kp != k; kp = &(*kp)->next) ;
	*kp = k->next;
	spin_unlock_irqrestore(&knock_lock, flags);
	q->q_ptr = WR(q)->q_ptr = NULL;
	kmem_free(k, sizeof(*k));
	return (0);
}

STATIC struct qinit knock_rinit = {
	.qi_srvp = knock_rsrv,
	.qi_qopen = knock_open,
	.qi_qclose = knock_close,
	.qi_minfo = &knock_minfo,
};
STATIC struct qinit knock_winit = {
	.qi_putp = knock_wput,
	.qi_srvp = knock_wsrv,
	.qi_minfo = &knock_minfo,
};
STATIC struct streamtab knock_info = {
	.st_rdinit = &knock_rinit,
	.st_wrinit = &knock_winit,
};

STATIC struct cdevsw knock_cdev = {
	.d_name = "knock",
	.d_str = &knock_info,
	.d_flag = D_MP,
	.d_mode = S_IFCHR | S_IRUGO | S_IWUGO,
	.d_kmod = THIS_MODULE,
};

STATIC int __init
knock_init(void)
{
	int err;

	if ((err = register_strdev(&knock_cdev, major)) < 0) {
		printk(KERN_ERR "knock: cannot register, error %d\n", -err);
		return (err);
	}
	if (major == 0 && err > 0)
		major = err;
	return (0);
}

STATIC void __exit
knock_exit(void)
{
	if (unregister_strdev(&knock_cdev, major) < 0)
		printk(KERN_WARNING "knock: still in use\n");
}

module_init(knock_init);
module_exit(knock_exit);
