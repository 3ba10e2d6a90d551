/*
 * Locks as IRIX, SVR4 MP and Solaris drivers use them, and as they should not. A test calls the functions from a probe's
 * procedures.
 */
#include <sys/types.h>
#include <sys/stream.h>
#include <sys/cred.h>
#include <sys/kmem.h>
#include <sys/ksynch.h>
#include <sys/ddi.h>

static lkinfo_t lk_info = { "a lock", 0, { 0, 0 } };
lock_t *lk_lock;
sv_t *lk_sv;
mutex_t *lk_mutex;
sleep_t *lk_sleep;
rwlock_t *lk_rw;
kmutex_t lk_kmutex;
kcondvar_t lk_cv;
krwlock_t lk_krw;
int lk_ready;

void
lk_make()
{
	lk_lock = LOCK_ALLOC(1, plstr, &lk_info, KM_SLEEP);
	lk_sv = SV_ALLOC(SV_DEFAULT, KM_SLEEP, "sv");
	lk_mutex = MUTEX_ALLOC(MUTEX_DEFAULT, KM_SLEEP, "mutex");
	lk_sleep = SLEEP_ALLOC(0, &lk_info, KM_SLEEP);
	lk_rw = RW_ALLOC(2, plstr, &lk_info, KM_SLEEP);
	mutex_init(&lk_kmutex, "kmutex", MUTEX_DRIVER, NULL);
	cv_init(&lk_cv, NULL, CV_DRIVER, NULL);
	rw_init(&lk_krw, NULL, RW_DRIVER, NULL);
	lk_ready = 0;
}

void
lk_unmake()
{
	LOCK_DEALLOC(lk_lock);
	SV_DEALLOC(lk_sv);
	MUTEX_DEALLOC(lk_mutex);
	SLEEP_DEALLOC(lk_sleep);
	RW_DEALLOC(lk_rw);
	mutex_destroy(&lk_kmutex);
	cv_destroy(&lk_cv);
	rw_destroy(&lk_krw);
}

/* SV_ALLOC as SVR4 MP has it */
sv_t *
lk_svr4_sv()
{
	return (SV_ALLOC(KM_SLEEP));
}

/* waits for lk_ready, IRIX order */
int
lk_wait_irix()
{
	int rv;

	rv = LOCK(lk_lock, plstr);
	while (!lk_ready) {
		if (!SV_WAIT_SIG(lk_sv, lk_lock, rv))
			return (0);
		rv = LOCK(lk_lock, plstr);
	}
	UNLOCK(lk_lock, rv);
	return (1);
}

/* the same, SVR4 MP order; then the lock is not held and the level is plbase */
int
lk_wait_svr4()
{
	pl_t before;

	LOCK(lk_lock, plstr);
	SV_WAIT(lk_sv, 26, lk_lock);
	if (LOCK_OWNED(lk_lock))
		return (-1);
	before = splstr();
	splx(before);
	return (before);
}

int
lk_wait_mutex()
{
	MUTEX_LOCK(lk_mutex, 0);
	SV_WAIT(lk_sv, lk_mutex, 0);
	return (MUTEX_OWNED(lk_mutex));
}

void
lk_wake()
{
	lk_ready = 1;
	SV_BROADCAST(lk_sv);
}

int
lk_cv_wait()
{
	mutex_enter(&lk_kmutex);
	while (!lk_ready)
		if (cv_wait_sig(&lk_cv, &lk_kmutex) == 0) {
			mutex_exit(&lk_kmutex);
			return (0);
		}
	mutex_exit(&lk_kmutex);
	return (1);
}

/* nothing in it can be missed when it is compiled */
int
lk_freeze(q)
	queue_t *q;
{
	pl_t pl;
	long value;

	pl = freezestr(q);
	strqget(q, QHIWAT, 0, &value);
	unfreezestr(q, pl);
	(void) freezestr(q);
	unfreezestr(q);
	return ((int)value);
}
