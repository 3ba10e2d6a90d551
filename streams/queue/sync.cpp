#include "streams/queue/sync.hpp"
#include "streams/queue/perimeter.hpp"
#include "streams/system.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sys/ddi.h>
#include <sys/ksynch.h>
#include <sys/user.h>
#undef sleep

using namespace rill;

#define EXPORT extern "C" __attribute__((visibility("default")))

extern "C" {
__attribute__((visibility("default"))) struct user u;
}

namespace rill {

namespace {

enum Sort {
    basic = 1,
    read_write,
    irix_mutex,
    mutex,
    krwlock,
    sleep_lock,
    sort_count,
};

struct Manual {
    const char *name;
    const char *rule;
// clang-format off
} constexpr manuals[] = {{"?", "UTL-041"}, {"LOCK", "UTL-041"}, {"RW lock", "UTL-044"}, {"MUTEX", "UTL-051"},
                         {"mutex", "UTL-051"}, {"rwlock", "UTL-053"}, {"SLEEP lock", "UTL-045"}};
// clang-format on

constexpr unsigned live = 0x6c6f'636b, dead = 0xdead'10c4;

using Lock = rill_lock; // all lock structures have its layout
template <class T> Lock *lock_of(T *p) { return reinterpret_cast<Lock *>(p); }

[[gnu::cold]] void complain(int sort, const char *what) {
    if (current) current->fault(manuals[sort].rule, fmt::format("{}: {}", manuals[sort].name, what).c_str());
}

bool is_basic(int sort) { return sort == basic || sort == read_write; }

// --- what all locks have in common ---

void init(Lock *l, int sort) { *l = {live, 0, sort, 0, nullptr}; }

// Zeroed memory is a lock that nobody has initialised; that works everywhere, and so it does here.
void prepare(Lock *l, int sort) {
    if (l->lk_magic == live && l->lk_sort == sort) [[likely]]
        return;
    if (l->lk_magic == live)
        complain(sort, "used on a lock of another kind");
    else if (l->lk_magic == dead)
        complain(sort, "used after it was destroyed");
    else if (l->lk_magic != 0)
        complain(sort, "used without having been initialised");
    init(l, sort);
}

void destroy(Lock *l, int sort) {
    prepare(l, sort);
    if (l->lk_held) complain(sort, "destroyed while it is held");
    while (l->lk_held && current && forget_held(*current, l)) l->lk_held += l->lk_held > 0 ? -1 : 1;
    l->lk_magic = dead;
    l->lk_held = 0;
}

template <class T> T *allocate(int sort, int flag) {
    auto *l = static_cast<T *>(kmem_alloc(sizeof(T), flag));
    if (l) init(lock_of(l), sort);
    return l;
}

template <class T> void deallocate(T *l, int sort) {
    if (!l) return;
    destroy(lock_of(l), sort);
    kmem_free(l, sizeof(T));
}

const Held *holding(const Lock *l) {
    if (current)
        for (const Held &h : current->sync.held)
            if (h.lock == l && h.call == current->running) return &h;
    return nullptr;
}

int wake_sleepers(void *event, bool all) {
    if (!current) return 0;
    std::vector<Call *> asleep;
    for (Call &call : current->sync.sleepers)
        if (call.event == event) {
            asleep.push_back(&call);
            if (!all) break;
        }
    for (Call *call : asleep) current->wake(*call, Wake::event, "a lock or a condition");
    return static_cast<int>(asleep.size());
}

Wake sleep_on(void *event, const char *why, bool interruptible, long ticks = forever) {
    Call *call = current->running;
    call->event = event;
    const Wake wake = driver_sleep(current->sync.sleepers, why, interruptible, ticks);
    call->event = nullptr;
    return wake;
}

bool is_listed(const Lock *l) {
    const auto &held = current->sync.held;
    return std::any_of(held.begin(), held.end(), [l](const Held &h) { return h.lock == l; });
}

bool is_free(const Lock *l, bool shared) { return shared ? l->lk_held <= 0 : l->lk_held == 0; }

void take(Lock *l, int sort, bool shared) {
    if (shared && l->lk_held <= 0)
        --l->lk_held;
    else if (l->lk_held == 0)
        l->lk_held = 1;
    l->lk_holder = current ? current->running : nullptr;
    if (current) note_held(*current, l, sort);
}

bool try_take(Lock *l, int sort, bool shared) {
    prepare(l, sort);
    if (!is_free(l, shared)) return false;
    take(l, sort, shared);
    return true;
}

// Takes a lock that may be waited for. A put or service procedure cannot wait here: the run loop is what it would wait
// for; it goes on with a fault.
bool take_waiting(Lock *l, int sort, bool shared, bool interruptible = false, const char *name = __builtin_FUNCTION()) {
    prepare(l, sort);
    while (!is_free(l, shared)) {
        if (holding(l)) {
            complain(sort, "taken twice by one call: it would wait for itself");
            break;
        }
        if (!current) [[unlikely]]
            outside_system(name);
        if (current->in_put_or_service() || !current->running) {
            complain(sort, "held by a call that sleeps, and a procedure that cannot wait needs it");
            break;
        }
        if (sleep_on(l, "a lock that another call holds", interruptible) != Wake::event && interruptible) return false;
    }
    take(l, sort, shared);
    return true;
}

void release(Lock *l, int sort) {
    prepare(l, sort);
    if (!l->lk_held) return complain(sort, "released, but nobody holds it");
    if (current && !forget_held(*current, l)) return complain(sort, "released by somebody who does not hold it");
    if (l->lk_held < 0)
        ++l->lk_held;
    else if (!current || !is_listed(l)) // not nested by a procedure that could not wait
        l->lk_held = 0;
    if (l->lk_held == 0) wake_sleepers(l, sort == krwlock);
}

// --- levels ---

pl_t set_level(pl_t level) {
    if (!current) return 0;
    System &system = *current;
    const pl_t before = system.sync.level;
    if (level == before) return before;
    auto &raised = system.sync.raised;
    if (std::none_of(raised.begin(), raised.end(), [&](const Raised &r) { return r.entry == system.entry; })) {
        raised.push_back({system.entry, before});
        ++system.watch;
    }
    system.sync.level = level;
    return before;
}

pl_t raise_level(pl_t level) { return set_level(current ? std::max(current->sync.level, level) : level); }

// --- basic locks ---

// They spin: in one thread that would be for ever.
pl_t spin(Lock *l, int sort, bool shared, pl_t level) {
    prepare(l, sort);
    if (!is_free(l, shared))
        complain(sort, holding(l) ? "taken twice: it would spin for ever" : "taken while a sleeping call holds it");
    take(l, sort, shared);
    return raise_level(level);
}

pl_t try_spin(Lock *l, int sort, bool shared, pl_t level) {
    return try_take(l, sort, shared) ? raise_level(level) : pl_t{invpl};
}

void unspin(Lock *l, int sort, pl_t level) {
    release(l, sort);
    set_level(level);
}

// --- waiting for a condition ---

enum class End {
    woken,
    signal,
    time,
};

End wait_on(void *variable, const char *rule, const char *call, const char *name, bool interruptible, long ticks = forever) {
    if (!may_sleep_here(rule, call, name)) return End::woken;
    const Wake wake = sleep_on(variable, call, interruptible, ticks);
    if (wake == Wake::timeout) return End::time;
    return wake == Wake::event || !interruptible ? End::woken : End::signal;
}

clock_t cv_wait_until(kcondvar_t *cvp, kmutex_t *mp, bool interruptible, long ticks, const char *name = __builtin_FUNCTION()) {
    if (!current) [[unlikely]]
        outside_system(name);
    Lock *l = lock_of(mp);
    if (!holding(l)) complain(mutex, "cv_wait without holding it");
    else release(l, mutex);
    if (ticks <= 0) {
        take_waiting(l, mutex, false);
        return -1;
    }
    const End end = wait_on(cvp, "UTL-052", "a condition variable (cv_wait)", name, interruptible, ticks);
    take_waiting(l, mutex, false);
    if (end == End::time) return -1;
    return end == End::signal ? 0 : 1;
}

long ticks_of(clock_t count, time_res_t resolution) {
    switch (resolution) {
    case TR_NANOSEC: return count / (1'000'000'000 / ticks_a_second);
    case TR_MICROSEC: return count / (1'000'000 / ticks_a_second);
    case TR_MILLISEC: return count / (1000 / ticks_a_second);
    case TR_SEC: return product_of(count, ticks_a_second);
    default: return count;
    }
}

} // namespace

// --- what the framework asks ---

void note_held(System &system, void *lock, int sort) {
    system.sync.held.push_back({lock, sort, system.entry, system.running});
    ++system.watch;
}

bool forget_held(System &system, void *lock) {
    auto &held = system.sync.held;
    for (auto h = held.rbegin(); h != held.rend(); ++h)
        if (h->lock == lock && h->call == system.running) {
            held.erase(std::next(h).base());
            --system.watch;
            return true;
        }
    return false;
}

bool may_sleep_here(const char *rule, const char *call, const char *name) {
    if (!current) [[unlikely]]
        outside_system(name);
    if (current->in_put_or_service()) {
        current->fault(rule, call);
        return false;
    }
    if (current->watch) check_passing(*current, "sleeps");
    return current->running != nullptr;
}

Wake driver_sleep(WaitQueue &queue, const char *why, bool interruptible, long ticks) {
    System &system = *current;
    const pl_t level = system.sync.level;
    const struct user area = u;
    system.sync.level = 0;
    const Wake wake = system.sleep(queue, why, interruptible, ticks);
    u = area;
    system.sync.level = level;
    return wake;
}

void escape(Call &call, int error) {
    call.escaped = error;
    __builtin_longjmp(call.escape, 1);
}

void check_passing(System &system, const char *what) {
    for (const Held &h : system.sync.held)
        if (is_basic(h.sort) && h.call == system.running) {
            system.fault("UTL-043", fmt::format("{} with a {} held", what, manuals[h.sort].name).c_str());
            return;
        }
}

void check_return(System &system, Entry &entry) {
    for (std::size_t i = system.sync.held.size(); i-- > 0;) {
        const Held h = system.sync.held[i];
        if (h.entry != &entry) continue;
        system.sync.held.erase(system.sync.held.begin() + static_cast<long>(i));
        --system.watch;
        if (h.sort == held_frozen) {
            system.fault("QUE-076", "returned with its stream frozen (freezestr)");
            continue;
        }
        complain(h.sort, "left held when its procedure returned");
        auto *l = static_cast<Lock *>(h.lock);
        if (l->lk_held < 0) ++l->lk_held;
        else l->lk_held = 0; // so that one mistake is reported once
        if (l->lk_held == 0) wake_sleepers(l, true);
    }
    for (std::size_t i = system.sync.raised.size(); i-- > 0;) {
        const Raised r = system.sync.raised[i];
        if (r.entry != &entry) continue;
        system.sync.raised.erase(system.sync.raised.begin() + static_cast<long>(i));
        --system.watch;
        if (system.sync.level > r.before) system.fault("UTL-039", "the priority level was raised and not put back (splx)");
        system.sync.level = r.before;
    }
}

} // namespace rill

// --- spl(D3) ---

EXPORT pl_t spl0() { return set_level(0); }
EXPORT pl_t spl1() { return raise_level(1); }
EXPORT pl_t spl2() { return raise_level(2); }
EXPORT pl_t spl3() { return raise_level(3); }
EXPORT pl_t spl4() { return raise_level(4); }
EXPORT pl_t spl5() { return raise_level(5); }
EXPORT pl_t spl6() { return raise_level(6); }
EXPORT pl_t spl7() { return raise_level(7); }
EXPORT pl_t splbase() { return set_level(plbase); }
EXPORT pl_t spltimeout() { return raise_level(pltimeout); }
EXPORT pl_t spldisk() { return raise_level(pldisk); }
EXPORT pl_t splstr() { return raise_level(plstr); }
EXPORT pl_t spltty() { return raise_level(plstr); }
EXPORT pl_t splimp() { return raise_level(plstr); }
EXPORT pl_t splnet() { return raise_level(plstr); }
EXPORT pl_t splvme() { return raise_level(plstr); }
EXPORT pl_t splhi() { return raise_level(plhi); }
EXPORT pl_t splx(pl_t level) { return set_level(level); }

// --- LOCK(D3) ---

EXPORT lock_t *LOCK_ALLOC(uchar_t, pl_t, lkinfo_t *, int flag) { return allocate<lock_t>(basic, flag); }
EXPORT void LOCK_INIT(lock_t *l, uchar_t, pl_t, lkinfo_t *) { init(l, basic); }
EXPORT void LOCK_DESTROY(lock_t *l) { destroy(l, basic); }
EXPORT void LOCK_DEALLOC(lock_t *l) { deallocate(l, basic); }
EXPORT pl_t LOCK(lock_t *l, pl_t level) { return spin(l, basic, false, level); }
EXPORT pl_t TRYLOCK(lock_t *l, pl_t level) { return try_spin(l, basic, false, level); }
EXPORT void UNLOCK(lock_t *l, pl_t level) { unspin(l, basic, level); }
EXPORT int LOCK_OWNED(lock_t *l) { return holding(l) != nullptr; }

// --- RW_RDLOCK(D3) ---

EXPORT rwlock_t *RW_ALLOC(uchar_t, pl_t, lkinfo_t *, int flag) { return allocate<rwlock_t>(read_write, flag); }
EXPORT void RW_INIT(rwlock_t *l, uchar_t, pl_t, lkinfo_t *) { init(lock_of(l), read_write); }
EXPORT void RW_DESTROY(rwlock_t *l) { destroy(lock_of(l), read_write); }
EXPORT void RW_DEALLOC(rwlock_t *l) { deallocate(l, read_write); }
EXPORT pl_t RW_RDLOCK(rwlock_t *l, pl_t level) { return spin(lock_of(l), read_write, true, level); }
EXPORT pl_t RW_WRLOCK(rwlock_t *l, pl_t level) { return spin(lock_of(l), read_write, false, level); }
EXPORT pl_t RW_TRYRDLOCK(rwlock_t *l, pl_t level) { return try_spin(lock_of(l), read_write, true, level); }
EXPORT pl_t RW_TRYWRLOCK(rwlock_t *l, pl_t level) { return try_spin(lock_of(l), read_write, false, level); }
EXPORT void RW_UNLOCK(rwlock_t *l, pl_t level) { unspin(lock_of(l), read_write, level); }

// --- SLEEP_LOCK(D3) ---

EXPORT sleep_t *SLEEP_ALLOC(int, lkinfo_t *, int flag) { return allocate<sleep_t>(sleep_lock, flag); }
EXPORT void SLEEP_INIT(sleep_t *l, int, lkinfo_t *) { init(lock_of(l), sleep_lock); }
EXPORT void SLEEP_DESTROY(sleep_t *l) { destroy(lock_of(l), sleep_lock); }
EXPORT void SLEEP_DEALLOC(sleep_t *l) { deallocate(l, sleep_lock); }
EXPORT void SLEEP_LOCK(sleep_t *l, int) {
    if (may_sleep_here("UTL-045", "SLEEP_LOCK outside open and close")) take_waiting(lock_of(l), sleep_lock, false);
}
EXPORT int SLEEP_LOCK_SIG(sleep_t *l, int) {
    return may_sleep_here("UTL-045", "SLEEP_LOCK_SIG outside open and close") &&
           take_waiting(lock_of(l), sleep_lock, false, true);
}
EXPORT int SLEEP_TRYLOCK(sleep_t *l) { return try_take(lock_of(l), sleep_lock, false); }
EXPORT int SLEEP_LOCKAVAIL(sleep_t *l) { return l->lk_held == 0; }
EXPORT int SLEEP_LOCKOWNED(sleep_t *l) { return l->lk_held && current && l->lk_holder == current->running; }
// Any context may release one that a sleeping call holds, a put procedure included.
EXPORT void SLEEP_UNLOCK(sleep_t *l) {
    prepare(lock_of(l), sleep_lock);
    if (!l->lk_held) return complain(sleep_lock, "released, but nobody holds it");
    if (current) {
        auto &held = current->sync.held;
        current->watch -= static_cast<unsigned>(std::erase_if(held, [l](const Held &h) { return h.lock == l; }));
    }
    l->lk_held = 0;
    wake_sleepers(l, false);
}

// --- MUTEX_LOCK(D3) of IRIX ---

EXPORT mutex_t *MUTEX_ALLOC(int, int flag, ...) { return allocate<mutex_t>(irix_mutex, flag); }
EXPORT void MUTEX_INIT(mutex_t *m, int, const char *) { init(lock_of(m), irix_mutex); }
EXPORT void MUTEX_DESTROY(mutex_t *m) { destroy(lock_of(m), irix_mutex); }
EXPORT void MUTEX_DEALLOC(mutex_t *m) { deallocate(m, irix_mutex); }
EXPORT void MUTEX_LOCK(mutex_t *m, int) { take_waiting(lock_of(m), irix_mutex, false); }
EXPORT int MUTEX_TRYLOCK(mutex_t *m) { return try_take(lock_of(m), irix_mutex, false); }
EXPORT void MUTEX_UNLOCK(mutex_t *m) { release(lock_of(m), irix_mutex); }
EXPORT int MUTEX_OWNED(mutex_t *m) { return holding(lock_of(m)) != nullptr; }

// --- SV_WAIT(D3) ---

EXPORT sv_t *rill_sv_alloc(int flag) {
    auto *sv = static_cast<sv_t *>(kmem_alloc(sizeof(sv_t), flag));
    if (sv) *sv = {live, 0};
    return sv;
}
EXPORT void SV_INIT(sv_t *sv, int, const char *) { *sv = {live, 0}; }
EXPORT void SV_DESTROY(sv_t *sv) { sv->sv_magic = dead; }
EXPORT void SV_DEALLOC(sv_t *sv) { kmem_free(sv, sizeof(sv_t)); }
EXPORT int SV_SIGNAL(sv_t *sv) { return wake_sleepers(sv, false); }
EXPORT int SV_BROADCAST(sv_t *sv) { return wake_sleepers(sv, true); }

EXPORT int rill_sv_wait(sv_t *sv, long second, long third, int irix_order, int interruptible) {
    if (!current) [[unlikely]]
        outside_system("SV_WAIT");
    auto *l = reinterpret_cast<Lock *>(irix_order ? second : third);
    const pl_t level = irix_order ? static_cast<pl_t>(third) : pl_t{plbase}; // UTL-046, UTL-047
    const int sort = l->lk_magic == live ? l->lk_sort : basic;
    release(l, sort);
    if (is_basic(sort)) set_level(level);
    return wait_on(sv, "UTL-046", "a synchronization variable (SV_WAIT)", "SV_WAIT", interruptible) == End::woken;
}

// --- Solaris: mutex(9F), rwlock(9F), condvar(9F) ---

EXPORT void mutex_init(kmutex_t *m, const char *, kmutex_type_t, void *) { init(lock_of(m), mutex); }
EXPORT void mutex_destroy(kmutex_t *m) { destroy(lock_of(m), mutex); }
EXPORT void mutex_enter(kmutex_t *m) { take_waiting(lock_of(m), mutex, false); }
EXPORT int mutex_tryenter(kmutex_t *m) { return try_take(lock_of(m), mutex, false); }
EXPORT void mutex_exit(kmutex_t *m) { release(lock_of(m), mutex); }
EXPORT int mutex_owned(kmutex_t *m) { return holding(lock_of(m)) != nullptr; }

EXPORT void rw_init(krwlock_t *l, const char *, krw_type_t, void *) { init(lock_of(l), krwlock); }
EXPORT void rw_destroy(krwlock_t *l) { destroy(lock_of(l), krwlock); }
EXPORT void rw_enter(krwlock_t *l, krw_t how) { take_waiting(lock_of(l), krwlock, how == RW_READER); }
EXPORT int rw_tryenter(krwlock_t *l, krw_t how) { return try_take(lock_of(l), krwlock, how == RW_READER); }
EXPORT void rw_exit(krwlock_t *l) { release(lock_of(l), krwlock); }
EXPORT void rw_downgrade(krwlock_t *l) {
    if (l->lk_held != 1) return complain(krwlock, "downgraded, but not held by a writer");
    l->lk_held = -1;
    wake_sleepers(l, true);
}
EXPORT int rw_tryupgrade(krwlock_t *l) {
    if (l->lk_held != -1) return 0;
    l->lk_held = 1;
    return 1;
}
EXPORT int rw_read_locked(krwlock_t *l) { return l->lk_held < 0; }
EXPORT int rw_lock_held(krwlock_t *l) { return l->lk_held != 0; }

EXPORT void cv_init(kcondvar_t *cv, const char *, kcv_type_t, void *) { *cv = {live, 0}; }
EXPORT void cv_destroy(kcondvar_t *cv) { cv->cv_magic = dead; }
EXPORT void cv_wait(kcondvar_t *cv, kmutex_t *m) { cv_wait_until(cv, m, false, forever); }
EXPORT int cv_wait_sig(kcondvar_t *cv, kmutex_t *m) { return static_cast<int>(cv_wait_until(cv, m, true, forever)); }
EXPORT clock_t cv_timedwait(kcondvar_t *cv, kmutex_t *m, clock_t until) {
    return cv_wait_until(cv, m, false, difference_of(until, current ? current->sched.now() : 0));
}
EXPORT clock_t cv_timedwait_sig(kcondvar_t *cv, kmutex_t *m, clock_t until) {
    return cv_wait_until(cv, m, true, difference_of(until, current ? current->sched.now() : 0));
}
EXPORT clock_t cv_reltimedwait(kcondvar_t *cv, kmutex_t *m, clock_t count, time_res_t resolution) {
    return cv_wait_until(cv, m, false, ticks_of(count, resolution));
}
EXPORT clock_t cv_reltimedwait_sig(kcondvar_t *cv, kmutex_t *m, clock_t count, time_res_t resolution) {
    return cv_wait_until(cv, m, true, ticks_of(count, resolution));
}
EXPORT void cv_signal(kcondvar_t *cv) { wake_sleepers(cv, false); }
EXPORT void cv_broadcast(kcondvar_t *cv) { wake_sleepers(cv, true); }
