// What drivers of LiS and OpenSS7 call: printk, spin locks, memory that knows its size, semaphores, nodes (<sys/linuxkern.h>,
// <sys/osif.h>). Nothing here has a state of its own: each is a service of the DDI under another name, with its checks.
#include "streams/system.hpp"
#include "streams/queue/sync.hpp"

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <fmt/format.h>
#include <time.h>
#include <sys/kmem.h>
#include <sys/klibc.h>
#include <sys/ksynch.h>

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

struct rill_spinlock {
    RILL_LOCK_FIELDS
};
struct lis_semaphore {
    unsigned int sem_magic;
    int sem_count;
    int sem_allocated;
};

// "<3>text": up to 3 is an error, 4 a warning, 5 and above a word by the way; no level is a warning.
EXPORT __attribute__((format(printf, 1, 2))) int printk(const char *format, ...) {
    int level = 4;
    if (format[0] == '<' && format[1] >= '0' && format[1] <= '7' && format[2] == '>') {
        level = format[1] - '0';
        format += 3;
    }
    char text[1024];
    va_list args;
    va_start(args, format);
    const int count = std::vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (current)
        current->console(level <= 4 ? 2 : 1, text, true, true);
    else
        std::fputs(text, stderr);
    return count;
}

// --- spin locks: LOCK(D3) without a level ---

namespace {
lock_t *lock_of(rill_spinlock *lock) { return reinterpret_cast<lock_t *>(lock); } // all lock structures have one layout
} // namespace

EXPORT void rill_spin_init(rill_spinlock *lock) { LOCK_INIT(lock_of(lock), 0, plbase, nullptr); }
EXPORT void rill_spin_lock(rill_spinlock *lock) { LOCK(lock_of(lock), plbase); }
EXPORT int rill_spin_trylock(rill_spinlock *lock) { return TRYLOCK(lock_of(lock), plbase) != invpl; }
EXPORT void rill_spin_unlock(rill_spinlock *lock) { UNLOCK(lock_of(lock), current ? current->sync.level : pl_t{plbase}); }

// --- memory ---

namespace {
constexpr std::size_t before_it = 16; // the size stands there
}

EXPORT void *rill_lis_alloc(size_t size, int flag) {
    auto *memory = static_cast<char *>(kmem_alloc(size + before_it, flag));
    if (!memory) return nullptr;
    const std::size_t whole = size + before_it;
    std::memcpy(memory, &whole, sizeof whole);
    return memory + before_it;
}

EXPORT void rill_lis_free(const void *given) {
    if (!given) return;
    char *memory = static_cast<char *>(const_cast<void *>(given)) - before_it;
    std::size_t whole = 0;
    std::memcpy(&whole, memory, sizeof whole);
    kmem_free(memory, whole);
}

// IRIX (<sys/systm.h>)
EXPORT void *kern_malloc(size_t size) { return rill_lis_alloc(size, KM_SLEEP); }
EXPORT void *kern_calloc(size_t count, size_t size) {
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) return nullptr;
    void *memory = rill_lis_alloc(bytes, KM_SLEEP);
    return memory ? std::memset(memory, 0, bytes) : nullptr;
}
EXPORT void kern_free(void *memory) { rill_lis_free(memory); }

// --- queues ---

EXPORT void rill_putqf(queue_t *q, mblk_t *mp) {
    if (!putq(q, mp)) freemsg(mp);
}
EXPORT void rill_putbqf(queue_t *q, mblk_t *mp) {
    if (!putbq(q, mp)) freemsg(mp);
}

// --- semaphores ---

EXPORT void lis_sem_init(lis_semaphore *sem, int count) { *sem = {0x736d6170, count, 0}; }

EXPORT lis_semaphore *lis_sem_alloc(int count) {
    auto *sem = static_cast<lis_semaphore *>(kmem_alloc(sizeof(lis_semaphore), KM_NOSLEEP));
    if (!sem) return nullptr;
    lis_sem_init(sem, count);
    sem->sem_allocated = 1;
    return sem;
}

EXPORT void lis_sem_destroy(lis_semaphore *sem) {
    if (sem && sem->sem_allocated) kmem_free(sem, sizeof(lis_semaphore));
}

static int down(lis_semaphore *sem, bool interruptible) {
    while (sem->sem_count <= 0) {
        if (!may_sleep_here("UTL-108", "lis_down of a semaphore that is taken, where sleeping is not allowed")) return -EAGAIN;
        Call *call = current->running;
        call->event = reinterpret_cast<char *>(sem);
        const Wake wake = driver_sleep(current->event_sleepers, "a semaphore (lis_down)", interruptible, forever);
        call->event = nullptr;
        if (wake != Wake::event) return -EINTR;
    }
    --sem->sem_count;
    return 0;
}

EXPORT int lis_down(lis_semaphore *sem) { return down(sem, true); }
EXPORT void lis_down_nosig(lis_semaphore *sem) { down(sem, false); }
EXPORT void lis_up(lis_semaphore *sem) {
    ++sem->sem_count;
    wakeup(reinterpret_cast<char *>(sem));
}

// --- nodes and the clock ---

EXPORT int lis_mknod(const char *path, int mode, dev_t dev) {
    if (!current) return -ENODEV;
    return -current->nodes.make(path, static_cast<mode_t>(mode), dev, 0, 0);
}
EXPORT int lis_unlink(const char *path) {
    if (!current) return -ENODEV;
    return -current->nodes.unlink(path);
}
EXPORT time_t rill_seconds() { return ::time(nullptr); }
