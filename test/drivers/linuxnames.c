/*
 * What drivers of LiS and OpenSS7 take from Linux and from the two packages, in their own spelling. A test calls the
 * procedures.
 */
#include <linux/config.h>
#include <linux/version.h>
#include <linux/module.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/types.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/interrupt.h>
#include <sys/config.h>
#include <sys/stream.h>
#include <sys/strconf.h>
#include <sys/strdebug.h>
#include <sys/osif.h>
#include <sys/ddi.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(2, 4, 0)
#error "too old"
#endif

STATIC modID_t modid = 7;
module_param(modid, ushort, 0);
MODULE_AUTHOR("nobody");
MODULE_LICENSE("BSD");

STATIC streamscall int
ln_put(queue_t *q, mblk_t *mp)
{
	if (likely(q->q_flag & QSVCBUSY) || unlikely(mp->b_datap->db_type == M_PCCTL))
		return (1);
	putqf(q, mp);
	return (0);
}

STATIC struct module_info ln_minfo = {
	.mi_idnum = 7, .mi_idname = "ln", .mi_minpsz = STRMINPSZ, .mi_maxpsz = STRMAXPSZ, .mi_hiwat = STRHIGH, .mi_lowat = STRLOW,
};
STATIC struct qinit ln_init __attribute__((__aligned__(SMP_CACHE_BYTES))) = { .qi_putp = ln_put, .qi_minfo = &ln_minfo };

int _RP
ln_types(void)
{
	return (M_PCCTL != M_PCEVENT && M_PCCTL >= QPCTL && DRVOPEN == 0 && ln_init.qi_minfo->mi_maxpsz == 4096 && modid == 7);
}

int
ln_say(int n)
{
	return (printk(KERN_ERR "ln: %d\n", n));
}

/* putbqf of a message that has a place, into a band without memory for it */
void
ln_queue(queue_t *q, mblk_t *mp, int back)
{
	if (back)
		putbqf(q, mp);
	else
		putqf(q, mp);
}

int
ln_memory(void)
{
	char *p = ALLOC(100), *r = MALLOC(1), *s = kmalloc(33, GFP_ATOMIC);
	int good = p != NULL && r != NULL && s != NULL;

	if (good)
		memset(p, 1, 100), memset(s, 2, 33);
	FREE(p);
	FREE(r);
	kfree(s);
	MODGET();
	MODPUT();
	return (good);
}

int
ln_devices(void)
{
	dev_t dev = UMKDEV(61, 5);

	return (MINOR(dev) == 5 && DEV_TO_INT(dev) == (unsigned int) dev && dev == MKDEV(61, 5));
}

/* --- locks --- */

static spinlock_t ln_lock = SPIN_LOCK_UNLOCKED;
static DEFINE_SPINLOCK(ln_other);
static lis_spin_lock_t ln_lis;

int
ln_spin(void)
{
	unsigned long flags;
	int lisflags, good;
	atomic_t count = ATOMIC_INIT(1);

	lis_spin_lock_init(&ln_lis, "ln");
	spin_lock_irqsave(&ln_lock, flags);
	good = spin_is_locked(&ln_lock) && !spin_is_locked(&ln_other);
	spin_lock_bh(&ln_other);
	good = good && !spin_trylock(&ln_other);
	spin_unlock_bh(&ln_other);
	lis_spin_lock_irqsave(&ln_lis, &lisflags);
	lis_spin_unlock_irqrestore(&ln_lis, &lisflags);
	spin_unlock_irqrestore(&ln_lock, flags);
	atomic_inc(&count);
	return (good && !spin_is_locked(&ln_lock) && !atomic_dec_and_test(&count) && atomic_dec_and_test(&count));
}

void
ln_forget(void)
{
	spin_lock(&ln_lock);
}

void
ln_recover(void)
{
	spin_lock_init(&ln_lock);
}

/* --- semaphores --- */

static lis_semaphore_t ln_sem;
int ln_got;

void
ln_sem_make(int count)
{
	lis_sem_init(&ln_sem, count);
	ln_got = 0;
}

int
ln_down(void)
{
	int result = lis_down(&ln_sem);

	if (result == 0)
		ln_got++;
	return (-result);
}

void
ln_up(void)
{
	lis_up(&ln_sem);
}

int
ln_sem_memory(void)
{
	lis_semaphore_t *sem = lis_sem_alloc(1);
	int result = sem != NULL && lis_down(sem) == 0;

	if (sem != NULL)
		lis_sem_destroy(sem);
	return (result);
}

/* --- nodes --- */

int
ln_mknod(dev_t dev)
{
	return (lis_mknod("/dev/ln", S_IFCHR | S_IRUGO | S_IWUGO, dev));
}

int
ln_unlink(void)
{
	return (lis_unlink("/dev/ln"));
}
