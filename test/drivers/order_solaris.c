/*
 * The headers of a Solaris driver, <sys/ddi.h> and <sys/sunddi.h> last, with DEBUG and the names that only Solaris has.
 * A test calls the functions.
 */
#define DEBUG
#define _SOLARIS_DDI
#include <sys/types.h>
#include <sys/param.h>
#include <sys/errno.h>
#include <sys/stream.h>
#include <sys/stropts.h>
#include <sys/strsun.h>
#include <sys/strsubr.h>
#include <sys/conf.h>
#include <sys/cred.h>
#include <sys/file.h>
#include <sys/kmem.h>
#include <sys/ksynch.h>
#include <sys/stat.h>
#include <sys/cmn_err.h>
#include <sys/debug.h>
#include <sys/modctl.h>
#include <sys/sysmacros.h>
#include <sys/systm.h>
#include <sys/policy.h>
#include <sys/zone.h>
#include <sys/ddi.h>
#include <sys/sunddi.h>

static struct module_info so_minfo = { 1, "so", 0, INFPSZ, 512, 128 };
static struct qinit so_init = { putq, NULL, NULL, NULL, NULL, &so_minfo, NULL };
static struct streamtab so_info = { &so_init, &so_init, NULL, NULL };
static struct fmodsw so_fsw = { "so", &so_info, D_MP | D_MTPERMOD };
static struct modlstrmod so_modlstrmod = { &mod_strmodops, "so module", &so_fsw };

const char *
so_module(void)
{
	return (so_modlstrmod.strmod_fmodsw->f_name);
}

/* 1 when a kmutex is held while it is */
int
so_mutex(void)
{
	kmutex_t lock;
	int held;

	mutex_init(&lock, NULL, MUTEX_DRIVER, NULL);
	mutex_enter(&lock);
	held = mutex_owned(&lock);
	mutex_exit(&lock);
	mutex_destroy(&lock);
	return (held);
}

/* the members that only Solaris has, by name */
void
so_options(struct stroptions *sop)
{
	sop->so_flags = SO_ERROPT;
	sop->so_erropt = RERRNONPERSIST;
	sop->so_maxblk = INFPSZ;
	sop->so_copyopt = 0;
	sop->so_tail = 0;
}

/* an M_IOCTL's data model, or -1 when the message is shorter than an iocblk */
int
so_flag(mblk_t *mp)
{
	if (MBLKL(mp) < (long)sizeof (struct iocblk))
		return (-1);
	return (((struct iocblk *)mp->b_rptr)->ioc_flag);
}

/* the pointer argument of Solaris */
bufcall_id_t
so_bufcall(queue_t *q, size_t size)
{
	return (bufcall(size, BPRI_LO, (void (*)(void *))qenable, q));
}

void
so_assert(int value)
{
	ASSERT(value == 1);
}
