/* LiS: what its drivers take from the system around them, under LiS' own names. */
#ifndef RILL_SYS_OSIF_H
#define RILL_SYS_OSIF_H
#include <sys/stream.h>
#include <sys/ddi.h>
#include <sys/strconf.h>
#include <sys/linuxkern.h>

#ifndef __cplusplus
/* Memory: the size is remembered for FREE(). */
#define ALLOC(size) rill_lis_alloc((size), KM_NOSLEEP)
#define ALLOCF(size, text) rill_lis_alloc((size), KM_NOSLEEP)
#define MALLOC(size) rill_lis_alloc((size), KM_NOSLEEP)
#define FREE(memory) rill_lis_free(memory)
#define lis_alloc_kernel(size) rill_lis_alloc((size), KM_SLEEP)
#define lis_alloc_atomic(size) rill_lis_alloc((size), KM_NOSLEEP)
#define lis_free_mem(memory) rill_lis_free(memory)

/* Device numbers */
#define MAJOR(dev) getmajor(dev)
#define MINOR(dev) getminor(dev)
#define MKDEV(maj, min) makedevice((maj), (min))
#define UMKDEV(maj, min) makedevice((maj), (min))
#define DEV_TO_INT(dev) ((unsigned int)(dev))
#define DEV_SAME(a, b) ((a) == (b))

/* putq() and putbq() that free the message when it finds no place. */
void rill_putqf(queue_t *q, mblk_t *mp);
void rill_putbqf(queue_t *q, mblk_t *mp);
#define putqf(q, mp) rill_putqf((q), (mp))
#define putbqf(q, mp) rill_putbqf((q), (mp))

/* Semaphores. down: 0, or -EINTR when a signal came; in a procedure that cannot wait -EAGAIN, and a fault. */
typedef struct lis_semaphore {
    unsigned int sem_magic;
    int sem_count;
    int sem_allocated;
} lis_semaphore_t;
lis_semaphore_t *lis_sem_alloc(int count);
void lis_sem_init(lis_semaphore_t *sem, int count);
void lis_sem_destroy(lis_semaphore_t *sem);
int lis_down(lis_semaphore_t *sem);
void lis_down_nosig(lis_semaphore_t *sem);
void lis_up(lis_semaphore_t *sem);
#define lis_sem_free(sem) lis_sem_destroy(sem)

typedef spinlock_t lis_spin_lock_t;
#define lis_spin_lock_init(lock, name) rill_spin_init(lock)
#define lis_spin_lock(lock) rill_spin_lock(lock)
#define lis_spin_trylock(lock) rill_spin_trylock(lock)
#define lis_spin_unlock(lock) rill_spin_unlock(lock)
#define lis_spin_lock_irqsave(lock, flags) (rill_spin_lock(lock), (void)(*(flags) = (int)splhi()))
#define lis_spin_unlock_irqrestore(lock, flags) (splx((pl_t) *(flags)), rill_spin_unlock(lock))

/* Nodes: 0 or a negative errno. */
int lis_mknod(const char *path, int mode, dev_t dev);
int lis_unlink(const char *path);
#define lis_gettimeofday(tv) ((void)((tv)->tv_sec = (long)rill_seconds(), (tv)->tv_usec = 0))
time_t rill_seconds(void);
#endif
#endif
