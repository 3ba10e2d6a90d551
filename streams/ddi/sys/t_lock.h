/* Locks of Solaris: mutex(9F), rwlock(9F), condvar(9F). See <sys/ksynch.h> for what a lock is here. */
#ifndef RILL_SYS_T_LOCK_H
#define RILL_SYS_T_LOCK_H
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#define RILL_LOCK_NAME const char *
#else
#define RILL_LOCK_NAME char *
#endif

typedef enum { MUTEX_ADAPTIVE = 0, MUTEX_SPIN = 1, MUTEX_DRIVER = 4 } kmutex_type_t;
typedef enum { RW_DEFAULT = 2, RW_DRIVER = 4 } krw_type_t;
typedef enum { RW_WRITER, RW_READER } krw_t;
typedef enum { CV_DEFAULT, CV_DRIVER } kcv_type_t;
typedef enum { TR_NANOSEC, TR_MICROSEC, TR_MILLISEC, TR_SEC, TR_CLOCK_TICK } time_res_t;
void mutex_init(kmutex_t *mp, RILL_LOCK_NAME name, kmutex_type_t type, void *arg);
void mutex_destroy(kmutex_t *mp);
void mutex_enter(kmutex_t *mp);
int mutex_tryenter(kmutex_t *mp); /* not 0 when it was taken */
void mutex_exit(kmutex_t *mp);
int mutex_owned(kmutex_t *mp);
#define MUTEX_HELD(mp) mutex_owned(mp)
#define MUTEX_NOT_HELD(mp) (!mutex_owned(mp))
void rw_init(krwlock_t *rwp, RILL_LOCK_NAME name, krw_type_t type, void *arg);
void rw_destroy(krwlock_t *rwp);
void rw_enter(krwlock_t *rwp, krw_t how);
int rw_tryenter(krwlock_t *rwp, krw_t how);
void rw_exit(krwlock_t *rwp);
void rw_downgrade(krwlock_t *rwp);
int rw_tryupgrade(krwlock_t *rwp);
int rw_read_locked(krwlock_t *rwp);
int rw_lock_held(krwlock_t *rwp);
void cv_init(kcondvar_t *cvp, RILL_LOCK_NAME name, kcv_type_t type, void *arg);
void cv_destroy(kcondvar_t *cvp);
void cv_wait(kcondvar_t *cvp, kmutex_t *mp);
int cv_wait_sig(kcondvar_t *cvp, kmutex_t *mp);                         /* 0: a signal */
clock_t cv_timedwait(kcondvar_t *cvp, kmutex_t *mp, clock_t lbolt);     /* -1: that tick has come */
clock_t cv_timedwait_sig(kcondvar_t *cvp, kmutex_t *mp, clock_t lbolt); /* 0: a signal, -1: the time */
clock_t cv_reltimedwait(kcondvar_t *cvp, kmutex_t *mp, clock_t ticks, time_res_t resolution);
clock_t cv_reltimedwait_sig(kcondvar_t *cvp, kmutex_t *mp, clock_t ticks, time_res_t resolution);
void cv_signal(kcondvar_t *cvp);
void cv_broadcast(kcondvar_t *cvp);

#ifdef __cplusplus
}
#endif
#endif
