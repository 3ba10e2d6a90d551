/*
 * Locks and condition variables of three families: SVR4 MP and IRIX (LOCK, RW_, SLEEP_, SV_), IRIX (MUTEX_), Solaris
 * (mutex_, rw_, cv_). A System has one thread, so a basic lock never waits; what it would have done elsewhere is
 * checked: taken twice, left held, released by nobody, held while its driver sleeps or passes a message on.
 *
 * SV_WAIT comes in two argument orders, told apart by the type of the second argument:
 *   SV_WAIT(sv, lock, rv)         IRIX; rv is what LOCK returned, 0 for a mutex
 *   SV_WAIT(sv, priority, lock)   SVR4 MP
 * With RILL_SVR4MP defined the second is meant whatever the types are.
 */
#ifndef RILL_SYS_KSYNCH_H
#define RILL_SYS_KSYNCH_H
#include <sys/types.h>
#include <sys/ipl.h>
#include <sys/t_lock.h>

#ifdef __cplusplus
extern "C" {
#define RILL_KS_NAME const char *
#else
#define RILL_KS_NAME char *
#endif

typedef struct lkinfo {
    RILL_KS_NAME lk_name;
    int lk_flags;
    long lk_pad[2];
} lkinfo_t;
#define NOSTATS 0x01
#define LKINFO_DECL(variable, name, flags) static lkinfo_t variable = { name, flags, { 0, 0 } }

typedef struct rill_lock { RILL_LOCK_FIELDS } lock_t;
typedef struct rill_rwlock { RILL_LOCK_FIELDS } rwlock_t;
typedef struct rill_sleeplock { RILL_LOCK_FIELDS } sleep_t;
typedef struct rill_mutex { RILL_LOCK_FIELDS } mutex_t;
typedef struct rill_sv { unsigned int sv_magic; int sv_waiters; } sv_t;

/* Basic locks, LOCK(D3) */
lock_t *LOCK_ALLOC(uchar_t hierarchy, pl_t min_pl, lkinfo_t *lkinfop, int flag);
void LOCK_INIT(lock_t *lockp, uchar_t hierarchy, pl_t min_pl, lkinfo_t *lkinfop);
void LOCK_DESTROY(lock_t *lockp);
void LOCK_DEALLOC(lock_t *lockp);
pl_t LOCK(lock_t *lockp, pl_t pl);    /* the level before */
pl_t TRYLOCK(lock_t *lockp, pl_t pl); /* invpl when it is held */
void UNLOCK(lock_t *lockp, pl_t pl);
int LOCK_OWNED(lock_t *lockp);

/* Read/write locks, RW_RDLOCK(D3) */
rwlock_t *RW_ALLOC(uchar_t hierarchy, pl_t min_pl, lkinfo_t *lkinfop, int flag);
void RW_INIT(rwlock_t *lockp, uchar_t hierarchy, pl_t min_pl, lkinfo_t *lkinfop);
void RW_DESTROY(rwlock_t *lockp);
void RW_DEALLOC(rwlock_t *lockp);
pl_t RW_RDLOCK(rwlock_t *lockp, pl_t pl);
pl_t RW_WRLOCK(rwlock_t *lockp, pl_t pl);
pl_t RW_TRYRDLOCK(rwlock_t *lockp, pl_t pl);
pl_t RW_TRYWRLOCK(rwlock_t *lockp, pl_t pl);
void RW_UNLOCK(rwlock_t *lockp, pl_t pl);

/* Sleep locks, SLEEP_LOCK(D3): open, close and ioctl context only */
sleep_t *SLEEP_ALLOC(int arg, lkinfo_t *lkinfop, int flag);
void SLEEP_INIT(sleep_t *lockp, int arg, lkinfo_t *lkinfop);
void SLEEP_DESTROY(sleep_t *lockp);
void SLEEP_DEALLOC(sleep_t *lockp);
void SLEEP_LOCK(sleep_t *lockp, int priority);
int SLEEP_LOCK_SIG(sleep_t *lockp, int priority); /* 1 got it, 0 a signal came */
int SLEEP_TRYLOCK(sleep_t *lockp);                /* 1 got it, 0 it is held */
void SLEEP_UNLOCK(sleep_t *lockp);
int SLEEP_LOCKAVAIL(sleep_t *lockp);
int SLEEP_LOCKOWNED(sleep_t *lockp);

/* Mutexes of IRIX, MUTEX_LOCK(D3) */
#define MUTEX_DEFAULT 0
mutex_t *MUTEX_ALLOC(int type, int flag, ...); /* a name may follow */
void MUTEX_INIT(mutex_t *mutexp, int type, RILL_KS_NAME name);
void MUTEX_DESTROY(mutex_t *mutexp);
void MUTEX_DEALLOC(mutex_t *mutexp);
void MUTEX_LOCK(mutex_t *mutexp, int priority);
int MUTEX_TRYLOCK(mutex_t *mutexp); /* 1 got it, 0 it is held */
void MUTEX_UNLOCK(mutex_t *mutexp);
int MUTEX_OWNED(mutex_t *mutexp);
#define MUTEX_MINE(mutexp) MUTEX_OWNED(mutexp)

/* Synchronization variables, SV_WAIT(D3). SV_ALLOC(flag), or SV_ALLOC(type, flag, name) as on IRIX. */
#define SV_DEFAULT 0
#define SV_FIFO 0
#define SV_LIFO 2
#define SV_PRIO 4
sv_t *rill_sv_alloc(int flag);
#define RILL_SV_FLAG1(flag) (flag)
#define RILL_SV_FLAG2(type, flag) (flag)
#define RILL_SV_FLAG3(type, flag, name) (flag)
#define RILL_SV_COUNTED(a, b, c, which, ...) which
#define SV_ALLOC(...) \
    rill_sv_alloc(RILL_SV_COUNTED(__VA_ARGS__, RILL_SV_FLAG3, RILL_SV_FLAG2, RILL_SV_FLAG1, 0)(__VA_ARGS__))
void SV_INIT(sv_t *svp, int type, RILL_KS_NAME name);
void SV_DESTROY(sv_t *svp);
void SV_DEALLOC(sv_t *svp);
int SV_SIGNAL(sv_t *svp);    /* how many it woke */
int SV_BROADCAST(sv_t *svp);
#ifdef RILL_SVR4MP
#define RILL_SV_IRIX(second) 0
#else
#define RILL_SV_IRIX(second) (__builtin_classify_type(second) == 5 /* a pointer */)
#endif
int rill_sv_wait(sv_t *svp, long second, long third, int irix_order, int interruptible);
#define SV_WAIT(svp, second, third) \
    ((void)rill_sv_wait((svp), (long)(second), (long)(third), RILL_SV_IRIX(second), 0))
/* 1 when it was woken, 0 when a signal ended the wait */
#define SV_WAIT_SIG(svp, second, third) \
    rill_sv_wait((svp), (long)(second), (long)(third), RILL_SV_IRIX(second), 1)

#ifdef __cplusplus
}
#endif
#endif
