/*
 * The headers of an IRIX driver in their order, <sys/ddi.h> last. A test calls the functions.
 */
#include <sys/types.h>
#include <sys/conf.h>
#include <sys/stream.h>
#include <sys/stropts.h>
#include <sys/cred.h>
#include <sys/cmn_err.h>
#include <sys/kmem.h>
#include <sys/ksynch.h>
#include <sys/ddi.h>

int ir_devflag = D_MP;

/* aligned or contiguous memory is memory; how many of the two were had, each zeroed and freed */
int
ir_memory(void)
{
	static int flags[] = { KM_SLEEP|KM_PHYSCONTIG, KM_NOSLEEP|KM_CACHEALIGN };
	char *p;
	int i, had;

	for (i = had = 0; i < 2; i++)
		if ((p = kmem_zalloc(40, flags[i])) != NULL) {
			had += p[0] == 0 && p[39] == 0;
			kmem_free(p, 40);
		}
	return (had);
}

/* the level before, as LOCK and the locks around it give it back; -1 when one could not be had */
int
ir_locks(void)
{
	lock_t *lockp = LOCK_ALLOC((uchar_t)-1, plbase, (lkinfo_t *)-1, KM_NOSLEEP);
	mutex_t *mutexp = MUTEX_ALLOC(MUTEX_DEFAULT, KM_NOSLEEP, "ir");
	sv_t *svp = SV_ALLOC(SV_DEFAULT, KM_NOSLEEP, "ir");
	pl_t pl = -1;

	if (lockp != NULL && mutexp != NULL && svp != NULL) {
		MUTEX_LOCK(mutexp, 0);
		pl = LOCK(lockp, plstr);
		SV_SIGNAL(svp);
		UNLOCK(lockp, pl);
		MUTEX_UNLOCK(mutexp);
	}
	LOCK_DEALLOC(lockp);
	MUTEX_DEALLOC(mutexp);
	SV_DEALLOC(svp);
	return (pl);
}

void
ir_say(void)
{
	cmn_err(CE_NOTE, "unit %d", 3);
}
