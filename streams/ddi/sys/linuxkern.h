/*
 * What STREAMS drivers of Linux (LiS, OpenSS7) take from Linux itself: printk, spin locks, branch hints, module words. The
 * headers of <linux/> that exist here and those of both STREAMS packages include it. For C alone.
 */
#ifndef RILL_SYS_LINUXKERN_H
#define RILL_SYS_LINUXKERN_H
#include <sys/types.h>

#ifndef __cplusplus
#include <linux/version.h>
#include <sys/ipl.h>
#include <sys/kmem.h>
#include <sys/klibc.h>
#include <sys/stat.h>

#define KERN_EMERG "<0>"
#define KERN_ALERT "<1>"
#define KERN_CRIT "<2>"
#define KERN_ERR "<3>"
#define KERN_WARNING "<4>"
#define KERN_NOTICE "<5>"
#define KERN_INFO "<6>"
#define KERN_DEBUG "<7>"
int printk(const char *format, ...) __attribute__((format(printf, 1, 2))); /* to the console; how many characters */

#ifndef likely
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#endif
#define __unlikely(x) unlikely(x)
#define __likely(x) likely(x)

/* A level goes to a flag by name, as in Linux; the lock is a basic one of <sys/ksynch.h>, with what is checked of those. */
typedef struct rill_spinlock { RILL_LOCK_FIELDS } spinlock_t;
typedef spinlock_t rill_linux_rwlock_t;
#define SPIN_LOCK_UNLOCKED { 0, 0, 0, 0, 0 }
#define __SPIN_LOCK_UNLOCKED(name) SPIN_LOCK_UNLOCKED
#define DEFINE_SPINLOCK(name) spinlock_t name = SPIN_LOCK_UNLOCKED
void rill_spin_init(spinlock_t *lock);
void rill_spin_lock(spinlock_t *lock);
int rill_spin_trylock(spinlock_t *lock); /* 1 got it */
void rill_spin_unlock(spinlock_t *lock);
#define spin_lock_init(lock) rill_spin_init(lock)
#define spin_lock(lock) rill_spin_lock(lock)
#define spin_trylock(lock) rill_spin_trylock(lock)
#define spin_unlock(lock) rill_spin_unlock(lock)
#define spin_is_locked(lock) ((lock)->lk_held != 0)
#define spin_lock_bh(lock) rill_spin_lock(lock)
#define spin_unlock_bh(lock) rill_spin_unlock(lock)
#define spin_lock_irq(lock) rill_spin_lock(lock)
#define spin_unlock_irq(lock) rill_spin_unlock(lock)
#define spin_lock_irqsave(lock, flags) (rill_spin_lock(lock), (void)((flags) = (unsigned long)splhi()))
#define spin_unlock_irqrestore(lock, flags) (splx((pl_t)(flags)), rill_spin_unlock(lock))
#define local_irq_save(flags) ((void)((flags) = (unsigned long)splhi()))
#define local_irq_restore(flags) ((void)splx((pl_t)(flags)))
#define save_flags(flags) ((void)((flags) = 0))
#define restore_flags(flags) ((void)(flags))
#define cli() ((void)0)
#define sti() ((void)0)

typedef struct { volatile int counter; } atomic_t;
#define ATOMIC_INIT(n) { (n) }
#define atomic_read(a) ((a)->counter)
#define atomic_set(a, n) ((void)((a)->counter = (n)))
#define atomic_inc(a) ((void)++(a)->counter)
#define atomic_dec(a) ((void)--(a)->counter)
#define atomic_add(n, a) ((void)((a)->counter += (n)))
#define atomic_sub(n, a) ((void)((a)->counter -= (n)))
#define atomic_dec_and_test(a) (--(a)->counter == 0)
#define atomic_inc_return(a) (++(a)->counter)

/* kmalloc(): the size is remembered for kfree(). */
#define GFP_KERNEL 0
#define GFP_ATOMIC 1
void *rill_lis_alloc(size_t size, int flag);
void rill_lis_free(const void *memory);
#define kmalloc(size, gfp) rill_lis_alloc((size), (gfp) == GFP_ATOMIC ? KM_NOSLEEP : KM_SLEEP)
#define kfree(memory) rill_lis_free(memory)

#ifndef S_IRUGO
#define S_IRUGO 0444
#define S_IWUGO 0222
#define S_IXUGO 0111
#endif
#ifndef SMP_CACHE_BYTES
#define SMP_CACHE_BYTES 64
#endif
#ifndef ____cacheline_aligned
#define ____cacheline_aligned __attribute__((__aligned__(SMP_CACHE_BYTES)))
#endif
#define fastcall
#define asmlinkage
#define __user
#define noinline __attribute__((__noinline__))
#endif
#endif
